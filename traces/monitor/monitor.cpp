#include "monitor/monitor.hpp"

#include <algorithm>

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

// lasting: a statement with this tag leaves named statements and portals what they were. Of others that is not known:
// DEALLOCATE, PREPARE, DECLARE CURSOR and the like make and unmake them behind the protocol's back.
bool lasting(std::string_view tag) {
  constexpr std::string_view tags[] = {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE",     "FETCH",   "MOVE",
                                       "BEGIN",  "COMMIT", "COPY",   "SHOW",   "SAVEPOINT", "RELEASE", "EXPLAIN"};
  return std::ranges::find(tags, tag.substr(0, tag.find(' '))) != std::end(tags);
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
  Request request{.message = *type, .kind = frame.body.empty() ? '\0' : frame.body[0]};
  const auto decoded =
      protocol::decode(Sender::frontend, stage(Sender::frontend), frame, [&]<class M>(MessageType, const M& m) {
        if constexpr (std::is_same_v<M, protocol::Parse>) request.name = m.statement;
        if constexpr (std::is_same_v<M, protocol::Bind>) request.name = m.portal, request.statement = m.statement;
        if constexpr (std::is_same_v<M, protocol::Execute>) request.name = m.portal;
        if constexpr (std::is_same_v<M, protocol::Describe> || std::is_same_v<M, protocol::Close>)
          request.name = m.target;
      });
  if (!decoded) return broke(describe(decoded.error()));

  if (before_login(phase_)) {
    const auto* rule = find_rule(phase_, *type);
    if (!rule) return broke(std::string(name_of(*type)));
    enter(rule->next);
    return {};
  }
  if (phase_ == Phase::terminating || phase_ == Phase::closed) return {};  // never read
  if (*type == F<protocol::Flush> && !in_copy_in(phase_)) return {};       // it has no answer
  requests_.push_back(std::move(request));
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
  // A message that is not what it says is still that message: the conversation goes on behind it.
  auto sound = check_body(*type, frame);

  const bool greeted = phase_ >= Phase::authenticated && phase_ != Phase::closed;
  if (asynchronous(*type) && (greeted || *type == B<protocol::NoticeResponse>)) return sound;
  if (*type == B<protocol::ErrorResponse>) {
    auto error = protocol::decode_as<protocol::ErrorResponse>(frame.body);
    if (error && fatal(*error) && phase_ != Phase::closed) {
      enter(Phase::closed);
      return sound;
    }
  }

  const auto* rule = find_rule(phase_, *type);
  // A Sync may or may not have been swallowed by a copy that failed; its ReadyForQuery shows that it was not.
  if (!rule && doubtful_syncs_ > 0 && *type == B<protocol::ReadyForQuery>) {
    --doubtful_syncs_;
    if (phase_ == Phase::skipping) enter(Phase::answered);
    return sound;
  }
  if (!rule)
    return std::unexpected(
        ProtocolViolation{phase_, std::string(name_of(*type)), expected_in(phase_, Sender::backend)});
  completed(*type, frame);
  enter(rule->next);
  return sound;
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
          announced(static_cast<std::int32_t>(m.fields.size()));
        } else if constexpr (std::is_same_v<M, protocol::NoData>) {
          announced(no_rows);
        } else if constexpr (std::is_same_v<M, protocol::DataRow>) {
          const bool rows = phase_ == Phase::query_rows || phase_ == Phase::execute || phase_ == Phase::execute_rows;
          if (rows && columns_ != unknown && static_cast<std::int64_t>(m.values.size()) != columns_)
            wrong = "DataRow of " + std::to_string(m.values.size()) + " columns where " +
                    (columns_ == no_rows ? "no rows" : std::to_string(columns_)) + " were announced";
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

// announced: rows of so many columns are to follow, now or when the statement or portal is executed.
void Monitor::announced(std::int32_t columns) {
  switch (phase_) {
    case Phase::describe_statement_columns:
      statements_[answered_.name] = columns;
      break;
    case Phase::describe_portal:
      portals_[answered_.name] = columns;
      break;
    case Phase::query:
    case Phase::query_going_on:
      columns_ = columns;
      break;
    default:
      columns_ = unknown;
  }
}

// completed: what an answer says about statements and portals, and so about the columns of later rows.
void Monitor::completed(MessageType type, const wire::Frame& frame) {
  const auto& name = answered_.name;
  if (type == B<protocol::ParseComplete>) {
    statements_.erase(name);
  } else if (type == B<protocol::BindComplete>) {
    const auto known = statements_.find(answered_.statement);
    portals_[name] = known == statements_.end() ? unknown : known->second;
  } else if (type == B<protocol::CloseComplete>) {
    (answered_.kind == 'S' ? statements_ : portals_).erase(name);
  } else if (type == B<protocol::CommandComplete>) {
    const auto complete = protocol::decode_as<protocol::CommandComplete>(frame.body);
    if (complete && lasting(complete->command)) return;
    statements_.clear();
    portals_.clear();
  } else if (type == B<protocol::ReadyForQuery> && status_ == 'I') {
    portals_.clear();
  }
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
      answered_ = request;
      if (phase_ == Phase::query) statements_.erase(""), portals_.erase("");
      if (phase_ == Phase::execute) {
        const auto known = portals_.find(request.name);
        columns_ = known == portals_.end() ? unknown : known->second;
      }
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
