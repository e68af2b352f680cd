#include "engine/analyze/parts.hpp"
#include "engine/analyze/walk.hpp"
#include "engine/analyzer.hpp"
#include "engine/out_parameters.hpp"
#include "engine/stack.hpp"

// Functions in FROM: transformRangeFunction(), addRangeTableEntryForFunction().
namespace pgconform::engine {
namespace {

void forbid_set(const Expr& expr) {
  StackBase::check();
  if (expr.returns_set)
    fail(sqlstate::feature_not_supported, "set-returning functions must appear at top level of FROM", expr.location);
  for (const auto& arg : expr.args) forbid_set(*arg);
}

// unnest(a, b) stands for as many functions side by side.
bool is_unnest_of_many(const Node& call) {
  if (!call.is("FuncCall")) return false;
  const Node& body = call.body();
  const auto& names = body.list("funcname");
  return names.size() == 1 && names[0]->string_of() == "unnest" && body.list("args").size() > 1 &&
         !body.flag("func_variadic") && !body.has("over") && !body.has("agg_filter") && !body.has("agg_order");
}

}  // namespace

std::vector<ExprPtr> Analyzer::table_functions(const Node& call) {
  std::vector<ExprPtr> calls;
  if (!is_unnest_of_many(call)) {
    calls.push_back(expression(call));
  } else {
    for (const auto* arg : call.body().list("args")) {
      std::vector<ExprPtr> one;
      one.push_back(expression(*arg));
      calls.push_back(call_of("unnest", std::move(one), call.body().location()));
    }
  }
  for (const auto& each : calls)
    for (const auto& arg : each->args) forbid_set(*arg);
  return calls;
}

// AS (a int, b text)
std::shared_ptr<const RowShape> Analyzer::defined_shape(const std::vector<const Node*>& definitions) {
  auto shape = std::make_shared<RowShape>();
  for (const auto* each : definitions) {
    const Node& column = each->body();
    auto [type, modifier] = column_type(column["typeName"]);
    if (type == types::record_oid || type == types::void_oid)
      fail(sqlstate::invalid_table_definition,
           fmt::format("column \"{}\" has pseudo-type {}", column.text("colname"), types::type_name(type)));
    for (const auto& other : shape->columns)
      if (other.name == column.text("colname"))
        fail(sqlstate::duplicate_column,
             fmt::format("column name \"{}\" specified more than once", column.text("colname")));
    shape->columns.push_back({std::string(column.text("colname")), type, modifier});
  }
  return shape;
}

// What one function adds to the columns of its item.
void Analyzer::function_columns(TableFunction& function, const Node& call, const std::vector<const Node*>& definitions,
                                const std::string& only_name, ScopeItem& names) {
  Expr& expr = *function.call;
  const bool is_record = expr.type == types::record_oid;
  const int location = call.body().location();
  if (!definitions.empty()) {
    const int at = definitions[0]->body().location();
    if (!is_record)
      fail(sqlstate::syntax_error, "a column definition list is only allowed for functions returning \"record\"", at);
    if (expr.shape)
      fail(sqlstate::syntax_error, "a column definition list is redundant for a function with OUT parameters", at);
    expr.shape = defined_shape(definitions);
  }
  if (is_record && !expr.shape)
    fail(sqlstate::syntax_error, "a column definition list is required for functions returning \"record\"", location);
  if (const auto shape = shape_of(expr)) {
    function.spread = true;
    function.width = static_cast<int>(shape->columns.size());
    for (const auto& column : shape->columns)
      names.columns.push_back({column.name, column.type, column.modifier, 0, 0, 0, {}, column.shape});
    return;
  }
  const auto& outs = expr.function ? out_parameters(expr.function->oid) : out_parameters(0);
  std::string name = outs.size() == 1 && !outs[0].name.empty() ? outs[0].name
                     : !only_name.empty()                      ? only_name
                                                               : column_name(call);
  names.columns.push_back({std::move(name), expr.type, expr.modifier});
}

std::unique_ptr<FromItem> Analyzer::from_function(const Node& node) {
  auto item = std::make_unique<FromItem>();
  item->kind = FromItem::Kind::function;
  item->ordinality = node.flag("ordinality");
  clause_ = Clause::from;
  const Node& alias = node["alias"];
  const auto& list = node.list("functions");
  ScopeItem names;
  struct Listed {
    const Node* call;
    std::vector<const Node*> definitions;
  };
  std::vector<Listed> listed;
  for (const auto* each : list) {
    const auto& pair = each->body().list("items");
    std::vector<const Node*> definitions;
    if (pair.size() > 1 && pair[1]->is("List")) definitions = pair[1]->body().list("items");
    if (!node.list("coldeflist").empty()) {
      if (list.size() > 1)
        fail(sqlstate::syntax_error, "ROWS FROM() with multiple functions cannot have a column definition list",
             node.list("coldeflist")[0]->body().location(),
             "Put a separate column definition list for each function inside ROWS FROM().");
      if (item->ordinality)
        fail(sqlstate::syntax_error, "WITH ORDINALITY cannot be used with a column definition list",
             node.list("coldeflist")[0]->body().location(), "Put the column definition list inside ROWS FROM().");
      definitions = node.list("coldeflist");
    }
    for (auto& call : table_functions(*pair[0])) {
      item->functions.push_back({std::move(call)});
      listed.push_back({pair[0], definitions});
    }
  }
  const bool only = item->functions.size() == 1;
  const std::string only_name(only && !alias.is_empty() ? alias.text("aliasname") : std::string_view());
  names.alias = column_name(*listed[0].call);
  for (std::size_t i = 0; i < listed.size(); ++i) {
    auto& function = item->functions[i];
    function_columns(function, *listed[i].call, listed[i].definitions, only_name, names);
    if (refers_to_level(*function.call, 0)) item->lateral = true;
  }
  names.is_scalar = only && !item->functions[0].spread && !item->ordinality;
  if (item->ordinality) names.columns.push_back({"ordinality", types::int8_oid});
  if (names.columns.size() > 1664)
    fail(sqlstate::too_many_columns, "functions in FROM can return at most 1664 columns");
  add_to_scope(*item, std::move(names), alias);
  return item;
}

}  // namespace pgconform::engine
