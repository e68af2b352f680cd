#include <fmt/core.h>

#include "sqlstate/sqlstate.hpp"
#include "types/object_names.hpp"
#include "types/text_forms.hpp"

// regclass and its kin: numbers on the inside, names on the outside. datatype-oid.
namespace pgconform::types {
namespace {

Result<Value> parse_regtype(std::string_view s) {
  std::string_view name = s.starts_with("pg_catalog.") ? s.substr(11) : s;
  std::string_view single = name.ends_with("[]") ? name.substr(0, name.size() - 2) : name;
  static constexpr std::pair<std::string_view, Oid> aliases[] = {
      {"int", int4_oid},    {"decimal", numeric_oid}, {"float", float8_oid},       {"dec", numeric_oid},
      {"char", bpchar_oid}, {"time", time_oid},       {"timestamp", timestamp_oid}};
  const Type* type = find_type(single);
  if (!s.starts_with("pg_catalog."))
    for (const auto& [alias, oid] : aliases)
      if (alias == single) type = find_type(oid);
  if (!type) type = find_type_by_sql_name(single);
  if (type && single != name) type = find_type(type->array);
  if (!type)
    return std::unexpected(Failure{sqlstate::undefined_object, fmt::format("type \"{}\" does not exist", s), {}, {}});
  return std::int64_t{type->oid};
}

}  // namespace

Result<Value> parse_reg(Oid type, std::string_view text, const Style& style) {
  std::string_view s = trim_blanks(text);
  if (!s.empty() && s.find_first_not_of("0123456789") == s.npos) return parse_oid(s);
  if (s == "-") return std::int64_t{0};
  if (style.names) {
    auto found = style.names->find(type, s);
    if (!found) return std::unexpected(found.error());
    if (*found != 0) return std::int64_t{*found};
  }
  if (type == regtype_oid) return parse_regtype(s);
  return std::unexpected(
      Failure{sqlstate::undefined_object, fmt::format("{} \"{}\" does not exist", type_name(type), s), {}, {}});
}

std::string print_reg(Oid type, Oid object, const Style& style) {
  if (object == 0) return "-";
  if (type == regtype_oid && find_type(object)) return type_name(object);
  return style.names ? style.names->print(type, object) : std::to_string(object);
}

}  // namespace pgconform::types
