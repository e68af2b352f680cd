#include <algorithm>

#include "engine/resolve.hpp"
#include "types/made.hpp"
#include "types/range.hpp"

// What anyelement, anyarray and their kin stand for in one call: enforce_generic_type_consistency().
namespace pgconform::engine {
namespace {

constexpr Oid anymultirange = 4537, anycompatible = 5077, anycompatiblearray = 5078, anycompatiblenonarray = 5079;

bool is_simple_element(Oid type) {
  return type == types::anyelement_oid || type == types::anynonarray_oid || type == types::anyenum_oid;
}
bool is_compatible_element(Oid type) {
  return type == anycompatible || type == anycompatiblenonarray;
}

// select_common_type_from_oids(): 0 if the types do not go together.
Oid common_of(std::span<const Oid> all) {
  Oid common = 0;
  auto converts = [](Oid from, Oid to) {
    return find_pathway(from, to, CastContext::implicit).kind != Pathway::Kind::none;
  };
  for (Oid next : all) {
    if (common == 0 || next == common) {
      common = next;
      continue;
    }
    const auto *a = types::find_type(common), *b = types::find_type(next);
    if (!a || !b || a->category != b->category) return 0;
    if (!a->preferred && converts(common, next) && !converts(next, common)) common = next;
  }
  for (Oid type : all)
    if (!converts(type, common)) return 0;
  return common;
}

}  // namespace

std::optional<Polymorphic> resolve_polymorphic(std::span<const Oid> arguments, std::span<const Oid> parameters,
                                               Oid result) {
  Oid element = 0, array = 0, range = 0;
  // What two arguments tell of the same type has to be the same.
  auto tell = [](Oid& known, Oid type) {
    const bool agrees = known == 0 || known == type;
    known = type;
    return agrees;
  };
  std::vector<Oid> compatible;
  bool has_compatible = false;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Oid parameter = parameters[i], argument = arguments[i];
    bool unknown = argument == types::unknown_oid;
    has_compatible = has_compatible || is_compatible_element(parameter) || parameter == anycompatiblearray;
    if (unknown) continue;
    if (is_simple_element(parameter)) {
      if (!tell(element, argument)) return std::nullopt;
    } else if (parameter == types::anyarray_oid) {
      argument = types::base_of(argument);
      if (!types::is_array(argument) || !tell(array, argument)) return std::nullopt;
    } else if (parameter == types::anyrange_oid) {
      if (!types::is_range(argument) || !tell(range, argument)) return std::nullopt;
    } else if (parameter == anymultirange) {
      if (!types::is_multirange(argument) || !tell(range, types::range_kind(argument)->range)) return std::nullopt;
    } else if (is_compatible_element(parameter)) {
      compatible.push_back(argument);
    } else if (parameter == anycompatiblearray) {
      argument = types::base_of(argument);
      if (!types::is_array(argument)) return std::nullopt;
      compatible.push_back(types::element_of(argument));
    }
  }
  if (range != 0 && !tell(element, types::range_kind(range)->element)) return std::nullopt;
  if (array != 0) {
    if (element != 0 && element != types::element_of(array)) return std::nullopt;
    element = types::element_of(array);
  } else if (element != 0) {
    array = types::array_of(element);
  }
  if (std::ranges::find(parameters, types::anyenum_oid) != parameters.end() && !types::is_enum(element))
    return std::nullopt;
  Oid common = compatible.empty() ? types::text_oid : common_of(compatible);
  if (has_compatible && (common == 0 || types::array_of(common) == 0)) return std::nullopt;
  auto stands_for = [&](Oid type) {
    if (is_simple_element(type)) return element != 0 ? element : type;
    if (type == types::anyarray_oid) return array != 0 ? array : type;
    if (type == types::anyrange_oid) return range != 0 ? range : type;
    if (type == anymultirange) return range != 0 ? types::range_kind(range)->multirange : type;
    if (is_compatible_element(type)) return common;
    if (type == anycompatiblearray) return types::array_of(common);
    return type;
  };
  Polymorphic resolved;
  for (Oid type : parameters) resolved.parameters.push_back(stands_for(type));
  resolved.result = stands_for(result);
  return resolved;
}

}  // namespace pgconform::engine
