#include "session/startup.hpp"

#include <algorithm>

#include "protocol/decode.hpp"

namespace pgconform::session {

namespace {

constexpr std::size_t name_length = 63;  // NAMEDATALEN - 1

std::string truncated(std::string_view name) {
  if (name.size() > name_length) {
    // Never in the middle of a character.
    std::size_t end = name_length;
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
    name = name.substr(0, end);
  }
  return std::string(name);
}

// parse_bool: what PostgreSQL takes for a boolean: a unique prefix of true, false, yes, no; on, off; 1, 0. Any case.
enum class Boolean { no, yes, neither };
Boolean parse_bool(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  auto prefix_of = [&](std::string_view word) { return !text.empty() && word.starts_with(text); };
  if (prefix_of("true") || prefix_of("yes") || text == "on" || text == "1") return Boolean::yes;
  if (prefix_of("false") || prefix_of("no") || text == "of" || text == "off" || text == "0") return Boolean::no;
  return Boolean::neither;
}

Report fatal(std::string sqlstate, std::string message) {
  Report report;
  report.severity = Severity::fatal;
  report.sqlstate = std::move(sqlstate);
  report.message = std::move(message);
  return report;
}

}  // namespace

Report unsupported_protocol(std::uint32_t version) {
  return fatal("0A000", "unsupported frontend protocol " + std::to_string(version >> 16) + "." +
                            std::to_string(version & 0xffff) + ": server supports 3.0 to 3.2");
}

std::string protocol_2_error(const Report& report) {
  return "E" + std::string("FATAL:  ") + report.message + "\n" + '\0';
}

std::expected<StartupRequest, Report> parse_startup(wire::Bytes body) {
  if (body.size() < 4) return std::unexpected(fatal("08P01", "invalid startup packet"));
  const std::uint32_t asked = wire::load_32(body.data());
  if (asked >> 16 != 3) return std::unexpected(unsupported_protocol(asked));
  const auto message = protocol::decode_as<protocol::StartupMessage>(body);
  if (!message)
    return std::unexpected(fatal("08P01", "invalid startup packet layout: expected terminator as last byte"));

  StartupRequest request;
  request.version = std::min(asked, newest_version);
  for (const auto& [name, value] : message->parameters) {
    if (name == "user")
      request.user = truncated(value);
    else if (name == "database")
      request.database = truncated(value);
    else if (name == "options")
      request.options = value;
    else if (name == "replication") {
      const auto wanted = parse_bool(std::string(value));
      request.replication = value == "database" || wanted == Boolean::yes;
      if (!request.replication && wanted == Boolean::neither) {
        auto report = fatal("22023", "invalid value for parameter \"replication\": \"" + std::string(value) + '"');
        report.hint = "Valid values are: \"false\", 0, \"true\", 1, \"database\".";
        return std::unexpected(report);
      }
    } else if (name.starts_with("_pq_."))
      request.unknown_options.emplace_back(name);
    else
      request.settings.emplace_back(name, value);
  }
  request.negotiate = asked > newest_version || !request.unknown_options.empty();
  if (request.database.empty()) request.database = request.user;
  return request;
}

std::expected<void, Report> check_startup(const StartupRequest& request) {
  if (request.user.empty())
    return std::unexpected(fatal("28000", "no PostgreSQL user name specified in startup packet"));
  return {};
}

}  // namespace pgconform::session
