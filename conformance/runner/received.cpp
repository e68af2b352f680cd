#include "runner/received.hpp"

#include "protocol/json/json.hpp"

namespace pgconform::runner {

using compare::Received;
using notation::Json;

Received received(const std::string& connection, const client::Event& event) {
  using Kind = client::Event::Kind;
  switch (event.kind) {
    case Kind::message:
      return {connection, event.name, event.fields()};
    case Kind::bad_frame:
      return {connection, std::string(protocol::json::raw_name), protocol::json::hex(event.bytes)};
    case Kind::tls_alert:
      return {connection, "tls-alert", Json{{"alert", event.alert}}};
    case Kind::error:
      // Not the target's closing: what we could not read, or our own closing.
      return {connection, "error", Json{{"text", event.text}}};
    case Kind::eof:
    case Kind::truncated:
      // A message that breaks off is what a crash looks like.
      if (!event.bytes.empty()) return {connection, "unfinished", protocol::json::hex(event.bytes)};
      [[fallthrough]];
    default:
      return {connection, "close", Json::object()};
  }
}

Received shown(Received message) {
  if (message.name == "AuthenticationSASLFinal") message.fields = Json{{"data", "v=…"}};
  return message;
}

std::string line_of(const Received& message) {
  std::string line = "B " + message.name;
  if (!message.fields.empty()) line += " " + message.fields.dump(-1, ' ', false, Json::error_handler_t::replace);
  return line;
}

}  // namespace pgconform::runner
