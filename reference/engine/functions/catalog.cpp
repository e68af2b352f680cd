#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/session_state.hpp"
#include "types/array.hpp"
#include "types/form.hpp"

// What clients ask of the catalogue by functions: names of types, comments, privileges, visibility. functions-info.
namespace pgconform::engine {
namespace {

using types::is_null;

Value format_type(Call& c) {
  if (is_null(c.args[0])) return {};
  auto oid = static_cast<Oid>(c.integer(0));
  return types::type_name(oid, is_null(c.args[1]) ? -1 : static_cast<std::int32_t>(c.integer(1)));
}

Value no_comment(Call&) {
  return {};
}
Value always(Call&) {
  return true;
}

// The schemas that search_path names and that exist.
Value schemas(Call& c) {
  std::vector<Value> names;
  std::string path = *c.context.session.settings().show("search_path", false);
  if (c.boolean(0) && path.find("pg_catalog") == path.npos) names.emplace_back(std::string("pg_catalog"));
  if (path.find("public") != path.npos) names.emplace_back(std::string("public"));
  return types::pack(types::one_dimensional(types::name_oid, std::move(names)));
}

Value count_nulls(Call& c, bool null) {
  std::int64_t n = 0;
  for (const auto& value : c.args) n += is_null(value) == null;
  return n;
}

}  // namespace

void add_catalog(Registry& r) {
  r.add({{"format_type", format_type},
         {"obj_description(26)", no_comment},
         {"obj_description(26 19)", no_comment},
         {"shobj_description(26 19)", no_comment},
         {"col_description(26 23)", no_comment},
         {"current_schemas", schemas},
         {"pg_num_nulls", [](Call& c) { return count_nulls(c, true); }},
         {"pg_num_nonnulls", [](Call& c) { return count_nulls(c, false); }},
         {"to_regtype",
          [](Call& c) {
            auto type = types::parse_text(types::regtype_oid, c.text(0), {});
            return type ? *type : Value();
          }},
         {"inet_server_port", [](Call&) { return Value(); }}});
  // Nobody is denied anything here.
  for (const char* what : {"database", "schema", "function", "language", "tablespace", "type"})
    for (const char* how : {"_name", "_id", "_name_name", "_name_id", "_id_name", "_id_id"})
      r.add(fmt::format("has_{}_privilege{}", what, how), always);
}

}  // namespace pgconform::engine
