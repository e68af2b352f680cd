#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace pgconform::net {

// ErrorKind: what befell a connection, told apart as far as a test has to tell it apart.
enum class ErrorKind {
  eof,          // the peer closed in order: FIN, or close_notify under TLS
  truncated,    // FIN under TLS without close_notify before it
  reset,        // RST, or a write to a peer that is gone
  tls_alert,    // the peer sent the fatal alert `alert`
  tls,          // the handshake, a verification or a record failed on our side; `alert` is what we sent, if anything
  early_bytes,  // bytes arrived before the TLS handshake, and the caller asked to refuse them
  timeout,      // the deadline passed
  cancelled,    // somebody cancelled the operation
  closed,       // this side has closed the stream
  refused,      // nobody listens there
  name,         // a host name has no address
  address_in_use,
  other,
};

// NetError: a failed operation. `text` is one line for a person and stands without the other fields.
struct NetError {
  ErrorKind kind = ErrorKind::other;
  std::string text;
  int alert = -1;          // a TLS alert description (RFC 8446 section 6), or -1
  std::string bytes = {};  // what the peer sent in place of a TLS record, or of a record that it did not end
};

// Result: what every operation of this folder gives; none of them throws.
template <class T>
using Result = std::expected<T, NetError>;

// to_string: the kind's name as written above.
constexpr std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::eof:
      return "eof";
    case ErrorKind::truncated:
      return "truncated";
    case ErrorKind::reset:
      return "reset";
    case ErrorKind::tls_alert:
      return "tls_alert";
    case ErrorKind::tls:
      return "tls";
    case ErrorKind::early_bytes:
      return "early_bytes";
    case ErrorKind::timeout:
      return "timeout";
    case ErrorKind::cancelled:
      return "cancelled";
    case ErrorKind::closed:
      return "closed";
    case ErrorKind::refused:
      return "refused";
    case ErrorKind::name:
      return "name";
    case ErrorKind::address_in_use:
      return "address_in_use";
    case ErrorKind::other:
      break;
  }
  return "other";
}

}  // namespace pgconform::net
