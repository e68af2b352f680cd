#include "protocol/decode.hpp"
#include "session/extended.hpp"
#include "session/limits.hpp"
#include "session/session.hpp"
#include "sqlstate/sqlstate.hpp"

// A session between answers: which message came, and who deals with it.
namespace pgconform::session {

using protocol::Stage;
using wire::FrameKind;

namespace {

bool is_frontend_type(char tag) {
  bool known = false;
  protocol::FrontendMessages::each(
      [&]<class M>() { known |= protocol::stage_of<M>() == Stage::normal && protocol::tag_of<M>() == tag; });
  return known;
}

// TextCheck: the visitor that looks at a message's strings, which PostgreSQL checks before it acts on any of them.
struct TextCheck {
  std::expected<void, Report> result{};
  void cstring(const char*, std::string_view text) {
    if (result) result = check_text(text);
  }
  void byte(const char*, char) {}
  void int32(const char*, std::int32_t) {}
  template <class L>
  void list(const char*, const L&) {}
};

// read: the message in `body`, with strings that are text.
template <class M>
std::expected<M, Report> read(wire::Bytes body) {
  auto message = protocol::decode_as<M>(body);
  if (!message) return std::unexpected(malformed(message.error()));
  TextCheck check;
  M::layout(check, *message);
  if (!check.result) return std::unexpected(std::move(check.result.error()));
  return *message;
}

}  // namespace

std::optional<Session::Action> Session::ready(QueryCycle::Now now) {
  const auto pending = input_.pending();
  if (pending.empty()) {
    input_.trim();
    return Read{};
  }
  if (!is_frontend_type(pending[0])) {
    refuse(error(sqlstate::protocol_violation,
                 "invalid frontend message type " + std::to_string(static_cast<unsigned char>(pending[0]))));
    return std::nullopt;
  }
  auto frame = input_.next(FrameKind::tagged, message_length);
  if (!frame) return Close{};  // in silence: the stream cannot be read any further
  if (!*frame) return Read{};
  message(**frame, now);
  return std::nullopt;
}

void Session::message(const wire::Frame& frame, QueryCycle::Now now) {
  using namespace protocol;
  const char tag = frame.tag;
  if (tag == Terminate::tag) {
    state_ = State::closing;
    return;
  }
  if (tag == CopyData::tag || tag == CopyDone::tag || tag == CopyFail::tag) return;  // left over from a failed copy
  if (skipping_ && tag != Sync::tag) return;

  // fails: the error of an extended-query message: nothing more is done up to the next Sync.
  auto fails = [&](const Report& report) {
    abort(report);
    skipping_ = true;
  };
  auto handle = [&]<class M>(auto&& act) {
    auto decoded = read<M>(frame.body);
    ExtendedQuery::Done done = decoded ? act(*decoded) : std::unexpected(std::move(decoded.error()));
    if (!done) fails(done.error());
  };
  switch (tag) {
    case Query::tag: {
      auto query = read<Query>(frame.body);
      if (query) {
        extended_->query_came();
        cancelled_ = false;
        cycle_.emplace(*backend_, std::string(query->query), extended_->in_pipeline());
        state_ = State::query;
        return;
      }
      abort(query.error());
      return ready_for_query();
    }
    case FunctionCall::tag:
      abort(error(sqlstate::feature_not_supported, "function calls are not supported"));
      return ready_for_query();
    case Sync::tag: {
      skipping_ = false;
      auto decoded = read<Sync>(frame.body);
      ExtendedQuery::Done done = decoded ? extended_->sync() : std::unexpected(std::move(decoded.error()));
      if (!done) abort(done.error());
      return ready_for_query();
    }
    case Flush::tag:
      return handle.template operator()<Flush>([&](const Flush&) {
        out_.flush();
        return ExtendedQuery::Done{};
      });
    case Parse::tag:
      return handle.template operator()<Parse>([&](const Parse& m) { return extended_->parse(m, out_, now); });
    case Bind::tag:
      return handle.template operator()<Bind>([&](const Bind& m) { return extended_->bind(m, out_, now); });
    case Describe::tag:
      return handle.template operator()<Describe>([&](const Describe& m) { return extended_->describe(m, out_, now); });
    case protocol::Close::tag:
      return handle.template operator()<protocol::Close>(
          [&](const protocol::Close& m) { return extended_->close(m, out_); });
    case Execute::tag:
      handle.template operator()<Execute>([&](const Execute& m) { return extended_->execute(m, out_, now); });
      cancelled_ = false;
      if (extended_->executing()) state_ = State::query;
      return;
    default:
      return;
  }
}

}  // namespace pgconform::session
