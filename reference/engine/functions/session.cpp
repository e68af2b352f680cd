#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/session_state.hpp"

// Functions that tell about the session and the server.
namespace pgconform::engine {
namespace {

Value setting(Call& c, bool missing_ok) {
  auto value = c.context.session.settings().show(c.text(0), missing_ok);
  return value ? Value(*value) : Value();
}

}  // namespace

void add_session(Registry& r) {
  r.add({{"pgsql_version", [](Call& c) -> Value { return c.context.session.version(); }},
         {"current_database", [](Call& c) -> Value { return c.context.session.login().database; }},
         {"current_schema", [](Call& c) { return c.context.session.current("current_schema", -1); }},
         {"current_user", [](Call& c) -> Value { return c.context.session.login().user; }},
         {"session_user", [](Call& c) -> Value { return c.context.session.login().user; }},
         {"pg_backend_pid", [](Call& c) -> Value { return std::int64_t{c.context.session.login().pid}; }},
         {"pg_notify",
          [](Call& c) -> Value {
            auto text = [&](std::size_t i) { return types::is_null(c.args[i]) ? std::string() : c.text(i); };
            c.context.session.mailbox().notify(text(0), text(1));
            return std::string();
          }},
         {"pg_is_in_recovery", [](Call&) -> Value { return false; }},
         {"getdatabaseencoding", [](Call&) -> Value { return std::string("UTF8"); }},
         {"pg_client_encoding",
          [](Call& c) -> Value { return *c.context.session.settings().show("client_encoding", false); }},
         {"PG_encoding_to_char",
          [](Call& c) -> Value {
            return std::string(c.integer(0) == 6 ? "UTF8" : c.integer(0) == 0 ? "SQL_ASCII" : "");
          }},
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
