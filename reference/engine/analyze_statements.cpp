#include <algorithm>

#include "engine/analyzer.hpp"
#include "engine/commands/command.hpp"
#include "engine/executor.hpp"
#include "engine/stack.hpp"
#include "types/form.hpp"

// Statements with expressions in them: transformStmt() for SELECT, VALUES, INSERT, UPDATE, DELETE.
namespace pgconform::engine {
namespace {

session::Column describe(const Expr& expr, std::string name) {
  const auto* type = types::find_type(expr.type);
  return {std::move(name), expr.table, expr.attribute, expr.type, type ? type->length : std::int16_t{-1},
          expr.modifier};
}

std::string full_name(const Node& range_var) {
  std::string name(range_var.text("relname"));
  if (range_var.has("schemaname")) name = std::string(range_var.text("schemaname")) + "." + name;
  return name;
}

bool is_constant(const Expr& expr) {
  if (expr.kind == ExprKind::column || expr.kind == ExprKind::aggregate) return false;
  return std::ranges::all_of(expr.args, [](const ExprPtr& arg) { return is_constant(*arg); });
}

}  // namespace

Analyzer::Analyzer(SessionState& session, std::optional<std::span<const Oid>> parameter_types)
    : session_(session), takes_parameters_(parameter_types.has_value()) {
  if (!parameter_types) return;
  parameters_.assign(parameter_types->begin(), parameter_types->end());
  for (Oid& type : parameters_)
    if (type == types::unknown_oid) type = 0;
}

std::shared_ptr<Prepared> Analyzer::analyze(std::shared_ptr<const RawStatement> raw) {
  auto prepared = std::make_shared<Prepared>();
  raw_ = raw.get();
  const Node& node = raw->node();
  const Node& body = node.body();
  if (node.is("SelectStmt")) {
    prepared->query = query(body, true);
    prepared->columns_ = prepared->query->columns;
  } else if (node.is("InsertStmt")) {
    prepared->insert = insert(body, prepared->columns_);
  } else if (node.is("UpdateStmt") || node.is("DeleteStmt")) {
    prepared->change = change(body, node.is("DeleteStmt"), prepared->columns_);
  } else if (node.is("VariableShowStmt")) {
    std::string_view name = body.text("name");
    auto text = [](std::string title) { return session::Column{std::move(title), 0, 0, types::text_oid, -1, -1}; };
    if (name == "all")
      prepared->columns_ = {text("name"), text("setting"), text("description")};
    else {
      session_.settings().show(name, false);
      prepared->columns_ = {text(session_.settings().canonical_name(name))};
    }
  } else if (!analyze_command(*raw, session_, *this, *prepared)) {
    check_utility(*raw);
  }
  prepared->raw = std::move(raw);
  prepared->tables = std::move(tables_);
  finish_parameters(*prepared);
  return prepared;
}

void Analyzer::refuse_clauses(const Node& s) {
  struct Row {
    std::string_view key, name;
  };
  for (const Row& row :
       {Row{"withClause", "WITH"}, Row{"intoClause", "SELECT INTO"}, Row{"groupClause", "GROUP BY"},
        Row{"havingClause", "HAVING"}, Row{"windowClause", "WINDOW"}, Row{"lockingClause", "FOR UPDATE or FOR SHARE"}})
    if (s.has(row.key)) refuse(row.name, s[row.key].has("location") ? s[row.key].location() : -1);
  if (s.text("op") != "SETOP_NONE") {
    std::string_view op = s.text("op").substr(6);
    refuse(op);
  }
  if (s.text("limitOption") == "LIMIT_OPTION_WITH_TIES") refuse("WITH TIES");
}

std::unique_ptr<Query> Analyzer::query(const Node& s, bool resolve_unknowns) {
  StackBase::check();
  refuse_clauses(s);
  if (!s.list("valuesLists").empty()) return values_query(s, resolve_unknowns);
  auto result = std::make_unique<Query>();
  auto* outer_scope = std::exchange(scope_, &result->from);
  auto* outer_aggregates = std::exchange(aggregates_, &result->aggregates);
  bool outer_plain = std::exchange(saw_plain_column_, false);
  std::vector<ExprPtr> conditions;
  clause_ = Clause::from;
  for (const auto* item : s.list("fromClause")) from_item(*item, *result, conditions);
  saw_plain_column_ = false;
  clause_ = Clause::select_list;
  targets(s.list("targetList"), result->targets, result->columns, false, Clause::select_list);
  if (const auto& distinct = s.list("distinctClause"); !distinct.empty()) {
    if (!distinct[0]->is_empty() && !distinct[0]->members().empty())
      refuse("DISTINCT ON", distinct[0]->body().location());
    result->distinct = true;
  }
  bool plain_in_targets = saw_plain_column_;
  if (s.has("whereClause")) {
    clause_ = Clause::where;
    saw_plain_column_ = true;  // WHERE is about single rows; a column there breaks no grouping
    conditions.push_back(to_boolean(expression(s["whereClause"]), "WHERE"));
  }
  saw_plain_column_ = plain_in_targets;
  clause_ = Clause::order_by;
  order_by(s, *result);
  bool plain = saw_plain_column_;
  limits(s, *result);
  if (resolve_unknowns)
    for (auto& target : result->targets) resolve_unknown(target);
  for (std::size_t i = 0; i < result->columns.size(); ++i) {
    const Expr& target = *result->targets[i];
    result->columns[i] = describe(target, result->columns[i].name);
  }
  result->is_aggregated = !result->aggregates.empty();
  if (result->is_aggregated && plain)
    fail(sqlstate::grouping_error,
         fmt::format("column \"{}\" must appear in the GROUP BY clause or be used in an aggregate function",
                     plain_column_name_),
         plain_column_location_);
  if (conditions.size() == 1) {
    result->where = std::move(conditions[0]);
  } else if (!conditions.empty()) {
    result->where = make_expr(ExprKind::both, types::bool_oid, -1);
    result->where->args = std::move(conditions);
  }
  scope_ = outer_scope;
  aggregates_ = outer_aggregates;
  saw_plain_column_ = outer_plain;
  return result;
}

std::unique_ptr<Query> Analyzer::values_query(const Node& s, bool resolve_unknowns) {
  auto result = std::make_unique<Query>();
  auto* outer_scope = std::exchange(scope_, nullptr);
  clause_ = Clause::values;
  std::size_t width = 0;
  for (const auto* list : s.list("valuesLists")) {
    const auto& items = list->body().list("items");
    if (result->values.empty()) width = items.size();
    if (items.size() != width)
      fail(sqlstate::syntax_error, "VALUES lists must all be the same length",
           items.empty() ? -1 : items[0]->body().location());
    auto& row = result->values.emplace_back();
    for (const auto* item : items) row.push_back(expression(*item));
  }
  FromItem item;
  item.kind = FromItem::Kind::query;
  item.alias = "*VALUES*";
  for (std::size_t i = 0; i < width; ++i) {
    std::vector<const ExprPtr*> column;
    for (const auto& row : result->values) column.push_back(&row[i]);
    bool open = !resolve_unknowns &&
                std::ranges::all_of(column, [](const auto* e) { return (**e).type == types::unknown_oid; });
    Oid type = open ? types::unknown_oid : common_type(column, "VALUES");
    std::int32_t modifier = result->values[0][i]->modifier;
    for (auto& row : result->values) {
      row[i] = coerce(std::move(row[i]), type, CastContext::implicit);
      if (row[i]->modifier != modifier) modifier = -1;
    }
    std::string name = fmt::format("column{}", i + 1);
    auto target = make_expr(ExprKind::column, type, -1);
    target->number = static_cast<int>(i);
    target->modifier = modifier;
    result->columns.push_back(describe(*target, name));
    result->targets.push_back(std::move(target));
    item.columns.push_back({name, type, modifier});
    item.origins.push_back(0);
    item.attributes.push_back(0);
  }
  std::vector<FromItem> scope;
  scope.push_back(std::move(item));
  scope_ = &scope;
  clause_ = Clause::order_by;
  order_by(s, *result);
  limits(s, *result);
  scope_ = outer_scope;
  return result;
}

FromItem Analyzer::item_of(const std::shared_ptr<Table>& table, std::string alias) {
  FromItem item;
  item.table = table;
  item.alias = std::move(alias);
  item.columns = table->columns;
  for (std::size_t i = 0; i < item.columns.size(); ++i) {
    item.origins.push_back(table->oid);
    item.attributes.push_back(table->columns[i].number);
  }
  return item;
}

void Analyzer::name_columns(FromItem& item, const Node& alias) {
  if (alias.is_empty()) return;
  item.alias = alias.text("aliasname");
  const auto& names = alias.list("colnames");
  if (names.size() > item.columns.size())
    fail(sqlstate::invalid_column_reference,
         fmt::format("table \"{}\" has {} columns available but {} columns specified", item.alias, item.columns.size(),
                     names.size()));
  for (std::size_t i = 0; i < names.size(); ++i) item.columns[i].name = names[i]->string_of();
}

void Analyzer::from_table(const Node& r, Query& query) {
  int location = r.location();
  if (r.has("catalogname") && r.text("catalogname") != session_.login().database)
    fail(sqlstate::feature_not_supported,
         fmt::format("cross-database references are not implemented: \"{}.{}\"", r.text("catalogname"), full_name(r)),
         location);
  auto table = session_.find_table(r.text("schemaname"), r.text("relname"));
  if (!table) {
    std::string_view name = r.text("relname"), schema = r.text("schemaname");
    if (schema == "pg_catalog" || schema == "information_schema" || (schema.empty() && name.starts_with("pg_")))
      refuse("the system catalog " + full_name(r), location);
    fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", full_name(r)), location);
  }
  tables_.push_back(table);
  FromItem item = item_of(table, table->name);
  if (table->kind == 'v') {
    // A view is its query, under the view's name and with its columns' names.
    auto* source = std::exchange(raw_, table->view.get());
    auto* outer = std::exchange(scope_, nullptr);
    item.kind = FromItem::Kind::query;
    item.query = this->query(table->view->node().body(), true);
    item.table = nullptr;
    scope_ = outer;
    raw_ = source;
  } else if (table->kind == 'S') {
    refuse("reading a sequence as a table", location);
  }
  name_columns(item, r["alias"]);
  query.from.push_back(std::move(item));
}

void Analyzer::from_function(const Node& node, Query& query) {
  if (node.flag("lateral")) refuse("LATERAL");
  if (node.flag("ordinality")) refuse("WITH ORDINALITY");
  if (node.flag("is_rowsfrom") || node.has("coldeflist")) refuse("ROWS FROM or a column definition list");
  const Node& function = *node.list("functions")[0]->body().list("items")[0];
  FromItem item;
  item.kind = FromItem::Kind::function;
  std::vector<FromItem> nothing;
  auto* outer = std::exchange(scope_, &nothing);
  item.function = expression(function);
  scope_ = outer;
  item.series = item.function->text.starts_with("generate_series") && item.function->kind == ExprKind::call;
  item.alias = column_name(function);
  item.columns.push_back({item.alias, item.function->type});
  item.origins.push_back(0);
  item.attributes.push_back(0);
  const Node& alias = node["alias"];
  // A table alias also names the only column of a scalar function.
  if (!alias.is_empty()) item.columns[0].name = alias.text("aliasname");
  name_columns(item, alias);
  query.from.push_back(std::move(item));
}

void Analyzer::from_item(const Node& node, Query& query, std::vector<ExprPtr>& conditions) {
  StackBase::check();
  const Node& body = node.body();
  std::size_t before = query.from.size();
  if (node.is("RangeVar")) {
    from_table(body, query);
  } else if (node.is("RangeFunction")) {
    from_function(body, query);
  } else if (node.is("RangeSubselect")) {
    if (body.flag("lateral")) refuse("LATERAL");
    FromItem item;
    item.kind = FromItem::Kind::query;
    std::vector<FromItem> nothing;
    auto* outer = std::exchange(scope_, &nothing);
    item.query = this->query(body["subquery"].body(), true);
    scope_ = outer;
    clause_ = Clause::from;
    for (const auto& column : item.query->columns) {
      item.columns.push_back({column.name, column.type, column.type_modifier});
      item.origins.push_back(column.table);
      item.attributes.push_back(column.attribute);
    }
    if (body["alias"].is_empty())
      fail(sqlstate::syntax_error, "subquery in FROM must have an alias", -1,
           "For example, FROM (SELECT ...) [AS] foo.");
    name_columns(item, body["alias"]);
    query.from.push_back(std::move(item));
  } else if (node.is("JoinExpr")) {
    if (body.text("jointype") != "JOIN_INNER") refuse("an outer join");
    if (body.flag("isNatural") || body.has("usingClause")) refuse("NATURAL JOIN or USING");
    if (body.has("alias")) refuse("an alias for a join");
    from_item(body["larg"], query, conditions);
    from_item(body["rarg"], query, conditions);
    if (body.has("quals")) conditions.push_back(to_boolean(expression(body["quals"]), "JOIN/ON"));
    return;
  } else {
    refuse("this item of FROM (" + std::string(node.kind()) + ")", body.location());
  }
  for (std::size_t i = 0; i < before; ++i)
    if (query.from[i].alias == query.from.back().alias)
      fail(sqlstate::duplicate_alias, fmt::format("table name \"{}\" specified more than once", query.from[i].alias));
}

void Analyzer::expand_star(const Node& ref, std::vector<ExprPtr>& exprs, std::vector<session::Column>& columns) {
  const auto& fields = ref.list("fields");
  if (!scope_ || scope_->empty()) {
    if (fields.size() == 1)
      fail(sqlstate::syntax_error, "SELECT * with no tables specified is not valid", ref.location());
  }
  std::string_view qualifier = fields.size() > 1 ? fields[fields.size() - 2]->string_of() : std::string_view();
  int place = 0;
  bool any = false;
  if (scope_)
    for (const auto& item : *scope_) {
      bool here = qualifier.empty() || item.alias == qualifier;
      any = any || here;
      for (std::size_t i = 0; i < item.columns.size(); ++i, ++place) {
        if (!here) continue;
        auto expr = make_expr(ExprKind::column, item.columns[i].type, ref.location());
        expr->number = place;
        expr->modifier = item.columns[i].modifier;
        expr->table = item.origins[i];
        expr->attribute = item.attributes[i];
        if (!saw_plain_column_) {
          saw_plain_column_ = true;
          plain_column_name_ = item.alias + "." + item.columns[i].name;
          plain_column_location_ = ref.location();
        }
        columns.push_back(describe(*expr, item.columns[i].name));
        exprs.push_back(std::move(expr));
      }
    }
  if (!any)
    fail(sqlstate::undefined_table, fmt::format("missing FROM-clause entry for table \"{}\"", qualifier),
         ref.location());
}

void Analyzer::targets(const std::vector<const Node*>& list, std::vector<ExprPtr>& exprs,
                       std::vector<session::Column>& columns, bool resolve_unknowns, Clause clause) {
  clause_ = clause;
  for (const auto* each : list) {
    const Node& target = each->body();
    const Node& value = target["val"];
    if (value.is("ColumnRef") && value.body().list("fields").back()->is("A_Star")) {
      expand_star(value.body(), exprs, columns);
      continue;
    }
    ExprPtr expr = expression(value);
    if (resolve_unknowns) resolve_unknown(expr);
    std::string name = target.has("name") ? std::string(target.text("name")) : column_name(value);
    columns.push_back(describe(*expr, std::move(name)));
    exprs.push_back(std::move(expr));
  }
  if (columns.size() > 1664) fail(sqlstate::too_many_columns, "target lists can have at most 1664 entries");
}

void Analyzer::order_by(const Node& s, Query& query) {
  for (const auto* each : s.list("sortClause")) {
    const Node& sort = each->body();
    const Node& node = sort["node"];
    int target = -1;
    if (sort.text("sortby_dir") == "SORTBY_USING") refuse("ORDER BY USING", sort.location());
    // A bare name means an output column first, a bare number its place.
    if (node.is("ColumnRef") && node.body().list("fields").size() == 1) {
      std::string_view name = node.body().list("fields")[0]->string_of();
      for (std::size_t i = 0; i < query.columns.size(); ++i) {
        if (query.columns[i].name != name) continue;
        if (target >= 0) {
          const Expr &a = *query.targets[static_cast<std::size_t>(target)], &b = *query.targets[i];
          if (a.kind == ExprKind::column && b.kind == ExprKind::column && a.number == b.number) continue;
          fail(sqlstate::ambiguous_column, fmt::format("ORDER BY \"{}\" is ambiguous", name), node.body().location());
        }
        target = static_cast<int>(i);
      }
    } else if (node.is("A_Const")) {
      ExprPtr place = constant(node.body());
      if (place->type != types::int4_oid)
        fail(sqlstate::syntax_error, "non-integer constant in ORDER BY", place->location);
      auto number = std::get<std::int64_t>(place->value);
      if (number < 1 || number > std::ssize(query.columns))
        fail(sqlstate::invalid_column_reference, fmt::format("ORDER BY position {} is not in select list", number),
             place->location);
      target = static_cast<int>(number) - 1;
    }
    if (target < 0) {
      ExprPtr expr = expression(node);
      resolve_unknown(expr);
      for (std::size_t i = 0; i < query.targets.size() && target < 0; ++i)
        if (expr->kind == ExprKind::column && query.targets[i]->kind == ExprKind::column &&
            query.targets[i]->number == expr->number)
          target = static_cast<int>(i);
      if (target < 0) {
        if (query.distinct)
          fail(sqlstate::invalid_column_reference,
               "for SELECT DISTINCT, ORDER BY expressions must appear in select list", expr->location);
        target = static_cast<int>(query.targets.size());
        query.targets.push_back(std::move(expr));
      }
    }
    auto& chosen = query.targets[static_cast<std::size_t>(target)];
    resolve_unknown(chosen);
    if (chosen->type == types::void_oid || chosen->type == types::regtype_oid) {
      if (chosen->type == types::void_oid)
        fail(sqlstate::undefined_function, "could not identify an ordering operator for type void", chosen->location,
             "Use an explicit ordering operator or modify the query.");
    }
    bool descending = sort.text("sortby_dir") == "SORTBY_DESC";
    std::string_view nulls = sort.text("sortby_nulls");
    bool first = nulls == "SORTBY_NULLS_FIRST" || (nulls != "SORTBY_NULLS_LAST" && descending);
    query.order.push_back({target, descending, first});
  }
}

void Analyzer::limits(const Node& s, Query& query) {
  auto bound = [&](std::string_view key, std::string_view name, Clause clause) -> ExprPtr {
    if (!s.has(key)) return nullptr;
    clause_ = clause;
    ExprPtr expr = expression(s[key]);
    Oid source[] = {expr->type}, target[] = {types::int8_oid};
    if (!can_coerce(source, target, CastContext::assignment))
      fail(sqlstate::datatype_mismatch,
           fmt::format("argument of {} must be type bigint, not type {}", name, types::type_name(expr->type)),
           expr->location);
    expr = coerce(std::move(expr), types::int8_oid, CastContext::assignment);
    if (!is_constant(*expr))
      fail(sqlstate::invalid_column_reference, fmt::format("argument of {} must not contain variables", name),
           expr->location);
    return expr;
  };
  query.offset = bound("limitOffset", "OFFSET", Clause::offset);
  query.limit = bound("limitCount", "LIMIT", Clause::limit);
}

std::shared_ptr<Table> Analyzer::table_for_change(const Node& r, std::string_view verb) {
  Query query;
  from_table(r, query);
  auto table = query.from[0].table;
  if (!table) refuse(fmt::format("{} of a view", verb), r.location());
  if (table->kind == 'S')
    fail(sqlstate::wrong_object_type, fmt::format("cannot change sequence \"{}\"", table->name));
  return table;
}

std::unique_ptr<Insert> Analyzer::insert(const Node& node, std::optional<std::vector<session::Column>>& columns) {
  if (node.has("withClause")) refuse("WITH", node["withClause"].location());
  auto result = std::make_unique<Insert>();
  result->table = table_for_change(node["relation"], "insert");
  result->alias = node["relation"].has("alias") ? node["relation"]["alias"].text("aliasname") : result->table->name;
  result->user_values_count = node.text("override") != "OVERRIDING_USER_VALUE";
  const auto& attributes = result->table->columns;
  std::vector<int> locations;
  for (const auto* each : node.list("cols")) {
    const Node& col = each->body();
    auto it = std::ranges::find(attributes, col.text("name"), &TableColumn::name);
    if (it == attributes.end())
      fail(sqlstate::undefined_column,
           fmt::format("column \"{}\" of relation \"{}\" does not exist", col.text("name"), result->table->name),
           col.location());
    if (col.has("indirection")) refuse("a subscripted column", col.location());
    auto place = static_cast<int>(it - attributes.begin());
    if (std::ranges::find(result->places, place) != result->places.end())
      fail(sqlstate::duplicate_column, fmt::format("column \"{}\" specified more than once", col.text("name")),
           col.location());
    result->places.push_back(place);
    locations.push_back(col.location());
  }
  bool listed = !result->places.empty();
  const Node& select = node["selectStmt"].body();
  auto check_width = [&](std::size_t width, int location) {
    if (width > result->places.size())
      fail(sqlstate::syntax_error, "INSERT has more expressions than target columns", location);
    if (listed && width < result->places.size())
      fail(sqlstate::syntax_error, "INSERT has more target columns than expressions", locations[width]);
    result->places.resize(width);
  };
  if (!listed)
    for (std::size_t i = 0; i < attributes.size(); ++i) result->places.push_back(static_cast<int>(i));
  if (node.has("selectStmt")) {
    const auto& lists = select.list("valuesLists");
    if (!lists.empty() && select.list("sortClause").empty() && !select.has("limitCount") &&
        !select.has("limitOffset") && !select.has("withClause")) {
      result->source = std::make_unique<Query>();
      clause_ = Clause::values;
      scope_ = nullptr;
      for (const auto* list : lists) {
        const auto& items = list->body().list("items");
        if (!result->source->values.empty() && items.size() != result->source->values[0].size())
          fail(sqlstate::syntax_error, "VALUES lists must all be the same length", items[0]->body().location());
        if (items.size() > result->places.size())
          fail(sqlstate::syntax_error, "INSERT has more expressions than target columns",
               items[result->places.size()]->body().location());
        if (result->source->values.empty()) check_width(items.size(), -1);
        auto& row = result->source->values.emplace_back();
        for (std::size_t i = 0; i < items.size(); ++i) {
          const auto& column = attributes[static_cast<std::size_t>(result->places[i])];
          if (items[i]->is("SetToDefault")) {
            auto value = make_expr(ExprKind::column_default, column.type, -1);
            value->shared = column.default_value;
            row.push_back(std::move(value));
          } else {
            row.push_back(assign(expression(*items[i]), column));
          }
        }
      }
      for (std::size_t i = 0; i < result->places.size(); ++i) {
        auto target = make_expr(ExprKind::column, attributes[static_cast<std::size_t>(result->places[i])].type, -1);
        target->number = static_cast<int>(i);
        result->source->targets.push_back(std::move(target));
        result->source->columns.emplace_back();
      }
    } else {
      result->source = query(select, false);
      check_width(result->source->columns.size(), -1);
      for (std::size_t i = 0; i < result->places.size(); ++i) {
        auto& target = result->source->targets[i];
        const auto& column = attributes[static_cast<std::size_t>(result->places[i])];
        bool sorted = std::ranges::any_of(result->source->order,
                                          [&](const SortKey& k) { return k.target == static_cast<int>(i); });
        if (sorted && target->type != column.type) refuse("ORDER BY a column that INSERT converts");
        if (result->source->distinct && target->type != column.type)
          refuse("DISTINCT on a column that INSERT converts");
        if (!result->source->values.empty() && target->type == types::unknown_oid) resolve_unknown(target);
        target = assign(std::move(target), column);
      }
    }
    check_identity(*result, node);
  } else {
    result->places.clear();
  }
  if (node.has("onConflictClause")) conflict(node["onConflictClause"], *result);
  if (node.has("returningList")) {
    std::vector<FromItem> scope;
    scope.push_back(item_of(result->table, result->alias));
    scope_ = &scope;
    columns.emplace();
    targets(node.list("returningList"), result->returning, *columns, true, Clause::returning);
    scope_ = nullptr;
  }
  return result;
}

std::unique_ptr<Change> Analyzer::change(const Node& node, bool is_delete,
                                         std::optional<std::vector<session::Column>>& columns) {
  if (node.has("withClause")) refuse("WITH", node["withClause"].location());
  if (node.has("fromClause") || node.has("usingClause")) refuse(is_delete ? "DELETE … USING" : "UPDATE … FROM");
  auto result = std::make_unique<Change>();
  result->is_delete = is_delete;
  result->table = table_for_change(node["relation"], is_delete ? "delete" : "update");
  std::vector<FromItem> scope;
  std::string alias(node["relation"].has("alias") ? node["relation"]["alias"].text("aliasname") : result->table->name);
  scope.push_back(item_of(result->table, alias));
  scope_ = &scope;
  assignments(node.list("targetList"), *result->table, result->assignments);
  if (node.has("whereClause")) {
    clause_ = Clause::where;
    if (node["whereClause"].is("CurrentOfExpr")) refuse("WHERE CURRENT OF");
    result->where = to_boolean(expression(node["whereClause"]), "WHERE");
  }
  if (node.has("returningList")) {
    columns.emplace();
    targets(node.list("returningList"), result->returning, *columns, true, Clause::returning);
  }
  scope_ = nullptr;
  return result;
}

std::shared_ptr<const Expr> Analyzer::default_of(const Node& node, const TableColumn& column) {
  clause_ = Clause::default_value;
  ExprPtr expr = expression(node);
  Oid source[] = {expr->type}, target[] = {column.type};
  if (!can_coerce(source, target, CastContext::assignment))
    fail(sqlstate::datatype_mismatch,
         fmt::format("column \"{}\" is of type {} but default expression is of type {}", column.name,
                     types::type_name(column.type), types::type_name(expr->type)),
         -1, "You will need to rewrite or cast the expression.");
  return fit(coerce(std::move(expr), column.type, CastContext::assignment), column.modifier, CastContext::assignment);
}

}  // namespace pgconform::engine
