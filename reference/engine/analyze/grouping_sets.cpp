#include <algorithm>

#include "engine/analyze/parts.hpp"
#include "engine/analyzer.hpp"
#include "engine/stack.hpp"

// GROUPING SETS, ROLLUP, CUBE: lists of keys, each grouped by itself. queries-grouping-sets; transformGroupingSet(),
// expand_grouping_sets().
namespace pgconform::engine {
namespace {

constexpr std::size_t most_sets = 4096;

std::vector<std::size_t> merged(std::vector<std::size_t> set, const std::vector<std::size_t>& more) {
  for (auto key : more)
    if (std::ranges::find(set, key) == set.end()) set.push_back(key);
  return set;
}

}  // namespace

// The sets that one item of GROUP BY stands for; a plain key is one set of itself.
Analyzer::Sets Analyzer::grouping_sets(const Node& node, Query& query) {
  StackBase::check();
  if (node.is("RowExpr") && node.body().text("row_format") == "COERCE_IMPLICIT_CAST") {
    std::vector<std::size_t> set;
    for (const auto* each : node.body().list("args"))
      for (const auto& inner : grouping_sets(*each, query)) set = merged(std::move(set), inner);
    return {set};
  }
  if (!node.is("GroupingSet")) return {{group_key(node, query)}};
  const Node& body = node.body();
  const std::string_view kind = body.text("kind");
  std::vector<Sets> parts;
  for (const auto* each : body.list("content")) parts.push_back(grouping_sets(*each, query));
  Sets sets;
  if (kind == "GROUPING_SET_EMPTY") return {{}};
  if (kind == "GROUPING_SET_SETS" || kind == "GROUPING_SET_SIMPLE") {
    for (auto& part : parts) sets.insert(sets.end(), part.begin(), part.end());
  } else if (kind == "GROUPING_SET_ROLLUP") {
    for (auto count = parts.size() + 1; count-- > 0;) {
      auto& set = sets.emplace_back();
      for (std::size_t i = 0; i < count; ++i) set = merged(std::move(set), parts[i][0]);
    }
  } else {
    if (parts.size() > 12) fail(sqlstate::too_many_columns, "CUBE is limited to 12 elements", body.location());
    for (std::size_t left_out = 0; left_out < std::size_t{1} << parts.size(); ++left_out) {
      auto& set = sets.emplace_back();
      for (std::size_t i = 0; i < parts.size(); ++i)
        if ((left_out >> (parts.size() - 1 - i) & 1) == 0) set = merged(std::move(set), parts[i][0]);
    }
  }
  return sets;
}

// GROUP BY: every set of one item goes with every set of the others.
void Analyzer::group_by(const Node& s, Query& query) {
  const auto& list = s.list("groupClause");
  Sets sets{{}};
  bool has_sets = false;
  for (const auto* node : list) {
    has_sets = has_sets || node->is("GroupingSet");
    const Sets more = grouping_sets(*node, query);
    if (sets.size() * more.size() > most_sets)
      fail(sqlstate::statement_too_complex, fmt::format("too many grouping sets present (maximum {})", most_sets));
    Sets product;
    for (const auto& set : sets)
      for (const auto& other : more) product.push_back(merged(set, other));
    sets = std::move(product);
  }
  if (!has_sets) return;
  for (const auto& set : sets) {
    std::vector<bool> members(query.keys.size());
    for (auto key : set) members[key] = true;
    if (s.flag("groupDistinct") && std::ranges::find(query.sets, members) != query.sets.end()) continue;
    query.sets.push_back(std::move(members));
  }
}

// GROUPING(a, b): which of them the row's set leaves out, as a number. What is asked about is known once all keys are.
ExprPtr Analyzer::grouping(const Node& body) {
  const int location = body.location();
  const auto& list = body.list("args");
  if (list.size() > 31) fail(sqlstate::too_many_arguments, "GROUPING must have fewer than 32 arguments", location);
  auto expr = make_expr(ExprKind::grouping, types::int4_oid, location);
  for (const auto* arg : list) expr->args.push_back(expression(*arg));
  if (auto clause = clause_without_aggregates(); !clause.empty())
    fail(sqlstate::grouping_error, fmt::format("grouping operations are not allowed in {}", clause), location);
  if (!query_) refuse("GROUPING here", location);
  query_->asks_grouping = true;
  return expr;
}

}  // namespace pgconform::engine
