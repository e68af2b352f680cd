#include "types/array.hpp"

#include <fmt/core.h>

#include "sqlstate/sqlstate.hpp"
#include "types/form.hpp"
#include "wire/bytes.hpp"

namespace pgconform::types {
namespace {

void put(std::string& out, std::int64_t number) {
  char buffer[4];
  wire::store_32(buffer, static_cast<std::uint32_t>(number));
  out.append(buffer, 4);
}

std::unexpected<Failure> fail(std::string_view code, std::string message) {
  return std::unexpected(Failure{code, std::move(message), {}, {}});
}

class BinaryReader {
 public:
  BinaryReader(Oid type, std::string_view bytes) : type_(type), rest_(bytes) {}

  Result<Value> read() {
    std::int32_t count = 0, flags = 0;
    if (!take(count)) return short_message();
    if (count < 0)
      return fail(sqlstate::invalid_binary_representation, fmt::format("invalid number of dimensions: {}", count));
    if (count > most_dimensions)
      return fail(
          sqlstate::program_limit_exceeded,
          fmt::format("number of array dimensions ({}) exceeds the maximum allowed ({})", count, most_dimensions));
    if (!take(flags)) return short_message();
    if (flags != 0 && flags != 1) return fail(sqlstate::invalid_binary_representation, "invalid array flags");
    std::int32_t element = 0;
    if (!take(element)) return short_message();
    Array array{element_of(type_)};
    // Numbers of types that are not built in differ from server to server.
    constexpr Oid built_in = 10000;
    if (static_cast<Oid>(element) != array.element && static_cast<Oid>(element) < built_in && array.element < built_in)
      return fail(sqlstate::datatype_mismatch,
                  fmt::format("binary data has array element type {} ({}) instead of expected {} ({})",
                              static_cast<Oid>(element), type_name(static_cast<Oid>(element)), array.element,
                              type_name(array.element)));
    std::int64_t total = count == 0 ? 0 : 1;
    for (int i = 0; i < count; ++i) {
      Dimension d{};
      if (!take(d.length) || !take(d.lower)) return short_message();
      array.dimensions.push_back(d);
    }
    bool empty = false;
    for (const auto& d : array.dimensions) {
      if (d.length < 0) return too_large();
      empty = empty || d.length == 0;
      total = empty ? 0 : total * d.length;
      if (total > most_elements) return too_large();
    }
    for (const auto& d : array.dimensions)
      if (std::int64_t{d.lower} + d.length > INT32_MAX && d.length > 0)
        return fail(sqlstate::program_limit_exceeded, fmt::format("array lower bound is too large: {}", d.lower));
    if (total == 0) {
      array.dimensions.clear();
      if (is_vector() && count != 0)
        return fail(sqlstate::invalid_binary_representation, fmt::format("invalid {} data", find_type(type_)->name));
      if (!rest_.empty()) return fail(sqlstate::invalid_binary_representation, "incorrect binary data format");
      return pack(array);
    }
    for (std::int64_t i = 0; i < total; ++i) {
      auto value = element_value(array.element, i + 1);
      if (!value) return value;
      array.elements.push_back(std::move(*value));
    }
    if (!rest_.empty()) return fail(sqlstate::invalid_binary_representation, "incorrect binary data format");
    if (is_vector() && (count != 1 || array.dimensions[0].lower != 0))
      return fail(sqlstate::invalid_binary_representation, fmt::format("invalid {} data", find_type(type_)->name));
    return pack(array);
  }

 private:
  bool is_vector() const { return type_ == int2vector_oid || type_ == oidvector_oid; }
  bool take(std::int32_t& number) {
    if (rest_.size() < 4) return false;
    number = static_cast<std::int32_t>(wire::load_32(rest_.data()));
    rest_.remove_prefix(4);
    return true;
  }
  Result<Value> element_value(Oid element, std::int64_t number) {
    std::int32_t length = 0;
    if (!take(length)) return short_message();
    if (length < -1 || length > static_cast<std::int64_t>(rest_.size()))
      return fail(sqlstate::invalid_binary_representation, "insufficient data left in message");
    if (length == -1) return Value();
    auto value = parse_binary(element, rest_.substr(0, static_cast<std::size_t>(length)));
    rest_.remove_prefix(static_cast<std::size_t>(length));
    if (!value && value.error().message == "incorrect binary data format")
      return fail(sqlstate::invalid_binary_representation,
                  fmt::format("improper binary format in array element {}", number));
    return value;
  }
  static std::unexpected<Failure> short_message() {
    return fail(sqlstate::protocol_violation, "insufficient data left in message");
  }
  static std::unexpected<Failure> too_large() {
    return fail(sqlstate::program_limit_exceeded,
                fmt::format("array size exceeds the maximum allowed ({})", most_elements));
  }

  Oid type_;
  std::string_view rest_;
};

}  // namespace

Array one_dimensional(Oid element, std::vector<Value> elements) {
  Array array{element, {}, std::move(elements)};
  if (!array.elements.empty()) array.dimensions = {{static_cast<std::int32_t>(array.elements.size()), 1}};
  return array;
}

std::string pack(const Array& array) {
  std::string out;
  bool nulls = false;
  for (const auto& value : array.elements) nulls = nulls || is_null(value);
  put(out, std::ssize(array.dimensions));
  put(out, nulls);
  put(out, array.element);
  for (const auto& d : array.dimensions) put(out, d.length), put(out, d.lower);
  for (const auto& value : array.elements) {
    if (is_null(value)) {
      put(out, -1);
      continue;
    }
    std::string bytes = print_binary(array.element, value);
    put(out, std::ssize(bytes));
    out += bytes;
  }
  return out;
}

Array unpack(std::string_view packed) {
  auto take = [&] {
    auto number = static_cast<std::int32_t>(wire::load_32(packed.data()));
    packed.remove_prefix(4);
    return number;
  };
  Array array;
  auto count = static_cast<std::size_t>(take());
  take();
  array.element = static_cast<Oid>(take());
  array.dimensions.resize(count);
  for (auto& d : array.dimensions) d.length = take(), d.lower = take();
  while (!packed.empty()) {
    std::int32_t length = take();
    if (length < 0) {
      array.elements.emplace_back();
      continue;
    }
    array.elements.push_back(value_from_packed(array.element, packed.substr(0, static_cast<std::size_t>(length))));
    packed.remove_prefix(static_cast<std::size_t>(length));
  }
  return array;
}

std::string with_element(std::string packed, Oid element) {
  wire::store_32(packed.data() + 8, element);
  return packed;
}

Result<Value> array_from_binary(Oid type, std::string_view bytes) {
  return BinaryReader(type, bytes).read();
}

}  // namespace pgconform::types
