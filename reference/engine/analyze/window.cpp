#include <algorithm>
#include <functional>

#include "engine/analyze/parts.hpp"
#include "engine/analyzer.hpp"
#include "engine/stack.hpp"

// Calls with OVER, and the windows that they name or describe: transformWindowFuncCall(),
// transformWindowDefinitions().
namespace pgconform::engine {
namespace {

// Two definitions that say the same, wherever they stand: equal().
bool is_same_node(const Node& a, const Node& b) {
  StackBase::check();
  if (a.members().size() != b.members().size() || a.items().size() != b.items().size()) return false;
  for (std::size_t i = 0; i < a.items().size(); ++i)
    if (!is_same_node(*a.items()[i], *b.items()[i])) return false;
  for (std::size_t i = 0; i < a.members().size(); ++i) {
    const auto& [key, value] = a.members()[i];
    const auto& [other_key, other] = b.members()[i];
    if (key != other_key) return false;
    if (key == "location") continue;
    if (a.text(key) != b.text(key) || a.number(key) != b.number(key) || !is_same_node(*value, *other)) return false;
  }
  return true;
}

// Each definition and each call is compared with those before it.
constexpr std::size_t most_windows = 256, most_calls = 1664;

// parsenodes.h: FRAMEOPTION_.
enum : std::uint32_t {
  nondefault = 0x1,
  in_rows = 0x4,
  in_groups = 0x8,
  start_unbounded_preceding = 0x20,
  end_unbounded_preceding = 0x40,
  start_unbounded_following = 0x80,
  end_unbounded_following = 0x100,
  start_current = 0x200,
  end_current = 0x400,
  start_preceding = 0x800,
  end_preceding = 0x1000,
  start_following = 0x2000,
  end_following = 0x4000,
  exclude_current = 0x8000,
  exclude_group = 0x10000,
  exclude_ties = 0x20000
};

std::uint32_t options_of(const Node& definition) {
  return static_cast<std::uint32_t>(definition.number("frameOptions"));
}

// The types of offset that pg_amproc's in_range functions take for a key's type.
std::vector<Oid> offset_types(Oid key) {
  switch (key) {
    case types::int2_oid:
    case types::int4_oid:
      return {types::int8_oid, types::int4_oid, types::int2_oid};
    case types::int8_oid:
      return {types::int8_oid};
    case types::float4_oid:
    case types::float8_oid:
      return {types::float8_oid};
    case types::numeric_oid:
      return {types::numeric_oid};
    case types::date_oid:
    case types::timestamp_oid:
    case types::timestamptz_oid:
    case types::interval_oid:
    case types::time_oid:
    case types::timetz_oid:
      return {types::interval_oid};
    default:
      return {};
  }
}

}  // namespace

void Analyzer::forbid_window(int location) {
  if (in_aggregate_)
    fail(sqlstate::grouping_error, "aggregate function calls cannot contain window function calls", location);
  if (in_window_) fail(sqlstate::windowing_error, "window function calls cannot be nested", location);
  std::string_view clause = clause_ == Clause::having ? "HAVING" : clause_without_aggregates();
  const bool defines = clause_ == Clause::window || clause.starts_with("window ");
  if (defines) fail(sqlstate::windowing_error, "window functions are not allowed in window definitions", location);
  if (!clause.empty())
    fail(sqlstate::windowing_error, fmt::format("window functions are not allowed in {}", clause), location);
}

// The place of the window that an OVER means among the query's definitions.
std::size_t Analyzer::find_window(const Node& over) {
  auto& known = scope_->windows;
  std::string_view name = over.text("name");
  for (std::size_t i = 0; i < known.size(); ++i)
    if (name.empty() ? !known[i]->has("name") && is_same_node(*known[i], over) : known[i]->text("name") == name)
      return i;
  if (!name.empty())
    fail(sqlstate::undefined_object, fmt::format("window \"{}\" does not exist", name), over.location());
  if (known.size() >= most_windows) refuse("so many windows", over.location());
  known.push_back(&over);
  return known.size() - 1;
}

ExprPtr Analyzer::window_call(const Node& body, const Found& found, Oid type, std::vector<ExprPtr> args) {
  const FunctionFact& fact = *found.fact;
  const int location = body.location();
  const std::string shown = dotted(body.list("funcname"));
  if (fact.kind != 'a' && fact.kind != 'w')
    fail(sqlstate::wrong_object_type,
         fmt::format("OVER specified, but {} is not a window function nor an aggregate function", shown), location);
  if (body.flag("agg_distinct"))
    fail(sqlstate::feature_not_supported, "DISTINCT is not implemented for window functions", location);
  if (!body.list("agg_order").empty())
    fail(sqlstate::feature_not_supported, "aggregate ORDER BY is not implemented for window functions", location);
  if (fact.kind == 'w' && body.has("agg_filter"))
    fail(sqlstate::feature_not_supported, "FILTER is not implemented for non-aggregate window functions", location);
  if (!query_) refuse("a window function here", location);
  WindowCall made;
  if (fact.kind == 'w') {
    if (!types::is_supported(type)) refuse("window function " + shown, location);
    made.function = &fact;
    made.call.type = type;
    made.call.args = std::move(args);
  } else {
    bool outer = std::exchange(in_window_, true);
    made.call = make_aggregate(body, found, std::move(args));
    in_window_ = outer;
  }
  made.window = find_window(body["over"]);
  auto expr = make_expr(ExprKind::window, made.call.type, location);
  auto& calls = query_->window_calls;
  auto is_same = [&](const WindowCall& other) {
    auto same_args = [](const ExprPtr& a, const ExprPtr& b) { return same(*a, *b); };
    return other.window == made.window && other.function == made.function && other.call.kind == made.call.kind &&
           other.call.type == made.call.type && other.call.name == made.call.name && !other.call.filter &&
           !made.call.filter && std::ranges::equal(other.call.args, made.call.args, same_args);
  };
  auto it = std::ranges::find_if(calls, is_same);
  expr->number = static_cast<int>(it - calls.begin());
  if (calls.size() > most_calls) refuse("so many calls of window functions", location);
  if (it == calls.end()) calls.push_back(std::move(made));
  return expr;
}

void Analyzer::window_keys(const Node& definition, Window& window) {
  auto add = [&](const Node& node) {
    clause_ = Clause::window;
    ExprPtr expr = expression(node);
    resolve_unknown(expr);
    auto it = std::ranges::find_if(window.keys, [&](const ExprPtr& key) { return same(*key, *expr); });
    const auto place = static_cast<int>(it - window.keys.begin());
    if (it == window.keys.end()) window.keys.push_back(std::move(expr));
    return place;
  };
  for (const auto* node : definition.list("partitionClause")) {
    const int place = add(*node);
    const Expr& key = *window.keys[static_cast<std::size_t>(place)];
    need_order(key.type, key.location);
    window.parts.push_back({place, false, false});
  }
  for (const auto* node : definition.list("orderClause")) {
    if (node->body().text("sortby_dir") == "SORTBY_USING") refuse("ORDER BY USING", node->body().location());
    const int place = add(node->body()["node"]);
    const Expr& key = *window.keys[static_cast<std::size_t>(place)];
    need_order(key.type, key.location);
    if (std::ranges::find(window.order, place, &SortKey::target) == window.order.end())
      window.order.push_back(sort_key(node->body(), place));
  }
}

// transformFrameOffset().
void Analyzer::frame_edge(const Node& node, const Node& definition, const Window& window, std::string_view unit,
                          bool is_start, Frame::Edge& edge) {
  clause_ = unit == "RANGE" ? Clause::frame_range : unit == "ROWS" ? Clause::frame_rows : Clause::frame_groups;
  ExprPtr offset = expression(node);
  if (unit != "RANGE") {
    edge.offset = without_variables(to_bigint(std::move(offset), unit), unit);
    return;
  }
  const SortKey& order = window.order[0];
  const Expr& key = *window.keys[static_cast<std::size_t>(order.target)];
  const auto possible = offset_types(key.type);
  if (possible.empty())
    fail(sqlstate::feature_not_supported,
         fmt::format("RANGE with offset PRECEDING/FOLLOWING is not supported for column type {}",
                     types::type_name(key.type)),
         offset->location);
  if (key.type == types::time_oid || key.type == types::timetz_oid)
    refuse("RANGE with an offset of times of day", offset->location);
  const Oid preferred = offset->type == types::unknown_oid ? key.type : offset->type;
  Oid chosen = 0;
  int matches = 0;
  for (Oid type : possible) {
    Oid source[] = {offset->type}, target[] = {type};
    if (type == preferred) {
      chosen = type;
      matches = 1;
      break;
    }
    if (!can_coerce(source, target, CastContext::implicit)) continue;
    chosen = type;
    ++matches;
  }
  if (matches == 0)
    fail(sqlstate::feature_not_supported,
         fmt::format("RANGE with offset PRECEDING/FOLLOWING is not supported for column type {} and offset type {}",
                     types::type_name(key.type), types::type_name(offset->type)),
         offset->location, "Cast the offset value to an appropriate type.");
  if (matches > 1)
    fail(sqlstate::feature_not_supported,
         fmt::format("RANGE with offset PRECEDING/FOLLOWING has multiple interpretations for column type {} and offset "
                     "type {}",
                     types::type_name(key.type), types::type_name(offset->type)),
         offset->location, "Cast the offset value to the exact intended type.");
  edge.offset = without_variables(coerce(std::move(offset), chosen, CastContext::implicit), unit);
  // in_range(): integers are compared as numeric, so that nothing overflows.
  edge.operand = operands_;
  auto operand = [&](int number, Oid type) {
    auto expr = make_expr(ExprKind::operand, type, definition.location());
    expr->number = operands_ + number;
    const bool is_integer = type == types::int2_oid || type == types::int4_oid || type == types::int8_oid;
    if (type == types::date_oid) return coerce(std::move(expr), types::timestamp_oid, CastContext::implicit);
    return is_integer ? coerce(std::move(expr), types::numeric_oid, CastContext::implicit) : std::move(expr);
  };
  const bool back = (edge.bound == Frame::Bound::preceding) != order.descending;
  const bool less = is_start == order.descending;
  ExprPtr limit = apply_operator(back ? "-" : "+", operand(1, key.type), operand(2, chosen), definition.location());
  edge.within = apply_operator(less ? "<=" : ">=", operand(0, key.type), std::move(limit), definition.location());
}

void Analyzer::frame(const Node& definition, Window& window) {
  const auto options = options_of(definition);
  using Bound = Frame::Bound;
  Frame& frame = window.frame;
  frame.unit = options & in_rows ? Frame::Unit::rows : options & in_groups ? Frame::Unit::groups : Frame::Unit::range;
  frame.start.bound = options & start_unbounded_preceding ? Bound::unbounded_preceding
                      : options & start_current           ? Bound::current
                      : options & start_preceding         ? Bound::preceding
                                                          : Bound::following;
  frame.end.bound = options & end_unbounded_following ? Bound::unbounded_following
                    : options & end_current           ? Bound::current
                    : options & end_preceding         ? Bound::preceding
                                                      : Bound::following;
  frame.exclude = options & exclude_current ? Frame::Exclude::current
                  : options & exclude_group ? Frame::Exclude::group
                  : options & exclude_ties  ? Frame::Exclude::ties
                                            : Frame::Exclude::none;
  const bool has_offset = frame.start.has_offset() || frame.end.has_offset();
  if (frame.unit == Frame::Unit::range && has_offset && window.order.size() != 1)
    fail(sqlstate::windowing_error, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column",
         definition.location());
  if (frame.unit == Frame::Unit::groups && window.order.empty())
    fail(sqlstate::windowing_error, "GROUPS mode requires an ORDER BY clause", definition.location());
  const std::string_view unit = options & in_rows ? "ROWS" : options & in_groups ? "GROUPS" : "RANGE";
  if (frame.start.has_offset()) frame_edge(definition["startOffset"], definition, window, unit, true, frame.start);
  if (frame.end.has_offset()) frame_edge(definition["endOffset"], definition, window, unit, false, frame.end);
}

// A definition, with what it takes from the one that it names.
Window Analyzer::window(const Node& definition) {
  Window result;
  const std::string_view base_name = definition.text("refname");
  const Node* base = nullptr;
  for (const auto* other : scope_->windows) {
    if (other == &definition) break;
    if (!base_name.empty() && other->text("name") == base_name) base = other;
  }
  const int location = definition.location();
  if (!base_name.empty() && !base)
    fail(sqlstate::undefined_object, fmt::format("window \"{}\" does not exist", base_name), location);
  if (!base) {
    window_keys(definition, result);
    frame(definition, result);
    return result;
  }
  if (!definition.list("partitionClause").empty())
    fail(sqlstate::windowing_error, fmt::format("cannot override PARTITION BY clause of window \"{}\"", base_name),
         location);
  result = window(*base);
  if (!definition.list("orderClause").empty() && !result.order.empty())
    fail(sqlstate::windowing_error, fmt::format("cannot override ORDER BY clause of window \"{}\"", base_name),
         location);
  if (options_of(*base) & nondefault) {
    const bool adds_nothing = definition.list("orderClause").empty() && !(options_of(definition) & nondefault);
    fail(sqlstate::windowing_error, fmt::format("cannot copy window \"{}\" because it has a frame clause", base_name),
         location, adds_nothing ? "Omit the parentheses in this OVER clause." : "");
  }
  window_keys(definition, result);
  frame(definition, result);
  return result;
}

// All definitions are looked at, and those that somebody uses are kept. As in PostgreSQL those with more keys come
// first, since their order serves for the others too: select_active_windows().
void Analyzer::windows(Query& query) {
  std::vector<Window> made;
  for (std::size_t i = 0; i < scope_->windows.size(); ++i) {
    if (i >= most_windows) refuse("so many windows", scope_->windows[i]->location());
    made.push_back(window(*scope_->windows[i]));
  }
  std::vector<std::size_t> active;
  for (std::size_t i = 0; i < made.size(); ++i)
    if (std::ranges::find(query.window_calls, i, &WindowCall::window) != query.window_calls.end()) active.push_back(i);
  auto length = [&](std::size_t i) { return made[i].parts.size() + made[i].order.size(); };
  std::ranges::stable_sort(active, [&](std::size_t a, std::size_t b) { return length(a) > length(b); });
  for (auto& each : query.window_calls)
    each.window = static_cast<std::size_t>(std::ranges::find(active, each.window) - active.begin());
  for (auto i : active) query.windows.push_back(std::move(made[i]));
}

void Analyzer::place_window_calls(Query& query) {
  if (query.window_calls.empty()) return;
  const int first = query.series_at + static_cast<int>(query.series.size());
  std::function<void(Expr&)> place = [&](Expr& expr) {
    StackBase::check();
    if (expr.kind == ExprKind::window) {
      expr.kind = ExprKind::column;
      expr.number += first;
      return;
    }
    for (auto& arg : expr.args) place(*arg);
  };
  for (auto& target : query.targets) place(*target);
  for (auto& series : query.series) place(*series);
}

}  // namespace pgconform::engine
