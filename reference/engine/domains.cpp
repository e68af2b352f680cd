#include "engine/domains.hpp"

#include "engine/evaluate.hpp"
#include "engine/session_state.hpp"

namespace pgconform::engine {

Table domain_row(Oid base, std::int32_t modifier) {
  Table table;
  table.kind = 'D';
  auto& column = table.columns.emplace_back();
  column.name = "value";
  column.type = base;
  column.modifier = modifier;
  column.number = 1;
  return table;
}

Value default_of_type(Oid type, Context& context) {
  const auto* domain = context.session.types().find(type);
  if (!domain || domain->kind != 'd') return {};
  Value value;
  for (const auto* from = domain; from && from->kind == 'd'; from = context.session.types().find(from->base))
    if (from->default_value) {
      value = evaluate(*from->default_value, context);
      break;
    }
  return context.session.types().checked(type, std::move(value), &context);
}

}  // namespace pgconform::engine
