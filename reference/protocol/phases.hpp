#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "protocol/message_list.hpp"

// Who may say what, when, and where that leads: the rules of chapter "Message Flow" (protocol-flow) as one table. The
// server's session, the monitor of conversations and the fuzzers read it; nobody has rules of their own.
//
// The theory. A frontend may send ahead: it need not wait for an answer before its next request. A backend works the
// requests off in order and answers one at a time. So a conversation's state is
//
//   - the phase of the answer that the backend is giving, and
//   - the requests that are waiting behind it, each of which opens a phase of its own when its turn comes.
//
// Before login nobody sends ahead, and the same table covers it: there, messages of the frontend move the phase too.
// Three kinds of row do not fit a plain (phase, message, next phase) and are spelled with a special next phase:
//
//   answered   the request is dealt with; the next one in line begins
//   skipping   after an error in an extended query: every request is discarded up to the next Sync
//   same       stay: the message may come any number of times, also not at all
//
// What a backend may say in every phase after authentication (NoticeResponse, ParameterStatus, NotificationResponse;
// protocol-async) stands in a list of its own, as does its last word, an ErrorResponse of severity FATAL.
namespace pgconform::protocol {

enum class Phase : std::uint8_t {
  // Before login (protocol-flow-start-up, -ssl, -gssapi, sasl-authentication).
  startup,
  ssl_requested,
  gssenc_requested,
  authenticating,  // the backend chooses how
  negotiated,      // the same, NegotiateProtocolVersion having been said
  password_requested,
  password_sent,
  gss_requested,
  gss_sent,
  sasl_offered,
  sasl_started,
  sasl_challenged,
  sasl_answered,
  sasl_verified,
  authenticated,
  keyed,  // the same, BackendKeyData having been said

  // Between requests.
  ready,

  // Answering Query (protocol-flow-simple-query).
  query,
  query_rows,
  query_copy_in,
  query_copy_in_ended,
  query_copy_out,
  query_copy_out_ended,
  query_copy_both,
  query_copy_both_ended,
  query_going_on,  // at least one statement is complete
  query_failed,

  // Answering the messages of an extended query (protocol-flow-ext-query).
  parse,
  bind,
  describe_statement,
  describe_statement_columns,
  describe_portal,
  execute,
  execute_rows,
  execute_copy_in,
  execute_copy_in_ended,
  execute_copy_out,
  execute_copy_out_ended,
  close,
  flush,
  sync,
  sync_failed,

  // Answering FunctionCall (protocol-flow-function-call).
  function_call,
  function_called,

  terminating,
  closed,

  // Not phases but ways to leave one.
  answered,
  skipping,
  same
};

// Rule: in phase `in`, `message` may be said and leads to `next`.
struct Rule {
  Phase in;
  MessageType message;
  Phase next;
};

// rules: the table.
std::span<const Rule> rules();

// find_rule: the row for this message in this phase, if it may be said.
const Rule* find_rule(Phase phase, MessageType message);

// opens: the phase that a frontend's request begins once its turn has come; nullopt for messages that are no requests
// (CopyData, CopyDone and CopyFail outside a copy are dropped: protocol-flow-copy). `kind` is Describe's S or P.
std::optional<Phase> opens(MessageType message, char kind);

// asynchronous: may the backend say this in any phase, between any two messages of an answer? protocol-async.
bool asynchronous(MessageType message);

// before_login: no ready session yet; a request cannot be sent ahead.
constexpr bool before_login(Phase phase) {
  return phase < Phase::ready;
}

// in_copy_in: the frontend is in charge; Sync and Flush are ignored (protocol-flow-copy).
constexpr bool in_copy_in(Phase phase) {
  return phase == Phase::query_copy_in || phase == Phase::execute_copy_in || phase == Phase::query_copy_both;
}

// stage_of: how to tell what the next frame of `sender` is.
Stage stage_of(Phase phase, Sender sender);

// name_of: the phase in words, for people.
std::string_view name_of(Phase phase);

// expected_in: what `sender` may say in this phase, for error messages.
std::string expected_in(Phase phase, Sender sender);

}  // namespace pgconform::protocol
