#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "session/report.hpp"
#include "wire/bytes.hpp"

// What a StartupMessage asks for. protocol-flow-start-up, protocol-versions, protocol-extensions.
namespace pgconform::session {

// newest_version: the newest protocol this server speaks; 3.1 was never used but is taken, as PostgreSQL 18 takes it.
inline constexpr std::uint32_t newest_version = 0x00030002;

// StartupRequest: the packet, taken apart.
struct StartupRequest {
  std::uint32_t version = 0;                 // to be spoken: at most newest_version
  bool negotiate = false;                    // NegotiateProtocolVersion is due
  std::vector<std::string> unknown_options;  // `_pq_.…`, in order
  std::string user, database;
  std::string options;  // command-line switches for the server process
  std::vector<std::pair<std::string, std::string>> settings;
  bool replication = false;
};

// parse_startup: `body` begins with the version. An error ends the connection; with a major version below 3 the client
// expects it in protocol 2's form.
std::expected<StartupRequest, Report> parse_startup(wire::Bytes body);

// check_startup: what is refused only after NegotiateProtocolVersion went out.
std::expected<void, Report> check_startup(const StartupRequest& request);

// unsupported_protocol: the refusal of a version, also of encryption requests where none may come any more.
Report unsupported_protocol(std::uint32_t version);

// protocol_2_error: `report` as protocol 2 has it: `E`, text, NUL; no length, no fields.
std::string protocol_2_error(const Report& report);

}  // namespace pgconform::session
