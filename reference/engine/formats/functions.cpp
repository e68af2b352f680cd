#include <cmath>

#include "engine/expr.hpp"
#include "engine/formats/dates.hpp"
#include "engine/formats/numbers.hpp"
#include "engine/functions.hpp"
#include "engine/functions/calendar.hpp"
#include "types/calendar.hpp"
#include "types/form.hpp"
#include "types/numeric.hpp"

// to_char(), to_date(), to_timestamp() and to_number() of each type.
namespace pgconform::engine {
namespace {

using formats::Decimal;
using formats::NumberTemplate;
using types::Numeric;

Value timestamp_to_char(Call& c, bool with_zone) {
  const std::int64_t time = c.integer(0);
  if (c.text(1).empty() || is_endless(time)) return {};
  const types::Zone* zone = with_zone ? c.context.style.zone.get() : nullptr;
  formats::Fields fields = formats::fields_of(to_local(time, zone));
  if (with_zone) {
    fields.east = zone ? zone->offset_at(time) : 0;
    fields.zone = zone ? zone->abbreviation_at(time) : "UTC";
  }
  return formats::print(fields, c.text(1));
}

Value interval_to_char(Call& c) {
  if (c.text(1).empty()) return {};
  return formats::print(formats::fields_of(std::get<types::Interval>(c.args[0])), c.text(1));
}

Value to_date(Call& c) {
  const formats::Read read = formats::read(c.text(0), c.text(1));
  if (read.days < types::lowest_date || read.days >= types::beyond_date)
    fail(sqlstate::datetime_field_overflow, fmt::format("date out of range: \"{}\"", c.text(0)));
  return read.days;
}

Value to_timestamp(Call& c) {
  const formats::Read read = formats::read(c.text(0), c.text(1));
  const types::Wide local = types::Wide{read.days} * types::microseconds_per_day + read.micros;
  std::int64_t time = checked_timestamp(local);
  time = read.east ? checked_timestamp(local - types::Wide{*read.east} * 1'000'000)
                   : checked_timestamp(to_utc(time, c.context.style.zone.get()));
  std::int64_t unit = 1;
  for (int digits = read.precision; digits > 0 && digits < 6; ++digits) unit *= 10;
  const std::int64_t half = unit / 2;
  return time >= 0 ? (time + half) / unit * unit : -((-time + half) / unit * unit);
}

// What cannot be written with an exponent fills its place.
std::string no_exponent(const NumberTemplate& t) {
  std::string s(static_cast<std::size_t>(t.before + t.after + 6), '#');
  s[0] = ' ';
  s[static_cast<std::size_t>(t.before + 1)] = '.';
  return s;
}

std::string with_exponent(const Numeric& number, int scale) {
  const int exponent = number.magnitude();
  // It may be rounded up to 10, and stays so.
  const Numeric significand = (number * Numeric::power_of_ten(-exponent)).rounded(scale);
  return fmt::format("{}{}e{:+03}", number.is_negative() ? "" : " ", significand.text(), exponent);
}

Decimal split_sign(std::string digits) {
  Decimal number;
  if (digits.starts_with('-')) {
    number.sign = '-';
    digits.erase(0, 1);
  }
  number.digits = std::move(digits);
  return number;
}

Value finish(const NumberTemplate& t, Decimal number) {
  if (!t.has_roman && !t.has_exponent) formats::fit(t, number);
  return formats::print(t, number);
}

NumberTemplate number_template(Call& c) {
  return NumberTemplate(c.text(1));
}

Value integer_to_char(Call& c) {
  NumberTemplate t = number_template(c);
  std::int64_t value = c.integer(0);
  const bool is_small = c.expr.args[0]->type == types::int4_oid;
  Decimal number;
  if (t.has_roman) {
    if (value < INT32_MIN || value > INT32_MAX) fail(sqlstate::numeric_value_out_of_range, "integer out of range");
    number.digits = formats::roman(value);
  } else if (t.has_exponent) {
    number.digits = is_small ? fmt::format("{: .{}e}", static_cast<double>(value), t.after)
                             : with_exponent(Numeric(value), t.after);
  } else {
    if (t.has_shift) {
      const double factor = std::pow(10.0, t.shifted);
      if (is_small) {
        // As the conversion of a processor's float to 32 bits, and a product that goes round.
        const std::int64_t wrapped = factor > INT32_MAX ? INT32_MIN : static_cast<std::int64_t>(factor);
        value = static_cast<std::int32_t>(static_cast<std::uint64_t>(value) * static_cast<std::uint64_t>(wrapped));
      } else if (factor >= 0x1p63 || __builtin_mul_overflow(value, static_cast<std::int64_t>(factor), &value)) {
        fail(sqlstate::numeric_value_out_of_range, "bigint out of range");
      }
      t.before += t.shifted;
    }
    number = split_sign(std::to_string(value));
    if (t.after > 0) number.digits += "." + std::string(static_cast<std::size_t>(t.after), '0');
  }
  return finish(t, std::move(number));
}

Value numeric_to_char(Call& c) {
  NumberTemplate t = number_template(c);
  Numeric value = *Numeric::parse(c.text(0));
  Decimal number;
  if (t.has_roman) {
    number.digits = formats::roman(value_or_fail(value.as_integer(INT32_MIN, INT32_MAX, "integer")));
  } else if (t.has_exponent) {
    number.digits = value.kind() == Numeric::Kind::finite ? with_exponent(value, t.after) : no_exponent(t);
  } else {
    if (t.has_shift) {
      value = value * Numeric::power_of_ten(std::min(t.shifted, 16000));
      t.before += t.shifted;
    }
    number = split_sign(value.rounded(std::min(t.after, 2000)).text());
  }
  return finish(t, std::move(number));
}

std::string plain(double value, int digits) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return fmt::format("{:.{}f}", value, digits);
}

Value float_to_char(Call& c) {
  NumberTemplate t = number_template(c);
  const auto* single = std::get_if<float>(&c.args[0]);
  double value = single ? *single : std::get<double>(c.args[0]);
  Decimal number;
  if (t.has_roman) {
    const double whole = std::nearbyint(value);
    number.digits = formats::roman(whole >= 1 && whole <= 3999 ? static_cast<std::int64_t>(whole) : 0);
  } else if (t.has_exponent) {
    number.digits = std::isfinite(value) ? fmt::format("{: .{}e}", value, t.after) : no_exponent(t);
  } else {
    if (t.has_shift) {
      const double factor = std::pow(10.0, t.shifted);
      value = single ? static_cast<float>(*single * static_cast<float>(factor)) : value * factor;
      t.before += t.shifted;
    }
    const int most = single ? 6 : 15;  // FLT_DIG, DBL_DIG
    const auto whole = static_cast<int>(plain(std::fabs(value), 0).size());
    t.after = whole >= most ? 0 : std::min(t.after, most - whole);
    number = split_sign(plain(value, t.after));
  }
  return finish(t, std::move(number));
}

Value to_number(Call& c) {
  if (c.text(1).empty()) return {};
  const NumberTemplate t = number_template(c);
  const formats::ReadNumber read = formats::read(t, c.text(0));
  const Numeric parsed = value_or_fail(Numeric::parse(read.text));
  const int precision = t.before + t.shifted + read.scale;
  Numeric value = parsed.rounded(read.scale);
  if (value.digits_before_point() > precision - read.scale)
    fail(sqlstate::numeric_value_out_of_range, "numeric field overflow", -1, {},
         fmt::format("A field with precision {}, scale {} must round to an absolute value less than {}{}.", precision,
                     read.scale, precision == read.scale ? "" : "10^",
                     precision == read.scale ? 1 : precision - read.scale));
  if (t.has_shift) value = value * Numeric::power_of_ten(-std::min(t.shifted, 1000)).rounded(16);
  return value.text();
}

}  // namespace

void add_formats(Registry& r) {
  r.add({{"timestamp_to_char", [](Call& c) { return timestamp_to_char(c, false); }},
         {"timestamptz_to_char", [](Call& c) { return timestamp_to_char(c, true); }},
         {"interval_to_char", interval_to_char},
         {"numeric_to_char", numeric_to_char},
         {"int4_to_char", integer_to_char},
         {"int8_to_char", integer_to_char},
         {"float4_to_char", float_to_char},
         {"float8_to_char", float_to_char},
         {"numeric_to_number", to_number},
         {"to_timestamp", to_timestamp},
         {"to_date", to_date}});
}

}  // namespace pgconform::engine
