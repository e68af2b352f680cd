#include "engine/analyze/recursion.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <set>

#include "engine/error.hpp"
#include "engine/stack.hpp"
#include "sqlstate/sqlstate.hpp"

namespace pgconform::engine {
namespace {

// Place: where a name stands, as far as recursion minds.
enum class Place : std::uint8_t { fine, non_recursive_term, subquery, outer_join, intersect, except };

// References: every name of a table that could mean an item of the WITH clause at hand, which those of clauses further
// in hide: checkWellFormedRecursionWalker().
class References {
 public:
  using Visit = std::function<void(const Node& range_var, Place place)>;
  References(Place place, Visit visit) : place_(place), visit_(std::move(visit)) {}

  void walk(const Node& node) {
    StackBase::check();
    const Node& body = node.body();
    if (node.is("RangeVar")) return name(body);
    if (node.is("SelectStmt")) return select(body);
    if (node.is("JoinExpr")) return join(body);
    if (node.is("SubLink")) {
      in(Place::subquery, body["subselect"]);
      return walk(body["testexpr"]);
    }
    parts(node);
  }
  void with(const Node& clause) {
    for (const auto* item : clause.list("ctes")) walk(item->body()["ctequery"]);
  }
  void select(const Node& body) {
    const auto outside = hidden_.size();
    const auto& items = body["withClause"].list("ctes");
    auto hide = [&](const Node* item) { hidden_.push_back(item->body().text("ctename")); };
    if (body["withClause"].flag("recursive")) std::ranges::for_each(items, hide);
    for (const auto* item : items) {
      walk(item->body()["ctequery"]);
      if (!body["withClause"].flag("recursive")) hide(item);
    }
    sides(body);
    hidden_.resize(outside);
  }

 private:
  void name(const Node& body) {
    if (body.has("schemaname") || std::ranges::find(hidden_, body.text("relname")) != hidden_.end()) return;
    visit_(body, place_);
  }
  void parts(const Node& node) {
    for (const auto& [key, member] : node.members())
      if (key != "withClause") part(key, *member);
    for (const auto* item : node.items()) walk(*item);
  }
  // The tree has some nodes without the name of their kind.
  void part(std::string_view key, const Node& member) {
    if (key == "larg" || key == "rarg") {
      if (member.has("op") || member.has("targetList") || member.has("valuesLists")) return select(member);
    } else if (key == "relation" && member.has("relname")) {
      return name(member);
    }
    walk(member);
  }
  void in(Place place, const Node& node, bool always = true) {
    const Place around = place_;
    if (always || place_ == Place::fine) place_ = place;
    walk(node);
    place_ = around;
  }
  void join(const Node& body) {
    const auto kind = body.text("jointype");
    auto side = [&](std::string_view key, bool may_be_missing) {
      may_be_missing ? in(Place::outer_join, body[key], false) : walk(body[key]);
    };
    side("larg", kind == "JOIN_RIGHT" || kind == "JOIN_FULL");
    side("rarg", kind == "JOIN_LEFT" || kind == "JOIN_FULL");
    walk(body["quals"]);
  }
  // The sides of a set operation, then the rest.
  void sides(const Node& body) {
    const Place around = place_;
    const auto op = body.text("op");
    const bool counts = place_ == Place::fine && (op == "SETOP_INTERSECT" || op == "SETOP_EXCEPT");
    if (!counts) return parts(body);
    const Place place = op == "SETOP_EXCEPT" ? Place::except : Place::intersect;
    if (body.flag("all")) place_ = place;
    select(body["larg"]);
    if (place == Place::except) place_ = place;
    select(body["rarg"]);
    place_ = around;
    for (std::string_view key : {"sortClause", "limitOffset", "limitCount", "lockingClause"}) parts(body[key]);
  }

  Place place_;
  Visit visit_;
  std::vector<std::string_view> hidden_;
};

void check_references(const Node& item, const Node& select) {
  const auto self = item.text("ctename");
  int count = 0;
  auto visit = [&](const Node& range_var, Place place) {
    if (range_var.text("relname") != self) return;
    static constexpr std::string_view places[] = {"",
                                                  "within its non-recursive term",
                                                  "within a subquery",
                                                  "within an outer join",
                                                  "within INTERSECT",
                                                  "within EXCEPT"};
    std::string_view wrong = places[static_cast<std::size_t>(place)];
    if (wrong.empty() && ++count > 1) wrong = "more than once";
    if (!wrong.empty())
      fail(sqlstate::invalid_recursion,
           fmt::format("recursive reference to query \"{}\" must not appear {}", self, wrong), range_var.location());
  };
  References(Place::non_recursive_term, visit).select(select["larg"]);
  References(Place::fine, visit).select(select["rarg"]);
  References(Place::subquery, visit).with(select["withClause"]);
}

// The leftmost place in an expression, as far as ORDER BY and its like need it: exprLocation().
int location_of(const Node& node) {
  StackBase::check();
  if (node.is("SortBy")) return location_of(node.body()["node"]);
  if (node.is("TypeCast") || node.is("A_Expr")) {
    const int own = node.body().location();
    const int inner = location_of(node.body()[node.is("TypeCast") ? "arg" : "lexpr"]);
    return inner >= 0 && inner < own ? inner : own;
  }
  return node.body().has("location") ? node.body().location() : -1;
}

// checkWellFormedRecursion()
void check_recursion(const Node& item) {
  const auto name = item.text("ctename");
  if (!item["ctequery"].is("SelectStmt"))
    fail(sqlstate::invalid_recursion,
         fmt::format("recursive query \"{}\" must not contain data-modifying statements", name), item.location());
  const Node& select = item["ctequery"].body();
  if (select.text("op") != "SETOP_UNION")
    fail(sqlstate::invalid_recursion,
         fmt::format("recursive query \"{}\" does not have the form non-recursive-term UNION [ALL] recursive-term",
                     name),
         item.location());
  check_references(item, select);
  auto forbid = [&](std::string_view key, std::string_view clause, int location) {
    if (select.has(key))
      fail(sqlstate::feature_not_supported, fmt::format("{} in a recursive query is not implemented", clause),
           location);
  };
  const auto& sort = select.list("sortClause");
  forbid("sortClause", "ORDER BY", sort.empty() ? -1 : location_of(*sort[0]));
  forbid("limitOffset", "OFFSET", location_of(select["limitOffset"]));
  forbid("limitCount", "LIMIT", location_of(select["limitCount"]));
  forbid("lockingClause", "FOR UPDATE/SHARE", -1);
}

}  // namespace

// makeDependencyGraph(), TopologicalSort()
std::vector<std::pair<const Node*, bool>> in_order_of_need(const std::vector<const Node*>& list, bool recursive) {
  std::vector<std::pair<const Node*, bool>> order;
  for (const auto* item : list) order.emplace_back(item, false);
  if (!recursive) return order;
  struct Item {
    const Node* node;
    bool itself = false;
    std::size_t missing = 0;  // of those that it reads, so many have no place yet
    std::vector<std::size_t> readers{};
  };
  std::vector<Item> items;
  std::map<std::string_view, std::size_t> by_name;
  for (const auto* node : list) {
    by_name.emplace(node->body().text("ctename"), items.size());
    items.emplace_back().node = node;
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::set<std::size_t> read;
    References(Place::fine, [&](const Node& range_var, Place) {
      if (auto it = by_name.find(range_var.text("relname")); it != by_name.end()) read.insert(it->second);
    }).walk(list[i]->body()["ctequery"]);
    items[i].itself = read.erase(i) > 0;
    items[i].missing = read.size();
    for (auto other : read) items[other].readers.push_back(i);
  }
  std::vector<std::size_t> places(items.size());
  std::iota(places.begin(), places.end(), 0);
  for (auto place = places.begin(); place != places.end(); ++place) {
    auto free = std::find_if(place, places.end(), [&](std::size_t i) { return items[i].missing == 0; });
    if (free == places.end())
      fail(sqlstate::feature_not_supported, "mutual recursion between WITH items is not implemented",
           items[*place].node->body().location());
    std::swap(*place, *free);
    for (auto reader : items[*place].readers) --items[reader].missing;
  }
  order.clear();
  for (auto i : places) order.emplace_back(items[i].node, items[i].itself);
  for (const auto& [node, itself] : order)
    if (itself) check_recursion(node->body());
  return order;
}

}  // namespace pgconform::engine
