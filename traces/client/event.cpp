#include "client/event.hpp"

#include <nlohmann/json.hpp>

#include "protocol/json/json.hpp"

namespace pgconform::client {

using Json = nlohmann::ordered_json;

std::string_view to_string(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::message:
      return "message";
    case Event::Kind::bad_frame:
      return "bad frame";
    case Event::Kind::eof:
      return "eof";
    case Event::Kind::truncated:
      return "eof without close_notify";
    case Event::Kind::reset:
      return "reset";
    case Event::Kind::tls_alert:
      return "tls alert";
    case Event::Kind::timeout:
      return "timeout";
    case Event::Kind::error:
      break;
  }
  return "error";
}

Json Event::fields() const {
  if (kind != Kind::message) return nullptr;
  const auto frame = wire::next_frame(bytes, protocol::frame_kind(protocol::Sender::backend, stage));
  if (!frame || !*frame) return nullptr;
  auto fields = protocol::json::to_json(protocol::Sender::backend, stage, **frame, protocol::json::Defaults::written);
  return fields ? *std::move(fields) : Json(nullptr);
}

std::string Event::error_field(char letter) const {
  if (!is("ErrorResponse") && !is("NoticeResponse")) return {};
  const auto error = protocol::decode_as<protocol::ErrorResponse>(wire::Bytes(bytes).substr(5));
  if (!error) return {};
  std::string_view fallback;
  for (const auto& field : error->fields) {
    if (field.code == letter) return std::string(field.value);
    if (letter == 'V' && field.code == 'S') fallback = field.value;
  }
  return std::string(fallback);
}

std::string Event::describe() const {
  switch (kind) {
    case Kind::message:
      if (is("ErrorResponse") || is("NoticeResponse"))
        return name + " " + error_field('C') + " " +
               Json(error_field('M')).dump(-1, ' ', false, Json::error_handler_t::replace);
      return name;
    case Kind::tls_alert:
      return "tls alert " + std::to_string(alert);
    case Kind::eof:
    case Kind::truncated:
    case Kind::timeout: {
      auto line = std::string(to_string(kind));
      if (!bytes.empty()) line += " after " + std::to_string(bytes.size()) + " bytes of an unfinished message";
      return line;
    }
    case Kind::reset:
      return "reset";
    case Kind::bad_frame:
    case Kind::error:
      break;
  }
  return std::string(to_string(kind)) + ": " + text;
}

std::string Event::tell(std::string_view where) const {
  std::string what;
  if (kind == Kind::timeout) what = "the server did not answer in time";
  if (kind == Kind::eof || kind == Kind::truncated) what = "the server closed the connection";
  if (kind == Kind::reset) what = "the server reset the connection";
  if (what.empty())
    what = "came " + describe();
  else if (!bytes.empty())
    what += " after " + std::to_string(bytes.size()) + " bytes of an unfinished message";
  return std::string(where) + " " + what;
}

std::optional<int> tls_alert(std::string_view bytes) {
  constexpr std::string_view of_two_bytes("\0\2", 2);
  if (bytes.size() != 7 || !bytes.starts_with("\x15\x03") || bytes.substr(3, 2) != of_two_bytes) return std::nullopt;
  return static_cast<unsigned char>(bytes[6]);
}

std::optional<std::string> foreign(const Event& first) {
  constexpr std::string_view tags = "RKSZTDCENAGHWVtnsIvcd123";
  constexpr std::size_t enough = 60;
  const std::string_view said = first.bytes;
  if (first.is("SSLResponse")) {
    // One odd byte may be a fault. What goes on is another language.
    if (said.size() < 2 || said[0] == 'S' || said[0] == 'N') return std::nullopt;
  } else {
    // An error in the form of protocol 2 comes from servers of this family only.
    if (first.kind != Event::Kind::bad_frame || said.size() < 5 || said[0] == 'E') return std::nullopt;
    const auto frame = wire::next_frame(said, wire::FrameKind::tagged);
    if (frame && *frame && tags.contains(said[0])) return std::nullopt;
  }
  std::string text = "\"";
  constexpr char digits[] = "0123456789abcdef";
  bool plain = true;
  for (const char c : said.substr(0, enough)) {
    if (plain && text.size() > 1 && (c == '\r' || c == '\n')) break;
    const bool printable = c >= ' ' && c <= '~';
    plain &= printable;
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      text.append({'\\', c});
    else if (printable)
      text += c;
    else
      text.append({'\\', 'x', digits[byte >> 4], digits[byte & 15]});
  }
  return text + "\"";
}

Event ended_by(const net::NetError& error) {
  using From = net::ErrorKind;
  Event event;
  event.text = error.text;
  event.alert = error.alert;
  event.bytes = error.bytes.substr(0, 1024);
  switch (error.kind) {
    case From::eof:
      event.kind = Event::Kind::eof;
      break;
    case From::truncated:
      event.kind = Event::Kind::truncated;
      break;
    case From::reset:
      event.kind = Event::Kind::reset;
      break;
    case From::tls_alert:
      event.kind = Event::Kind::tls_alert;
      break;
    case From::timeout:
      event.kind = Event::Kind::timeout;
      break;
    default:
      event.kind = event.bytes.empty() ? Event::Kind::error : Event::Kind::bad_frame;
  }
  // A server that gives the handshake up may say so before it has begun on our side.
  if (const auto alert = tls_alert(error.bytes)) {
    event.kind = Event::Kind::tls_alert;
    event.alert = *alert;
  }
  return event;
}

}  // namespace pgconform::client
