#include "engine/nodes/accumulator.hpp"

#include <cmath>
#include <limits>

#include "engine/error.hpp"
#include "engine/functions/numerics.hpp"
#include "types/form.hpp"

// The aggregate functions.
namespace pgconform::engine {

using types::is_null;
using types::Numeric;

namespace {

constexpr std::size_t longest_string = 0x3fffffff;  // MaxAllocSize

}  // namespace

// float4 is summed in its own precision; an average keeps the sum of squares too, whose overflow is one of the whole:
// float8_accum().
void Accumulator::add_float(const Aggregate& a, double next) {
  double before = float_sum;
  float_sum += next;
  if (a.type == types::float4_oid) float_sum = static_cast<float>(float_sum);
  if (a.kind == Aggregate::Kind::average && count > 1) {
    auto n = static_cast<double>(count);
    double off = next * n - float_sum;
    float_squares += off * off / (n * (n - 1));
  }
  if (!std::isinf(float_sum) && !std::isinf(float_squares)) return;
  if (!std::isinf(before) && !std::isinf(next))
    fail(sqlstate::numeric_value_out_of_range, "value out of range: overflow");
  float_squares = std::numeric_limits<double>::quiet_NaN();
}

void Accumulator::append(std::string_view part) {
  auto& joined = std::get<std::string>(value);
  if (part.size() >= longest_string - joined.size())
    fail(sqlstate::program_limit_exceeded, "out of memory", -1, {},
         fmt::format("Cannot enlarge string buffer containing {} bytes by {} more bytes.", joined.size(), part.size()));
  joined += part;
}

void Accumulator::add(const Aggregate& a, Row& args) {
  using Kind = Aggregate::Kind;
  if (a.kind == Kind::count_all) {
    ++count;
    return;
  }
  if (a.kind == Kind::other) {
    if (!other) other = a.make(a);
    return other->add(args);
  }
  Value& next = args[0];
  if (is_null(next)) return;
  Oid type = a.args[0]->type;
  ++count;
  switch (a.kind) {
    case Kind::sum:
    case Kind::average:
      if (std::holds_alternative<float>(next))
        add_float(a, std::get<float>(next));
      else if (std::holds_alternative<double>(next))
        add_float(a, std::get<double>(next));
      else
        sum = sum + *Numeric::parse(types::print_text(type, next, {}));
      break;
    case Kind::least:
    case Kind::greatest: {
      // Of equal values that print differently, such as 1.0 and 1.00, the last one stays.
      int order = is_null(value) ? 0 : compare_values(type, next, value);
      if (a.kind == Kind::least ? order <= 0 : order >= 0) value = std::move(next);
      break;
    }
    case Kind::every:
    case Kind::some: {
      bool so_far = is_null(value) ? std::get<bool>(next) : std::get<bool>(value);
      value = a.kind == Kind::every ? so_far && std::get<bool>(next) : so_far || std::get<bool>(next);
      break;
    }
    case Kind::join: {
      const Value& separator = args[1];
      if (is_null(value)) {
        value = std::move(next);
        break;
      }
      if (!is_null(separator)) append(std::get<std::string>(separator));
      append(std::get<std::string>(next));
      break;
    }
    default:
      break;
  }
}

Value Accumulator::result(const Aggregate& a) const {
  using Kind = Aggregate::Kind;
  switch (a.kind) {
    case Kind::count_all:
    case Kind::count:
      return count;
    case Kind::sum:
    case Kind::average: {
      if (count == 0) return {};
      bool average = a.kind == Kind::average;
      if (a.type == types::float4_oid) return static_cast<float>(float_sum);
      if (a.type == types::float8_oid) return average ? float_sum / static_cast<double>(count) : float_sum;
      // numeric_avg() makes a value of the sum first.
      if (average && sum.fits()) return Numeric::divide(sum, Numeric(count))->text();
      if (a.type == types::int8_oid) return value_or_fail(sum.as_integer(INT64_MIN, INT64_MAX, "bigint"));
      return numeric_value(sum);
    }
    case Kind::other:
      return other ? other->result() : a.make(a)->result();
    default:
      return value;
  }
}

}  // namespace pgconform::engine
