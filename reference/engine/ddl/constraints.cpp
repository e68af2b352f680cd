#include <algorithm>
#include <set>

#include "engine/catalog/objects.hpp"
#include "engine/ddl/relations.hpp"
#include "engine/evaluate.hpp"
#include "engine/execution/row_writer.hpp"
#include "engine/index_keys.hpp"
#include "types/form.hpp"

// CHECK, UNIQUE and PRIMARY KEY.
namespace pgconform::engine {
namespace {

void columns_in(const Expr& expr, std::set<int>& found) {
  if (expr.kind == ExprKind::column) found.insert(expr.number);
  for (const auto& arg : expr.args) columns_in(*arg, found);
}

}  // namespace

void need_class(Oid type, std::string_view method) {
  if (operator_class(type, method) != 0) return;
  fail(sqlstate::undefined_object,
       fmt::format("data type {} has no default operator class for access method \"{}\"", types::type_name(type),
                   method),
       -1, "You must specify an operator class for the index or define a default operator class for the data type.");
}

void need_fresh_constraint_name(const Table& table, std::string_view name) {
  const bool is_new = table.stamp.made == 0;
  const bool has_check = std::ranges::find(table.checks, name, &Check::name) != table.checks.end();
  // The keys of a new table come after its checks.
  if (is_new && has_check)
    fail(sqlstate::duplicate_object, fmt::format("check constraint \"{}\" already exists", name));
  if (!is_new && constraint_named(table, name) != 0)
    fail(sqlstate::duplicate_object,
         fmt::format("constraint \"{}\" for relation \"{}\" already exists", name, table.name));
}

namespace {

// An operator class as it was written; "" for the type's default one.
std::string class_written(const std::vector<const Node*>& names, Oid type, const std::string& method) {
  if (names.empty()) return {};
  std::string name(names.back()->string_of());
  Oid found = operator_class_named(name, method);
  if (found == 0)
    fail(sqlstate::undefined_object,
         fmt::format("operator class \"{}\" does not exist for access method \"{}\"", name, method));
  return found == operator_class(type, method) ? std::string() : name;
}

}  // namespace

void add_check(Table& table, const Node& constraint, Analyzer& analyzer, SessionState& session) {
  Check check;
  check.condition = analyzer.condition_of(constraint["raw_expr"], table);
  check.name = constraint.text("conname");
  if (check.name.empty()) {
    std::set<int> columns;
    columns_in(*check.condition, columns);
    std::string middle =
        columns.size() == 1 ? table.columns[static_cast<std::size_t>(*columns.begin())].name : std::string();
    check.name = choose_name(table, middle, "check", session);
  } else {
    need_fresh_constraint_name(table, check.name);
  }
  check.oid = session.database().next_oid++;
  // They are checked in the order of their names.
  auto at = std::ranges::lower_bound(table.checks, check.name, {}, &Check::name);
  table.checks.insert(at, std::move(check));
}

void add_key(Table& table, const Node& constraint, const KeyOptions& options, SessionState&) {
  Index index;
  index.primary = constraint.text("contype") == "CONSTR_PRIMARY";
  index.unique = index.is_constraint = true;
  index.nulls_equal = constraint.flag("nulls_not_distinct");
  index.deferrable = constraint.flag("deferrable") || options.deferrable;
  index.initially_deferred = constraint.flag("initdeferred") || options.deferred;
  if (constraint.has("indexname")) refuse("USING INDEX", constraint.location());
  auto need_only_one = [&] {
    auto other = std::ranges::find(table.indexes, true, &Index::primary);
    if (index.primary && other != table.indexes.end())
      fail(sqlstate::invalid_table_definition,
           fmt::format("multiple primary keys for table \"{}\" are not allowed", table.name),
           other->oid == 0 ? constraint.location() : -1);
  };
  if (!options.is_altering) need_only_one();
  std::vector<std::string> names;
  for (const auto* key : constraint.list("keys")) names.emplace_back(key->string_of());
  if (names.empty()) names.push_back(options.column);
  KeyLess less;
  for (const auto& name : names) {
    auto it = std::ranges::find(table.columns, name, &TableColumn::name);
    // A table that is there already gets NOT NULL columns before their key.
    if (it == table.columns.end() && index.primary && options.is_altering)
      fail(sqlstate::undefined_column,
           fmt::format("column \"{}\" of relation \"{}\" does not exist", name, table.name));
    if (it == table.columns.end())
      fail(sqlstate::undefined_column, fmt::format("column \"{}\" named in key does not exist", name),
           options.is_altering ? -1 : constraint.location());
    auto place = static_cast<std::size_t>(it - table.columns.begin());
    if (std::ranges::find(index.columns, place) != index.columns.end())
      fail(sqlstate::duplicate_column,
           fmt::format("column \"{}\" appears twice in {} constraint", name, index.primary ? "primary key" : "unique"),
           constraint.location());
    if (index.primary) it->not_null = true;
    index.columns.push_back(place);
    need_class(it->type, "btree");
    less.types.push_back(it->type);
  }
  if (options.is_altering) need_only_one();
  index.entries = decltype(index.entries)(std::move(less));
  index.name = constraint.text("conname");
  // The same key twice is one key.
  for (auto& other : table.indexes)
    if (other.oid == 0 && other.columns == index.columns && other.deferrable == index.deferrable &&
        other.initially_deferred == index.initially_deferred && other.nulls_equal == index.nulls_equal) {
      if (index.primary) other.primary = true;
      if (other.name.empty()) other.name = index.name;
      return;
    }
  table.indexes.push_back(std::move(index));
}

void fill(Index& index, Table& table, SessionState& session) {
  if (index.name.empty()) {
    std::string middle;
    for (std::size_t i = 0; i < index.columns.size(); ++i)
      middle += (middle.empty() ? "" : "_") +
                (index.columns[i] == Index::no_place ? index.names[i] : table.columns[index.columns[i]].name);
    index.name = index.primary         ? choose_name(table, "", "pkey", session)
                 : index.is_constraint ? choose_name(table, middle, "key", session)
                                       : choose_name(table, middle, "idx", session);
  }
  const Place where{table.schema, index.name, table.temporary};
  need_free_name(where, false, session);
  claim_name(where, session);
  if (index.is_constraint &&
      (std::ranges::find(table.checks, index.name, &Check::name) != table.checks.end() ||
       std::ranges::find(table.foreign_keys, index.name, &ForeignKey::name) != table.foreign_keys.end())) {
    fail(sqlstate::duplicate_object,
         fmt::format("constraint \"{}\" for relation \"{}\" already exists", index.name, table.name));
  }
  index.oid = session.database().next_oid++;
  fill_entries(index, table, session);
  need_unique(index, table, session);
}

void need_unique(const Index& index, const Table& table, SessionState& session) {
  if (!index.unique) return;
  auto snapshot = session.transaction().newest();
  const Row* last = nullptr;
  for (const auto& [key, place] : index.entries) {
    if (!table.rows[place].stamp.visible(snapshot)) continue;
    bool has_null = std::ranges::any_of(key, [](const Value& v) { return types::is_null(v); });
    if (last && !(has_null && !index.nulls_equal) && !index.entries.key_comp()(*last, key))
      throw violation(sqlstate::unique_violation, fmt::format("could not create unique index \"{}\"", index.name),
                      fmt::format("Key {} is duplicated.", index_key_text(table, index, key, session)), table,
                      index.name);
    last = &key;
  }
}

namespace {

// A name for the expression among those of the others: ChooseIndexColumnNames().
std::string name_for(const Node& expression, const Index& index, const Table& table) {
  const std::string first = expression_name(expression);
  std::set<std::string> taken(index.names.begin(), index.names.end());
  for (auto place : index.columns)
    if (place != Index::no_place) taken.insert(table.columns[place].name);
  std::string name = first;
  for (int number = 1; taken.contains(name); ++number) name = first + std::to_string(number);
  return name;
}

// What an access method can do: amcanunique, amcanmulticol, amcanorder. Only btree has all of it.
void need_method(std::string_view method, const Node& index) {
  if (method_oid(method) == 0)
    fail(sqlstate::undefined_object, fmt::format("access method \"{}\" does not exist", method));
  if (method == "btree") return;
  auto no = [&](std::string_view what) {
    fail(sqlstate::feature_not_supported, fmt::format("access method \"{}\" does not support {}", method, what));
  };
  if (index.flag("unique")) no("unique indexes");
  const auto& elements = index.list("indexParams");
  if (elements.size() > 1 && (method == "hash" || method == "spgist")) no("multicolumn indexes");
}

// DefineIndex() finds these while it goes through the columns.
void need_ordered(std::string_view method, const Node& element) {
  if (method == "btree") return;
  auto no = [&](std::string_view what) {
    fail(sqlstate::feature_not_supported, fmt::format("access method \"{}\" does not support {}", method, what));
  };
  if (element.text("ordering") != "SORTBY_DEFAULT") no("ASC/DESC options");
  if (element.text("nulls_ordering") != "SORTBY_NULLS_DEFAULT") no("NULLS FIRST/LAST options");
}

// What the key has next; its type.
Oid add_index_column(Index& index, const Node& element, const Table& table, Analyzer& analyzer) {
  if (!element.has("expr")) {
    const auto it = std::ranges::find(table.columns, element.text("name"), &TableColumn::name);
    if (it == table.columns.end())
      fail(sqlstate::undefined_column, fmt::format("column \"{}\" does not exist", element.text("name")));
    index.columns.push_back(static_cast<std::size_t>(it - table.columns.begin()));
    if (!index.expressions.empty()) index.expressions.emplace_back(), index.names.emplace_back();
    return it->type;
  }
  auto expression = analyzer.index_expression_of(element["expr"], table);
  const Oid type = expression->type;
  if (expression->kind == ExprKind::column) {
    index.columns.push_back(static_cast<std::size_t>(expression->number));
    if (!index.expressions.empty()) index.expressions.emplace_back(), index.names.emplace_back();
    return type;
  }
  need_immutable(*expression, "functions in index expression must be marked IMMUTABLE");
  index.expressions.resize(index.columns.size());
  index.names.resize(index.columns.size());
  index.names.push_back(name_for(element["expr"], index, table));
  index.expressions.push_back(std::move(expression));
  index.columns.push_back(Index::no_place);
  return type;
}

}  // namespace

std::string create_index(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  const Node& r = body["relation"];
  auto table = session.find_table(r.text("schemaname"), r.text("relname"));
  if (!table) fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", r.text("relname")));
  if (table->kind != 'r')
    fail(sqlstate::wrong_object_type, fmt::format("cannot create index on relation \"{}\"", table->name), -1, {},
         fmt::format("This operation is not supported for {}s.", kind_name(table->kind)));
  need_no_system(*table);
  if (body.flag("concurrent") && session.transaction().in_block())
    fail(sqlstate::active_sql_transaction, "CREATE INDEX CONCURRENTLY cannot run inside a transaction block");
  std::string method(body.text("accessMethod"));
  if (!method.empty()) need_method(method, body);
  // PostgreSQL's lock is weaker; but what is locked and written here is the table's old description.
  session.waits().lock(*table, LockMode::exclusive);
  session.checks().need_none_pending(*table, "CREATE INDEX");
  Index index;
  index.unique = body.flag("unique");
  if (!method.empty()) index.method = method;
  index.nulls_equal = body.flag("nulls_not_distinct");
  index.name = body.text("idxname");
  Analyzer analyzer(session, std::nullopt);
  analyzer.set_source(raw);
  if (body.has("whereClause")) {
    index.predicate = analyzer.index_predicate_of(body["whereClause"], *table);
    need_immutable(*index.predicate, "functions in index predicate must be marked IMMUTABLE");
  }
  KeyLess less;
  for (const auto* each : body.list("indexParams")) {
    const Node& element = each->body();
    const Oid type = add_index_column(index, element, *table, analyzer);
    if (element.list("opclass").empty()) need_class(type, index.method);
    less.types.push_back(type);
    need_ordered(index.method, element);
    bool descending = element.text("ordering") == "SORTBY_DESC";
    std::string_view nulls = element.text("nulls_ordering");
    bool first = nulls == "SORTBY_NULLS_FIRST" || (descending && nulls != "SORTBY_NULLS_LAST");
    index.options.push_back(static_cast<std::int16_t>((descending ? 1 : 0) | (first ? 2 : 0)));
    index.classes.push_back(class_written(element.list("opclass"), type, index.method));
  }
  if (!body.list("indexIncludingParams").empty()) refuse("INCLUDE", raw.location());
  index.entries = decltype(index.entries)(std::move(less));
  if (!index.name.empty() && name_is_taken(table->schema, table->temporary, index.name, session)) {
    if (body.flag("if_not_exists")) {
      session.notice(sqlstate::duplicate_table, fmt::format("relation \"{}\" already exists, skipping", index.name));
      return "CREATE INDEX";
    }
    need_free_name({table->schema, index.name, table->temporary}, false, session);
  }
  fill(index, *table, session);
  revise(table, session)->indexes.push_back(std::move(index));
  return "CREATE INDEX";
}

}  // namespace pgconform::engine
