#include <charconv>

#include "engine/analyzer.hpp"
#include "engine/evaluate.hpp"
#include "engine/stack.hpp"
#include "types/form.hpp"

// Expressions: transformExpr(). What is not here is refused by the name that a reader of the query would use.
namespace pgconform::engine {
namespace {

int leftmost(int a, int b) {
  return a < 0 ? b : b < 0 ? a : std::min(a, b);
}

std::string dotted(const std::vector<const Node*>& names) {
  std::string name;
  for (const auto* n : names) name += (name.empty() ? "" : ".") + std::string(n->string_of());
  return name;
}

// A last name, in pg_catalog or without a schema; another schema cannot hold what is looked for.
bool in_catalog(const std::vector<const Node*>& names) {
  return names.size() == 1 || (names.size() == 2 && names[0]->string_of() == "pg_catalog");
}

// A schema that does not exist is an error of its own, before anything is looked up in it.
void need_schema(const std::vector<const Node*>& names, int location) {
  if (names.size() < 2) return;
  std::string_view schema = names[names.size() - 2]->string_of();
  for (std::string_view known : {"pg_catalog", "public", "pg_temp", "information_schema", "pg_toast"})
    if (schema == known) return;
  fail(sqlstate::invalid_schema_name, fmt::format("schema \"{}\" does not exist", schema), location);
}

ExprPtr literal(Oid type, Value value, int location) {
  auto expr = make_expr(ExprKind::constant, type, location);
  expr->value = std::move(value);
  return expr;
}

}  // namespace

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
  if (kind == "SubLink") refuse("a subquery in an expression", location);
  if (kind == "A_ArrayExpr") refuse("ARRAY[]", location);
  if (kind == "RowExpr") refuse("a row constructor", location);
  if (kind == "CollateClause") refuse("COLLATE", location);
  if (kind == "A_Indirection") refuse("a subscript or field selection", location);
  if (kind == "List") refuse("a list of expressions", location);
  refuse("this expression (" + std::string(kind) + ")", location);
}

ExprPtr Analyzer::constant(const Node& body) {
  int location = body.location();
  if (body.flag("isnull")) return literal(types::unknown_oid, {}, location);
  if (body.has("sval")) {
    if (!session_.settings().standard_strings() && raw_) {
      const std::string& sql = raw_->source().sql;
      auto at = static_cast<std::size_t>(location);
      if (at < sql.size() && sql[at] == '\'' && body["sval"].text("sval").find('\\') != std::string_view::npos)
        refuse("a backslash in a plain string while standard_conforming_strings is off", location);
    }
    return literal(types::unknown_oid, std::string(body["sval"].text("sval")), location);
  }
  if (body.has("boolval")) return literal(types::bool_oid, body["boolval"].flag("boolval"), location);
  if (body.has("ival")) {
    std::int64_t value = body["ival"].number("ival");
    // libpg_query leaves out what is not positive, so a negative number has to be read from the text.
    if (value == 0 && raw_) {
      const std::string& sql = raw_->source().sql;
      bool negative = false;
      for (auto i = static_cast<std::size_t>(location); i < sql.size(); ++i) {
        bool comment =
            (sql[i] == '-' || sql[i] == '/') && i + 1 < sql.size() && (sql[i + 1] == '-' || sql[i + 1] == '*');
        if (comment) refuse("a comment between a sign and its number", location);
        if (sql[i] == '-')
          negative = !negative;
        else if (sql[i] >= '0' && sql[i] <= '9') {
          std::from_chars(&sql[i], sql.data() + sql.size(), value);
          break;
        } else if (sql[i] != '(' && !std::isspace(static_cast<unsigned char>(sql[i]))) {
          break;  // a word that stands for 0, as in SET TRANSACTION READ WRITE
        }
      }
      if (negative) value = -value;
    }
    return literal(types::int4_oid, value, location);
  }
  if (body.has("fval")) {
    std::string text(body["fval"].text("fval"));
    // Too long for a plain integer, or with a sign: int4 or int8 if it fits, else numeric.
    auto narrow = types::parse_text(types::int4_oid, text, {});
    if (narrow) return literal(types::int4_oid, *narrow, location);
    auto wide = types::parse_text(types::int8_oid, text, {});
    if (wide) return literal(types::int8_oid, *wide, location);
    return literal(types::numeric_oid, value_or_fail(types::parse_text(types::numeric_oid, text, {}), location),
                   location);
  }
  refuse("a bit string literal", location);
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

ExprPtr Analyzer::column_ref(const Node& body) {
  int location = body.location();
  const auto& fields = body.list("fields");
  if (fields.back()->is("A_Star"))
    fail(sqlstate::syntax_error, "row expansion via \"*\" is not supported here", location);
  std::string_view name = fields.back()->string_of();
  if (fields.size() > 3)
    fail(sqlstate::syntax_error, fmt::format("improper qualified name (too many dotted names): {}", dotted(fields)),
         location);
  std::string_view qualifier = fields.size() > 1 ? fields[fields.size() - 2]->string_of() : std::string_view();
  if (clause_ == Clause::default_value)
    fail(sqlstate::feature_not_supported, "cannot use column reference in DEFAULT expression", location);
  static const std::vector<FromItem> nothing;
  const auto& scope = scope_ ? *scope_ : nothing;
  ExprPtr found;
  bool named = false;
  int place = 0;
  for (const auto& item : scope) {
    bool here = qualifier.empty() || item.alias == qualifier;
    named = named || (!qualifier.empty() && here);
    if (item.alias == name) named = named || qualifier.empty();
    for (std::size_t i = 0; i < item.columns.size(); ++i, ++place) {
      if (!here || item.columns[i].name != name) continue;
      if (found) fail(sqlstate::ambiguous_column, fmt::format("column reference \"{}\" is ambiguous", name), location);
      found = make_expr(ExprKind::column, item.columns[i].type, location);
      found->number = place;
      found->modifier = item.columns[i].modifier;
      found->table = item.origins[i];
      found->attribute = item.attributes[i];
      found->text = item.alias;
    }
  }
  if (found) {
    if (clause_ == Clause::values)
      fail(sqlstate::undefined_column, fmt::format("column \"{}\" does not exist", name), location);
    if (!in_aggregate_ && !saw_plain_column_) {
      saw_plain_column_ = true;
      plain_column_name_ = found->text + "." + std::string(name);
      plain_column_location_ = location;
    }
    return found;
  }
  for (std::string_view system : {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
    if (name == system && !scope.empty()) refuse(fmt::format("system column \"{}\"", name), location);
  if (qualifier.empty()) {
    if (named) refuse("a whole-row reference", location);
    fail(sqlstate::undefined_column, fmt::format("column \"{}\" does not exist", name), location);
  }
  for (const auto& item : scope)
    if (!named && item.table && item.table->name == qualifier)
      fail(sqlstate::undefined_table, fmt::format("invalid reference to FROM-clause entry for table \"{}\"", qualifier),
           location, fmt::format("Perhaps you meant to reference the table alias \"{}\".", item.alias));
  if (!named)
    fail(sqlstate::undefined_table, fmt::format("missing FROM-clause entry for table \"{}\"", qualifier), location);
  fail(sqlstate::undefined_column, fmt::format("column {}.{} does not exist", qualifier, name), location);
}

ExprPtr Analyzer::apply_operator(std::string_view name, ExprPtr left, ExprPtr right, int location) {
  const OperatorFact& op = find_operator(name, left ? left->type : 0, right->type, location);
  auto expr = make_expr(ExprKind::call, op.result, leftmost(location, left ? left->location : right->location));
  expr->strict = op.strict;
  expr->implementation = find_implementation(op.source);
  if (left) expr->args.push_back(coerce(std::move(left), op.left, CastContext::implicit));
  expr->args.push_back(coerce(std::move(right), op.right, CastContext::implicit));
  if (!expr->implementation || !types::is_supported(op.result)) {
    std::string shown = op.left != 0 ? types::type_name(op.left) + " " : "";
    refuse(fmt::format("operator {}{} {}", shown, name, types::type_name(op.right)), location);
  }
  return expr;
}

// An equality that is used inside another construct: IS DISTINCT FROM, NULLIF.
ExprPtr Analyzer::equality(ExprKind kind, ExprPtr left, ExprPtr right, int location) {
  Oid first = left->type;
  ExprPtr equal = apply_operator("=", std::move(left), std::move(right), location);
  equal->kind = kind;
  if (kind == ExprKind::null_if)
    equal->type = first == types::unknown_oid ? equal->args[0]->type : equal->args[0]->type;
  return equal;
}

ExprPtr Analyzer::operation(const Node& body) {
  std::string_view kind = body.text("kind");
  const auto& names = body.list("name");
  std::string_view name = names.empty() ? std::string_view() : names.back()->string_of();
  int location = body.location();
  if (kind == "AEXPR_BETWEEN" || kind == "AEXPR_NOT_BETWEEN" || kind == "AEXPR_BETWEEN_SYM" ||
      kind == "AEXPR_NOT_BETWEEN_SYM")
    return between(body);
  if (kind == "AEXPR_IN") return in_list(body, name);
  if (!in_catalog(names))
    fail(sqlstate::invalid_schema_name, fmt::format("schema \"{}\" does not exist", names[0]->string_of()), location);
  if (kind == "AEXPR_OP_ANY" || kind == "AEXPR_OP_ALL") refuse("ANY or ALL of an array", location);
  if (kind == "AEXPR_SIMILAR") refuse("SIMILAR TO", location);
  if (body["lexpr"].is("RowExpr") || body["rexpr"].is("RowExpr")) refuse("a comparison of rows", location);
  ExprPtr left = body.has("lexpr") ? expression(body["lexpr"]) : nullptr;
  ExprPtr right = expression(body["rexpr"]);
  if (kind == "AEXPR_DISTINCT" || kind == "AEXPR_NOT_DISTINCT") {
    auto which = kind == "AEXPR_DISTINCT" ? ExprKind::distinct : ExprKind::not_distinct;
    return equality(which, std::move(left), std::move(right), location);
  }
  if (kind == "AEXPR_NULLIF") return equality(ExprKind::null_if, std::move(left), std::move(right), location);
  return apply_operator(name, std::move(left), std::move(right), location);
}

// x BETWEEN a AND b: two comparisons; x is analysed twice, as PostgreSQL does it.
ExprPtr Analyzer::between(const Node& body) {
  std::string_view kind = body.text("kind");
  if (kind.ends_with("_SYM")) refuse("BETWEEN SYMMETRIC", body.location());
  bool negated = kind == "AEXPR_NOT_BETWEEN";
  const auto& bounds = body["rexpr"].body().list("items");
  int location = body.location();
  auto expr = make_expr(negated ? ExprKind::either : ExprKind::both, types::bool_oid, location);
  expr->args.push_back(
      apply_operator(negated ? "<" : ">=", expression(body["lexpr"]), expression(*bounds[0]), location));
  expr->args.push_back(
      apply_operator(negated ? ">" : "<=", expression(body["lexpr"]), expression(*bounds[1]), location));
  expr->location = leftmost(location, expr->args[0]->location);
  return expr;
}

// x IN (a, b): as many comparisons; the literals take the type that all items have in common, as in an array.
ExprPtr Analyzer::in_list(const Node& body, std::string_view op) {
  int location = body.location();
  if (!body["rexpr"].is("List")) refuse("IN", location);
  bool negated = op == "<>";
  auto expr = make_expr(negated ? ExprKind::both : ExprKind::either, types::bool_oid, location);
  const auto& items = body["rexpr"].body().list("items");
  std::vector<ExprPtr> values;
  values.push_back(expression(body["lexpr"]));
  for (const auto* item : items) values.push_back(expression(*item));
  if (items.size() > 1) {
    std::vector<const ExprPtr*> all;
    for (const auto& v : values) all.push_back(&v);
    bool alike = true;
    for (const auto& v : values)
      alike =
          alike && (v->type == types::unknown_oid ||
                    types::find_type(v->type)->category ==
                        types::find_type(values[0]->type == types::unknown_oid ? v->type : values[0]->type)->category);
    if (alike) {
      Oid common = common_type(all, "IN");
      for (std::size_t i = 1; i < values.size(); ++i)
        values[i] = coerce(std::move(values[i]), common, CastContext::implicit);
    }
  }
  for (std::size_t i = 1; i < values.size(); ++i) {
    ExprPtr left = i == 1 ? std::move(values[0]) : expression(body["lexpr"]);
    expr->args.push_back(apply_operator(op, std::move(left), std::move(values[i]), location));
  }
  expr->location = leftmost(location, expr->args[0]->location);
  return expr;
}

ExprPtr Analyzer::make_common(ExprKind kind, const std::vector<const Node*>& args, std::string_view construct,
                              int location) {
  auto expr = make_expr(kind, 0, location);
  for (const auto* arg : args) expr->args.push_back(expression(*arg));
  std::vector<const ExprPtr*> all;
  for (const auto& arg : expr->args) all.push_back(&arg);
  expr->type = common_type(all, construct);
  for (auto& arg : expr->args) arg = coerce(std::move(arg), expr->type, CastContext::implicit);
  expr->modifier = expr->args[0]->modifier;
  for (const auto& arg : expr->args)
    if (arg->modifier != expr->modifier) expr->modifier = -1;
  return expr;
}

ExprPtr Analyzer::choice(const Node& body) {
  auto expr = make_expr(ExprKind::choice, 0, body.location());
  bool on_value = body.has("arg");
  std::vector<ExprPtr> conditions, results;
  for (const auto* arm : body.list("args")) {
    const Node& when = arm->body();
    if (on_value) {
      ExprPtr value = expression(body["arg"]);
      resolve_unknown(value);
      conditions.push_back(apply_operator("=", std::move(value), expression(when["expr"]), when.location()));
    } else {
      conditions.push_back(to_boolean(expression(when["expr"]), "CASE/WHEN"));
    }
    results.push_back(expression(when["result"]));
  }
  results.push_back(body.has("defresult") ? expression(body["defresult"]) : literal(types::unknown_oid, {}, -1));
  std::vector<const ExprPtr*> all{&results.back()};  // ELSE comes first when the type is chosen
  for (std::size_t i = 0; i + 1 < results.size(); ++i) all.push_back(&results[i]);
  expr->type = common_type(all, "CASE");
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (i < conditions.size()) expr->args.push_back(std::move(conditions[i]));
    expr->args.push_back(coerce(std::move(results[i]), expr->type, CastContext::implicit));
  }
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
  auto [type, modifier] = column_type(name);
  ExprPtr arg = expression(body["arg"]);
  int location = body.location();
  if (location < 0) location = name.location();
  return coerce_or_fail(std::move(arg), type, modifier, CastContext::explicit_cast, location);
}

std::pair<Oid, std::int32_t> Analyzer::column_type(const Node& name) {
  int location = name.location();
  const auto& names = name.list("names");
  std::string shown = dotted(names);
  if (name.flag("pct_type")) refuse("%TYPE", location);
  if (name.flag("setof"))
    fail(sqlstate::invalid_table_definition, fmt::format("type \"{}\" cannot be a set", shown), location);
  need_schema(names, location);
  const types::Type* type = in_catalog(names) ? types::find_type(names.back()->string_of()) : nullptr;
  if (!type) fail(sqlstate::undefined_object, fmt::format("type \"{}\" does not exist", shown), location);
  if (!name.list("arrayBounds").empty()) refuse("type " + types::type_name(type->oid) + "[]", location);
  if (!types::is_supported(type->oid)) refuse("type " + types::type_name(type->oid), location);
  std::int32_t modifier = -1;
  if (const auto& numbers = name.list("typmods"); !numbers.empty()) {
    std::vector<std::int32_t> values;
    for (const auto* node : numbers) {
      if (!node->is("A_Const"))
        fail(sqlstate::syntax_error, "type modifiers must be simple constants or identifiers", location);
      ExprPtr value = constant(node->body());
      if (value->type != types::int4_oid) fail(sqlstate::invalid_parameter_value, "invalid type modifier", location);
      values.push_back(static_cast<std::int32_t>(std::get<std::int64_t>(value->value)));
    }
    std::string warning;
    modifier = value_or_fail(types::make_modifier(type->oid, values, warning), location);
    if (!warning.empty()) session_.warn(sqlstate::invalid_parameter_value, warning);
  }
  return {type->oid, modifier};
}

ExprPtr Analyzer::call(const Node& body) {
  int location = body.location();
  const auto& names = body.list("funcname");
  std::string shown = body.text("funcformat") == "COERCE_SQL_SYNTAX"
                          ? "pg_catalog." + std::string(names.back()->string_of())
                          : dotted(names);
  for (std::string_view clause : {"agg_order", "agg_filter", "over"})
    if (body.has(clause))
      refuse(clause == "agg_order" ? "ORDER BY in an aggregate" : clause == "agg_filter" ? "FILTER" : "OVER", location);
  if (body.flag("agg_within_group")) refuse("WITHIN GROUP", location);
  if (body.flag("func_variadic")) refuse("VARIADIC", location);
  std::string_view name = names.back()->string_of();
  auto candidates = functions_named(in_catalog(names) ? name : std::string_view());
  need_schema(names, location);
  bool may_aggregate = !candidates.empty() && candidates[0].kind == 'a';
  std::vector<ExprPtr> args;
  std::vector<Oid> types;
  bool outer = in_aggregate_;
  if (may_aggregate) {
    if (in_aggregate_) fail(sqlstate::grouping_error, "aggregate function calls cannot be nested", location);
    in_aggregate_ = true;
  }
  for (const auto* arg : body.list("args")) {
    if (arg->is("NamedArgExpr")) refuse("a named argument", arg->body().location());
    args.push_back(expression(*arg));
    types.push_back(args.back()->type);
  }
  in_aggregate_ = outer;
  // A type's name used as a function is a cast: text(1), int4('5').
  if (args.size() == 1 && in_catalog(names)) {
    const types::Type* type = types::find_type(name);
    bool exact = false;
    for (const auto& fact : candidates) exact = exact || fact.arguments == types;
    if (type && !exact && types::is_supported(type->oid)) {
      Pathway way = find_pathway(types[0], type->oid, CastContext::explicit_cast);
      bool by_text = way.kind == Pathway::Kind::input || way.kind == Pathway::Kind::output;
      if (types[0] == types::unknown_oid || way.kind == Pathway::Kind::relabel ||
          (by_text && types::find_type(types[0])->category != 'S' ? false : by_text))
        return coerce(std::move(args[0]), type->oid, CastContext::explicit_cast);
    }
  }
  Found found = find_function(in_catalog(names) ? name : std::string_view(), types, location, shown);
  const FunctionFact& fact = *found.fact;
  if (body.flag("agg_star") && !may_aggregate)
    fail(sqlstate::wrong_object_type, fmt::format("{}(*) specified, but {} is not an aggregate function", shown, shown),
         location);
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (is_polymorphic(found.parameters[i]) && fact.source != "pg_typeof" && args[i]->type == types::unknown_oid &&
        !types::is_null(args[i]->value))
      args[i] = coerce(std::move(args[i]), types::text_oid, CastContext::implicit);
    args[i] = coerce(std::move(args[i]), found.parameters[i], CastContext::implicit);
    note_loose(*args[i]);
    location = leftmost(location, args[i]->location);
  }
  if (fact.kind == 'a') return aggregate(body, found, std::move(args));
  if (body.flag("agg_distinct"))
    fail(sqlstate::wrong_object_type, fmt::format("DISTINCT specified, but {} is not an aggregate function", shown),
         body.location());
  std::string refused = "function " + shown;
  if (fact.kind == 'w') refuse("window " + refused, body.location());
  if (fact.returns_set && clause_ != Clause::from)
    refuse("set-returning " + refused + " outside FROM", body.location());
  auto expr = make_expr(ExprKind::call, fact.result, location);
  std::string source(fact.source);
  if (source.empty() || source.starts_with("see ")) {
    source = std::string(name) + "(";
    for (Oid type : fact.arguments) source += (source.ends_with('(') ? "" : " ") + std::to_string(type);
    source += ")";
  }
  expr->implementation = find_implementation(source);
  expr->strict = fact.strict;
  expr->is_volatile = fact.volatility == 'v';
  expr->immutable = fact.volatility == 'i';
  expr->args = std::move(args);
  expr->text = fact.source;
  bool series = fact.source.starts_with("generate_series");
  if ((!expr->implementation && !series) || expr->args.size() != found.parameters.size() ||
      !types::is_supported(fact.result))
    refuse(refused, body.location());
  if (fact.returns_set && !series) refuse("set-returning " + refused, body.location());
  return expr;
}

ExprPtr Analyzer::aggregate(const Node& body, const Found& found, std::vector<ExprPtr> args) {
  int location = body.location();
  static constexpr std::pair<Clause, std::string_view> forbidden[] = {
      {Clause::where, "WHERE"},   {Clause::from, "functions in FROM"},
      {Clause::limit, "LIMIT"},   {Clause::offset, "OFFSET"},
      {Clause::values, "VALUES"}, {Clause::returning, "RETURNING"},
      {Clause::set, "UPDATE"},    {Clause::default_value, "DEFAULT expressions"}};
  for (const auto& [clause, name] : forbidden)
    if (clause == clause_)
      fail(sqlstate::grouping_error, fmt::format("aggregate functions are not allowed in {}", name), location);
  using Kind = Aggregate::Kind;
  static constexpr std::pair<std::string_view, Kind> kinds[] = {
      {"count", Kind::count}, {"sum", Kind::sum},      {"avg", Kind::average},
      {"min", Kind::least},   {"max", Kind::greatest}, {"bool_and", Kind::every},
      {"every", Kind::every}, {"bool_or", Kind::some}, {"string_agg", Kind::join}};
  const FunctionFact& fact = *found.fact;
  Oid type = fact.result;
  for (const auto& [name, kind] : kinds) {
    if (fact.name != name || !types::is_supported(type)) continue;
    Aggregate result{args.empty() ? Kind::count_all : kind, type, std::move(args), body.flag("agg_distinct")};
    if (fact.name == "count" && result.args.empty() && !body.flag("agg_star"))
      fail(sqlstate::wrong_object_type, "count(*) must be used to call a parameterless aggregate function", location);
    if (result.distinct && kind == Kind::join) refuse("DISTINCT in string_agg", location);
    auto expr = make_expr(ExprKind::aggregate, type, location);
    expr->number = static_cast<int>(aggregates_->size());
    aggregates_->push_back(std::move(result));
    return expr;
  }
  refuse(fmt::format("aggregate function {}", fact.name), location);
}

std::string column_name(const Node& node) {
  // The name, and whether it is a strong one; a type's name only stands in for a missing one.
  auto figure = [](auto& self, const Node& n) -> std::pair<std::string, bool> {
    StackBase::check();
    const Node& body = n.body();
    std::string_view kind = n.kind();
    if (kind == "ColumnRef") {
      const Node& last = *body.list("fields").back();
      return {std::string(last.string_of()), true};
    }
    if (kind == "FuncCall") return {std::string(body.list("funcname").back()->string_of()), true};
    if (kind == "A_Expr" && body.text("kind") == "AEXPR_NULLIF") return {"nullif", true};
    if (kind == "TypeCast") {
      auto inner = self(self, body["arg"]);
      if (inner.second) return inner;
      return {std::string(body["typeName"].list("names").back()->string_of()), false};
    }
    if (kind == "CollateClause") return self(self, body["arg"]);
    if (kind == "CaseExpr") {
      auto inner = self(self, body["defresult"]);
      if (inner.second) return inner;
      return {"case", false};
    }
    if (kind == "CoalesceExpr") return {"coalesce", true};
    if (kind == "MinMaxExpr") return {body.text("op") == "IS_GREATEST" ? "greatest" : "least", true};
    if (kind == "SQLValueFunction") {
      std::string name(body.text("op").substr(6));
      if (name.ends_with("_N")) name.resize(name.size() - 2);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      return {name, true};
    }
    return {};
  };
  auto name = figure(figure, node).first;
  return name.empty() ? "?column?" : name;
}

}  // namespace pgconform::engine
