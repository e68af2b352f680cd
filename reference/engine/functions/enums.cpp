#include <algorithm>

#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/session_state.hpp"
#include "types/array.hpp"
#include "types/form.hpp"

// Functions on enums. functions-enum.
namespace pgconform::engine {
namespace {

using types::is_null;

const types::MadeType& enum_of(Call& c) {
  const auto* type = types::find_made(types::base_of(c.expr.args[0]->type));
  if (!type || type->kind != 'e') fail(sqlstate::feature_not_supported, "could not determine actual enum type");
  return *type;
}

Value usable(Call& c, const types::MadeType& type, const types::Label& label) {
  value_or_fail(c.context.session.types().may_use(type, label));
  return std::int64_t{label.oid};
}

template <bool first>
Value end_of(Call& c) {
  const auto& type = enum_of(c);
  if (type.labels.empty())
    fail(sqlstate::object_not_in_prerequisite_state,
         fmt::format("enum {} contains no values", types::type_name(type.oid)));
  return usable(c, type, first ? type.labels.front() : type.labels.back());
}

// The labels from one to another; NULL is as far as there are any.
Value range(Call& c) {
  const auto& type = enum_of(c);
  std::vector<Value> between;
  const bool has_end = c.args.size() > 1 && !is_null(c.args[1]);
  bool inside = c.args.size() == 1 || is_null(c.args[0]);
  for (const auto& label : type.labels) {
    const std::int64_t oid = label.oid;
    if (!inside && c.integer(0) == oid) inside = true;
    if (inside) between.push_back(usable(c, type, label));
    if (has_end && c.integer(1) == oid) break;
  }
  return types::pack(types::one_dimensional(type.oid, std::move(between)));
}

template <bool larger>
Value extreme(Call& c) {
  const int order = compare_values(c.expr.args[0]->type, c.args[0], c.args[1]);
  return (order > 0) == larger ? c.args[0] : c.args[1];
}

Value order(Call& c) {
  return std::int64_t{compare_values(c.expr.args[0]->type, c.args[0], c.args[1])};
}

Value send(Call& c) {
  return types::print_binary(c.expr.args[0]->type, c.args[0]);
}

}  // namespace

void add_enums(Registry& r) {
  r.add({{"enum_first", end_of<true>},
         {"enum_last", end_of<false>},
         {"enum_range_all", range},
         {"enum_range_bounds", range},
         {"enum_larger", extreme<true>},
         {"enum_smaller", extreme<false>},
         {"enum_cmp", order},
         {"enum_send", send}});
}

}  // namespace pgconform::engine
