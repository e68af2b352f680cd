#include <algorithm>
#include <ranges>

#include "engine/analyze/inside.hpp"
#include "engine/analyze/parts.hpp"
#include "engine/catalog/system_tables.hpp"
#include "engine/session_state.hpp"
#include "engine/stack.hpp"

// The items of FROM: transformFromClauseItem().
namespace pgconform::engine {
namespace {

constexpr std::size_t most_tables = 5000;  // in one statement, with those of its views

std::string full_name(const Node& range_var) {
  std::string name(range_var.text("relname"));
  if (range_var.has("schemaname")) name = std::string(range_var.text("schemaname")) + "." + name;
  return name;
}

// Whether a statement may ask for what only a row's place tells. Names are looked up one by one, too late for the rows'
// form.
bool mentions_system_columns(const RawStatement& raw) {
  const std::string& sql = raw.source().sql;
  auto is_named = [&](std::string_view name) {
    auto same = [](char a, char b) { return (a | 0x20) == b; };
    return std::search(sql.begin(), sql.end(), name.begin(), name.end(), same) != sql.end();
  };
  return is_named("ctid") || is_named("xmin") || is_named("xmax");
}

}  // namespace

ScopeItem Analyzer::names_of(const std::shared_ptr<Table>& table, std::string alias) {
  ScopeItem item{std::move(alias), {}, table};
  for (std::size_t i = 0; i < table->columns.size(); ++i) {
    const auto& column = table->columns[i];
    item.columns.push_back({column.name, column.type, column.modifier, static_cast<int>(i), table->oid, column.number,
                            item.alias + "." + column.name});
  }
  return item;
}

// What a name in a view's query meant when the view was made, whatever has the name on the path by now.
std::shared_ptr<Table> Analyzer::meant_by_view(const Node& r) {
  auto view = std::ranges::find_if(tables_, [&](const auto& t) { return t->view && t->view.get() == raw_; });
  if (view == tables_.end()) return nullptr;
  std::shared_ptr<Table> meant;
  for (const auto& table : session_.database().tables) {
    if (table->name != r.text("relname") || !session_.is_visible(table->stamp)) continue;
    if (r.has("schemaname") && table->schema != r.text("schemaname") && r.text("schemaname") != "pg_temp") continue;
    if (std::ranges::find((*view)->uses, table->oid) == (*view)->uses.end()) continue;
    if (meant) refuse("a view that reads two tables of one name", r.location());
    meant = table;
  }
  return meant;
}

std::shared_ptr<Table> Analyzer::find_table(const Node& r) {
  int location = r.location();
  if (r.has("catalogname") && r.text("catalogname") != session_.login().database)
    fail(sqlstate::feature_not_supported,
         fmt::format("cross-database references are not implemented: \"{}.{}\"", r.text("catalogname"), full_name(r)),
         location);
  auto table = meant_by_view(r);
  if (!table) table = session_.find_table(r.text("schemaname"), r.text("relname"));
  if (!table) {
    fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", full_name(r)), location);
  }
  if (table->oid >= Database::first_oid) tables_.push_back(table);
  return table;
}

// An item's columns get their places, and its alias its meaning.
void Analyzer::add_to_scope(FromItem& item, ScopeItem names, const Node& alias) {
  item.first = scope_->width;
  item.width = static_cast<int>(names.columns.size());
  if (!alias.is_empty()) {
    names.alias = alias.text("aliasname");
    const auto& list = alias.list("colnames");
    if (list.size() > names.columns.size())
      fail(sqlstate::invalid_column_reference,
           fmt::format("table \"{}\" has {} columns available but {} columns specified", names.alias,
                       names.columns.size(), list.size()));
    for (std::size_t i = 0; i < list.size(); ++i) names.columns[i].name = list[i]->string_of();
  }
  for (auto& column : names.columns) {
    column.place = scope_->width++;
    column.owner = names.alias + "." + column.name;
  }
  for (const auto& other : scope_->items)
    if (other.named && other.alias == names.alias)
      fail(sqlstate::duplicate_alias, fmt::format("table name \"{}\" specified more than once", names.alias));
  item.alias = names.alias;
  scope_->items.push_back(std::move(names));
}

// What is listed with commas is joined without a condition.
void Analyzer::from_list(const std::vector<const Node*>& list, std::unique_ptr<FromItem>& from) {
  for (const auto* each : list) {
    clause_ = Clause::from;
    auto item = from_item(*each);
    if (!from) {
      from = std::move(item);
      continue;
    }
    auto cross = std::make_unique<FromItem>();
    cross->kind = FromItem::Kind::join;
    cross->left = std::move(from);
    cross->right = std::move(item);
    cross->width = scope_->width;
    from = std::move(cross);
  }
}

std::unique_ptr<FromItem> Analyzer::from_table(const Node& r) {
  if (!r.has("schemaname"))
    if (auto common = from_common(r)) return common;
  auto item = std::make_unique<FromItem>();
  item->table = find_table(r);
  // Views of views that name each other's twice double with each of them.
  if (tables_.size() > most_tables)
    fail(sqlstate::statement_too_complex,
         fmt::format("statement reads too many tables and views (maximum {})", most_tables));
  if (item->table->oid < Database::first_oid) need_rows(*item->table, r.location());
  if (item->table->kind == 'v' && !item->table->system) return from_view(std::move(item->table), r["alias"]);
  add_to_scope(*item, names_of(item->table, item->table->name), r["alias"]);
  if ((wants_places_ || (raw_ && mentions_system_columns(*raw_))) && item->table->kind == 'r' && !item->table->system) {
    item->with_place = true;
    scope_->items.back().place = scope_->width;
    ++item->width;
    ++scope_->width;
  }
  return item;
}

// A view is its query, under the view's name and with its columns' names; nothing around it is seen from there.
std::unique_ptr<FromItem> Analyzer::from_view(std::shared_ptr<Table> view, const Node& alias) {
  auto item = std::make_unique<FromItem>();
  item->kind = FromItem::Kind::query;
  auto* source = std::exchange(raw_, view->view.get());
  auto visible = std::exchange(visible_common_, {});
  item->query = inner_query(view->view->node().body(), Scope::Border::statement, true);
  visible_common_ = std::move(visible);
  raw_ = source;
  if (view->oid < Database::first_oid) fit_system_view(*item->query, *view);
  item->is_system = view->oid < Database::first_oid;
  ScopeItem names = names_of(view, view->name);
  names.table = nullptr;
  add_to_scope(*item, std::move(names), alias);
  return item;
}

// The columns of a system view have the types that the catalogue says.
void Analyzer::fit_system_view(Query& query, const Table& view) {
  if (query.operation != Query::Operation::none) return;
  for (std::size_t i = 0; i < view.columns.size() && i < query.targets.size(); ++i) {
    const auto& column = view.columns[i];
    query.targets[i] = fit(coerce(std::move(query.targets[i]), column.type, CastContext::explicit_cast),
                           column.modifier, CastContext::explicit_cast);
    query.columns[i] = describe(*query.targets[i], column.name);
  }
}

std::unique_ptr<FromItem> Analyzer::from_common(const Node& r) {
  for (auto it = visible_common_.rbegin(); it != visible_common_.rend(); ++it) {
    const CommonTable& table = *it->table;
    if (table.name != r.text("relname")) continue;
    auto item = std::make_unique<FromItem>();
    item->kind = FromItem::Kind::common;
    item->common = &table;
    item->working = it->working;
    // A subquery that reads it is to be run again whenever the query of the WITH is.
    for (Scope* scope = scope_; scope && scope != it->home; scope = scope->outer)
      if (scope->border == Scope::Border::subquery) {
        if (it->working)
          fail(sqlstate::invalid_recursion,
               fmt::format("recursive reference to query \"{}\" must not appear within a subquery", table.name),
               r.location());
        scope->escape = std::max(scope->escape, 2);
      }
    if (table.writes() && table.columns.empty())
      fail(sqlstate::feature_not_supported,
           fmt::format("WITH query \"{}\" does not have a RETURNING clause", table.name), r.location());
    ScopeItem names{table.name};
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const auto& column = table.columns[i];
      auto shape = i < table.shapes.size() ? table.shapes[i] : nullptr;
      names.columns.push_back({column.name,
                               shape && shape->oid != 0 ? types::record_oid : column.type,
                               column.type_modifier,
                               0,
                               column.table,
                               column.attribute,
                               {},
                               shape});
    }
    if (item->working)
      for (auto& column : names.columns | std::views::reverse | std::views::take(table.extra)) column.in_star = false;
    add_to_scope(*item, std::move(names), r["alias"]);
    return item;
  }
  return nullptr;
}

// The columns of a query as those around it see them.
std::vector<ScopeColumn> Analyzer::scope_columns(const Query& query) const {
  std::vector<ScopeColumn> columns;
  for (std::size_t i = 0; i < query.columns.size(); ++i) {
    const auto& column = query.columns[i];
    const Expr& target = *query.targets[i];
    columns.push_back({column.name,
                       target.shape ? target.type : column.type,
                       column.type_modifier,
                       0,
                       column.table,
                       column.attribute,
                       {},
                       target.shape});
  }
  return columns;
}

std::unique_ptr<FromItem> Analyzer::from_query(const Node& body) {
  auto item = std::make_unique<FromItem>();
  item->kind = FromItem::Kind::query;
  item->own_context = body.flag("lateral");
  int escape = 0;
  item->query = inner_query(body["subquery"].body(), item->own_context ? Scope::Border::subquery : Scope::Border::from,
                            true, &escape);
  item->lateral = escape > 0;
  if (body["alias"].is_empty())
    fail(sqlstate::syntax_error, "subquery in FROM must have an alias", -1, "For example, FROM (SELECT ...) [AS] foo.");
  ScopeItem names;
  names.columns = scope_columns(*item->query);
  add_to_scope(*item, std::move(names), body["alias"]);
  return item;
}

std::unique_ptr<FromItem> Analyzer::from_item(const Node& node) {
  StackBase::check();
  const Node& body = node.body();
  if (node.is("RangeVar")) return from_table(body);
  if (node.is("RangeFunction")) return from_function(body);
  if (node.is("RangeSubselect")) return from_query(body);
  if (node.is("JoinExpr")) return join(body);
  refuse("this item of FROM (" + std::string(node.kind()) + ")", body.location());
}

}  // namespace pgconform::engine
