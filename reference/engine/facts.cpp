#include "engine/facts.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_set>

namespace pgconform::engine {
namespace {

constexpr bool t = true, f = false;

struct RawFunction {
  Oid oid;
  std::string_view name, arguments;
  Oid result;
  std::string_view source;
  bool strict, returns_set;
  char kind, volatility;
  int defaults;
  bool variadic;
};

constexpr RawFunction raw_functions[] = {
#define PGCONFORM_FUNCTION(oid, name, arguments, result, source, strict, set, kind, volatility, defaults, variadic) \
  {oid, name, arguments, result, source, strict, set, kind, volatility, defaults, variadic},
#include "engine/facts/functions.inc"
#undef PGCONFORM_FUNCTION
};

constexpr OperatorFact operators[] = {
#define PGCONFORM_OPERATOR(name, left, right, result, source, strict) {name, left, right, result, source, strict},
#include "engine/facts/operators.inc"
#undef PGCONFORM_OPERATOR
};

constexpr CastFact casts[] = {
#define PGCONFORM_CAST(source, target, function, context, method) {source, target, function, context, method},
#include "engine/facts/casts.inc"
#undef PGCONFORM_CAST
};

constexpr SettingFact settings[] = {
#define PGCONFORM_SETTING(name, context, type, unit, boot, lowest, highest, choices) \
  {name, context, type, unit, boot, lowest, highest, choices},
#include "engine/facts/settings.inc"
#undef PGCONFORM_SETTING
};

std::vector<Oid> read_oids(std::string_view list) {
  std::vector<Oid> oids;
  for (const char *p = list.data(), *end = p + list.size(); p < end; ++p) {
    Oid oid = 0;
    p = std::from_chars(p, end, oid).ptr;
    oids.push_back(oid);
  }
  return oids;
}

const std::vector<FunctionFact>& functions() {
  static const auto all = [] {
    std::vector<FunctionFact> facts;
    for (const auto& raw : raw_functions)
      facts.push_back({raw.oid, raw.name, read_oids(raw.arguments), raw.result, raw.source, raw.strict, raw.returns_set,
                       raw.kind, raw.volatility, raw.defaults, raw.variadic});
    // What a driver asks of information_schema (analyze/call.cpp lets it be found there only).
    facts.push_back({13208, "_pg_expandarray", {2277}, 2249, "_pg_expandarray", true, true, 'f', 'i', 0, false});
    std::ranges::stable_sort(facts, {}, &FunctionFact::name);
    return facts;
  }();
  return all;
}

}  // namespace

const FunctionFact* find_function(Oid oid) {
  auto found = std::ranges::find(functions(), oid, &FunctionFact::oid);
  return found == functions().end() ? nullptr : &*found;
}

bool is_immutable(std::string_view source) {
  static const auto others = [] {
    std::unordered_set<std::string_view> sources;
    for (const auto& function : raw_functions)
      if (function.volatility != 'i') sources.insert(function.source);
    return sources;
  }();
  return !others.contains(source);
}

std::span<const FunctionFact> functions_named(std::string_view name) {
  auto range = std::ranges::equal_range(functions(), name, {}, &FunctionFact::name);
  return {range.begin(), range.end()};
}

std::span<const OperatorFact> operators_named(std::string_view name) {
  static const auto sorted = [] {
    std::vector<OperatorFact> all(std::begin(operators), std::end(operators));
    std::ranges::stable_sort(all, {}, &OperatorFact::name);
    return all;
  }();
  auto range = std::ranges::equal_range(sorted, name, {}, &OperatorFact::name);
  return {range.begin(), range.end()};
}

const CastFact* find_cast(Oid source, Oid target) {
  auto key = [](const CastFact& cast) { return std::pair(cast.source, cast.target); };
  auto it = std::ranges::lower_bound(casts, std::pair(source, target), {}, key);
  return it != std::end(casts) && key(*it) == std::pair(source, target) ? it : nullptr;
}

std::span<const SettingFact> all_settings() {
  return settings;
}

}  // namespace pgconform::engine
