#include "engine/analyze/parts.hpp"
#include "engine/analyzer.hpp"
#include "engine/stack.hpp"

// Expressions: transformExpr(). What is not here is refused by the name that a reader of the query would use.
namespace pgconform::engine {

ExprPtr Analyzer::expression(const Node& node) {
  StackBase::check();
  std::string_view kind = node.kind();
  const Node& body = node.body();
  int location = body.location();
  if (kind == "A_Const") return constant(body);
  if (kind == "ColumnRef") return column_ref(body);
  if (kind == "ParamRef") return parameter(body);
  if (kind == "A_Expr") return operation(body);
  if (kind == "FuncCall") return call(body);
  if (kind == "TypeCast") return type_cast(body);
  if (kind == "CaseExpr") return choice(body);
  if (kind == "SQLValueFunction") return value_function(body);
  if (kind == "CoalesceExpr") return make_common(ExprKind::coalesce, body.list("args"), "COALESCE", location);
  if (kind == "MinMaxExpr") {
    bool greatest = body.text("op") == "IS_GREATEST";
    return make_common(greatest ? ExprKind::greatest : ExprKind::least, body.list("args"),
                       greatest ? "GREATEST" : "LEAST", location);
  }
  if (kind == "BoolExpr") {
    std::string_view op = body.text("boolop");
    std::string_view name = op == "AND_EXPR" ? "AND" : op == "OR_EXPR" ? "OR" : "NOT";
    auto expr = make_expr(name == "AND"  ? ExprKind::both
                          : name == "OR" ? ExprKind::either
                                         : ExprKind::negation,
                          types::bool_oid, location);
    for (const auto* arg : body.list("args")) {
      expr->args.push_back(to_boolean(expression(*arg), name));
      expr->location = leftmost(expr->location, expr->args.back()->location);
    }
    return expr;
  }
  if (kind == "NullTest") {
    bool is_null = body.text("nulltesttype") == "IS_NULL";
    auto expr = make_expr(is_null ? ExprKind::is_null : ExprKind::is_not_null, types::bool_oid, location);
    expr->args.push_back(expression(body["arg"]));
    note_loose(*expr->args[0]);
    expr->location = leftmost(location, expr->args[0]->location);
    return expr;
  }
  if (kind == "BooleanTest") {
    static constexpr std::pair<std::string_view, ExprKind> tests[] = {
        {"TRUE", ExprKind::is_true},       {"NOT_TRUE", ExprKind::is_not_true},
        {"FALSE", ExprKind::is_false},     {"NOT_FALSE", ExprKind::is_not_false},
        {"UNKNOWN", ExprKind::is_unknown}, {"NOT_UNKNOWN", ExprKind::is_not_unknown}};
    std::string_view type = body.text("booltesttype").substr(3);
    for (const auto& [name, test] : tests) {
      if (name != type) continue;
      auto expr = make_expr(test, types::bool_oid, location);
      std::string shown = "IS " + std::string(name);
      if (auto underscore = shown.find('_'); underscore != shown.npos) shown[underscore] = ' ';
      expr->args.push_back(to_boolean(expression(body["arg"]), shown));
      expr->location = leftmost(location, expr->args[0]->location);
      return expr;
    }
  }
  if (kind == "SetToDefault") fail(sqlstate::syntax_error, "DEFAULT is not allowed in this context", location);
  if (kind == "SubLink") return subquery(body);
  if (kind == "A_ArrayExpr") return array_constructor(body);
  if (kind == "RowExpr") return row_constructor(body);
  if (kind == "GroupingFunc") return grouping(body);
  if (kind == "CollateClause") return collated(body);
  if (kind == "A_Indirection") {
    if (body.list("indirection").back()->is("A_Star"))
      fail(sqlstate::syntax_error, "row expansion via \"*\" is not supported here", location);
    return indirection(body);
  }
  if (kind == "List") refuse("a list of expressions", location);
  refuse("this expression (" + std::string(kind) + ")", location);
}

ExprPtr Analyzer::parameter(const Node& body) {
  auto number = body.number("number");
  int location = body.location();
  // libpg_query keeps of a number what fits 32 bits; the text has it whole.
  const auto digits = std::string_view(raw_->source().sql).substr(static_cast<std::size_t>(location) + 1);
  const auto length = std::min(digits.find_first_not_of("0123456789"), digits.size());
  if (length > 10 || (length > 0 && std::stoll(std::string(digits.substr(0, length))) > INT32_MAX))
    fail(sqlstate::syntax_error, fmt::format("parameter number too large at or near \"${}\"", digits.substr(0, length)),
         location);
  if (!takes_parameters_ || number < 1)
    fail(sqlstate::undefined_parameter, fmt::format("there is no parameter ${}", number), location);
  if (number > 65535)  // nobody can give so many types or values
    fail(sqlstate::indeterminate_datatype, "could not determine data type of parameter $1");
  auto index = static_cast<std::size_t>(number - 1);
  if (parameters_.size() <= index) parameters_.resize(index + 1);
  if (parameters_[index] == 0) parameters_[index] = types::unknown_oid;
  auto expr = make_expr(ExprKind::parameter, parameters_[index], location);
  expr->number = static_cast<int>(index);
  if (!types::find_type(expr->type))
    fail(sqlstate::internal_error, fmt::format("cache lookup failed for type {}", expr->type));
  if (!types::is_supported(expr->type)) refuse("type " + types::type_name(expr->type), location);
  return expr;
}

ExprPtr Analyzer::value_function(const Node& body) {
  struct Row {
    std::string_view op, name;
    Oid type;
  };
  static constexpr Row rows[] = {{"CURRENT_DATE", "current_date", types::date_oid},
                                 {"CURRENT_TIMESTAMP", "current_timestamp", types::timestamptz_oid},
                                 {"CURRENT_TIMESTAMP_N", "current_timestamp", types::timestamptz_oid},
                                 {"CURRENT_TIME", "current_time", types::timetz_oid},
                                 {"CURRENT_TIME_N", "current_time", types::timetz_oid},
                                 {"LOCALTIME", "localtime", types::time_oid},
                                 {"LOCALTIME_N", "localtime", types::time_oid},
                                 {"LOCALTIMESTAMP", "localtimestamp", types::timestamp_oid},
                                 {"LOCALTIMESTAMP_N", "localtimestamp", types::timestamp_oid},
                                 {"CURRENT_ROLE", "current_user", types::name_oid},
                                 {"CURRENT_USER", "current_user", types::name_oid},
                                 {"USER", "current_user", types::name_oid},
                                 {"SESSION_USER", "current_user", types::name_oid},
                                 {"CURRENT_CATALOG", "current_catalog", types::name_oid},
                                 {"CURRENT_SCHEMA", "current_schema", types::name_oid}};
  std::string_view op = body.text("op").substr(6);
  for (const auto& row : rows) {
    if (row.op != op) continue;
    auto expr = make_expr(ExprKind::current, row.type, body.location());
    expr->text = row.name;
    if (op.ends_with("_N")) expr->modifier = std::min(static_cast<std::int32_t>(body.number("typmod")), 6);
    return expr;
  }
  refuse(std::string(op), body.location());
}

ExprPtr Analyzer::type_cast(const Node& body) {
  const Node& name = body["typeName"];
  if (auto shape = named_shape(name)) return as_row(expression(body["arg"]), std::move(shape), body.location());
  auto [type, modifier] = column_type(name);
  int location = body.location();
  if (location < 0) location = name.location();
  // The cast tells a constructor its type, which an empty one needs.
  bool constructs =
      body["arg"].is("A_ArrayExpr") && types::is_array(type) && types::find_type(type)->name.starts_with('_');
  ExprPtr arg = constructs ? array_constructor(body["arg"].body(), type, location) : expression(body["arg"]);
  return coerce_or_fail(std::move(arg), type, modifier, CastContext::explicit_cast, location);
}

}  // namespace pgconform::engine
