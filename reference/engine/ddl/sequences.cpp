#include <algorithm>

#include "engine/ddl/relations.hpp"
#include "types/form.hpp"

// CREATE SEQUENCE and what is like it. sql-createsequence; sequence.c.
namespace pgconform::engine {
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
    if (it == given.end() || !it->second->has("arg")) return std::nullopt;
    const Node& arg = (*it->second)["arg"];
    if (!arg.is("Integer") && !arg.is("Float")) return std::nullopt;
    // The tree has lost the sign: read what is written.
    const std::string& sql = raw.source().sql;
    auto digits = sql.find_first_of("0123456789", static_cast<std::size_t>(it->second->location()));
    auto end = std::min(sql.find_first_not_of("0123456789", digits), sql.size());
    auto before = sql.find_last_not_of(" \t\r\n", digits - 1);
    auto value =
        types::parse_text(types::int8_oid, (sql[before] == '-' ? "-" : "") + sql.substr(digits, end - digits), {});
    if (!value) fail(value.error());
    return std::get<std::int64_t>(*value);
  };
  if (has("owned_by") && given.find("owned_by")->second->operator[]("arg").body().list("items").size() > 1)
    refuse("OWNED BY", given.find("owned_by")->second->location());
  if (has("as")) {
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
  else if (is_new || has("maxvalue") || has("as"))
    s.highest = up ? high : -1;
  if (s.highest < low || s.highest > high)
    bad(fmt::format("MAXVALUE ({}) is out of range for sequence data type {}", s.highest, types::type_name(s.type)));
  if (auto least = number("minvalue"))
    s.lowest = *least;
  else if (is_new || has("minvalue") || has("as"))
    s.lowest = up ? 1 : low;
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
}

}  // namespace

std::shared_ptr<Table> make_sequence(const Place& where, Oid type, const std::vector<const Node*>& options,
                                     const RawStatement& raw, SessionState& session) {
  auto table = std::make_shared<Table>();
  place(*table, where, session);
  table->kind = 'S';
  table->sequence = std::make_shared<Sequence>();
  table->sequence->type = type;
  read_options(*table->sequence, options, true, raw, session);
  table->oid = session.database().next_oid++;
  return table;
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
    if (!body.flag("if_not_exists"))
      fail(sqlstate::duplicate_table, fmt::format("relation \"{}\" already exists", where.name));
    session.notice(sqlstate::duplicate_table, fmt::format("relation \"{}\" already exists, skipping", where.name));
    return "CREATE SEQUENCE";
  }
  claim_name(where, session);
  add(make_sequence(where, types::int8_oid, body.list("options"), raw, session), session);
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
  // What ALTER SEQUENCE does is undone with the transaction, other than what nextval() does.
  auto changed = std::make_shared<Sequence>(*table->sequence);
  read_options(*changed, body.list("options"), false, raw, session);
  revise(table, session)->sequence = std::move(changed);
  return "ALTER SEQUENCE";
}

}  // namespace pgconform::engine
