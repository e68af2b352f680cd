#include <algorithm>

#include "engine/evaluate.hpp"
#include "types/array.hpp"

// The values of expressions about arrays.
namespace pgconform::engine {
namespace {

using types::Array;
using types::is_null;

[[noreturn]] void ragged() {
  fail(sqlstate::array_subscript_error, "multidimensional arrays must have array expressions with matching dimensions");
}

Array opened(const Value& value) {
  return types::unpack(std::get<std::string>(value));
}

Value construct(const Expr& expr, Context& context) {
  Array made{types::element_of(expr.type)};
  if (expr.number == 0) {
    for (const auto& arg : expr.args) made.elements.push_back(evaluate(*arg, context));
    return types::pack(types::one_dimensional(made.element, std::move(made.elements)));
  }
  // Arrays side by side; empty ones only if all are.
  std::int32_t count = 0;
  bool empty = false;
  std::vector<types::Dimension> inner;
  for (const auto& arg : expr.args) {
    Value value = evaluate(*arg, context);
    Array part = is_null(value) ? Array{made.element} : opened(value);
    if (part.dimensions.empty()) {
      empty = true;
      continue;
    }
    if (count == 0)
      inner = part.dimensions;
    else if (inner != part.dimensions)
      ragged();
    for (auto& element : part.elements) made.elements.push_back(std::move(element));
    ++count;
  }
  if (count == 0) return types::pack(Array{made.element});
  if (empty) ragged();
  if (inner.size() == types::most_dimensions)
    fail(sqlstate::program_limit_exceeded,
         fmt::format("number of array dimensions ({}) exceeds the maximum allowed ({})", inner.size() + 1,
                     types::most_dimensions));
  made.dimensions = {{count, 1}};
  made.dimensions.insert(made.dimensions.end(), inner.begin(), inner.end());
  return types::pack(made);
}

Value subscript(const Expr& expr, Context& context) {
  Value value = evaluate(*expr.args[0], context);
  std::vector<std::int64_t> indices;
  bool unknown = is_null(value);
  for (std::size_t i = 1; i < expr.args.size(); ++i) {
    Value index = evaluate(*expr.args[i], context);
    unknown = unknown || is_null(index);
    indices.push_back(is_null(index) ? 0 : std::get<std::int64_t>(index));
  }
  if (unknown) return {};
  Array array = opened(value);
  if (indices.size() != array.dimensions.size()) return {};
  std::size_t place = 0;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::int64_t at = indices[i] - array.dimensions[i].lower;
    if (at < 0 || at >= array.dimensions[i].length) return {};
    place = place * static_cast<std::size_t>(array.dimensions[i].length) + static_cast<std::size_t>(at);
  }
  return std::move(array.elements[place]);
}

// array[l:u]…: counted from 1 again; nothing in common is the empty array.
Value slice(const Expr& expr, Context& context) {
  Value value = evaluate(*expr.args[0], context);
  if (is_null(value)) return {};
  Array array = opened(value), made{array.element};
  std::size_t count = (expr.args.size() - 1) / 2;
  std::vector<std::pair<std::int64_t, std::int64_t>> bounds;
  for (std::size_t i = 0; i < array.dimensions.size(); ++i)
    bounds.emplace_back(array.dimensions[i].lower,
                        std::int64_t{array.dimensions[i].lower} + array.dimensions[i].length - 1);
  bool none = count > array.dimensions.size() || array.dimensions.empty();
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t side : {0U, 1U}) {
      std::size_t place = 1 + 2 * i + side;
      if ((expr.number >> (place - 1) & 1) != 0) continue;
      Value index = evaluate(*expr.args[place], context);
      if (is_null(index)) return {};
      if (i >= bounds.size()) continue;
      std::int64_t n = std::get<std::int64_t>(index);
      if (side == 0)
        bounds[i].first = std::max(bounds[i].first, n);
      else
        bounds[i].second = std::min(bounds[i].second, n);
    }
  for (const auto& [low, high] : bounds) none = none || low > high;
  if (none) return types::pack(made);
  for (const auto& [low, high] : bounds) made.dimensions.push_back({static_cast<std::int32_t>(high - low + 1), 1});
  for (std::size_t place = 0; place < array.elements.size(); ++place) {
    bool inside = true;
    std::size_t rest = place;
    for (auto i = bounds.size(); i-- > 0;) {
      auto length = static_cast<std::size_t>(array.dimensions[i].length);
      auto at = static_cast<std::int64_t>(rest % length) + array.dimensions[i].lower;
      rest /= length;
      inside = inside && at >= bounds[i].first && at <= bounds[i].second;
    }
    if (inside) made.elements.push_back(std::move(array.elements[place]));
  }
  return types::pack(made);
}

Value coerce_all(const Expr& expr, Context& context) {
  Value value = evaluate(*expr.args[0], context);
  if (is_null(value)) return {};
  Oid target = types::element_of(expr.type);
  if (expr.shared->kind == ExprKind::relabel && expr.shared->args[0]->kind == ExprKind::operand)
    return types::with_element(std::get<std::string>(std::move(value)), target);
  Array array = opened(value);
  for (auto& element : array.elements) {
    if (is_null(element)) continue;
    set_operand(context, expr.number, std::move(element));
    element = evaluate(*expr.shared, context);
  }
  array.element = target;
  return types::pack(array);
}

Value compare_with_all(const Expr& expr, Context& context) {
  Value left = evaluate(*expr.args[0], context), right = evaluate(*expr.args[2], context);
  if (is_null(right)) return {};
  bool decisive = expr.kind == ExprKind::any_of, unknown = false;
  for (auto& element : opened(right).elements) {
    if (expr.strict && (is_null(left) || is_null(element))) {
      unknown = true;
      continue;
    }
    Value pair[] = {left, std::move(element)};
    Call frame{pair, expr, context};
    Value answer = expr.implementation(frame);
    if (is_null(answer))
      unknown = true;
    else if (std::get<bool>(answer) == decisive)
      return decisive;
  }
  return unknown ? Value() : Value(!decisive);
}

void need_size(std::int64_t length, std::int64_t lower) {
  if (length > types::most_elements)
    fail(sqlstate::program_limit_exceeded,
         fmt::format("array size exceeds the maximum allowed ({})", types::most_elements));
  need_memory(static_cast<std::size_t>(length) * sizeof(Value));
  if (lower + length > INT32_MAX)
    fail(sqlstate::program_limit_exceeded, fmt::format("array lower bound is too large: {}", lower));
}

// A list grows to both sides as far as it has to; what nobody has set is NULL. array_set_element(), array_set_slice().
void put_into_list(Array& array, std::int64_t first, std::vector<Value> values) {
  const auto count = std::ssize(values);
  if (array.dimensions.empty()) {
    need_size(count, first);
    array.dimensions = {{static_cast<std::int32_t>(count), static_cast<std::int32_t>(first)}};
    array.elements = std::move(values);
    return;
  }
  const std::int64_t old_lower = array.dimensions[0].lower, old_end = old_lower + array.dimensions[0].length;
  const std::int64_t lower = std::min(first, old_lower), end = std::max(first + count, old_end);
  need_size(end - lower, lower);
  std::vector<Value> made(static_cast<std::size_t>(end - lower));
  std::ranges::move(array.elements, made.begin() + (old_lower - lower));
  std::ranges::move(values, made.begin() + (first - lower));
  array.dimensions = {{static_cast<std::int32_t>(end - lower), static_cast<std::int32_t>(lower)}};
  array.elements = std::move(made);
}

Value assign_element(const Expr& expr, Context& context) {
  Value before = evaluate(*expr.args[0], context), value = evaluate(*expr.args[1], context);
  std::vector<std::int64_t> indices;
  for (std::size_t i = 2; i < expr.args.size(); ++i) {
    Value index = evaluate(*expr.args[i], context);
    if (is_null(index)) fail(sqlstate::null_value_not_allowed, "array subscript in assignment must not be null");
    indices.push_back(std::get<std::int64_t>(index));
  }
  Array array = is_null(before) ? Array{types::element_of(expr.type)} : opened(before);
  const bool is_slice = !expr.strict;
  const std::size_t depth = is_slice ? indices.size() / 2 : indices.size();
  if (is_slice && is_null(value)) return before;
  if (!array.dimensions.empty() && array.dimensions.size() != depth)
    fail(sqlstate::array_subscript_error, "wrong number of array subscripts");
  if (is_slice) {
    if (indices[0] > indices[1]) fail(sqlstate::array_subscript_error, "upper bound cannot be less than lower bound");
    auto source = opened(value).elements;
    const std::int64_t wanted = indices[1] - indices[0] + 1;
    if (std::ssize(source) < wanted) fail(sqlstate::array_subscript_error, "source array too small");
    source.resize(static_cast<std::size_t>(wanted));
    put_into_list(array, indices[0], std::move(source));
  } else if (depth == 1) {
    std::vector<Value> one;
    one.push_back(std::move(value));
    put_into_list(array, indices[0], std::move(one));
  } else if (array.dimensions.empty()) {
    for (auto index : indices) {
      need_size(1, index);
      array.dimensions.push_back({1, static_cast<std::int32_t>(index)});
    }
    array.elements.push_back(std::move(value));
  } else {
    std::size_t place = 0;
    for (std::size_t i = 0; i < depth; ++i) {
      const std::int64_t at = indices[i] - array.dimensions[i].lower;
      if (at < 0 || at >= array.dimensions[i].length)
        fail(sqlstate::array_subscript_error, "array subscript out of range");
      place = place * static_cast<std::size_t>(array.dimensions[i].length) + static_cast<std::size_t>(at);
    }
    array.elements[place] = std::move(value);
  }
  return types::pack(array);
}

}  // namespace

Value evaluate_array(const Expr& expr, Context& context) {
  switch (expr.kind) {
    case ExprKind::array:
      return construct(expr, context);
    case ExprKind::subscript:
      return subscript(expr, context);
    case ExprKind::slice:
      return slice(expr, context);
    case ExprKind::element_assigned:
      return assign_element(expr, context);
    case ExprKind::array_coerce:
      return coerce_all(expr, context);
    default:
      return compare_with_all(expr, context);
  }
}

}  // namespace pgconform::engine
