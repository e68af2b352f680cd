#include "engine/resolve.hpp"

#include <algorithm>

#include "engine/analyze/row_shapes.hpp"
#include "types/made.hpp"

namespace pgconform::engine {
namespace {

using types::find_type;
using types::type_name;

char category(Oid type) {
  const auto* t = find_type(type);
  return t ? t->category : 'U';
}

bool is_preferred(Oid type) {
  const auto* t = find_type(type);
  return t && t->preferred;
}

struct Candidate {
  std::vector<Oid> types;
  std::size_t index;
};

// Keep the candidates with the highest score; with all scores zero nothing is dropped.
template <class Score>
void keep_best(std::vector<Candidate>& candidates, Score score) {
  int best = 0;
  for (const auto& c : candidates) best = std::max(best, score(c));
  std::erase_if(candidates, [&](const Candidate& c) { return score(c) < best; });
}

// func_select_candidate(): the one that fits best, or nothing.
std::optional<std::size_t> select(std::vector<Candidate> candidates, std::span<const Oid> given) {
  std::vector<Oid> arguments;
  for (Oid type : given) arguments.push_back(types::base_of(type));
  auto unknown = [&](std::size_t i) { return arguments[i] == types::unknown_oid; };
  auto unknowns = static_cast<std::size_t>(std::ranges::count(arguments, types::unknown_oid));
  keep_best(candidates, [&](const Candidate& c) {
    int n = 0;
    for (std::size_t i = 0; i < arguments.size(); ++i) n += !unknown(i) && c.types[i] == arguments[i];
    return n;
  });
  if (candidates.size() == 1) return candidates[0].index;
  keep_best(candidates, [&](const Candidate& c) {
    int n = 0;
    for (std::size_t i = 0; i < arguments.size(); ++i)
      n += !unknown(i) &&
           (c.types[i] == arguments[i] || (is_preferred(c.types[i]) && category(c.types[i]) == category(arguments[i])));
    return n;
  });
  if (candidates.size() == 1) return candidates[0].index;
  if (unknowns == 0) return std::nullopt;

  // An unknown literal takes the category that the candidates agree on, or string if any of them accepts one.
  std::vector<char> wanted(arguments.size());
  std::vector<bool> prefer(arguments.size());
  bool resolved = true;
  for (std::size_t i = 0; i < arguments.size() && resolved; ++i) {
    if (!unknown(i)) continue;
    bool conflict = false;
    for (const auto& c : candidates) {
      char now = category(c.types[i]);
      if (wanted[i] == 0)
        wanted[i] = now, prefer[i] = is_preferred(c.types[i]);
      else if (now == wanted[i])
        prefer[i] = prefer[i] || is_preferred(c.types[i]);
      else if (now == 'S')
        wanted[i] = now, prefer[i] = is_preferred(c.types[i]);
      else
        conflict = true;
    }
    if (conflict && wanted[i] != 'S') resolved = false;
  }
  if (resolved) {
    auto fits = [&](const Candidate& c) {
      for (std::size_t i = 0; i < arguments.size(); ++i)
        if (unknown(i) && (category(c.types[i]) != wanted[i] || (prefer[i] && !is_preferred(c.types[i])))) return false;
      return true;
    };
    std::vector<Candidate> left;
    std::ranges::copy_if(candidates, std::back_inserter(left), fits);
    if (!left.empty()) candidates = std::move(left);
    if (candidates.size() == 1) return candidates[0].index;
  }

  // If all known arguments have one type, let the unknown ones have it too.
  if (unknowns < arguments.size()) {
    Oid known = 0;
    for (Oid type : arguments) {
      if (type == types::unknown_oid) continue;
      if (known != 0 && known != type) return std::nullopt;
      known = type;
    }
    std::vector<Oid> assumed(arguments.size(), known);
    std::optional<std::size_t> one;
    for (const auto& c : candidates) {
      if (!can_coerce(assumed, c.types, CastContext::implicit)) continue;
      if (one) return std::nullopt;
      one = c.index;
    }
    return one;
  }
  return std::nullopt;
}

std::string list_types(std::span<const Oid> oids, std::span<const ExprPtr> written) {
  std::string list;
  for (std::size_t i = 0; i < oids.size(); ++i)
    list += (i == 0 ? "" : ", ") + (i < written.size() ? shown_type(*written[i]) : type_name(oids[i]));
  return list;
}

}  // namespace

bool is_polymorphic(Oid type) {
  switch (type) {
    case types::any_oid:
    case types::anyarray_oid:
    case types::anyelement_oid:
    case types::anynonarray_oid:
    case types::anyenum_oid:
    case types::anyrange_oid:
    case 4537:  // anymultirange
    case 5077:
    case 5078:
    case 5079:
    case 5080:
    case 4538:  // anycompatible, …array, …nonarray, …range, …multirange
      return true;
    default:
      return false;
  }
}

Pathway find_pathway(Oid source, Oid target, CastContext context) {
  using Kind = Pathway::Kind;
  source = types::base_of(source);
  target = types::base_of(target);
  if (source == target) return {Kind::relabel};
  if (types::is_made(source) && target == types::record_oid && types::is_composite(source)) return {Kind::relabel};
  if (types::is_made(target) && source == types::record_oid && types::is_composite(target)) return {Kind::relabel};
  if (const CastFact* cast = find_cast(source, target)) {
    bool allowed = cast->context == 'i' || (cast->context == 'a' && context != CastContext::implicit) ||
                   context == CastContext::explicit_cast;
    if (!allowed) return {};
    if (cast->method == 'f') return {Kind::function, cast->function};
    return {cast->method == 'b' ? Kind::relabel : category(target) == 'S' ? Kind::output : Kind::input};
  }
  if (types::is_array(source) && types::is_array(target) && target != types::int2vector_oid &&
      target != types::oidvector_oid) {
    Pathway each = find_pathway(types::element_of(source), types::element_of(target), context);
    return {each.kind == Kind::none ? Kind::none : Kind::elements};
  }
  // Every type can be assigned to a string type by its output, and cast from one by its input.
  if (context != CastContext::implicit && category(target) == 'S') return {Kind::output};
  if (context == CastContext::explicit_cast && category(source) == 'S') return {Kind::input};
  return {};
}

bool can_coerce(std::span<const Oid> arguments, std::span<const Oid> parameters, CastContext context) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    Oid from = arguments[i], to = parameters[i];
    if (types::is_made(from) && (to == types::anyarray_oid || to == 5078)) from = types::base_of(from);
    if (from == to || from == types::unknown_oid || to == types::any_oid) continue;
    if (is_polymorphic(to)) {
      const auto* type = find_type(from);
      bool array = type && type->element != 0;
      if (to == types::anyarray_oid || to == 5078) {
        if (array) continue;
      } else if (to == types::anyenum_oid) {
        if (type && type->kind == 'e') continue;
      } else if (to == types::anyrange_oid || to == 5080) {
        if (type && type->kind == 'r') continue;
      } else if (to == 4537 || to == 4538) {
        if (type && type->kind == 'm') continue;
      } else if (to == types::anynonarray_oid || to == 5079) {
        if (!array) continue;
      } else {
        continue;
      }
      return false;
    }
    if (find_pathway(from, to, context).kind == Pathway::Kind::none) return false;
  }
  return std::ranges::none_of(parameters, is_polymorphic) || resolve_polymorphic(arguments, parameters, 0);
}

const OperatorFact& find_operator(std::string_view name, Oid left, Oid right, int location,
                                  std::span<const ExprPtr* const> written) {
  auto all = operators_named(name);
  bool prefix = left == 0;
  const Oid written_left = left, written_right = right;
  left = types::base_of(left);
  right = types::base_of(right);
  auto exact = [&](Oid l, Oid r) -> const OperatorFact* {
    for (const auto& op : all)
      if (op.left == l && op.right == r) return &op;
    return nullptr;
  };
  if (const auto* op = exact(left, right)) return *op;
  if (!prefix) {
    if (left == types::unknown_oid && right != left)
      if (const auto* op = exact(right, right)) return *op;
    if (right == types::unknown_oid && left != right)
      if (const auto* op = exact(left, left)) return *op;
  }
  std::vector<Oid> arguments;
  if (!prefix) arguments.push_back(written_left);
  arguments.push_back(written_right);
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if ((all[i].left == 0) != prefix) continue;
    std::vector<Oid> parameters;
    if (!prefix) parameters.push_back(all[i].left);
    parameters.push_back(all[i].right);
    if (can_coerce(arguments, parameters, CastContext::implicit)) candidates.push_back({parameters, i});
  }
  if (candidates.size() == 1) return all[candidates[0].index];
  const auto right_name = written.empty() ? type_name(written_right) : shown_type(**written.back());
  const auto left_name = written.empty() || prefix ? type_name(written_left) : shown_type(**written.front());
  std::string shown =
      prefix ? fmt::format("{} {}", name, right_name) : fmt::format("{} {} {}", left_name, name, right_name);
  if (candidates.empty())
    fail(sqlstate::undefined_function, "operator does not exist: " + shown, location,
         prefix ? "No operator matches the given name and argument type. You might need to add an explicit type cast."
                : "No operator matches the given name and argument types. You might need to add explicit type casts.");
  auto chosen = select(candidates, arguments);
  if (!chosen)
    fail(sqlstate::ambiguous_function, "operator is not unique: " + shown, location,
         "Could not choose a best candidate operator. You might need to add explicit type casts.");
  return all[*chosen];
}

Found find_function(std::string_view name, std::span<const Oid> arguments, int location, std::string_view shown,
                    bool as_array, std::span<const ExprPtr> written) {
  auto all = functions_named(name);
  std::vector<Candidate> fitting, matching;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::vector<Oid> parameters = all[i].arguments;
    if (all[i].variadic && !as_array && arguments.size() >= parameters.size()) {
      Oid last = parameters.back();
      // VARIADIC "any" takes anything; an array parameter takes its elements.
      const auto* type = find_type(last);
      parameters.resize(arguments.size(), last);
      if (last != types::any_oid) {
        Oid element = last == types::anyarray_oid ? types::anyelement_oid
                      : last == 5078              ? 5077
                      : type                      ? type->element
                                                  : 0;
        for (auto j = all[i].arguments.size() - 1; j < parameters.size(); ++j) parameters[j] = element;
      }
    } else if (arguments.size() < parameters.size() &&
               arguments.size() + static_cast<std::size_t>(all[i].defaults) >= parameters.size()) {
      parameters.resize(arguments.size());
    }
    if (parameters.size() != arguments.size()) continue;
    if (std::ranges::equal(parameters, arguments)) return {&all[i], parameters};
    if (can_coerce(arguments, parameters, CastContext::implicit)) matching.push_back({parameters, i});
  }
  std::string call = fmt::format("{}({})", shown, list_types(arguments, written));
  if (matching.empty())
    fail(sqlstate::undefined_function, fmt::format("function {} does not exist", call), location,
         "No function matches the given name and argument types. You might need to add explicit type casts.");
  std::size_t chosen = matching[0].index;
  if (matching.size() > 1) {
    auto best = select(matching, arguments);
    if (!best)
      fail(sqlstate::ambiguous_function, fmt::format("function {} is not unique", call), location,
           "Could not choose a best candidate function. You might need to add explicit type casts.");
    chosen = *best;
  }
  for (auto& c : matching)
    if (c.index == chosen) return {&all[chosen], c.types};
  return {&all[chosen], all[chosen].arguments};
}

// select_common_type().
Oid common_type(std::span<const ExprPtr* const> exprs, std::string_view construct) {
  Oid common = (**exprs[0]).type;
  if (common != types::unknown_oid && common != types::record_oid &&
      std::ranges::all_of(exprs, [&](const auto* expr) { return (**expr).type == common; }))
    return common;
  common = types::base_of(common);
  for (const auto* expr : exprs) {
    Oid next = types::base_of((**expr).type);
    if (next == types::unknown_oid || next == common) continue;
    if (common == types::unknown_oid) {
      common = next;
    } else if (category(common) != category(next)) {
      fail(sqlstate::datatype_mismatch,
           fmt::format("{} types {} and {} cannot be matched", construct, type_name(common), type_name(next)),
           (**expr).location);
    } else if (!is_preferred(common) && find_pathway(common, next, CastContext::implicit).kind != Pathway::Kind::none &&
               find_pathway(next, common, CastContext::implicit).kind == Pathway::Kind::none) {
      common = next;
    }
  }
  // What IN compares one by one need not agree.
  if (common == types::record_oid && construct != "IN") check_rows(exprs, construct);
  // coerce_to_common_type()
  for (const auto* expr : exprs) {
    const Oid type = types::base_of((**expr).type);
    if (construct == "IN" || type == common || type == types::unknown_oid || common == types::unknown_oid ||
        find_pathway(type, common, CastContext::implicit).kind != Pathway::Kind::none)
      continue;
    fail(sqlstate::cannot_coerce,
         fmt::format("{} could not convert type {} to {}", construct == "CASE" ? "CASE/WHEN" : construct,
                     type_name((**expr).type), type_name(common)),
         (**expr).location);
  }
  return common == types::unknown_oid ? types::text_oid : common;
}

}  // namespace pgconform::engine
