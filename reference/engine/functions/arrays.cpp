#include <algorithm>

#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/functions/text_search.hpp"
#include "engine/storage.hpp"
#include "types/array.hpp"
#include "types/form.hpp"

// Functions and operators on arrays. functions-array.
namespace pgconform::engine {
namespace {

using types::Array;
using types::is_null;

Array array_at(Call& c, std::size_t i) {
  return types::unpack(c.text(i));
}

// An array that is NULL counts as an empty one.
Array array_or_empty(Call& c, std::size_t i, Oid element) {
  return is_null(c.args[i]) ? Array{element} : array_at(c, i);
}

bool same(const Array& array, const Value& a, const Value& b) {
  if (is_null(a) || is_null(b)) return is_null(a) && is_null(b);
  return compare_values(array.element, a, b) == 0;
}

Value number(std::int64_t n) {
  return n;
}

void need_flat(const Array& array, std::string_view message) {
  if (array.dimensions.size() > 1) fail(sqlstate::data_exception, std::string(message));
}

Value append(Call& c, bool front) {
  std::size_t which = front ? 1 : 0;
  Array array = array_or_empty(c, which, types::element_of(c.expr.type));
  need_flat(array, "argument must be empty or one-dimensional array");
  const Value& element = c.args[1 - which];
  if (array.dimensions.empty()) return types::pack(types::one_dimensional(array.element, {element}));
  if (array.dimensions[0].lower == INT32_MAX ||
      array.dimensions[0].lower + std::int64_t{array.dimensions[0].length} > INT32_MAX)
    fail(sqlstate::numeric_value_out_of_range, "integer out of range");
  array.elements.insert(front ? array.elements.begin() : array.elements.end(), element);
  ++array.dimensions[0].length;
  return types::pack(array);
}

Value concatenate(Call& c) {
  if (is_null(c.args[0]) || is_null(c.args[1])) return c.args[is_null(c.args[0]) ? 1 : 0];
  Array a = array_at(c, 0), b = array_at(c, 1);
  if (a.dimensions.empty()) return c.args[1];
  if (b.dimensions.empty()) return c.args[0];
  auto incompatible = [](std::string detail) {
    fail(sqlstate::array_subscript_error, "cannot concatenate incompatible arrays", -1, {}, std::move(detail));
  };
  auto ad = a.dimensions.size(), bd = b.dimensions.size();
  Array made{a.element};
  auto tail_fits = [](const Array& whole, const Array& part, std::size_t from) {
    return std::ranges::equal(std::span(whole.dimensions).subspan(1), std::span(part.dimensions).subspan(from));
  };
  if (ad == bd) {
    if (!tail_fits(a, b, 1))
      incompatible("Arrays with differing element dimensions are not compatible for concatenation.");
    made.dimensions = a.dimensions;
    made.dimensions[0].length += b.dimensions[0].length;
  } else if (ad == bd + 1 || bd == ad + 1) {
    const Array &whole = ad > bd ? a : b, &part = ad > bd ? b : a;
    if (!tail_fits(whole, part, 0))
      incompatible("Arrays with differing dimensions are not compatible for concatenation.");
    made.dimensions = whole.dimensions;
    ++made.dimensions[0].length;
  } else {
    incompatible(fmt::format("Arrays of {} and {} dimensions are not compatible for concatenation.", ad, bd));
  }
  made.elements = std::move(a.elements);
  std::ranges::move(b.elements, std::back_inserter(made.elements));
  return types::pack(made);
}

// array_length, array_lower, array_upper of one dimension.
Value bound(Call& c, char which) {
  Array array = array_at(c, 0);
  std::int64_t n = c.integer(1);
  if (n < 1 || n > std::ssize(array.dimensions)) return {};
  auto d = array.dimensions[static_cast<std::size_t>(n - 1)];
  return number(which == 'n' ? d.length : which == 'l' ? d.lower : std::int64_t{d.lower} + d.length - 1);
}

Value dimensions_text(Call& c) {
  Array array = array_at(c, 0);
  if (array.dimensions.empty()) return {};
  std::string text;
  for (auto d : array.dimensions) text += fmt::format("[{}:{}]", d.lower, std::int64_t{d.lower} + d.length - 1);
  return text;
}

Value to_string(Call& c) {
  if (is_null(c.args[0]) || is_null(c.args[1])) return {};
  Array array = array_at(c, 0);
  std::string text;
  bool any = false, shows_null = c.args.size() > 2 && !is_null(c.args[2]);
  for (const auto& element : array.elements) {
    if (is_null(element) && !shows_null) continue;
    if (any) text += c.text(1);
    text += is_null(element) ? c.text(2) : types::print_text(array.element, element, c.context.style);
    any = true;
  }
  return text;
}

Value from_string(Call& c) {
  if (is_null(c.args[0])) return {};
  const std::string& s = c.text(0);
  std::vector<Value> parts;
  auto add = [&](std::string part) {
    bool null = c.args.size() > 2 && !is_null(c.args[2]) && part == c.text(2);
    need_memory((parts.size() + 1) * sizeof(Value));
    parts.push_back(null ? Value() : Value(std::move(part)));
  };
  if (s.empty()) return types::pack(Array{types::text_oid});
  if (is_null(c.args[1])) {
    for (std::size_t i = 0; i < s.size();) {
      auto n = types::byte_of_character(std::string_view(s).substr(i), 1);
      add(s.substr(i, n));
      i += n;
    }
  } else if (const std::string& separator = c.text(1); separator.empty()) {
    add(s);
  } else {
    TextSearch search(separator);
    for (std::size_t begin = 0;;) {
      const auto at = search.find(s, begin);
      add(s.substr(begin, at - begin));
      if (at == s.npos) break;
      begin = at + separator.size();
    }
  }
  return types::pack(types::one_dimensional(types::text_oid, std::move(parts)));
}

Value position(Call& c) {
  if (is_null(c.args[0])) return {};
  Array array = array_at(c, 0);
  if (array.dimensions.size() > 1)
    fail(sqlstate::feature_not_supported, "searching for elements in multidimensional arrays is not supported");
  std::int64_t start = INT64_MIN;
  if (c.args.size() > 2) {
    if (is_null(c.args[2])) fail(sqlstate::null_value_not_allowed, "initial position must not be null");
    start = c.integer(2);
  }
  for (std::size_t i = 0; i < array.elements.size(); ++i) {
    std::int64_t place = array.dimensions[0].lower + static_cast<std::int64_t>(i);
    if (place >= start && same(array, array.elements[i], c.args[1])) return place;
  }
  return {};
}

Value positions(Call& c) {
  if (is_null(c.args[0])) return {};
  Array array = array_at(c, 0);
  if (array.dimensions.size() > 1)
    fail(sqlstate::feature_not_supported, "searching for elements in multidimensional arrays is not supported");
  std::vector<Value> found;
  for (std::size_t i = 0; i < array.elements.size(); ++i)
    if (same(array, array.elements[i], c.args[1]))
      found.emplace_back(array.dimensions[0].lower + static_cast<std::int64_t>(i));
  return types::pack(types::one_dimensional(types::int4_oid, std::move(found)));
}

Value remove(Call& c) {
  if (is_null(c.args[0])) return {};
  Array array = array_at(c, 0);
  if (array.dimensions.size() > 1)
    fail(sqlstate::feature_not_supported, "removing elements from multidimensional arrays is not supported");
  std::erase_if(array.elements, [&](const Value& v) { return same(array, v, c.args[1]); });
  if (array.elements.empty())
    array.dimensions.clear();
  else
    array.dimensions[0].length = static_cast<std::int32_t>(array.elements.size());
  return types::pack(array);
}

Value replace(Call& c) {
  if (is_null(c.args[0])) return {};
  Array array = array_at(c, 0);
  for (auto& element : array.elements)
    if (same(array, element, c.args[1])) element = c.args[2];
  return types::pack(array);
}

bool contains(const Array& whole, const Array& part) {
  return std::ranges::all_of(part.elements, [&](const Value& wanted) {
    return !is_null(wanted) &&
           std::ranges::any_of(whole.elements, [&](const Value& v) { return !is_null(v) && same(whole, v, wanted); });
  });
}

Value overlap(Call& c) {
  Array a = array_at(c, 0), b = array_at(c, 1);
  return std::ranges::any_of(a.elements, [&](const Value& x) {
    return !is_null(x) && std::ranges::any_of(b.elements, [&](const Value& y) { return !is_null(y) && same(a, x, y); });
  });
}

Value fill(Call& c) {
  if (is_null(c.args[1]) || (c.args.size() > 2 && is_null(c.args[2])))
    fail(sqlstate::null_value_not_allowed, "dimension array or low bound array cannot be null");
  Array lengths = array_at(c, 1), made{types::element_of(c.expr.type)};
  Array lowers = c.args.size() > 2 ? array_at(c, 2) : Array{};
  const auto wrong = [](const char* detail) {
    fail(sqlstate::array_subscript_error, "wrong number of array subscripts", -1, {}, detail);
  };
  const auto has_null = [](const Array& array) {
    return std::ranges::any_of(array.elements, [](const Value& v) { return is_null(v); });
  };
  if (lowers.dimensions.size() > 1 || lengths.dimensions.size() > 1) wrong("Dimension array must be one dimensional.");
  if (has_null(lowers) || has_null(lengths)) fail(sqlstate::null_value_not_allowed, "dimension values cannot be null");
  if (lengths.elements.size() > types::most_dimensions)
    fail(sqlstate::program_limit_exceeded, fmt::format("number of dimensions ({}) exceeds the maximum allowed ({})",
                                                       lengths.elements.size(), types::most_dimensions));
  if (c.args.size() > 2 && lowers.elements.size() != lengths.elements.size())
    wrong("Low bound array has different size than dimensions array.");
  std::int64_t total = lengths.elements.empty() ? 0 : 1;
  for (std::size_t i = 0; i < lengths.elements.size(); ++i) {
    std::int64_t n = std::get<std::int64_t>(lengths.elements[i]);
    if (n < 0 || (total *= n) > types::most_elements)
      fail(sqlstate::program_limit_exceeded,
           fmt::format("array size exceeds the maximum allowed ({})", types::most_elements));
    std::int64_t lower = c.args.size() > 2 ? std::get<std::int64_t>(lowers.elements[i]) : 1;
    made.dimensions.push_back({static_cast<std::int32_t>(n), static_cast<std::int32_t>(lower)});
  }
  if (total == 0) return types::pack(Array{made.element});
  for (const auto& d : made.dimensions)
    if (std::int64_t{d.lower} + d.length > INT32_MAX)
      fail(sqlstate::program_limit_exceeded, fmt::format("array lower bound is too large: {}", d.lower));
  auto size = is_null(c.args[0]) ? 0 : types::print_binary(made.element, c.args[0]).size();
  need_memory(static_cast<std::size_t>(total) * (size + sizeof(Value) + 4));
  made.elements.assign(static_cast<std::size_t>(total), c.args[0]);
  return types::pack(made);
}

Value trim(Call& c) {
  Array array = array_at(c, 0);
  std::int64_t n = c.integer(1), length = array.dimensions.empty() ? 0 : array.dimensions[0].length;
  if (n < 0 || n > length)
    fail(sqlstate::array_element_error, fmt::format("number of elements to trim must be between 0 and {}", length));
  if (n == length) return types::pack(Array{array.element});
  array.elements.resize(array.elements.size() / static_cast<std::size_t>(length) *
                        static_cast<std::size_t>(length - n));
  for (auto& d : array.dimensions) d.lower = 1;
  array.dimensions[0].length -= static_cast<std::int32_t>(n);
  return types::pack(array);
}

// A set is answered as an array of its members.
Value subscripts(Call& c) {
  Array array = array_at(c, 0);
  std::int64_t n = c.integer(1);
  std::vector<Value> all;
  if (n >= 1 && n <= std::ssize(array.dimensions)) {
    auto d = array.dimensions[static_cast<std::size_t>(n - 1)];
    for (std::int64_t i = 0; i < d.length; ++i) all.emplace_back(d.lower + i);
    if (c.args.size() > 2 && c.boolean(2)) std::ranges::reverse(all);
  }
  return types::pack(types::one_dimensional(types::int4_oid, std::move(all)));
}

}  // namespace

void add_arrays(Registry& r) {
  r.add({{"array_append", [](Call& c) { return append(c, false); }},
         {"array_prepend", [](Call& c) { return append(c, true); }},
         {"array_cat", concatenate},
         {"array_length", [](Call& c) { return bound(c, 'n'); }},
         {"array_lower", [](Call& c) { return bound(c, 'l'); }},
         {"array_upper", [](Call& c) { return bound(c, 'u'); }},
         {"array_ndims",
          [](Call& c) {
            auto n = std::ssize(array_at(c, 0).dimensions);
            return n == 0 ? Value() : number(n);
          }},
         {"array_dims", dimensions_text},
         {"array_cardinality", [](Call& c) { return number(std::ssize(array_at(c, 0).elements)); }},
         {"array_to_text", to_string},
         {"array_to_text_null", to_string},
         {"text_to_array", from_string},
         {"text_to_array_null", from_string},
         {"text_to_table", from_string},
         {"text_to_table_null", from_string},
         {"array_position", position},
         {"array_position_start", position},
         {"array_positions", positions},
         {"array_remove", remove},
         {"array_replace", replace},
         {"arraycontains", [](Call& c) -> Value { return contains(array_at(c, 0), array_at(c, 1)); }},
         {"arraycontained", [](Call& c) -> Value { return contains(array_at(c, 1), array_at(c, 0)); }},
         {"arrayoverlap", overlap},
         {"array_fill", fill},
         {"array_fill_with_lower_bounds", fill},
         {"trim_array", trim},
         {"array_unnest", [](Call& c) { return c.args[0]; }},
         {"generate_subscripts", subscripts},
         {"generate_subscripts_nodir", subscripts}});
}

}  // namespace pgconform::engine
