#include <cstdio>

#include "protocol/decode.hpp"
#include "session/extended.hpp"
#include "session/limits.hpp"
#include "session/session.hpp"
#include "sqlstate/sqlstate.hpp"

// Copy-in: the client sends data for a COPY FROM STDIN (protocol-flow-copy).
//
//     B CopyInResponse    F CopyData …    F CopyDone          B CommandComplete
//                                         F CopyFail          B ErrorResponse
//
// Flush and Sync are ignored. Anything else loses the stream's synchronization, since what follows cannot be told apart
// from data: PostgreSQL reports the error and ends the session.
namespace pgconform::session {

using wire::FrameKind;

std::optional<Session::Action> Session::copy_in(QueryCycle::Now now) {
  const auto pending = input_.pending();
  if (pending.empty()) {
    input_.trim();
    return Read{};
  }
  const char tag = pending[0];
  if (std::string_view("dcfHS").find(tag) == std::string_view::npos) {
    char text[64];
    std::snprintf(text, sizeof text, "unexpected message type 0x%02X during COPY from stdin",
                  static_cast<unsigned char>(tag));
    lose_synchronization(error(sqlstate::protocol_violation, text));
    return std::nullopt;
  }
  auto frame = input_.next(FrameKind::tagged, message_length);
  if (!frame) {
    lose_synchronization(
        error(sqlstate::connection_failure, "unexpected EOF on client connection with an open transaction"));
    return std::nullopt;
  }
  if (!*frame) return Read{};
  const auto body = (*frame)->body;
  auto& copy = *copying();
  switch (tag) {
    case protocol::CopyData::tag:
      copy.copy_data(body);
      break;
    case protocol::CopyDone::tag:
      copy.copy_done();
      break;
    case protocol::CopyFail::tag: {
      const auto end = body.find('\0');
      if (end == wire::Bytes::npos) {
        fail_copy(error(sqlstate::protocol_violation, "invalid string in message"), now);
        return std::nullopt;
      }
      std::string storage;
      auto reason = read_text(body.substr(0, end), out_.encoding(), storage);
      fail_copy(reason ? error(sqlstate::query_canceled, "COPY from stdin failed: " + std::string(*reason))
                       : std::move(reason.error()),
                now);
      return std::nullopt;
    }
    default:
      return std::nullopt;
  }
  state_ = State::query;
  return std::nullopt;
}

void Session::fail_copy(Report report, QueryCycle::Now now) {
  report.where = copying()->context();
  abort(report);
  end_query(now, true);
}

void Session::lose_synchronization(Report report) {
  report.where = copying()->context();
  abort(report);
  refuse(error(sqlstate::protocol_violation, "terminating connection because protocol synchronization was lost"));
}

}  // namespace pgconform::session
