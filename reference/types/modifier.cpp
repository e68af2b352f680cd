#include <fmt/core.h>

#include <algorithm>

#include "sqlstate/sqlstate.hpp"
#include "types/array.hpp"
#include "types/bits.hpp"
#include "types/form.hpp"
#include "types/interval.hpp"
#include "types/numeric.hpp"

namespace pgconform::types {
namespace {

constexpr std::int32_t header = 4, longest_string = 10'485'760;

std::unexpected<Failure> refuse(std::string_view code, std::string message, std::string detail = {}) {
  return std::unexpected(Failure{code, std::move(message), std::move(detail), {}});
}

Result<Value> fit_string(Oid type, std::string text, std::int32_t modifier, bool is_explicit) {
  auto most = static_cast<std::size_t>(modifier - header);
  std::size_t length = count_characters(text);
  if (length > most) {
    std::size_t end = byte_of_character(text, most);
    bool blank = std::ranges::all_of(text.substr(end), [](char c) { return c == ' '; });
    if (!is_explicit && !blank)
      return refuse(sqlstate::string_data_right_truncation,
                    fmt::format("value too long for type {}", type_name(type, modifier)));
    text.resize(end);
  } else if (type == bpchar_oid) {
    text.append(most - length, ' ');
  }
  return text;
}

Result<Value> fit_numeric(const std::string& text, std::int32_t modifier) {
  int precision = (modifier - header) >> 16 & 0xffff;
  int scale = (((modifier - header) & 0x7ff) ^ 1024) - 1024;
  Numeric number = *Numeric::parse(text);
  if (number.kind() == Numeric::Kind::nan) return text;
  auto too_large = [&](std::string_view limit) {
    return refuse(sqlstate::numeric_value_out_of_range, "numeric field overflow",
                  fmt::format("A field with precision {}, scale {} {}", precision, scale, limit));
  };
  if (number.kind() != Numeric::Kind::finite) return too_large("cannot hold an infinite value.");
  Numeric rounded = number.rounded(scale);
  if (precision >= scale && rounded.digits_before_point() > precision - scale)
    return too_large(fmt::format("must round to an absolute value less than {}{}.", precision == scale ? "" : "10^",
                                 precision == scale ? std::string("1") : std::to_string(precision - scale)));
  // A negative room before the point (numeric(3,5)): the first digits after it must be zero.
  if (!rounded.is_zero() && precision < scale) {
    Numeric limit = Numeric::power_of_ten(precision - scale);
    if (Numeric::compare(rounded.absolute(), limit) >= 0)
      return too_large(fmt::format("must round to an absolute value less than 10^{}.", precision - scale));
  }
  return rounded.text();
}

std::int64_t fit_time(std::int64_t time, std::int32_t precision) {
  if (time == infinite_time || time == minus_infinite_time || precision >= 6) return time;
  std::int64_t unit = 1;
  for (auto i = precision; i < 6; ++i) unit *= 10;
  return time >= 0 ? (time + unit / 2) / unit * unit : -((-time + unit / 2) / unit * unit);
}

}  // namespace

Result<Value> apply_modifier(Oid type, Value value, std::int32_t modifier, bool is_explicit) {
  if (modifier < 0 || is_null(value)) return value;
  if (is_array(type)) {
    Array array = unpack(std::get<std::string>(value));
    for (auto& element : array.elements) {
      auto fitted = apply_modifier(array.element, std::move(element), modifier, is_explicit);
      if (!fitted) return fitted;
      element = std::move(*fitted);
    }
    return pack(array);
  }
  switch (type) {
    case varchar_oid:
    case bpchar_oid:
      return fit_string(type, std::get<std::string>(std::move(value)), modifier, is_explicit);
    case numeric_oid:
      return fit_numeric(std::get<std::string>(value), modifier);
    case bit_oid:
    case varbit_oid:
      return fit_bits(type, std::get<std::string>(value), modifier, is_explicit);
    case time_oid:
      return fit_time(std::get<std::int64_t>(value), modifier);
    case timetz_oid: {
      auto time = std::get<ZonedTime>(value);
      time.micros = fit_time(time.micros, modifier);
      return time;
    }
    case interval_oid:
      return fit_interval(std::get<Interval>(value), modifier);
    case timestamp_oid:
    case timestamptz_oid:
      return fit_time(std::get<std::int64_t>(value), modifier);
    default:
      return value;
  }
}

Result<std::int32_t> make_modifier(Oid type, std::span<const std::int32_t> numbers, std::string& warning) {
  switch (type) {
    case varchar_oid:
    case bpchar_oid:
    case bit_oid:
    case varbit_oid: {
      const bool is_bits = type == bit_oid || type == varbit_oid;
      const std::int32_t longest = is_bits ? 8 * longest_string : longest_string;
      std::string_view name = type == bpchar_oid ? "char" : find_type(type)->name;
      if (numbers.size() != 1) return refuse(sqlstate::invalid_parameter_value, "invalid type modifier");
      if (numbers[0] < 1)
        return refuse(sqlstate::invalid_parameter_value, fmt::format("length for type {} must be at least 1", name));
      if (numbers[0] > longest)
        return refuse(sqlstate::invalid_parameter_value,
                      fmt::format("length for type {} cannot exceed {}", name, longest));
      return is_bits ? numbers[0] : numbers[0] + header;
    }
    case numeric_oid: {
      if (numbers.empty() || numbers.size() > 2)
        return refuse(sqlstate::invalid_parameter_value, "invalid NUMERIC type modifier");
      if (numbers[0] < 1 || numbers[0] > 1000)
        return refuse(sqlstate::invalid_parameter_value,
                      fmt::format("NUMERIC precision {} must be between 1 and 1000", numbers[0]));
      std::int32_t scale = numbers.size() == 2 ? numbers[1] : 0;
      if (scale < -1000 || scale > 1000)
        return refuse(sqlstate::invalid_parameter_value,
                      fmt::format("NUMERIC scale {} must be between -1000 and 1000", scale));
      return (numbers[0] << 16 | (scale & 0x7ff)) + header;
    }
    case interval_oid: {
      // The parser says which fields were named.
      if (numbers.empty() || numbers.size() > 2 || !is_interval_range(numbers[0]))
        return refuse(sqlstate::invalid_parameter_value, "invalid INTERVAL type modifier");
      const bool is_all = numbers[0] == interval_field::all;
      if (numbers.size() == 1) return is_all ? -1 : numbers[0] << 16 | interval_field::full_precision;
      if (numbers[1] < 0)
        return refuse(sqlstate::invalid_parameter_value,
                      fmt::format("INTERVAL({}) precision must not be negative", numbers[1]));
      if (numbers[1] > 6) warning = fmt::format("INTERVAL({}) precision reduced to maximum allowed, 6", numbers[1]);
      return numbers[0] << 16 | std::min(numbers[1], 6);
    }
    case time_oid:
    case timetz_oid:
    case timestamp_oid:
    case timestamptz_oid: {
      std::string name = fmt::format("{}({}){}", type == time_oid || type == timetz_oid ? "TIME" : "TIMESTAMP",
                                     numbers.empty() ? 0 : numbers[0],
                                     type == timestamptz_oid || type == timetz_oid ? " WITH TIME ZONE" : "");
      if (numbers.size() != 1) return refuse(sqlstate::invalid_parameter_value, "invalid type modifier");
      if (numbers[0] < 0) return refuse(sqlstate::invalid_parameter_value, name + " precision must not be negative");
      if (numbers[0] <= 6) return numbers[0];
      warning = name + " precision reduced to maximum allowed, 6";
      return 6;
    }
    default:
      return refuse(sqlstate::syntax_error,
                    fmt::format("type modifier is not allowed for type \"{}\"", find_type(type)->name));
  }
}

}  // namespace pgconform::types
