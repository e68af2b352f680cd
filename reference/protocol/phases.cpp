#include "protocol/phases.hpp"

#include <array>

namespace pgconform::protocol {

namespace {

template <class M>
constexpr MessageType F = type_of<Sender::frontend, M>();
template <class M>
constexpr MessageType B = type_of<Sender::backend, M>();

using enum Phase;

constexpr Rule table[] = {
    // A connection's first packets. Encryption may be asked for once each, in either order.
    {startup, F<SSLRequest>, ssl_requested},
    {startup, F<GSSENCRequest>, gssenc_requested},
    {startup, F<CancelRequest>, closed},
    {startup, F<StartupMessage>, authenticating},
    {ssl_requested, B<SSLResponse>, startup},
    {ssl_requested, B<ErrorResponse>, closed},
    {gssenc_requested, B<GSSENCResponse>, startup},
    {gssenc_requested, B<ErrorResponse>, closed},

    // Authentication. Every error here is the end.
    {authenticating, B<NegotiateProtocolVersion>, negotiated},
    {authenticating, B<AuthenticationOk>, authenticated},
    {authenticating, B<AuthenticationCleartextPassword>, password_requested},
    {authenticating, B<AuthenticationMD5Password>, password_requested},
    {authenticating, B<AuthenticationGSS>, gss_requested},
    {authenticating, B<AuthenticationSSPI>, gss_requested},
    {authenticating, B<AuthenticationSASL>, sasl_offered},
    {authenticating, B<AuthenticationKerberosV5>, closed},
    {authenticating, B<AuthenticationSCMCredential>, closed},
    {authenticating, B<ErrorResponse>, closed},
    {negotiated, B<AuthenticationOk>, authenticated},
    {negotiated, B<AuthenticationCleartextPassword>, password_requested},
    {negotiated, B<AuthenticationMD5Password>, password_requested},
    {negotiated, B<AuthenticationGSS>, gss_requested},
    {negotiated, B<AuthenticationSSPI>, gss_requested},
    {negotiated, B<AuthenticationSASL>, sasl_offered},
    {negotiated, B<ErrorResponse>, closed},
    {password_requested, F<PasswordMessage>, password_sent},
    {password_requested, B<ErrorResponse>, closed},
    {password_sent, B<AuthenticationOk>, authenticated},
    {password_sent, B<ErrorResponse>, closed},
    {gss_requested, F<GSSResponse>, gss_sent},
    {gss_requested, B<ErrorResponse>, closed},
    {gss_sent, B<AuthenticationGSSContinue>, gss_requested},
    {gss_sent, B<AuthenticationOk>, authenticated},
    {gss_sent, B<ErrorResponse>, closed},
    {sasl_offered, F<SASLInitialResponse>, sasl_started},
    {sasl_offered, B<ErrorResponse>, closed},
    {sasl_started, B<AuthenticationSASLContinue>, sasl_challenged},
    {sasl_started, B<AuthenticationOk>, authenticated},  // OAUTHBEARER ends without a final message
    {sasl_started, B<ErrorResponse>, closed},
    {sasl_challenged, F<SASLResponse>, sasl_answered},
    {sasl_challenged, B<ErrorResponse>, closed},
    {sasl_answered, B<AuthenticationSASLContinue>, sasl_challenged},
    {sasl_answered, B<AuthenticationSASLFinal>, sasl_verified},
    {sasl_answered, B<ErrorResponse>, closed},
    {sasl_verified, B<AuthenticationOk>, authenticated},
    {sasl_verified, B<ErrorResponse>, closed},
    {authenticated, B<BackendKeyData>, keyed},
    {authenticated, B<ReadyForQuery>, ready},  // a server without cancellation has no key to give
    {authenticated, B<ErrorResponse>, closed},
    {keyed, B<ReadyForQuery>, ready},
    {keyed, B<ErrorResponse>, closed},

    // Query: statements one after another, then ReadyForQuery. A string without statements gives EmptyQueryResponse.
    {query, B<RowDescription>, query_rows},
    {query, B<CommandComplete>, query_going_on},
    {query, B<EmptyQueryResponse>, query_going_on},
    {query, B<CopyInResponse>, query_copy_in},
    {query, B<CopyOutResponse>, query_copy_out},
    {query, B<CopyBothResponse>, query_copy_both},
    {query, B<ErrorResponse>, query_failed},
    {query_rows, B<DataRow>, same},
    {query_rows, B<CommandComplete>, query_going_on},
    {query_rows, B<ErrorResponse>, query_failed},
    {query_going_on, B<RowDescription>, query_rows},
    {query_going_on, B<CommandComplete>, same},
    {query_going_on, B<CopyInResponse>, query_copy_in},
    {query_going_on, B<CopyOutResponse>, query_copy_out},
    {query_going_on, B<CopyBothResponse>, query_copy_both},
    {query_going_on, B<ErrorResponse>, query_failed},
    {query_going_on, B<ReadyForQuery>, answered},
    {query_failed, B<ReadyForQuery>, answered},

    // Copy inside Query.
    {query_copy_in, F<CopyData>, same},
    {query_copy_in, F<Flush>, same},
    {query_copy_in, F<Sync>, same},
    {query_copy_in, F<CopyDone>, query_copy_in_ended},
    {query_copy_in, F<CopyFail>, query_copy_in_ended},
    {query_copy_in, B<ErrorResponse>, query_failed},
    {query_copy_in_ended, B<CommandComplete>, query_going_on},
    {query_copy_in_ended, B<ErrorResponse>, query_failed},
    {query_copy_out, B<CopyData>, same},
    {query_copy_out, B<CopyDone>, query_copy_out_ended},
    {query_copy_out, B<ErrorResponse>, query_failed},
    {query_copy_out_ended, B<CommandComplete>, query_going_on},
    {query_copy_out_ended, B<RowDescription>, query_rows},  // BASE_BACKUP goes on with a result set
    {query_copy_out_ended, B<ErrorResponse>, query_failed},
    {query_copy_both, F<CopyData>, same},
    {query_copy_both, F<CopyDone>, same},
    {query_copy_both, B<CopyData>, same},
    {query_copy_both, B<CopyDone>, query_copy_both_ended},
    {query_copy_both, B<ErrorResponse>, query_failed},
    {query_copy_both_ended, F<CopyData>, same},
    {query_copy_both_ended, F<CopyDone>, same},
    {query_copy_both_ended, B<RowDescription>, query_rows},  // the next timeline
    {query_copy_both_ended, B<CommandComplete>, query_going_on},
    {query_copy_both_ended, B<ErrorResponse>, query_failed},

    // The extended query, message by message.
    {parse, B<ParseComplete>, answered},
    {parse, B<ErrorResponse>, skipping},
    {bind, B<BindComplete>, answered},
    {bind, B<ErrorResponse>, skipping},
    {describe_statement, B<ParameterDescription>, describe_statement_columns},
    {describe_statement, B<ErrorResponse>, skipping},
    {describe_statement_columns, B<RowDescription>, answered},
    {describe_statement_columns, B<NoData>, answered},
    {describe_statement_columns, B<ErrorResponse>, skipping},
    {describe_portal, B<RowDescription>, answered},
    {describe_portal, B<NoData>, answered},
    {describe_portal, B<ErrorResponse>, skipping},
    {execute, B<DataRow>, execute_rows},
    {execute, B<CommandComplete>, answered},
    {execute, B<EmptyQueryResponse>, answered},
    {execute, B<PortalSuspended>, answered},
    {execute, B<CopyInResponse>, execute_copy_in},
    {execute, B<CopyOutResponse>, execute_copy_out},
    {execute, B<ErrorResponse>, skipping},
    {execute_rows, B<DataRow>, same},
    {execute_rows, B<CommandComplete>, answered},
    {execute_rows, B<PortalSuspended>, answered},
    {execute_rows, B<ErrorResponse>, skipping},
    {execute_copy_in, F<CopyData>, same},
    {execute_copy_in, F<Flush>, same},
    {execute_copy_in, F<Sync>, same},
    {execute_copy_in, F<CopyDone>, execute_copy_in_ended},
    {execute_copy_in, F<CopyFail>, execute_copy_in_ended},
    {execute_copy_in, B<ErrorResponse>, skipping},
    {execute_copy_in_ended, B<CommandComplete>, answered},
    {execute_copy_in_ended, B<ErrorResponse>, skipping},
    {execute_copy_out, B<CopyData>, same},
    {execute_copy_out, B<CopyDone>, execute_copy_out_ended},
    {execute_copy_out, B<ErrorResponse>, skipping},
    {execute_copy_out_ended, B<CommandComplete>, answered},
    {execute_copy_out_ended, B<ErrorResponse>, skipping},
    {close, B<CloseComplete>, answered},
    {close, B<ErrorResponse>, skipping},
    {flush, B<ErrorResponse>, skipping},  // only for a malformed one; otherwise it has no answer
    {sync, B<ReadyForQuery>, answered},
    {sync, B<ErrorResponse>, sync_failed},  // the commit failed
    {sync_failed, B<ReadyForQuery>, answered},

    {function_call, B<FunctionCallResponse>, function_called},
    {function_call, B<ErrorResponse>, function_called},
    {function_called, B<ReadyForQuery>, answered},
};

struct Opening {
  MessageType message;
  Phase phase;
};

constexpr Opening openings[] = {
    {F<Query>, query},           {F<Parse>, parse}, {F<Bind>, bind},        {F<Execute>, execute},
    {F<Close>, close},           {F<Flush>, flush}, {F<Sync>, Phase::sync}, {F<FunctionCall>, function_call},
    {F<Terminate>, terminating},
};

constexpr std::array phase_names{"startup",
                                 "ssl-requested",
                                 "gssenc-requested",
                                 "authenticating",
                                 "negotiated",
                                 "password-requested",
                                 "password-sent",
                                 "gss-requested",
                                 "gss-sent",
                                 "sasl-offered",
                                 "sasl-started",
                                 "sasl-challenged",
                                 "sasl-answered",
                                 "sasl-verified",
                                 "authenticated",
                                 "keyed",
                                 "ready",
                                 "query",
                                 "query-rows",
                                 "query-copy-in",
                                 "query-copy-in-ended",
                                 "query-copy-out",
                                 "query-copy-out-ended",
                                 "query-copy-both",
                                 "query-copy-both-ended",
                                 "query-going-on",
                                 "query-failed",
                                 "parse",
                                 "bind",
                                 "describe-statement",
                                 "describe-statement-columns",
                                 "describe-portal",
                                 "execute",
                                 "execute-rows",
                                 "execute-copy-in",
                                 "execute-copy-in-ended",
                                 "execute-copy-out",
                                 "execute-copy-out-ended",
                                 "close",
                                 "flush",
                                 "sync",
                                 "sync-failed",
                                 "function-call",
                                 "function-called",
                                 "terminating",
                                 "closed",
                                 "answered",
                                 "skipping",
                                 "same"};
static_assert(phase_names.size() == static_cast<std::size_t>(Phase::same) + 1);

}  // namespace

std::span<const Rule> rules() {
  return table;
}

const Rule* find_rule(Phase phase, MessageType message) {
  for (const auto& rule : table)
    if (rule.in == phase && rule.message == message) return &rule;
  return nullptr;
}

std::optional<Phase> opens(MessageType message, char kind) {
  if (message == F<Describe>) return kind == 'P' ? describe_portal : describe_statement;
  for (const auto& opening : openings)
    if (opening.message == message) return opening.phase;
  return std::nullopt;
}

bool asynchronous(MessageType message) {
  return message == B<NoticeResponse> || message == B<ParameterStatus> || message == B<NotificationResponse>;
}

Stage stage_of(Phase phase, Sender sender) {
  const bool frontend = sender == Sender::frontend;
  switch (phase) {
    case startup:
      return frontend ? Stage::startup : Stage::normal;
    case ssl_requested:
      return frontend ? Stage::startup : Stage::ssl_answer;
    case gssenc_requested:
      return frontend ? Stage::startup : Stage::gssenc_answer;
    case password_requested:
      return frontend ? Stage::password : Stage::normal;
    case gss_requested:
      return frontend ? Stage::gss : Stage::normal;
    case sasl_offered:
      return frontend ? Stage::sasl_initial : Stage::normal;
    case sasl_challenged:
      return frontend ? Stage::sasl : Stage::normal;
    default:
      return Stage::normal;
  }
}

std::string_view name_of(Phase phase) {
  return phase_names[static_cast<std::size_t>(phase)];
}

std::string expected_in(Phase phase, Sender sender) {
  std::string names;
  auto add = [&](MessageType type) {
    if (type.sender == sender) names.append(names.empty() ? "" : ", ").append(name_of(type));
  };
  for (const auto& rule : table)
    if (rule.in == phase) add(rule.message);
  if (phase == ready && sender == Sender::frontend) {
    for (const auto& opening : openings) add(opening.message);
    add(F<Describe>);
  }
  return names.empty() ? "nothing" : names;
}

}  // namespace pgconform::protocol
