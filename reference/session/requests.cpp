#include <forward_list>

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

// Texts: the visitor that reads a message's strings, as PostgreSQL does before it acts on any of them. It keeps those
// that came in another encoding.
struct Texts {
  const types::ClientEncoding* encoding;
  std::forward_list<std::string> kept{};
  std::string spare{};
  std::expected<void, Report> result{};
  void cstring(const char*, std::string_view& text) {
    if (!result) return;
    auto read = read_text(text, encoding, encoding ? kept.emplace_front() : spare);
    if (read)
      text = *read;
    else
      result = std::unexpected(std::move(read.error()));
  }
  void byte(const char*, char) {}
  void int16(const char*, std::int16_t) {}
  void int32(const char*, std::int32_t) {}
  void oid(const char*, std::uint32_t) {}
  template <class L>
  void list(const char*, const L&) {}
};

// read: the message in `body`, with strings that are text and last as long as `texts`.
template <class M>
std::expected<M, Report> read(wire::Bytes body, Texts& texts) {
  auto message = protocol::decode_as<M>(body);
  if (!message) return std::unexpected(malformed(message.error()));
  M::layout(texts, *message);
  if (!texts.result) return std::unexpected(std::move(texts.result.error()));
  return *message;
}

// wrong_call: an argument's length below -1 is named in a function call, and only there.
Report wrong_call(wire::Bytes body, Report report) {
  const auto message = protocol::decode_as<protocol::FunctionCall>(body);
  if (message || message.error().code != protocol::DecodeCode::invalid_length) return report;
  // The offset is behind the length.
  const auto size = static_cast<std::int32_t>(wire::load_32(body.data() + message.error().offset - 4));
  if (size < -1) report.message = "invalid argument size " + std::to_string(size) + " in function call message";
  return report;
}

// PartOfBind: a Bind as far as it can be read, with as many values as are whole.
struct PartOfBind {
  protocol::Bind message;
  std::size_t announced = 0;
};

std::optional<PartOfBind> read_part_of_bind(wire::Bytes body, Texts& texts) {
  PartOfBind part;
  auto& message = part.message;
  wire::Reader in(body);
  std::uint16_t formats = 0, announced = 0;
  wire::Bytes codes;
  if (!in.cstring(message.portal) || !in.cstring(message.statement) || !in.u16(formats) ||
      !in.bytes(formats * std::size_t{2}, codes) || !in.u16(announced))
    return std::nullopt;
  texts.cstring("portal", message.portal);
  texts.cstring("statement", message.statement);
  if (!texts.result) return std::nullopt;
  message.parameter_formats = {codes, formats};
  part.announced = announced;
  const char* const first = in.position();
  std::size_t whole = 0, size = 0;
  for (; whole < announced; ++whole) {
    std::uint32_t length = 0;
    wire::Bytes value;
    if (!in.u32(length) || !in.bytes(length == 0xffffffff ? 0 : length, value)) break;
    size = static_cast<std::size_t>(in.position() - first);
  }
  message.parameters = {{first, size}, whole};
  return part;
}

}  // namespace

std::optional<Session::Action> Session::ready(QueryCycle::Now now) {
  if (terminated_) {
    terminate();
    return std::nullopt;
  }
  if (!unsynchronized_ && backend_->status() == TransactionStatus::idle) {
    const auto before = out_.bytes().size();
    notify();
    if (state_ != State::ready) return std::nullopt;
    if (out_.bytes().size() > before) {
      out_.flush();
      return std::nullopt;
    }
  }
  const auto pending = input_.pending();
  if (pending.empty()) {
    input_.trim();
    return wait_for_more(now);
  }
  if (!is_frontend_type(pending[0])) {
    refuse(error(sqlstate::protocol_violation,
                 "invalid frontend message type " + std::to_string(static_cast<unsigned char>(pending[0]))));
    return std::nullopt;
  }
  auto frame = input_.next(FrameKind::tagged, message_length);
  if (!frame) return Close{};  // in silence: the stream cannot be read any further
  if (!*frame) return wait_for_more(now);
  clocks_.begin_work(now.steady, backend_->timeouts());
  message(**frame, now);
  return std::nullopt;
}

std::optional<Session::Action> Session::wait_for_more(QueryCycle::Now now) {
  if (expire(now)) return std::nullopt;
  return Read{clocks_.next()};
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
  unsynchronized_ = true;
  Texts texts{backend_->encoding()};

  // fails: the error of an extended-query message: nothing more is done up to the next Sync.
  auto fails = [&](const Report& report) {
    abort(report);
    skipping_ = true;
  };
  auto handle = [&]<class M>(auto&& act) {
    auto decoded = read<M>(frame.body, texts);
    ExtendedQuery::Done done = decoded ? act(*decoded) : std::unexpected(std::move(decoded.error()));
    if (!done) fails(done.error());
  };
  switch (tag) {
    case Query::tag: {
      auto query = read<Query>(frame.body, texts);
      if (query) {
        extended_->query_came();
        cycle_.emplace(*backend_, std::string(query->query), extended_->in_pipeline());
        alone_ = true;
        begin_running(now);
        return;
      }
      abort(query.error());
      return ready_for_query(now);
    }
    case FunctionCall::tag: {
      auto call = read<FunctionCall>(frame.body, texts);
      function_.emplace(*backend_);
      auto begun =
          call ? function_->begin(*call, now) : std::unexpected(wrong_call(frame.body, std::move(call.error())));
      if (begun) {
        alone_ = true;
        begin_running(now);
        return;
      }
      abort(begun.error());
      return ready_for_query(now);
    }
    case Sync::tag: {
      skipping_ = false;
      auto decoded = read<Sync>(frame.body, texts);
      ExtendedQuery::Done done = decoded ? extended_->sync() : std::unexpected(std::move(decoded.error()));
      if (!done) abort(done.error());
      return ready_for_query(now);
    }
    case Flush::tag:
      return handle.template operator()<Flush>([&](const Flush&) {
        out_.flush();
        return ExtendedQuery::Done{};
      });
    case Parse::tag:
      return handle.template operator()<Parse>([&](const Parse& m) { return extended_->parse(m, out_, now); });
    case Bind::tag:
      if (auto whole = protocol::decode_as<Bind>(frame.body); !whole)
        if (auto part = read_part_of_bind(frame.body, texts)) {
          const ExtendedQuery::BrokenBind broken{part->announced, malformed(whole.error())};
          return fails(extended_->bind(part->message, out_, now, &broken).error());
        }
      return handle.template operator()<Bind>([&](const Bind& m) { return extended_->bind(m, out_, now); });
    case Describe::tag:
      return handle.template operator()<Describe>([&](const Describe& m) { return extended_->describe(m, out_, now); });
    case protocol::Close::tag:
      return handle.template operator()<protocol::Close>(
          [&](const protocol::Close& m) { return extended_->close(m, out_); });
    case Execute::tag:
      handle.template operator()<Execute>([&](const Execute& m) { return extended_->execute(m, out_, now); });
      if (extended_->executing()) begin_running(now);
      return;
    default:
      return;
  }
}

}  // namespace pgconform::session
