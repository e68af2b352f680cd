#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/functions/numerics.hpp"
#include "types/numeric.hpp"

// Arithmetic of integers, floats and numeric. Integer results are checked against the width of the result type.
namespace pgconform::engine {
namespace {

using types::Numeric;

Value fit(std::int64_t value, Oid type, bool overflowed) {
  switch (type) {
    case types::int2_oid:
      if (overflowed || value < INT16_MIN || value > INT16_MAX)
        fail(sqlstate::numeric_value_out_of_range, "smallint out of range");
      break;
    case types::int4_oid:
      if (overflowed || value < INT32_MIN || value > INT32_MAX)
        fail(sqlstate::numeric_value_out_of_range, "integer out of range");
      break;
    default:
      if (overflowed) fail(sqlstate::numeric_value_out_of_range, "bigint out of range");
  }
  return value;
}

[[noreturn]] void zero() {
  fail(sqlstate::division_by_zero, "division by zero");
}

template <char op>
Value integer(Call& c) {
  std::int64_t a = c.integer(0), b = c.args.size() > 1 ? c.integer(1) : 0, r = 0;
  bool over = false;
  if constexpr (op == '+') over = __builtin_add_overflow(a, b, &r);
  if constexpr (op == '-') over = __builtin_sub_overflow(a, b, &r);
  if constexpr (op == '*') over = __builtin_mul_overflow(a, b, &r);
  if constexpr (op == '/') {
    if (b == 0) zero();
    if (b == -1)
      over = __builtin_sub_overflow(std::int64_t{0}, a, &r);
    else
      r = a / b;
  }
  if constexpr (op == '%') {
    if (b == 0) zero();
    r = b == -1 ? 0 : a % b;
  }
  if constexpr (op == '_') over = __builtin_sub_overflow(std::int64_t{0}, a, &r);
  if constexpr (op == 'a') {
    r = a;
    if (a < 0) over = __builtin_sub_overflow(std::int64_t{0}, a, &r);
  }
  if constexpr (op == '&') r = a & b;
  if constexpr (op == '|') r = a | b;
  if constexpr (op == '^') r = a ^ b;
  if constexpr (op == '~') r = ~a;
  return fit(r, c.expr.type, over);
}

double as_double(const Value& value) {
  if (const auto* single = std::get_if<float>(&value)) return *single;
  return std::get<double>(value);
}

template <char op>
double apply(double a, double b) {
  if constexpr (op == '+') return a + b;
  if constexpr (op == '-') return a - b;
  if constexpr (op == '*') return a * b;
  return a / b;
}

template <char op>
Value floating(Call& c) {
  double a = as_double(c.args[0]), b = as_double(c.args[1]);
  if (op == '/' && b == 0 && !std::isnan(a)) zero();
  double r = apply<op>(a, b);
  if (c.expr.type == types::float4_oid) r = static_cast<float>(r);
  if (std::isinf(r) && !std::isinf(a) && !std::isinf(b))
    fail(sqlstate::numeric_value_out_of_range, "value out of range: overflow");
  if (r == 0 && a != 0 && ((op == '*' && b != 0) || (op == '/' && !std::isinf(b))))
    fail(sqlstate::numeric_value_out_of_range, "value out of range: underflow");
  if (c.expr.type == types::float4_oid) return static_cast<float>(r);
  return r;
}

template <class Function>
Value map_float(Call& c, Function function) {
  if (const auto* single = std::get_if<float>(&c.args[0])) return static_cast<float>(function(*single));
  return static_cast<double>(function(std::get<double>(c.args[0])));
}

Numeric number(Call& c, std::size_t i) {
  return *Numeric::parse(c.text(i));
}

Numeric product(const Numeric& a, const Numeric& b) {
  const Numeric all = a * b;
  return all.scale() > Numeric::max_scale ? all.rounded(Numeric::max_scale) : all;
}

template <char op>
Value numeric(Call& c) {
  if constexpr (op == '+') return numeric_value(number(c, 0) + number(c, 1));
  if constexpr (op == '-') return numeric_value(number(c, 0) - number(c, 1));
  if constexpr (op == '*') return numeric_value(product(number(c, 0), number(c, 1)));
  if constexpr (op == '/') return numeric_value(value_or_fail(Numeric::divide(number(c, 0), number(c, 1))));
  if constexpr (op == '%') return numeric_value(value_or_fail(Numeric::remainder(number(c, 0), number(c, 1))));
  if constexpr (op == '_') return number(c, 0).negated().text();
  return number(c, 0).absolute().text();
}

Value whole(Call& c, bool up) {
  Numeric n = number(c, 0), t = n.truncated(0);
  if (Numeric::compare(t, n) == 0 || n.is_negative() == up) return t.text();
  return numeric_value(up ? t + Numeric(1) : t - Numeric(1));
}

Value round_to(Call& c, bool round) {
  // Beyond these nothing is left, or everything.
  constexpr std::int64_t lowest = -131'073, highest = Numeric::max_scale;
  auto scale = static_cast<int>(std::clamp(c.args.size() > 1 ? c.integer(1) : 0, lowest, highest));
  Numeric n = number(c, 0);
  return numeric_value(round ? n.rounded(scale) : n.truncated(scale));
}

// Shifts take the count modulo the width, as the machine does it for PostgreSQL.
Value shift(Call& c, bool left) {
  int width = c.expr.type == types::int2_oid ? 16 : c.expr.type == types::int4_oid ? 32 : 64;
  auto count = static_cast<unsigned>(c.integer(1)) & (width == 64 ? 63U : 31U);
  std::int64_t a = c.integer(0);
  if (!left) return a >> count;
  auto bits = static_cast<std::uint64_t>(a) << count;
  if (width == 16) return std::int64_t{static_cast<std::int16_t>(bits)};
  if (width == 32) return std::int64_t{static_cast<std::int32_t>(bits)};
  return static_cast<std::int64_t>(bits);
}

Value same(Call& c) {
  return c.args[0];
}

template <char op>
void add_integer(Registry& r, const char* suffix) {
  for (const char* width : {"2", "4", "8", "24", "42", "28", "82", "48", "84"})
    r.add(std::string("int") + width + suffix, integer<op>);
}

template <char op>
void add_floating(Registry& r, const char* suffix) {
  for (const char* width : {"4", "8", "48", "84"}) r.add(std::string("float") + width + suffix, floating<op>);
}

}  // namespace

void add_arithmetic(Registry& r) {
  add_integer<'+'>(r, "pl");
  add_integer<'-'>(r, "mi");
  add_integer<'*'>(r, "mul");
  add_integer<'/'>(r, "div");
  add_integer<'%'>(r, "mod");
  add_integer<'_'>(r, "um");
  add_integer<'a'>(r, "abs");
  add_integer<'&'>(r, "and");
  add_integer<'|'>(r, "or");
  add_integer<'^'>(r, "xor");
  add_integer<'~'>(r, "not");
  for (const char* name : {"int2up", "int4up", "int8up", "float4up", "float8up", "numeric_uplus"}) r.add(name, same);
  add_floating<'+'>(r, "pl");
  add_floating<'-'>(r, "mi");
  add_floating<'*'>(r, "mul");
  add_floating<'/'>(r, "div");
  for (const char* w : {"4", "8"}) {
    r.add(std::string("float") + w + "um", [](Call& c) { return map_float(c, [](auto v) { return -v; }); });
    r.add(std::string("float") + w + "abs", [](Call& c) { return map_float(c, [](auto v) { return std::fabs(v); }); });
  }
  for (const char* w : {"2", "4", "8"}) {
    r.add(std::string("int") + w + "shl", [](Call& c) { return shift(c, true); });
    r.add(std::string("int") + w + "shr", [](Call& c) { return shift(c, false); });
  }
  r.add({{"numeric_sign",
          [](Call& c) -> Value {
            Numeric n = number(c, 0);
            if (n.kind() == Numeric::Kind::nan) return n.text();
            return std::string(n.is_zero() ? "0" : n.is_negative() ? "-1" : "1");
          }},
         {"dsign", [](Call& c) { return map_float(c, [](double v) { return v > 0   ? 1.0
                                                                           : v < 0 ? -1.0
                                                                                   : 0.0; }); }},
         {"round(1700)", [](Call& c) { return round_to(c, true); }},
         {"trunc(1700)", [](Call& c) { return round_to(c, false); }},
         {"dfloor", [](Call& c) { return map_float(c, [](double v) { return std::floor(v); }); }},
         {"dceil", [](Call& c) { return map_float(c, [](double v) { return std::ceil(v); }); }},
         {"dround", [](Call& c) { return map_float(c, [](double v) { return std::nearbyint(v); }); }},
         {"dtrunc", [](Call& c) { return map_float(c, [](double v) { return std::trunc(v); }); }},
         {"dsqrt",
          [](Call& c) {
            return map_float(c, [](double v) {
              if (v < 0)
                fail(sqlstate::invalid_argument_for_power_function, "cannot take square root of a negative number");
              return std::sqrt(v);
            });
          }},
         {"dpi", [](Call&) -> Value { return 3.141592653589793; }},
         {"numeric_add", numeric<'+'>},
         {"numeric_sub", numeric<'-'>},
         {"numeric_mul", numeric<'*'>},
         {"numeric_div", numeric<'/'>},
         {"numeric_mod", numeric<'%'>},
         {"numeric_uminus", numeric<'_'>},
         {"numeric_abs", numeric<'a'>},
         {"numeric_round", [](Call& c) { return round_to(c, true); }},
         {"numeric_trunc", [](Call& c) { return round_to(c, false); }},
         {"numeric_floor", [](Call& c) { return whole(c, false); }},
         {"numeric_ceil", [](Call& c) { return whole(c, true); }}});
}

}  // namespace pgconform::engine
