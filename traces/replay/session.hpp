#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "notation/ast.hpp"
#include "protocol/stage.hpp"

namespace pgconform::replay {

using notation::Json;

// Step: one thing that was done in a recorded session.
struct Step {
  enum class Kind : std::uint8_t {
    message,   // a message, or bytes that are none
    shutdown,  // the frontend said no more
    close      // the backend closed
  };
  Kind kind = Kind::message;
  notation::Place place{};
  protocol::Sender sender = protocol::Sender::frontend;
  protocol::Stage stage = protocol::Stage::normal;
  std::string name{};            // `raw` for bytes that are no message
  Json fields = Json::object();  // of a backend's message with defaults written
  std::string bytes{};           // as recorded; digits where a secret was taken out
  bool redacted = false;
  bool begins_write = false;  // of the frontend: a new write begins here
  std::optional<std::uint64_t> at{};
};

// Session: a recorded conversation of one connection, cut into messages again.
struct Session {
  std::string file, id;  // id: its folder and name, such as `psql/types`
  notation::Recorded recorded{};
  std::vector<Step> steps{};

  // parameter: of the StartupMessage.
  std::optional<std::string> parameter(const std::string& name) const;
  // password_asked: the backend asked for one. password_refused: and did not take it.
  bool password_asked() const;
  bool password_refused() const;
};

// load: the error is one line, `FILE:LINE:COLUMN: …`.
std::expected<Session, std::string> load(const std::string& file);
std::expected<Session, std::string> read_session(std::string_view text, const std::string& file);

// id_of: the last folder of the path and the file's name without its ending.
std::string id_of(const std::string& file);

}  // namespace pgconform::replay
