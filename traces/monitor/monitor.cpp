#include "monitor/monitor.hpp"

#include "protocol/decode.hpp"

namespace pgconform::monitor {

using protocol::MessageType;
using protocol::Phase;
using protocol::Sender;
using protocol::Stage;

namespace {

template <class M>
constexpr MessageType F = protocol::type_of<Sender::frontend, M>();
template <class M>
constexpr MessageType B = protocol::type_of<Sender::backend, M>();

bool fatal(const protocol::ErrorResponse& error) {
  std::string_view severity;
  for (const auto& field : error.fields)
    if (field.code == 'V' || (field.code == 'S' && severity.empty())) severity = field.value;
  return severity == "FATAL" || severity == "PANIC";
}

std::string unreadable(const wire::Frame& frame) {
  return frame.tag ? std::string("a message of type '") + frame.tag + "' that does not exist here"
                   : "an unknown packet";
}

}  // namespace

std::string describe(const ProtocolViolation& violation) {
  return "in phase " + std::string(name_of(violation.phase)) + " came " + violation.got + "; expected " +
         violation.expected;
}

Stage Monitor::stage(Sender sender) const {
  return stage_of(phase_, sender);
}

std::expected<void, ProtocolViolation> Monitor::frontend(const wire::Frame& frame) {
  if (frontend_broke_) return {};
  auto broke = [&](std::string got) -> std::expected<void, ProtocolViolation> {
    frontend_broke_ = true;
    return std::unexpected(ProtocolViolation{phase_, std::move(got), expected_in(phase_, Sender::frontend)});
  };
  const auto type = protocol::classify(Sender::frontend, stage(Sender::frontend), frame);
  if (!type) return broke(unreadable(frame));

  if (before_login(phase_)) {
    const auto* rule = find_rule(phase_, *type);
    if (!rule) return broke(std::string(name_of(*type)));
    enter(rule->next);
    return {};
  }
  if (phase_ == Phase::terminating || phase_ == Phase::closed) return {};                   // never read
  if (*type == F<protocol::Flush> && frame.body.empty() && !in_copy_in(phase_)) return {};  // it has no answer
  requests_.push_back({*type, frame.body.empty() ? '\0' : frame.body[0]});
  if (in_copy_in(phase_) || phase_ == Phase::query_copy_both_ended)
    feed_copy();
  else if (phase_ == Phase::ready || phase_ == Phase::skipping)
    begin_next();
  return {};
}

std::expected<void, ProtocolViolation> Monitor::backend(const wire::Frame& frame) {
  if (frontend_broke_) return {};
  const auto type = protocol::classify(Sender::backend, stage(Sender::backend), frame);
  if (!type) return std::unexpected(ProtocolViolation{phase_, unreadable(frame), expected_in(phase_, Sender::backend)});
  if (auto sound = check_body(*type, frame); !sound) return sound;

  const bool greeted = phase_ >= Phase::authenticated && phase_ != Phase::closed;
  if (asynchronous(*type) && (greeted || *type == B<protocol::NoticeResponse>)) return {};
  if (*type == B<protocol::ErrorResponse>) {
    auto error = protocol::decode_as<protocol::ErrorResponse>(frame.body);
    if (error && fatal(*error) && phase_ != Phase::closed) {
      enter(Phase::closed);
      return {};
    }
  }

  const auto* rule = find_rule(phase_, *type);
  // A Sync may or may not have been swallowed by a copy that failed; its ReadyForQuery shows that it was not.
  if (!rule && doubtful_syncs_ > 0 && *type == B<protocol::ReadyForQuery>) {
    --doubtful_syncs_;
    if (phase_ == Phase::skipping) enter(Phase::answered);
    return {};
  }
  if (!rule)
    return std::unexpected(
        ProtocolViolation{phase_, std::string(name_of(*type)), expected_in(phase_, Sender::backend)});
  enter(rule->next);
  return {};
}

// check_body: what the table cannot say: the message can be decoded, and fits what was announced.
std::expected<void, ProtocolViolation> Monitor::check_body(MessageType type, const wire::Frame& frame) {
  std::string wrong;
  auto decoded =
      protocol::decode(Sender::backend, stage(Sender::backend), frame, [&]<class M>(MessageType, const M& m) {
        if constexpr (std::is_same_v<M, protocol::ReadyForQuery>) {
          if (std::string_view("ITE").find(m.status) == std::string_view::npos)
            wrong = "ReadyForQuery with an unknown status";
          status_ = m.status;
        } else if constexpr (std::is_same_v<M, protocol::SSLResponse>) {
          if (m.answer != 'S' && m.answer != 'N') wrong = "an answer to SSLRequest that is neither S nor N";
        } else if constexpr (std::is_same_v<M, protocol::GSSENCResponse>) {
          if (m.answer != 'G' && m.answer != 'N') wrong = "an answer to GSSENCRequest that is neither G nor N";
        } else if constexpr (std::is_same_v<M, protocol::RowDescription>) {
          columns_ = phase_ == Phase::query || phase_ == Phase::query_going_on
                         ? static_cast<std::int32_t>(m.fields.size())
                         : -1;
        } else if constexpr (std::is_same_v<M, protocol::DataRow>) {
          if (phase_ == Phase::query_rows && columns_ >= 0 && m.values.size() != static_cast<std::size_t>(columns_))
            wrong = "DataRow of " + std::to_string(m.values.size()) + " columns where " + std::to_string(columns_) +
                    " were announced";
        } else if constexpr (std::is_same_v<M, protocol::ErrorResponse> ||
                             std::is_same_v<M, protocol::NoticeResponse>) {
          bool code = false, severity = false;
          for (const auto& field : m.fields) {
            code |= field.code == 'C';
            severity |= field.code == 'S';
          }
          if (!code || !severity) wrong = std::string(M::name) + " without " + (code ? "S" : "C");
        }
      });
  if (!decoded) wrong = describe(decoded.error());
  if (wrong.empty()) return {};
  return std::unexpected(ProtocolViolation{phase_, wrong, "a well-formed " + std::string(name_of(type))});
}

void Monitor::enter(Phase next) {
  switch (next) {
    case Phase::same:
      break;
    case Phase::answered:
      if (phase_ == Phase::execute_copy_in_ended) doubtful_syncs_ = 0;
      phase_ = Phase::ready;
      begin_next();
      break;
    case Phase::skipping:
      phase_ = Phase::skipping;
      begin_next();
      break;
    default:
      if (in_copy_in(next) || next == Phase::query_going_on) doubtful_syncs_ = 0;
      phase_ = next;
      if (in_copy_in(phase_)) feed_copy();
  }
}

// begin_next: the backend turns to the next request in line.
void Monitor::begin_next() {
  while (!requests_.empty()) {
    const auto request = requests_.front();
    if (phase_ == Phase::skipping && request.message != F<protocol::Sync> &&
        request.message != F<protocol::Terminate>) {
      requests_.pop_front();
      continue;
    }
    requests_.pop_front();
    if (const auto phase = opens(request.message, request.kind)) {
      phase_ = *phase;
      return;
    }
    // Copy messages outside a copy are dropped.
  }
}

// feed_copy: during copy-in the requests in line are the copy's own messages.
void Monitor::feed_copy() {
  while (!requests_.empty()) {
    const auto request = requests_.front();
    const auto* rule = find_rule(phase_, request.message);
    if (!rule && phase_ != Phase::query_copy_both_ended) {
      frontend_broke_ = true;  // a foreign message in copy-in: the backend may do as it likes
      return;
    }
    if (!rule) return;
    requests_.pop_front();
    if (request.message == F<protocol::Sync>) ++doubtful_syncs_;
    if (rule->next != Phase::same) {
      phase_ = rule->next;
      return;
    }
  }
}

}  // namespace pgconform::monitor
