#include "types/system_values.hpp"

#include <algorithm>

#include "engine/expr.hpp"
#include "engine/functions/packed_types.hpp"
#include "engine/session_state.hpp"
#include "types/numeric.hpp"

// Numbers of transactions, places of rows and in the log. functions-info-snapshot, datatype-pg-lsn.
namespace pgconform::engine {
namespace {

using types::Numeric;

Value order_of(Call& c) {
  return std::int64_t{compare_values(c.expr.args[0]->type, c.args[0], c.args[1])};
}
Value larger(Call& c) {
  return c.args[compare_values(c.expr.args[0]->type, c.args[0], c.args[1]) < 0 ? 1 : 0];
}
Value smaller(Call& c) {
  return c.args[compare_values(c.expr.args[0]->type, c.args[0], c.args[1]) > 0 ? 1 : 0];
}

// A transaction's number as the call's type has it: bigint or xid8.
Value transaction_number(Call& c, Xid xid) {
  if (c.expr.type == types::int8_oid) return static_cast<std::int64_t>(xid);
  return types::number_bytes(xid);
}

// The number of the transaction itself, whatever subtransaction is open: it was the first that was taken.
Value assigned(Call& c) {
  const auto own = c.context.session.transaction().newest().own;
  const auto first = std::ranges::min_element(own);
  return first == own.end() || *first == 0 ? Value() : transaction_number(c, *first);
}

Value current(Call& c) {
  c.context.session.transaction().xid();
  return assigned(c);
}

// The place of a row in its table as a block and an offset, which is how tid tells it.
Value row_place(Call& c) {
  constexpr std::int64_t rows_of_a_block = 200;
  const auto place = static_cast<std::uint64_t>(c.integer(0));
  const std::uint64_t packed = place / rows_of_a_block << 16 | (place % rows_of_a_block + 1);
  return types::number_bytes(packed).substr(2);
}

// The version of a row at a place of a table.
const Stamp& stamp_of(Call& c) {
  const auto table = c.context.session.find_table(static_cast<Oid>(c.integer(1)));
  const auto place = static_cast<std::size_t>(c.integer(0));
  if (!table || place >= table->rows.size()) refuse("a system column of a table that has changed meanwhile");
  return table->rows[place].stamp;
}

Value made_by(Call& c) {
  return static_cast<std::int64_t>(stamp_of(c).made & UINT32_MAX);
}
Value ended_by(Call& c) {
  return static_cast<std::int64_t>(stamp_of(c).ended & UINT32_MAX);
}

Numeric number_at(Call& c, std::size_t i) {
  return *Numeric::parse(std::to_string(types::number_of(c.text(i))));
}

// A place in the log from a number, which is rounded.
Value place(const Numeric& number, const char* nan) {
  if (number.kind() == Numeric::Kind::nan) fail(sqlstate::feature_not_supported, nan);
  if (number.kind() != Numeric::Kind::finite)
    fail(sqlstate::feature_not_supported, "cannot convert infinity to pg_lsn");
  const Numeric whole = number.rounded(0);
  static const Numeric highest = *Numeric::parse("18446744073709551615");
  if (whole.is_negative() || Numeric::compare(whole, highest) > 0)
    fail(sqlstate::invalid_parameter_value, "pg_lsn out of range");
  return types::number_bytes(std::stoull(whole.text()));
}

template <std::size_t lsn>
Value move_on(Call& c) {
  return place(number_at(c, lsn) + *Numeric::parse(c.text(1 - lsn)), "cannot add NaN to pg_lsn");
}

Value move_back(Call& c) {
  return place(number_at(c, 0) - *Numeric::parse(c.text(1)), "cannot subtract NaN from pg_lsn");
}

Value distance(Call& c) {
  return (number_at(c, 0) - number_at(c, 1)).text();
}

}  // namespace

void add_system_values(Registry& r) {
  r.add({{"pg_current_xact_id", current},
         {"pg_current_xact_id_if_assigned", assigned},
         {"row_place", row_place},
         {"row_made_by", made_by},
         {"row_ended_by", ended_by},
         {"xid8toxid",
          [](Call& c) -> Value { return static_cast<std::int64_t>(types::number_of(c.text(0)) & UINT32_MAX); }},
         {"pg_lsn_mi", distance},
         {"pg_wal_lsn_diff(3220 3220)", distance},
         {"pg_wal_lsn_diff", distance},
         {"pg_lsn_pli", move_on<0>},
         {"pg_lsn_mii", move_back},
         {"+(1700 3220)", move_on<1>},
         {"numeric_pl_pg_lsn(1700 3220)", move_on<1>},
         {"numeric_pg_lsn", [](Call& c) { return place(*Numeric::parse(c.text(0)), "cannot convert NaN to pg_lsn"); }},
         {"bttidcmp", order_of},
         {"tidlarger", larger},
         {"tidsmaller", smaller},
         {"xid8cmp", order_of},
         {"xid8_larger", larger},
         {"xid8_smaller", smaller},
         {"pg_lsn_cmp", order_of},
         {"pg_lsn_larger", larger},
         {"pg_lsn_smaller", smaller}});
}

}  // namespace pgconform::engine
