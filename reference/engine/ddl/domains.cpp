#include <algorithm>
#include <set>

#include "engine/ddl/types.hpp"
#include "engine/domains.hpp"
#include "engine/evaluate.hpp"
#include "types/form.hpp"

// CREATE DOMAIN and ALTER DOMAIN. sql-createdomain, sql-alterdomain; typecmds.c.
namespace pgconform::engine {
namespace {

// DomainMaker: what both have in common.
class DomainMaker {
 public:
  DomainMaker(const RawStatement& raw, SessionState& session) : session_(session), analyzer_(session, std::nullopt) {
    analyzer_.set_source(raw);
  }

  Analyzer& analyzer() { return analyzer_; }

  void set_default(UserType& domain, const Node& expression) {
    TableColumn column;
    column.name = domain.name;
    column.modifier = domain.modifier;
    column.type = types::base_of(domain.base, &column.modifier);
    auto value = without_place([&] { return analyzer_.default_of(expression, column); });
    const bool is_null = value->kind == ExprKind::constant && types::is_null(value->value);
    domain.default_value = is_null ? nullptr : std::move(value);
  }

  Check& add_check(UserType& domain, const Node& constraint) {
    Check check;
    check.name = constraint.text("conname");
    auto taken = [&](std::string_view name) {
      return std::ranges::find(domain.checks, name, &Check::name) != domain.checks.end();
    };
    if (check.name.empty()) {
      const std::string first(types::cut_bytes(domain.name, 57));
      check.name = first + "_check";
      for (int number = 1; taken(check.name); ++number) check.name = fmt::format("{}_check{}", first, number);
    } else if (taken(check.name)) {
      fail(sqlstate::duplicate_object,
           fmt::format("constraint \"{}\" for domain \"{}\" already exists", check.name, domain.name));
    }
    check.condition = without_place(
        [&] { return analyzer_.condition_of(constraint["raw_expr"], domain_row(domain.base, domain.modifier)); });
    check.oid = session_.database().next_oid++;
    // They are checked in the order of their names.
    const auto at = std::ranges::lower_bound(domain.checks, check.name, {}, &Check::name);
    return *domain.checks.insert(at, std::move(check));
  }

  static void refuse_kind(const Node& constraint) {
    const std::string_view kind = constraint.text("contype");
    static constexpr std::pair<std::string_view, std::string_view> impossible[] = {{"CONSTR_UNIQUE", "unique"},
                                                                                   {"CONSTR_PRIMARY", "primary key"},
                                                                                   {"CONSTR_EXCLUSION", "exclusion"},
                                                                                   {"CONSTR_FOREIGN", "foreign key"}};
    for (const auto& [name, shown] : impossible)
      if (kind == name) fail(sqlstate::syntax_error, fmt::format("{} constraints not possible for domains", shown));
    if (kind.starts_with("CONSTR_ATTR_"))
      fail(sqlstate::feature_not_supported, "specifying constraint deferrability not supported for domains");
  }

 private:
  SessionState& session_;
  Analyzer analyzer_;
};

// each_column: of tables, that are of the domain. 0A000 for one that only has it inside.
template <class Body>
void each_column_of(const UserType& domain, SessionState& session, Body body) {
  auto is_over = [&](Oid type) {
    for (const auto* made = types::find_made(type); made && made->kind == 'd'; made = types::find_made(made->base))
      if (made->oid == domain.oid) return true;
    return false;
  };
  for (const auto& table : session.database().tables) {
    if (table->kind != 'r' || !session.is_visible(table->stamp)) continue;
    for (std::size_t i = 0; i < table->columns.size(); ++i) {
      const auto& column = table->columns[i];
      if (!parts_of(column.type).contains(domain.oid)) continue;
      if (!is_over(column.type))
        fail(sqlstate::feature_not_supported, fmt::format("cannot alter type \"{}\" because column \"{}.{}\" uses it",
                                                          domain.name, table->name, column.name));
      session.waits().lock(*table, LockMode::share);
      for (const auto& row : table->rows)
        if (session.is_visible(row.stamp)) body(*table, column, row.values[i]);
    }
  }
}

[[noreturn]] void violated(std::string_view state, std::string_view what, const Table& table,
                           const TableColumn& column) {
  SqlError error;
  error.report.sqlstate = state;
  error.report.message = fmt::format("column \"{}\" of table \"{}\" contains {}", column.name, table.name, what);
  error.report.schema = table.schema;
  error.report.table = table.name;
  error.report.column = column.name;
  throw error;
}

void need_condition(const UserType& domain, const Check& check, SessionState& session) {
  Context context{session};
  context.style = session.style();
  each_column_of(domain, session, [&](const Table& table, const TableColumn& column, const Value& value) {
    context.begin_row({&value, 1});
    const Value good = evaluate(*check.condition, context);
    if (!types::is_null(good) && !std::get<bool>(good))
      violated(sqlstate::check_violation, "values that violate the new constraint", table, column);
  });
}

}  // namespace

std::string create_domain(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  DomainMaker maker(raw, session);
  const auto where = type_place(body.list("domainname"), session);
  const auto [base, modifier] = without_place([&] { return maker.analyzer().column_type(body["typeName"]); });
  const auto* held = types::find_type(base);
  if (held->kind == 'p')
    fail(sqlstate::datatype_mismatch,
         fmt::format("\"{}\" is not a valid base type for a domain", types::type_name(base)));
  hold_type(base, session);
  need_shallow(base);
  if (body.has("collClause")) refuse("COLLATE", raw.location());
  auto made = make_type('d', where, session);
  UserType& domain = *made.type;
  domain.base = base;
  domain.modifier = modifier;
  domain.length = held->length;
  domain.category = held->category;
  domain.collation = made.array->collation = held->collation;
  bool null_given = false, default_given = false;
  for (const auto* each : body.list("constraints")) {
    const Node& constraint = each->body();
    const std::string_view kind = constraint.text("contype");
    DomainMaker::refuse_kind(constraint);
    if (kind == "CONSTR_DEFAULT") {
      if (default_given) fail(sqlstate::syntax_error, "multiple default expressions");
      default_given = true;
      maker.set_default(domain, constraint["raw_expr"]);
    } else if (kind == "CONSTR_NOTNULL" || kind == "CONSTR_NULL") {
      const bool not_null = kind == "CONSTR_NOTNULL";
      if (null_given && domain.not_null != not_null)
        fail(sqlstate::syntax_error, "conflicting NULL/NOT NULL constraints");
      null_given = true;
      domain.not_null = not_null;
    } else if (kind == "CONSTR_CHECK") {
      maker.add_check(domain, constraint);
    } else {
      refuse(fmt::format("this constraint of a domain ({})", kind), raw.location());
    }
  }
  add_types(made, session);
  return "CREATE DOMAIN";
}

std::string alter_domain(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  auto type = altered_type(body.list("typeName"), session, 'd');
  DomainMaker maker(raw, session);
  const char what = body.text("subtype").empty() ? static_cast<char>(body.number("subtype")) : body.text("subtype")[0];
  const std::string_view name = body.text("name");
  switch (what) {
    case 'T': {
      auto domain = revise(type, session);
      domain->default_value = nullptr;
      if (body.has("def")) maker.set_default(*domain, body["def"]);
      break;
    }
    case 'N':
      if (type->not_null) revise(type, session)->not_null = false;
      break;
    case 'O':
      if (type->not_null) break;
      each_column_of(*type, session, [&](const Table& table, const TableColumn& column, const Value& value) {
        if (types::is_null(value)) violated(sqlstate::not_null_violation, "null values", table, column);
      });
      revise(type, session)->not_null = true;
      break;
    case 'C': {
      const Node& constraint = body["def"].body();
      DomainMaker::refuse_kind(constraint);
      if (constraint.text("contype") != "CONSTR_CHECK") refuse("this constraint of a domain", raw.location());
      if (constraint.flag("skip_validation")) refuse("NOT VALID", raw.location());
      auto domain = revise(type, session);
      const Check check = maker.add_check(*domain, constraint);
      need_condition(*domain, check, session);
      break;
    }
    case 'X': {
      if (std::ranges::find(type->checks, name, &Check::name) == type->checks.end()) {
        const auto text = fmt::format("constraint \"{}\" of domain \"{}\" does not exist", name, type->name);
        if (!body.flag("missing_ok")) fail(sqlstate::undefined_object, text);
        session.notice(sqlstate::successful_completion, text + ", skipping");
        break;
      }
      std::erase_if(revise(type, session)->checks, [&](const Check& check) { return check.name == name; });
      break;
    }
    default:
      refuse("this form of ALTER DOMAIN", raw.location());
  }
  return "ALTER DOMAIN";
}

std::string rename_domain_constraint(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  auto type = altered_type(body["object"].body().list("items"), session, 'd');
  auto place = std::ranges::find(type->checks, body.text("subname"), &Check::name) - type->checks.begin();
  if (place == std::ssize(type->checks))
    fail(sqlstate::undefined_object, fmt::format("constraint \"{}\" for domain {} does not exist", body.text("subname"),
                                                 types::type_name(type->oid)));
  if (std::ranges::find(type->checks, body.text("newname"), &Check::name) != type->checks.end())
    fail(sqlstate::duplicate_object, fmt::format("constraint \"{}\" for domain {} already exists", body.text("newname"),
                                                 types::type_name(type->oid)));
  auto domain = revise(type, session);
  domain->checks[static_cast<std::size_t>(place)].name = body.text("newname");
  std::ranges::sort(domain->checks, {}, &Check::name);
  return "ALTER DOMAIN";
}

}  // namespace pgconform::engine
