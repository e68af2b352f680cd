#include <algorithm>

#include "engine/ddl/relations.hpp"
#include "engine/ddl/types.hpp"
#include "types/form.hpp"

// CREATE SEQUENCE and what is like it. sql-createsequence; sequence.c.
namespace pgconform::engine {

std::optional<std::int64_t> number_written(const Node& option, const RawStatement& raw) {
  const Node& arg = option["arg"];
  if (!arg.is("Integer") && !arg.is("Float")) return std::nullopt;
  const std::string& sql = raw.source().sql;
  auto digits = sql.find_first_of("0123456789", static_cast<std::size_t>(option.location()));
  auto end = std::min(sql.find_first_not_of("0123456789", digits), sql.size());
  auto before = sql.find_last_not_of(" \t\r\n", digits - 1);
  auto value =
      types::parse_text(types::int8_oid, (sql[before] == '-' ? "-" : "") + sql.substr(digits, end - digits), {});
  if (!value) fail(value.error());
  return std::get<std::int64_t>(*value);
}

namespace {

void limits_of(Oid type, std::int64_t& low, std::int64_t& high) {
  low = type == types::int2_oid ? INT16_MIN : type == types::int4_oid ? INT32_MIN : INT64_MIN;
  high = type == types::int2_oid ? INT16_MAX : type == types::int4_oid ? INT32_MAX : INT64_MAX;
}

[[noreturn]] void bad(std::string message) {
  fail(sqlstate::invalid_parameter_value, std::move(message));
}

// init_params()
void read_options(Sequence& s, const std::vector<const Node*>& options, bool is_new, const RawStatement& raw,
                  SessionState& session) {
  std::map<std::string, const Node*, std::less<>> given;
  for (const auto* each : options) {
    const Node& option = each->body();
    std::string name(option.text("defname"));
    if (!given.emplace(name, &option).second)
      fail(sqlstate::syntax_error, "conflicting or redundant options", option.location());
  }
  auto has = [&](std::string_view name) { return given.contains(name); };
  auto number = [&](std::string_view name) -> std::optional<std::int64_t> {
    auto it = given.find(name);
    return it == given.end() ? std::nullopt : number_written(*it->second, raw);
  };
  // Limits that are those of the type become those of another.
  bool resets_highest = false, resets_lowest = false;
  if (has("as")) {
    std::int64_t old_low = 0, old_high = 0;
    limits_of(s.type, old_low, old_high);
    resets_highest = !is_new && s.highest == old_high;
    resets_lowest = !is_new && s.lowest == old_low;
    Analyzer analyzer(session, std::nullopt);
    s.type = analyzer.column_type((*given["as"])["arg"].body()).first;
    if (s.type != types::int2_oid && s.type != types::int4_oid && s.type != types::int8_oid)
      bad("sequence type must be smallint, integer, or bigint");
  }
  std::int64_t low = 0, high = 0;
  limits_of(s.type, low, high);
  if (auto by = number("increment")) s.increment = *by;
  if (s.increment == 0) bad("INCREMENT must not be zero");
  if (has("cycle")) {
    const Node& arg = (*given["cycle"])["arg"];
    s.cycle = arg.body().flag("boolval") || arg.body().number("ival") != 0;
  }
  bool up = s.increment > 0;
  if (auto most = number("maxvalue"))
    s.highest = *most;
  else if (is_new || has("maxvalue") || resets_highest)
    s.highest = up || resets_highest ? high : -1;
  if (s.highest < low || s.highest > high)
    bad(fmt::format("MAXVALUE ({}) is out of range for sequence data type {}", s.highest, types::type_name(s.type)));
  if (auto least = number("minvalue"))
    s.lowest = *least;
  else if (is_new || has("minvalue") || resets_lowest)
    s.lowest = !up || resets_lowest ? low : 1;
  if (s.lowest < low || s.lowest > high)
    bad(fmt::format("MINVALUE ({}) is out of range for sequence data type {}", s.lowest, types::type_name(s.type)));
  if (s.lowest >= s.highest) bad(fmt::format("MINVALUE ({}) must be less than MAXVALUE ({})", s.lowest, s.highest));
  if (auto start = number("start"))
    s.start = *start;
  else if (is_new)
    s.start = up ? s.lowest : s.highest;
  if (s.start < s.lowest) bad(fmt::format("START value ({}) cannot be less than MINVALUE ({})", s.start, s.lowest));
  if (s.start > s.highest)
    bad(fmt::format("START value ({}) cannot be greater than MAXVALUE ({})", s.start, s.highest));
  if (has("restart")) {
    s.last = number("restart").value_or(s.start);
    s.called = false;
  } else if (is_new) {
    s.last = s.start;
  }
  if (s.last < s.lowest) bad(fmt::format("RESTART value ({}) cannot be less than MINVALUE ({})", s.last, s.lowest));
  if (s.last > s.highest)
    bad(fmt::format("RESTART value ({}) cannot be greater than MAXVALUE ({})", s.last, s.highest));
  if (auto cache = number("cache")) {
    s.cache = *cache;
    if (s.cache <= 0) bad(fmt::format("CACHE ({}) must be greater than zero", s.cache));
  }
  for (std::string_view name : {"increment", "cycle", "maxvalue", "minvalue", "restart", "cache"})
    if (has(name)) s.logged = 0;
  if (resets_highest || resets_lowest) s.logged = 0;
}

// process_owned_by(): OWNED BY, if it is said.
void read_owner(Table& sequence, const std::vector<const Node*>& options, SessionState& session) {
  for (const auto* each : options) {
    if (each->body().text("defname") != "owned_by") continue;
    auto names = each->body()["arg"].body().list("items");
    if (names.size() == 1 && names[0]->string_of() != "none")
      fail(sqlstate::syntax_error, "invalid OWNED BY option", -1, "Specify OWNED BY table.column or OWNED BY NONE.");
    const std::string column_name(names.back()->string_of());
    names.pop_back();
    const auto before = sequence.owned_by == 0 ? nullptr : session.find_table(sequence.owned_by);
    auto column_of = [](const Table& table, auto what, auto projection) {
      return std::ranges::find(table.columns, what, projection);
    };
    std::shared_ptr<Table> table;
    std::int16_t number = 0;
    if (!names.empty()) {
      const auto [schema, name] = named(names);
      table = session.find_table(schema, name);
      if (!table) fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", name));
      session.waits().lock(*table, LockMode::access_share);
      if (table->kind == 'S')
        fail(sqlstate::wrong_object_type, fmt::format("sequence cannot be owned by relation \"{}\"", name), -1, {},
             "This operation is not supported for sequences.");
      if (table->schema != sequence.schema)
        fail(sqlstate::object_not_in_prerequisite_state, "sequence must be in same schema as table it is linked to");
      const auto column = column_of(*table, column_name, &TableColumn::name);
      if (column == table->columns.end())
        fail(sqlstate::undefined_column,
             fmt::format("column \"{}\" of relation \"{}\" does not exist", column_name, name));
      number = column->number;
    }
    if (before) {
      const auto column = column_of(*before, sequence.owned_by_column, &TableColumn::number);
      if (column != before->columns.end() && column->identity != 0)
        fail(sqlstate::feature_not_supported, "cannot change ownership of identity sequence", -1, {},
             fmt::format("Sequence \"{}\" is linked to table \"{}\".", sequence.name, before->name));
    }
    sequence.owned_by = table ? table->oid : 0;
    sequence.owned_by_column = number;
  }
}

// change: what ALTER does to a sequence is undone with the transaction, other than what nextval() does.
void change(const std::shared_ptr<Table>& table, const std::vector<const Node*>& options, const RawStatement& raw,
            SessionState& session) {
  auto changed = std::make_shared<Sequence>(*table->sequence);
  read_options(*changed, options, false, raw, session);
  auto revised = revise(table, session);
  revised->sequence = std::move(changed);
  session.sequence_use(table->oid).forget_cached();
  read_owner(*revised, options, session);
}

}  // namespace

std::shared_ptr<Table> identity_sequence(const Table& table, const TableColumn& column, SessionState& session) {
  for (const auto& other : session.database().tables)
    if (other->kind == 'S' && other->owned_by == table.oid && other->owned_by_column == column.number &&
        session.is_visible(other->stamp))
      return other;
  return nullptr;
}

std::shared_ptr<Table> make_sequence(const Place& where, Oid type, const std::vector<const Node*>& options,
                                     const RawStatement& raw, SessionState& session) {
  auto table = std::make_shared<Table>();
  place(*table, where, session);
  table->kind = 'S';
  table->sequence = std::make_shared<Sequence>();
  table->sequence->type = type;
  read_options(*table->sequence, options, true, raw, session);
  table->oid = session.database().next_oid++;
  table->columns = {{.name = "last_value", .type = types::int8_oid, .not_null = true, .number = 1},
                    {.name = "log_cnt", .type = types::int8_oid, .not_null = true, .number = 2},
                    {.name = "is_called", .type = types::bool_oid, .not_null = true, .number = 3}};
  return table;
}

std::shared_ptr<Table> own_sequence(const Table& table, TableColumn& column, char identity,
                                    const std::vector<const Node*>& options, const std::vector<std::string>& taken,
                                    const RawStatement& raw, SessionState& session) {
  Place where{table.schema, {}, table.temporary, table.unlogged};
  std::vector<const Node*> others;
  for (const auto* option : options) {
    if (option->body().text("defname") != "sequence_name") {
      others.push_back(option);
      continue;
    }
    const auto [schema, name] = named(option->body()["arg"].body().list("items"));
    if (!schema.empty() && schema != table.schema) refuse("an identity column with a sequence in another schema");
    where.name = name;
    if (std::ranges::find(taken, name) != taken.end())
      fail(sqlstate::duplicate_table, fmt::format("relation \"{}\" already exists", name));
    need_free_name(where, false, session);
    claim_name(where, session);
  }
  if (where.name.empty()) where.name = choose_name(table, column.name, "seq", session, taken);
  auto sequence = make_sequence(where, column.type, others, raw, session);
  sequence->owned_by = table.oid;
  sequence->owned_by_column = column.number;
  column.identity = identity;
  column.default_value = next_value_of(*sequence, column.type);
  column.not_null = true;
  return sequence;
}

char identity_of(const Node& constraint, const TableColumn& column) {
  if (column.type != types::int2_oid && column.type != types::int4_oid && column.type != types::int8_oid)
    fail(sqlstate::invalid_parameter_value, "identity column type must be smallint, integer, or bigint");
  return constraint.text("generated_when") == "a" || constraint.number("generated_when") == 'a' ? 'a' : 'd';
}

void set_identity(const Table& table, TableColumn& column, const std::vector<const Node*>& options,
                  const RawStatement& raw, SessionState& session) {
  std::vector<const Node*> of_sequence;
  char identity = 0;
  for (const auto* option : options) {
    if (option->body().text("defname") == "sequence_name")
      fail(sqlstate::syntax_error, "invalid sequence option SEQUENCE NAME", option->body().location());
    if (option->body().text("defname") != "generated") {
      of_sequence.push_back(option);
      continue;
    }
    if (identity != 0) fail(sqlstate::syntax_error, "conflicting or redundant options");
    identity = static_cast<char>(option->body()["arg"].body().number("ival"));
  }
  if (column.identity == 0)
    fail(sqlstate::object_not_in_prerequisite_state,
         fmt::format("column \"{}\" of relation \"{}\" is not an identity column", column.name, table.name));
  if (identity != 0) column.identity = identity;
  if (of_sequence.empty()) return;
  const auto sequence = identity_sequence(table, column, session);
  session.waits().lock(*sequence, LockMode::share_row_exclusive);
  change(sequence, of_sequence, raw, session);
}

void drop_identity(const Table& table, TableColumn& column, bool missing_ok, SessionState& session) {
  if (column.identity == 0) {
    const std::string text =
        fmt::format("column \"{}\" of relation \"{}\" is not an identity column", column.name, table.name);
    if (!missing_ok) fail(sqlstate::object_not_in_prerequisite_state, text);
    return session.notice(sqlstate::successful_completion, text + ", skipping");
  }
  const auto sequence = identity_sequence(table, column, session);
  session.waits().lock(*sequence, LockMode::access_exclusive);
  drop(*sequence, session);
  column.identity = 0;
  column.default_value = nullptr;
}

std::shared_ptr<const Expr> next_value_of(const Table& sequence, Oid type) {
  auto argument = make_expr(ExprKind::constant, types::regclass_oid, -1);
  argument->value = static_cast<std::int64_t>(sequence.oid);
  auto call = make_expr(ExprKind::call, types::int8_oid, -1);
  call->implementation = find_implementation("nextval_oid");
  call->function = &functions_named("nextval")[0];
  call->is_volatile = true;
  call->immutable = false;
  call->args.push_back(std::move(argument));
  if (type == types::int8_oid) return call;
  auto cast = make_expr(ExprKind::call, type, -1);
  cast->implementation = find_implementation(type == types::int4_oid ? "int84" : "int82");
  cast->is_implicit = true;
  cast->args.push_back(std::move(call));
  return cast;
}

std::string create_sequence(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  Place where = place_of(body["sequence"], session);
  if (name_is_taken(where.schema, where.temporary, where.name, session)) {
    if (!body.flag("if_not_exists")) need_free_name(where, false, session);
    session.notice(sqlstate::duplicate_table, fmt::format("relation \"{}\" already exists, skipping", where.name));
    return "CREATE SEQUENCE";
  }
  need_no_type(where, session);
  claim_name(where, session);
  auto sequence = make_sequence(where, types::int8_oid, body.list("options"), raw, session);
  read_owner(*sequence, body.list("options"), session);
  add(sequence, session);
  return "CREATE SEQUENCE";
}

std::string alter_sequence(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  const Node& r = body["sequence"];
  auto table = session.find_table(r.text("schemaname"), r.text("relname"));
  if (!table) {
    if (!body.flag("missing_ok"))
      fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", r.text("relname")));
    session.notice(sqlstate::successful_completion,
                   fmt::format("relation \"{}\" does not exist, skipping", r.text("relname")));
    return "ALTER SEQUENCE";
  }
  if (table->kind != 'S') fail(sqlstate::wrong_object_type, fmt::format("\"{}\" is not a sequence", table->name));
  session.waits().lock(*table, LockMode::share_row_exclusive);
  change(table, body.list("options"), raw, session);
  return "ALTER SEQUENCE";
}

}  // namespace pgconform::engine
