#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "net/error.hpp"
#include "protocol/stage.hpp"

namespace pgconform::client {

// Event: what comes from the peer, one message at a time, or why nothing comes.
struct Event {
  enum class Kind : std::uint8_t {
    message,    // a message that can be decoded
    bad_frame,  // bytes that are no message: `text` says why. After an impossible length word it is repeated for ever
    eof,        // the peer has closed; `bytes` are an unfinished message, if there was one
    truncated,  // the same under TLS, without the close_notify that would have made it orderly
    reset,
    tls_alert,  // `alert` is its number
    timeout,    // nothing before the deadline; `bytes` are what has come of an unfinished message, and stay there
    error       // anything else that ends a connection, our own failures included
  };
  Kind kind = Kind::error;
  std::string name = {};   // of a message, as in the manual
  std::string bytes = {};  // the whole frame, header included
  std::string text = {};   // for people
  int alert = -1;
  protocol::Stage stage = protocol::Stage::normal;
  std::chrono::microseconds at{};  // since the connection was begun

  bool is(std::string_view message) const { return kind == Kind::message && name == message; }
  // ended: nothing will ever come again.
  bool ended() const { return kind != Kind::message && kind != Kind::timeout && kind != Kind::bad_frame; }
  // fields: of a message, defaults written; null for anything else.
  nlohmann::ordered_json fields() const;
  // error_field: of an ErrorResponse or NoticeResponse, by its letter; V falls back to S. Empty if there is none.
  std::string error_field(char letter) const;
  // describe: one line for people: `ErrorResponse 28P01 "password authentication failed…"`, `timeout`, `tls alert 120`.
  std::string describe() const;
  // tell: the same as a sentence that begins with `where`: `during the login the server closed the connection`.
  std::string tell(std::string_view where) const;
};

std::string_view to_string(Event::Kind kind);

// tls_alert: of bytes that are one whole TLS record, in plain text, with an alert in it: which.
std::optional<int> tls_alert(std::string_view bytes);

// foreign: of the first that a server says, if no server of this protocol could begin so: what it says, quoted, up to
// the end of its first line. A known message is not foreign, whatever is wrong with what is in it.
std::optional<std::string> foreign(const Event& first);

// ended_by: the event that a network error is to whoever waits for a message.
Event ended_by(const net::NetError& error);

}  // namespace pgconform::client
