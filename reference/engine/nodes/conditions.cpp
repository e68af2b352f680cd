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

}  // namespace pgconform::engine
