#include "engine/nodes/conditions.hpp"

#include <algorithm>

#include "engine/analyze/walk.hpp"
#include "engine/facts.hpp"
#include "engine/stack.hpp"

namespace pgconform::engine {
namespace {

// Types whose values look the same where = holds between them: 0 for all others.
int look_of(Oid type) {
  if (types::is_reg(type)) return 1;
  switch (type) {
    case types::int2_oid:
    case types::int4_oid:
    case types::int8_oid:
    case types::oid_oid:
    case types::xid_oid:
      return 1;
    case types::text_oid:
    case types::varchar_oid:
    case types::name_oid:
      return 2;
    case types::bool_oid:
    case types::char_oid:
    case types::uuid_oid:
    case types::date_oid:
    case types::timestamp_oid:
    case types::timestamptz_oid:
      return static_cast<int>(type);
    default:
      return 0;
  }
}

void split(ExprPtr condition, std::vector<ExprPtr>& parts) {
  if (!condition) return;
  if (condition->kind != ExprKind::both) {
    parts.push_back(std::move(condition));
    return;
  }
  for (auto& arg : condition->args) split(std::move(arg), parts);
}

ExprPtr all_of(std::vector<ExprPtr> parts) {
  if (parts.empty()) return nullptr;
  if (parts.size() == 1) return std::move(parts[0]);
  auto both = make_expr(ExprKind::both, types::bool_oid, parts[0]->location);
  both->args = std::move(parts);
  return both;
}

bool is_within(const Reach& reach, const FromItem& item) {
  return reach.within(item.first, item.first + item.width);
}

// Gives a part to the item, or to what is below it. It holds for every row that the item lets through.
void give(FromItem& item, ExprPtr part, const Reach& reach) {
  StackBase::check();
  using Join = FromItem::Join;
  if (item.kind != FromItem::Kind::join) {
    item.filters.push_back(std::move(part));
    return;
  }
  bool inner = item.join_kind == Join::inner;
  if ((inner || item.join_kind == Join::left) && is_within(reach, *item.left)) {
    give(*item.left, std::move(part), reach);
  } else if ((inner || item.join_kind == Join::right) && is_within(reach, *item.right) && !item.right->lateral) {
    give(*item.right, std::move(part), reach);
  } else if (inner && item.merged.empty()) {
    std::vector<ExprPtr> parts;
    split(std::move(item.condition), parts);
    parts.push_back(std::move(part));
    item.condition = all_of(std::move(parts));
  } else {
    item.filters.push_back(std::move(part));
  }
}

// Parts of ON that look at one side only: those of the side that has no rows of its own to keep.
void place_on(FromItem& item) {
  StackBase::check();
  if (item.kind != FromItem::Kind::join) return;
  place_on(*item.left);
  place_on(*item.right);
  using Join = FromItem::Join;
  if (item.join_kind == Join::full || !item.condition) return;
  std::vector<ExprPtr> parts, kept;
  split(std::move(item.condition), parts);
  for (auto& part : parts) {
    Reach reach = is_plain(*part) ? reach_of(*part) : Reach{};
    if (item.join_kind != Join::left && is_within(reach, *item.left))
      give(*item.left, std::move(part), reach);
    else if (item.join_kind != Join::right && is_within(reach, *item.right) && !item.right->lateral)
      give(*item.right, std::move(part), reach);
    else
      kept.push_back(std::move(part));
  }
  item.condition = all_of(std::move(kept));
}

}  // namespace

void each_conjunct(const Expr& condition, const std::function<void(const Expr&)>& visit) {
  StackBase::check();
  if (condition.kind != ExprKind::both) return visit(condition);
  for (const auto& arg : condition.args) each_conjunct(*arg, visit);
}

bool is_plain(const Expr& expr) {
  StackBase::check();
  return !expr.is_volatile && !expr.returns_set && !expr.subquery && !expr.shared &&
         std::ranges::all_of(expr.args, [](const auto& arg) { return is_plain(*arg); });
}

Reach reach_of(const Expr& expr) {
  Reach reach;
  each_column(expr, 0, [&](const Expr& column, int level) {
    if (level != 0) return;
    if (reach.first < 0 || column.number < reach.first) reach.first = column.number;
    reach.end = std::max(reach.end, column.number + 1);
  });
  return reach;
}

bool is_hashable(const Expr& expr) {
  if (expr.kind != ExprKind::call || !expr.op || expr.op->name != "=" || expr.args.size() != 2) return false;
  int look = look_of(expr.args[0]->type);
  return look != 0 && look == look_of(expr.args[1]->type) && is_plain(expr);
}

void place_conditions(Query& query) {
  if (!query.from || query.from->kind == FromItem::Kind::function) return;
  place_on(*query.from);
  bool is_system = query.from->kind == FromItem::Kind::table && query.from->table->system;
  if (!query.where || (query.from->kind != FromItem::Kind::join && !is_system)) return;
  std::vector<ExprPtr> parts, kept;
  split(std::move(query.where), parts);
  for (auto& part : parts) {
    Reach reach = is_plain(*part) ? reach_of(*part) : Reach{};
    if (reach.first < 0)
      kept.push_back(std::move(part));
    else
      give(*query.from, std::move(part), reach);
  }
  query.where = all_of(std::move(kept));
}

void drop_unused(Query& query) {
  std::vector<FromItem*> views, open;
  if (query.from) open.push_back(query.from.get());
  while (!open.empty()) {
    FromItem* item = open.back();
    open.pop_back();
    for (auto* side : {item->left.get(), item->right.get()})
      if (side) open.push_back(side);
    if (item->is_system && item->query->operation == Query::Operation::none) views.push_back(item);
  }
  if (views.empty()) return;
  std::vector<bool> used;
  each_expression(query, 0, [&](ExprPtr& expr, int depth) {
    each_column(*expr, depth, [&](const Expr& column, int level) {
      auto place = static_cast<std::size_t>(column.number);
      if (level != 0) return;
      if (used.size() <= place) used.resize(place + 1);
      used[place] = true;
    });
  });
  for (FromItem* view : views)
    for (int i = 0; i < view->width; ++i) {
      auto place = static_cast<std::size_t>(view->first + i);
      auto& target = view->query->targets[static_cast<std::size_t>(i)];
      if ((place < used.size() && used[place]) || !is_plain(*target)) continue;
      target = make_expr(ExprKind::constant, target->type, -1);
    }
}

SystemKey system_key(const FromItem& item) {
  for (const auto& filter : item.filters) {
    if (!is_hashable(*filter)) continue;
    for (std::size_t side : {0u, 1u}) {
      const Expr* column = filter->args[side].get();
      while (column->kind == ExprKind::relabel) column = column->args[0].get();
      if (column->kind != ExprKind::column || column->level != 0) continue;
      if (reach_of(*filter->args[1 - side]).first >= 0) continue;
      return {filter->args[1 - side].get(), static_cast<std::size_t>(column->number - item.first)};
    }
  }
  return {};
}

namespace {

// The other side of an equality with that column of the item, as the index orders it.
const Expr* equal_to(const Expr& filter, const FromItem& item, std::size_t column) {
  if (filter.kind != ExprKind::call || !filter.op || filter.op->name != "=" || filter.args.size() != 2) return nullptr;
  if (!is_plain(filter)) return nullptr;
  const Oid type = item.table->columns[column].type;
  for (std::size_t side : {0u, 1u}) {
    const Expr* named = filter.args[side].get();
    const Expr& other = *filter.args[1 - side];
    while (named->kind == ExprKind::relabel) named = named->args[0].get();
    if (named->kind != ExprKind::column || named->level != 0 || named->type != type) continue;
    if (named->number != item.first + static_cast<int>(column) || reach_of(other).first >= 0) continue;
    if (other.type == type || (look_of(type) != 0 && look_of(type) == look_of(other.type))) return &other;
  }
  return nullptr;
}

// Values that do not look at the row of a query around.
bool looks_nowhere(const std::vector<const Expr*>& values) {
  bool found = false;
  for (const auto* value : values) each_column(*value, 0, [&](const Expr&, int) { found = true; });
  return !found;
}

bool is_steady(const Expr& expr) {
  StackBase::check();
  return !expr.is_volatile && !expr.returns_set &&
         std::ranges::all_of(expr.args, [](const auto& arg) { return is_steady(*arg); });
}

}  // namespace

IndexKey index_key(const FromItem& item, const Expr* where) {
  std::vector<const Expr*> filters;
  const auto keep = [&](const Expr& each) { filters.push_back(&each); };
  for (const auto& filter : item.filters) keep(*filter);
  if (where) each_conjunct(*where, keep);
  IndexKey best;
  for (const auto& index : item.table->indexes) {
    if (filters.empty() || !index.unique || !index.is_plain()) continue;
    IndexKey key{&index, {}};
    for (auto column : index.columns) {
      const Expr* value = nullptr;
      for (const auto* filter : filters)
        if ((value = equal_to(*filter, item, column)) != nullptr) break;
      if (!value) break;
      key.values.push_back(value);
    }
    if (key.values.size() != index.columns.size()) continue;
    if (looks_nowhere(key.values)) return key;
    if (!best.index) best = std::move(key);
  }
  return best;
}

std::vector<const Expr*> one_time_conditions(const Expr& condition) {
  std::vector<const Expr*> found;
  each_conjunct(condition, [&](const Expr& part) {
    if (is_steady(part) && reach_of(part).first < 0) found.push_back(&part);
  });
  return found;
}

}  // namespace pgconform::engine
