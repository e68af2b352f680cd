#include "engine/analyze/parts.hpp"
#include "engine/analyze/walk.hpp"
#include "engine/analyzer.hpp"
#include "engine/stack.hpp"

// JOIN: transformFromClauseItem()'s JoinExpr, and what USING makes of two columns.
namespace pgconform::engine {
namespace {

// The column of that name among the items [from, to), which has to be there once.
const ScopeColumn& merged_column(const Scope& scope, std::size_t from, std::size_t to, std::string_view name,
                                 std::string_view side) {
  const ScopeColumn* found = nullptr;
  for (auto i = from; i < to; ++i) {
    if (!scope.items[i].bare) continue;
    for (const auto& column : scope.items[i].columns) {
      if (column.name != name) continue;
      if (found)
        fail(sqlstate::ambiguous_column,
             fmt::format("common column name \"{}\" appears more than once in {} table", name, side));
      found = &column;
    }
  }
  if (!found)
    fail(sqlstate::undefined_column,
         fmt::format("column \"{}\" specified in USING clause does not exist in {} table", name, side));
  return *found;
}

// A FULL JOIN is done by merging or hashing, so some part of its condition has to compare one side with the other by =,
// if it looks at columns at all.
bool can_be_full(const Expr& condition, const FromItem& item) {
  int looks_at = 0;
  auto sides = [&](const Expr& expr) {
    int found = 0;
    each_column(expr, 0, [&](const Expr& column, int level) {
      if (level == 0) found |= column.number < item.right->first ? 1 : 2;
    });
    looks_at |= found;
    return found;
  };
  auto joins = [&](auto& self, const Expr& expr) -> bool {
    StackBase::check();
    if (expr.kind == ExprKind::both)
      return std::ranges::any_of(expr.args, [&](const auto& arg) { return self(self, *arg); });
    if (expr.kind != ExprKind::call || !expr.text.ends_with("eq") || expr.args.size() != 2) return false;
    return (sides(*expr.args[0]) | sides(*expr.args[1])) == 3 && sides(*expr.args[0]) != 3 && sides(*expr.args[1]) != 3;
  };
  sides(condition);
  return looks_at == 0 || joins(joins, condition);
}

}  // namespace

std::unique_ptr<FromItem> Analyzer::join(const Node& body) {
  auto item = std::make_unique<FromItem>();
  item->kind = FromItem::Kind::join;
  std::string_view type = body.text("jointype");
  using Join = FromItem::Join;
  item->join_kind = type == "JOIN_LEFT"    ? Join::left
                    : type == "JOIN_RIGHT" ? Join::right
                    : type == "JOIN_FULL"  ? Join::full
                                           : Join::inner;
  item->first = scope_->width;
  std::size_t before = scope_->items.size();
  int outer_first = std::exchange(scope_->join_first, item->first);
  item->left = from_item(body["larg"]);
  std::size_t middle = scope_->items.size();
  bool one_sided = item->join_kind == Join::right || item->join_kind == Join::full;
  auto let_see = [&](bool ok) {
    for (auto i = before; i < middle; ++i) scope_->items[i].lateral_ok = ok;
  };
  if (one_sided) let_see(false);
  item->right = from_item(body["rarg"]);
  if (one_sided) let_see(true);
  scope_->join_first = outer_first;

  std::vector<std::string_view> names;
  std::size_t after = scope_->items.size();
  for (auto i = before; i < after; ++i)
    if (item->join_kind == Join::full || item->join_kind == (i < middle ? Join::right : Join::left))
      scope_->items[i].nullable = true;
  if (body.flag("isNatural")) {
    for (auto i = before; i < middle; ++i)
      for (const auto& column : scope_->items[i].columns)
        for (auto j = middle; scope_->items[i].bare && j < after; ++j)
          for (const auto& other : scope_->items[j].columns)
            if (scope_->items[j].bare && other.name == column.name &&
                (names.empty() || std::ranges::find(names, column.name) == names.end()))
              names.push_back(column.name);
  }
  for (const auto* name : body.list("usingClause")) names.push_back(name->string_of());
  ScopeItem result;
  bool has_alias = body.has("alias");
  if (!names.empty()) {
    item->condition = join_using(names, *item, before, middle, result);
  } else if (body.has("quals")) {
    auto outer_hidden = std::exchange(scope_->first, before);
    clause_ = Clause::join;
    item->condition = to_boolean(expression(body["quals"]), "JOIN/ON");
    scope_->first = outer_hidden;
    if (item->join_kind == Join::full && !can_be_full(*item->condition, *item))
      fail_in_planning(sqlstate::feature_not_supported,
                       "FULL JOIN is only supported with merge-joinable or hash-joinable join conditions");
  }
  item->width = scope_->width - item->first;
  if (names.empty() && !has_alias) return item;
  // The alias of USING names the merged columns only, and hides nothing.
  ScopeItem merged{std::string(body["join_using_alias"].text("aliasname")), result.columns};
  merged.bare = false;
  for (const auto& other : scope_->items)
    if (!merged.alias.empty() && other.named && other.alias == merged.alias)
      fail(sqlstate::duplicate_alias, fmt::format("table name \"{}\" specified more than once", merged.alias));

  for (auto i = before; i < after; ++i) {
    auto& inner = scope_->items[i];
    if (inner.bare)
      for (const auto& column : inner.columns)
        if (std::ranges::find(names, column.name) == names.end()) result.columns.push_back(column);
    inner.bare = false;
    if (has_alias) inner.named = false;
  }
  result.named = has_alias;
  if (has_alias) {
    result.alias = body["alias"].text("aliasname");
    const auto& list = body["alias"].list("colnames");
    if (list.size() > result.columns.size())
      fail(sqlstate::invalid_column_reference,
           fmt::format("join expression \"{}\" has {} columns available but {} columns specified", result.alias,
                       result.columns.size(), list.size()));
    for (std::size_t i = 0; i < list.size(); ++i) result.columns[i].name = list[i]->string_of();
    for (const auto& other : scope_->items)
      if (other.named && other.alias == result.alias)
        fail(sqlstate::duplicate_alias, fmt::format("table name \"{}\" specified more than once", result.alias));
  }
  if (!merged.alias.empty()) scope_->items.push_back(std::move(merged));
  scope_->items.push_back(std::move(result));
  return item;
}

// Each pair of columns has to be equal and becomes one: the side's that cannot be NULL, or the one that is not.
ExprPtr Analyzer::join_using(const std::vector<std::string_view>& names, FromItem& item, std::size_t before,
                             std::size_t middle, ScopeItem& result) {
  using Join = FromItem::Join;
  auto both = make_expr(ExprKind::both, types::bool_oid, -1);
  for (std::size_t n = 0; n < names.size(); ++n) {
    std::string_view name = names[n];
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(n), name) !=
        names.begin() + static_cast<std::ptrdiff_t>(n))
      fail(sqlstate::duplicate_column, fmt::format("column name \"{}\" appears more than once in USING clause", name));
    ScopeColumn left = merged_column(*scope_, before, middle, name, "left");
    ScopeColumn right = merged_column(*scope_, middle, scope_->items.size(), name, "right");
    both->args.push_back(
        to_boolean(apply_operator("=", column_of(left, 0, -1), column_of(right, 0, -1), -1), "JOIN/USING"));
    ExprPtr l = column_of(left, 0, -1), r = column_of(right, 0, -1);
    const ExprPtr* sides[] = {&l, &r};
    Oid type = common_type(sides, "JOIN/USING");
    bool use_right =
        item.join_kind == Join::right || (item.join_kind == Join::inner && left.type != type && right.type == type);
    const ScopeColumn& chosen = use_right ? right : left;
    if (item.join_kind != Join::full && chosen.type == type) {
      result.columns.push_back(chosen);
      result.columns.back().name = name;
      continue;
    }
    std::int32_t modifier = left.type == right.type && left.modifier == right.modifier ? left.modifier : -1;
    ExprPtr value;
    if (item.join_kind == Join::full) {
      value = make_expr(ExprKind::coalesce, type, -1);
      value->args.push_back(coerce(std::move(l), type, CastContext::implicit));
      value->args.push_back(coerce(std::move(r), type, CastContext::implicit));
    } else {
      value = coerce(std::move(use_right ? r : l), type, CastContext::implicit);
    }
    item.merged.push_back(std::move(value));
    result.columns.push_back({std::string(name), type, modifier, scope_->width++, 0, 0, chosen.owner});
  }
  if (both->args.size() == 1) return std::move(both->args[0]);
  return both;
}

}  // namespace pgconform::engine
