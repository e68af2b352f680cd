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
  session.waits().lock(*table, LockMode::row_exclusive);
  return *table;
}

// PostgreSQL logs this many numbers ahead of those that it gives (SEQ_LOG_VALS); log_cnt says how many are left.
constexpr std::int64_t logged_ahead = 32;

// How many numbers follow that one before the limit.
std::int64_t room_after(const Sequence& s, std::int64_t number) {
  const bool up = s.increment > 0;
  const auto bits = [](std::int64_t n) { return static_cast<std::uint64_t>(n); };
  const std::uint64_t distance = up ? bits(s.highest) - bits(number) : bits(number) - bits(s.lowest);
  const std::uint64_t step = up ? bits(s.increment) : 0 - bits(s.increment);
  return static_cast<std::int64_t>(std::min(distance / step, bits(INT64_MAX)));
}

// The number to give next.
std::int64_t next_of(const Sequence& s, const std::string& name) {
  if (!s.called) return s.last;
  if (room_after(s, s.last) > 0) return s.last + s.increment;
  const bool up = s.increment > 0;
  if (!s.cycle)
    fail(sqlstate::sequence_generator_limit_exceeded,
         fmt::format("nextval: reached {} value of sequence \"{}\" ({})", up ? "maximum" : "minimum", name,
                     up ? s.highest : s.lowest));
  return up ? s.lowest : s.highest;
}

Value next_value(Call& c) {
  Table& table = sequence_of(c, "nextval()");
  Sequence& s = *table.sequence;
  auto& session = c.context.session;
  auto& use = session.sequence_use(table.oid);
  if (use.of.lock() != table.sequence) use.forget_cached();
  use.of = table.sequence;
  if (use.last && *use.last != use.cached) {
    *use.last += use.increment;
  } else {
    use.last = next_of(s, table.name);
    use.increment = s.increment;
    const std::int64_t room = room_after(s, *use.last), more = std::min(s.cache - 1, room);
    use.cached = s.last = *use.last + more * s.increment;
    s.logged = s.called && s.logged >= s.cache ? s.logged - s.cache : std::min(logged_ahead, room - more);
    s.called = true;
  }
  session.last_sequence = table.oid;
  return *use.last;
}

Value current_value(Call& c) {
  Table& table = sequence_of(c, "");
  auto value = c.context.session.sequence_use(table.oid).last;
  if (!value)
    fail(sqlstate::object_not_in_prerequisite_state,
         fmt::format("currval of sequence \"{}\" is not yet defined in this session", table.name));
  return *value;
}

Value last_value(Call& c) {
  auto& session = c.context.session;
  if (session.last_sequence == 0 || !session.find_table(session.last_sequence))
    fail(sqlstate::object_not_in_prerequisite_state, "lastval is not yet defined in this session");
  return *session.sequence_use(session.last_sequence).last;
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
  auto& use = c.context.session.sequence_use(table.oid);
  if (s.called) use.last = value;
  use.forget_cached();
  return value;
}

Value regclass_of(Call& c) {
  // Unlike regclass's input, a name also where it is a number.
  const auto style = c.context.session.style();
  return std::int64_t{value_or_fail(style.names->find(types::regclass_oid, c.text(0)))};
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
