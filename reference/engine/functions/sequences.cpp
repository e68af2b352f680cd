#include "engine/functions.hpp"
#include "engine/session_state.hpp"
#include "types/type.hpp"

// nextval(), currval(), setval(), lastval(): functions-sequence.
namespace pgconform::engine {
namespace {

Table& sequence_of(Call& c, std::string_view command) {
  auto& session = c.context.session;
  auto table = session.find_table(static_cast<Oid>(c.integer(0)));
  if (!table) fail(sqlstate::internal_error, fmt::format("could not open relation with OID {}", c.integer(0)));
  if (table->kind != 'S') fail(sqlstate::wrong_object_type, fmt::format("\"{}\" is not a sequence", table->name));
  if (!command.empty() && session.settings().is_read_only() && !table->temporary)
    fail(sqlstate::read_only_sql_transaction, fmt::format("cannot execute {} in a read-only transaction", command));
  return *table;
}

// The number after that one, if the limit is not reached.
std::optional<std::int64_t> after(const Sequence& s, std::int64_t number) {
  std::int64_t next = 0;
  const bool over = __builtin_add_overflow(number, s.increment, &next);
  if (over || next > s.highest || next < s.lowest) return std::nullopt;
  return next;
}

// PostgreSQL logs this many numbers ahead (SEQ_LOG_VALS), fewer before a limit; log_cnt says how many are left.
std::int64_t logged_ahead(const Sequence& s) {
  std::int64_t logged = 0;
  for (std::optional<std::int64_t> next = s.last; logged < 32 && (next = after(s, *next)); ++logged);
  return logged;
}

Value next_value(Call& c) {
  Table& table = sequence_of(c, "nextval()");
  Sequence& s = *table.sequence;
  const bool is_logged = s.called && s.logged > 0;
  if (s.called) {
    const auto next = after(s, s.last);
    const bool up = s.increment > 0;
    if (!next && !s.cycle)
      fail(sqlstate::sequence_generator_limit_exceeded,
           fmt::format("nextval: reached {} value of sequence \"{}\" ({})", up ? "maximum" : "minimum", table.name,
                       up ? s.highest : s.lowest));
    s.last = next ? *next : up ? s.lowest : s.highest;
  }
  s.called = true;
  s.logged = is_logged ? s.logged - 1 : logged_ahead(s);
  c.context.session.sequence_used(table.oid, s.last);
  return s.last;
}

Value current_value(Call& c) {
  Table& table = sequence_of(c, "");
  auto value = c.context.session.sequence_value(table.oid);
  if (!value)
    fail(sqlstate::object_not_in_prerequisite_state,
         fmt::format("currval of sequence \"{}\" is not yet defined in this session", table.name));
  return *value;
}

Value last_value(Call& c) {
  auto value = c.context.session.last_sequence_value();
  if (!value) fail(sqlstate::object_not_in_prerequisite_state, "lastval is not yet defined in this session");
  return *value;
}

Value set_value(Call& c) {
  Table& table = sequence_of(c, "setval()");
  Sequence& s = *table.sequence;
  std::int64_t value = c.integer(1);
  if (value < s.lowest || value > s.highest)
    fail(sqlstate::numeric_value_out_of_range,
         fmt::format("setval: value {} is out of bounds for sequence \"{}\" ({}..{})", value, table.name, s.lowest,
                     s.highest));
  s.last = value;
  s.called = c.args.size() < 3 || c.boolean(2);
  s.logged = 0;
  if (s.called) c.context.session.sequence_set(table.oid, value);
  return value;
}

Value regclass_of(Call& c) {
  return static_cast<std::int64_t>(c.context.session.relation_named(c.text(0)));
}

}  // namespace

void add_sequences(Registry& r) {
  r.add({{"nextval_oid", next_value},
         {"currval_oid", current_value},
         {"lastval", last_value},
         {"setval_oid", set_value},
         {"setval3_oid", set_value},
         {"text_regclass", regclass_of}});
}

}  // namespace pgconform::engine
