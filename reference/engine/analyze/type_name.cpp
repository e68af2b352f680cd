#include "engine/analyze/parts.hpp"
#include "engine/analyzer.hpp"
#include "engine/session_state.hpp"
#include "types/form.hpp"

// Types as they are written: typenameTypeMod().
namespace pgconform::engine {

void Analyzer::need_schema(const std::vector<const Node*>& names, int location) {
  if (names.size() < 2) return;
  const auto schema = names[names.size() - 2]->string_of();
  for (std::string_view known : {"pg_catalog", "information_schema", "pg_toast"})
    if (schema == known) return;
  if (schema == "pg_temp" ? !session_.has_temporary() : !session_.has_schema(schema))
    fail(sqlstate::invalid_schema_name, fmt::format("schema \"{}\" does not exist", schema), location);
}

std::pair<Oid, std::int32_t> Analyzer::column_type(const Node& name) {
  int location = name.location();
  const auto& names = name.list("names");
  std::string shown = dotted(names);
  if (name.flag("pct_type")) refuse("%TYPE", location);
  if (name.flag("setof"))
    fail(sqlstate::invalid_table_definition, fmt::format("type \"{}\" cannot be a set", shown), location);
  const types::Type* type = in_catalog(names) ? types::find_type(names.back()->string_of()) : nullptr;
  if (!type && names.size() <= 2) {
    auto made = session_.types().named(names.size() > 1 ? names[0]->string_of() : std::string_view(),
                                       names.back()->string_of());
    if (made) types_.push_back(made);
    type = made.get();
  }
  if (!type && names.size() <= 2 &&
      session_.find_table(names.size() > 1 ? names[0]->string_of() : std::string_view(), names.back()->string_of()))
    refuse("the rows of a table as a type", location);
  if (!type) need_schema(names, location);
  if (!name.list("arrayBounds").empty()) shown += "[]";
  if (!type) fail(sqlstate::undefined_object, fmt::format("type \"{}\" does not exist", shown), location);
  if (!name.list("arrayBounds").empty()) {
    Oid array = type->array;
    if (array == 0) fail(sqlstate::undefined_object, fmt::format("type \"{}\" does not exist", shown), location);
    type = types::find_type(array);
  }
  if (!types::is_supported(type->oid)) refuse("type " + types::type_name(type->oid), location);
  std::int32_t modifier = -1;
  if (const auto& numbers = name.list("typmods"); !numbers.empty()) {
    std::vector<std::int32_t> values;
    for (const auto* node : numbers) {
      if (!node->is("A_Const"))
        fail(sqlstate::syntax_error, "type modifiers must be simple constants or identifiers", location);
      ExprPtr value = constant(node->body());
      if (value->type != types::int4_oid) fail(sqlstate::invalid_parameter_value, "invalid type modifier", location);
      values.push_back(static_cast<std::int32_t>(std::get<std::int64_t>(value->value)));
    }
    std::string warning;
    Oid modified = name.list("arrayBounds").empty() ? type->oid : type->element;
    modifier = value_or_fail(types::make_modifier(modified, values, warning), location);
    if (!warning.empty()) session_.warn(sqlstate::invalid_parameter_value, warning);
  }
  return {type->oid, modifier};
}

}  // namespace pgconform::engine
