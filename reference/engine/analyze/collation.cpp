#include <algorithm>

#include "engine/analyze/parts.hpp"
#include "engine/analyzer.hpp"
#include "engine/catalog/system_tables.hpp"
#include "types/form.hpp"

// COLLATE. Only the order of bytes is here, under its names, but two of them do not go together. collation.
namespace pgconform::engine {
namespace {

bool is_collatable(Oid type) {
  return types::find_type(type)->collation != 0;
}

bool has_collation(std::string_view name) {
  return std::ranges::any_of(initial_rows_of("pg_collation"),
                             [&](const Row& row) { return std::get<std::string>(row[1]) == name; });
}

}  // namespace

ExprPtr Analyzer::collated(const Node& body) {
  const int location = body.location();
  const auto& names = body.list("collname");
  const auto name = names.back()->string_of();
  ExprPtr arg = expression(body["arg"]);
  resolve_unknown(arg);
  if (!is_collatable(arg->type))
    fail(sqlstate::datatype_mismatch,
         fmt::format("collations are not supported by type {}", types::type_name(arg->type)), location);
  need_schema(names, location);
  if (!in_catalog(names) || !has_collation(name))
    fail(sqlstate::undefined_object,
         fmt::format("collation \"{}\" for encoding \"UTF8\" does not exist", dotted(names)), location);
  auto result = make_expr(ExprKind::relabel, arg->type, arg->location);
  result->modifier = arg->modifier;
  for (std::string_view known : {"default", "C", "POSIX", "ucs_basic"})
    if (name == known) result->collation = {known, location};
  if (result->collation.name.empty()) refuse("this COLLATE", location);
  result->args.push_back(std::move(arg));
  return result;
}

void inherit_collation(Expr& expr) {
  Collation given;
  for (const auto& arg : expr.args) {
    const auto& [name, location] = arg->collation;
    if (name.empty() || name == given.name) continue;
    if (!given.name.empty())
      fail(sqlstate::collation_mismatch,
           fmt::format("collation mismatch between explicit collations \"{}\" and \"{}\"", given.name, name), location);
    given = arg->collation;
  }
  if (!given.name.empty() && is_collatable(expr.type)) expr.collation = given;
}

}  // namespace pgconform::engine
