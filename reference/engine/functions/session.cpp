#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/session_state.hpp"
#include "types/array.hpp"

// Functions that tell about the session and the server.
namespace pgconform::engine {
namespace {

Value setting(Call& c, bool missing_ok) {
  auto value = c.context.session.settings().show(c.text(0), missing_ok);
  return value ? Value(*value) : Value();
}

Value signal(Call& c, session::Signal kind) {
  const bool cancel = kind == session::Signal::cancel;
  if (!cancel && c.args.size() > 1) {
    if (c.integer(1) < 0) fail(sqlstate::numeric_value_out_of_range, "\"timeout\" must not be negative");
    if (c.integer(1) > 0) refuse("pg_terminate_backend that waits", c.expr.location);
  }
  auto& session = c.context.session;
  const auto pid = static_cast<std::int32_t>(c.integer(0));
  const auto& send = session.login().signal;
  switch (send ? send(pid, kind) : session::Signalled::not_there) {
    case session::Signalled::sent:
      return true;
    case session::Signalled::not_there:
      session.warn("01000", fmt::format("PID {} is not a PostgreSQL backend process", pid));
      return false;
    case session::Signalled::not_allowed:
      break;
  }
  SqlError error{.report = {}};
  error.report.sqlstate = sqlstate::insufficient_privilege;
  error.report.message = cancel ? "permission denied to cancel query" : "permission denied to terminate process";
  error.report.detail =
      fmt::format("Only roles with privileges of the role whose {} may {}.",
                  cancel ? "query is being canceled or with privileges of the \"pg_signal_backend\" role"
                         : "process is being terminated or with privileges of the \"pg_signal_backend\" role",
                  cancel ? "cancel this query" : "terminate this process");
  throw error;
}

}  // namespace

void add_session(Registry& r) {
  r.add({{"pgsql_version", [](Call& c) -> Value { return c.context.session.version(); }},
         {"current_database", [](Call& c) -> Value { return c.context.session.login().database; }},
         {"current_schema", [](Call& c) { return c.context.session.current("current_schema", -1); }},
         {"current_user", [](Call& c) -> Value { return c.context.session.login().user; }},
         {"session_user", [](Call& c) -> Value { return c.context.session.login().user; }},
         {"pg_backend_pid", [](Call& c) -> Value { return std::int64_t{c.context.session.login().pid}; }},
         {"pg_cancel_backend", [](Call& c) { return signal(c, session::Signal::cancel); }},
         {"pg_terminate_backend", [](Call& c) { return signal(c, session::Signal::terminate); }},
         {"pg_notify",
          [](Call& c) -> Value {
            auto text = [&](std::size_t i) { return types::is_null(c.args[i]) ? std::string() : c.text(i); };
            c.context.session.mailbox().notify(text(0), text(1));
            return std::string();
          }},
         {"pg_listening_channels",
          [](Call& c) -> Value {
            std::vector<Value> names;
            for (const auto& name : c.context.session.mailbox().listened()) names.emplace_back(name);
            return types::pack(types::one_dimensional(types::text_oid, std::move(names)));
          }},
         {"pg_is_in_recovery", [](Call&) -> Value { return false; }},
         {"getdatabaseencoding", [](Call&) -> Value { return std::string("UTF8"); }},
         {"pg_client_encoding",
          [](Call& c) -> Value { return *c.context.session.settings().show("client_encoding", false); }},
         {"pg_typeof", [](Call& c) -> Value { return std::int64_t{c.expr.args[0]->type}; }},
         {"show_config_by_name", [](Call& c) { return setting(c, false); }},
         {"show_config_by_name_missing_ok", [](Call& c) { return setting(c, c.boolean(1)); }},
         {"set_config_by_name", [](Call& c) -> Value {
            if (types::is_null(c.args[0])) fail(sqlstate::null_value_not_allowed, "SET requires parameter name");
            bool local = !types::is_null(c.args[2]) && c.boolean(2);
            auto& settings = c.context.session.settings();
            if (types::is_null(c.args[1]))
              settings.reset(c.text(0), local);
            else
              settings.set(c.text(0), c.text(1), local);
            return *settings.show(c.text(0), false);
          }}});
}

}  // namespace pgconform::engine
