#include <algorithm>
#include <functional>

#include "engine/analyze/parts.hpp"
#include "engine/analyzer.hpp"
#include "engine/stack.hpp"

// FOR UPDATE and its kin: transformLockingClause(), CheckSelectLocking().
namespace pgconform::engine {
namespace {

struct Strength {
  std::string_view key, name;
  RowMode mode;
};

Strength strength_of(const Node& clause) {
  static constexpr Strength all[] = {{"LCS_FORKEYSHARE", "FOR KEY SHARE", RowMode::key_share},
                                     {"LCS_FORSHARE", "FOR SHARE", RowMode::share},
                                     {"LCS_FORNOKEYUPDATE", "FOR NO KEY UPDATE", RowMode::no_key_update},
                                     {"LCS_FORUPDATE", "FOR UPDATE", RowMode::update}};
  return *std::ranges::find(all, clause.text("strength"), &Strength::key);
}

Blocked blocked_of(const Node& clause) {
  const std::string_view policy = clause.text("waitPolicy");
  return policy == "LockWaitError" ? Blocked::fail : policy == "LockWaitSkip" ? Blocked::skip : Blocked::wait;
}

// The items that are joined, and which of them may be missing from a row of the join.
void each_item(FromItem& item, bool is_nullable, const std::function<void(FromItem&, bool)>& visit) {
  StackBase::check();
  if (item.kind != FromItem::Kind::join) return visit(item, is_nullable);
  using Join = FromItem::Join;
  each_item(*item.left, is_nullable || item.join_kind == Join::right || item.join_kind == Join::full, visit);
  each_item(*item.right, is_nullable || item.join_kind == Join::left || item.join_kind == Join::full, visit);
}

}  // namespace

void Analyzer::refuse_locking(const Node& s) {
  for (std::string_view side : {"larg", "rarg"})
    for (const auto* each : s[side].list("lockingClause"))
      fail(sqlstate::feature_not_supported,
           fmt::format("{} is not allowed with UNION/INTERSECT/EXCEPT", strength_of(each->body()).name));
  for (const auto* each : s.list("lockingClause")) {
    const std::string_view name = strength_of(each->body()).name;
    if (s.text("op") != "SETOP_NONE")
      fail(sqlstate::feature_not_supported, fmt::format("{} is not allowed with UNION/INTERSECT/EXCEPT", name));
    if (!s.list("valuesLists").empty())
      fail(sqlstate::feature_not_supported, fmt::format("{} cannot be applied to VALUES", name));
  }
}

void Analyzer::lock_item(FromItem& item, const Node& clause, bool is_named, Query& query, int location) {
  const auto [key, name, mode] = strength_of(clause);
  using Kind = FromItem::Kind;
  if (item.kind != Kind::table) {
    if (item.kind == Kind::query) refuse(fmt::format("{} of a subquery or a view", name), location);
    if (!is_named) return;
    fail(sqlstate::feature_not_supported,
         fmt::format("{} cannot be applied to a {}", name, item.kind == Kind::common ? "WITH query" : "function"),
         location);
  }
  if (item.table->kind == 'S')
    return fail_in_planning(sqlstate::wrong_object_type,
                            fmt::format("cannot lock rows in sequence \"{}\"", item.table->name));
  if (!item.with_place) refuse(fmt::format("{} of a system table", name), location);
  auto it = std::ranges::find(query.locks, item.first, &LockedTable::first);
  if (it == query.locks.end()) {
    query.locks.push_back({item.table, item.first, mode, blocked_of(clause)});
  } else {
    it->mode = std::max(it->mode, mode);
    it->blocked = std::max(it->blocked, blocked_of(clause));
  }
  locked_.push_back(item.table);
  if (locking_.empty()) locking_ = name;
}

namespace {

// An index of the table gives the rows in that order.
bool is_indexed_order(const Query& query) {
  const auto& item = *query.from;
  auto gives = [&](const Index& index) {
    if (query.order.size() > index.columns.size() || !index.is_plain()) return false;
    for (std::size_t i = 0; i < query.order.size(); ++i) {
      const auto& key = query.order[i];
      const Expr& target = *query.targets[static_cast<std::size_t>(key.target)];
      if (target.kind != ExprKind::column || target.level != 0 ||
          target.number != item.first + static_cast<int>(index.columns[i]) ||
          key.descending != query.order[0].descending || key.nulls_first != key.descending)
        return false;
    }
    return true;
  };
  return std::ranges::any_of(item.table->indexes, gives);
}

}  // namespace

// A plain scan of one table can be changed WHERE CURRENT OF: search_plan_tree().
void Analyzer::keep_place(Query& query) const {
  if (!query.from || !query.from->with_place || query.is_grouped || query.distinct || !query.distinct_on.empty() ||
      !query.series.empty() || !query.windows.empty() || !query.locks.empty() ||
      (!query.order.empty() && !is_indexed_order(query)))
    return;
  const auto& item = *query.from;
  query.place_at = static_cast<int>(query.targets.size());
  query.targets.push_back(
      column_at(item.first + static_cast<int>(item.table->columns.size()), types::int8_oid, -1, -1));
}

void Analyzer::lock_rows(const Node& s, Query& query) {
  for (const auto* each : s.list("lockingClause")) {
    const Node& clause = each->body();
    const std::string_view name = strength_of(clause).name;
    auto forbid = [&](bool there, std::string_view what) {
      if (there) fail(sqlstate::feature_not_supported, fmt::format("{} is not allowed with {}", name, what));
    };
    forbid(s.has("distinctClause"), "DISTINCT clause");
    forbid(s.has("groupClause"), "GROUP BY clause");
    forbid(s.has("havingClause"), "HAVING clause");
    forbid(!query.aggregates.empty(), "aggregate functions");
    forbid(!query.window_calls.empty(), "window functions");
    forbid(!query.series.empty(), "set-returning functions in the target list");
    auto lock = [&](FromItem& item, bool is_nullable, bool is_named, int location) {
      lock_item(item, clause, is_named, query, location);
      if (is_nullable && item.kind == FromItem::Kind::table)
        fail_in_planning(sqlstate::feature_not_supported,
                         fmt::format("{} cannot be applied to the nullable side of an outer join", name));
    };
    const auto& named = clause.list("lockedRels");
    if (named.empty() && query.from)
      each_item(*query.from, false, [&](FromItem& item, bool is_nullable) { lock(item, is_nullable, false, -1); });
    for (const auto* one : named) {
      const Node& relation = one->body();
      if (relation.has("schemaname") || relation.has("catalogname"))
        fail(sqlstate::syntax_error, fmt::format("{} must specify unqualified relation names", name),
             relation.location());
      bool found = false;
      if (query.from)
        each_item(*query.from, false, [&](FromItem& item, bool is_nullable) {
          if (item.alias != relation.text("relname")) return;
          found = true;
          lock(item, is_nullable, true, relation.location());
        });
      if (!found)
        fail(sqlstate::undefined_table,
             fmt::format("relation \"{}\" in {} clause not found in FROM clause", relation.text("relname"), name),
             relation.location());
    }
  }
  if (query.locks.empty()) return;
  // What a row was made of goes with it, for a look at the row's newest version.
  query.input_at = query.targets.size();
  for (int i = 0; i < scope_->width; ++i) query.targets.push_back(column_at(i, types::unknown_oid, -1, -1));
}

}  // namespace pgconform::engine
