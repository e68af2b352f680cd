#include "net/asio_error.hpp"

#include <asio/error.hpp>
#include <cerrno>

namespace pgconform::net {
namespace {

ErrorKind kind_of(const std::error_code& code) {
  if (code == asio::error::eof) return ErrorKind::eof;
  if (code == asio::error::connection_reset || code == asio::error::broken_pipe) return ErrorKind::reset;
  if (code == asio::error::operation_aborted) return ErrorKind::cancelled;
  if (code == asio::error::connection_refused) return ErrorKind::refused;
  // A Unix socket that is not there. Asio's own system category does not know std::errc.
  if (code == std::error_code(ENOENT, asio::error::get_system_category())) return ErrorKind::refused;
  if (code == asio::error::timed_out) return ErrorKind::timeout;
  if (code == asio::error::address_in_use) return ErrorKind::address_in_use;
  if (&code.category() == &asio::error::get_netdb_category()) return ErrorKind::name;
  if (&code.category() == &asio::error::get_addrinfo_category()) return ErrorKind::name;
  return ErrorKind::other;
}

}  // namespace

NetError from_code(const std::error_code& code, const std::string& what) {
  auto kind = kind_of(code);
  if (kind == ErrorKind::eof) return {kind, "the peer closed the connection"};
  return {kind, what + " failed: " + code.message()};
}

}  // namespace pgconform::net
