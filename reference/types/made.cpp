#include "types/made.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "sqlstate/sqlstate.hpp"
#include "types/form.hpp"
#include "types/record.hpp"
#include "wire/bytes.hpp"

namespace pgconform::types {
namespace {

thread_local const MadeTypes* current = nullptr;

std::unexpected<Failure> failed(std::string_view state, std::string message, std::string detail = {}) {
  return std::unexpected(Failure{state, std::move(message), std::move(detail), {}});
}

Result<Value> label_named(const MadeType& type, std::string_view text) {
  auto it = std::ranges::find(type.labels, text, &Label::text);
  if (it == type.labels.end())
    return failed(sqlstate::invalid_text_representation,
                  fmt::format("invalid input value for enum {}: \"{}\"", type_name(type.oid), text));
  if (auto allowed = current->may_use(type, *it); !allowed) return std::unexpected(allowed.error());
  return std::int64_t{it->oid};
}

const std::string& text_of(const MadeType& type, const Value& value) {
  static const std::string none;
  auto it = std::ranges::find(type.labels, static_cast<Oid>(std::get<std::int64_t>(value)), &Label::oid);
  return it == type.labels.end() ? none : it->text;
}

Result<Value> fit(const MadeType& domain, Result<Value> value) {
  if (!value) return value;
  if (domain.modifier >= 0) value = apply_modifier(base_of(domain.base), std::move(*value), domain.modifier, false);
  if (!value) return value;
  return current->check(domain, std::move(*value));
}

Result<Value> record_from_text(const MadeType& type, std::string_view text, const Style& style) {
  auto texts = split_record(text, type.fields.size());
  if (!texts) return std::unexpected(texts.error());
  Fields fields;
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    const auto& field = type.fields[i];
    fields.types.push_back(field.type);
    Result<Value> value = Value();
    if ((*texts)[i]) {
      value = parse_text(field.type, *(*texts)[i], style);
      if (value && field.modifier >= 0) value = apply_modifier(field.type, std::move(*value), field.modifier, false);
    } else if (const auto* made = find_made(field.type); made && made->kind == 'd') {
      value = current->check(*made, {});
    }
    if (!value) return value;
    fields.values.push_back(std::move(*value));
  }
  return pack_record(fields);
}

// record_recv(): the sender says again what it believes the types to be.
Result<Value> record_from_binary(const MadeType& type, std::string_view bytes) {
  auto take = [&](std::uint32_t& number) {
    if (bytes.size() < 4) return false;
    number = wire::load_32(bytes.data());
    bytes.remove_prefix(4);
    return true;
  };
  auto ends = [] { return failed(sqlstate::protocol_violation, "insufficient data left in message"); };
  std::uint32_t count = 0;
  if (!take(count)) return ends();
  if (count != type.fields.size())
    return failed(sqlstate::datatype_mismatch, fmt::format("wrong number of columns: {}, expected {}",
                                                           static_cast<std::int32_t>(count), type.fields.size()));
  Fields fields;
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    const auto& field = type.fields[i];
    std::uint32_t oid = 0, length = 0;
    if (!take(oid)) return ends();
    if (oid != field.type)
      return failed(sqlstate::datatype_mismatch,
                    fmt::format("binary data has type {} ({}) instead of expected {} ({}) in record column {}", oid,
                                type_name(oid), field.type, type_name(field.type), i + 1));
    if (!take(length)) return ends();
    fields.types.push_back(field.type);
    const auto size = static_cast<std::int32_t>(length);
    if (size == -1) {
      fields.values.emplace_back();
      continue;
    }
    if (size < 0 || static_cast<std::size_t>(size) > bytes.size())
      return failed(sqlstate::invalid_binary_representation, "insufficient data left in message");
    auto value = parse_binary(field.type, bytes.substr(0, length));
    bytes.remove_prefix(length);
    if (!value && value.error().message == "incorrect binary data format")
      return failed(sqlstate::invalid_binary_representation,
                    fmt::format("improper binary format in record column {}", i + 1));
    if (!value) return value;
    if (field.modifier >= 0) value = apply_modifier(field.type, std::move(*value), field.modifier, false);
    if (!value) return value;
    fields.values.push_back(std::move(*value));
  }
  if (!bytes.empty()) return failed(sqlstate::invalid_binary_representation, "incorrect binary data format");
  return pack_record(fields);
}

}  // namespace

void use_made_types(const MadeTypes* types) {
  current = types;
}
const MadeTypes* made_types() {
  return current;
}

const MadeType* find_made(Oid oid) {
  return is_made(oid) && current ? current->find(oid) : nullptr;
}

Oid base_of(Oid type, std::int32_t* modifier) {
  for (const auto* made = find_made(type); made && made->kind == 'd'; made = find_made(type)) {
    if (modifier && *modifier < 0) *modifier = made->modifier;
    type = made->base;
  }
  return type;
}

bool is_enum(Oid type) {
  const auto* made = find_made(base_of(type));
  return made && made->kind == 'e';
}
bool is_composite(Oid type) {
  const auto* made = find_made(base_of(type));
  return made && made->kind == 'c';
}

Result<Value> parse_made_text(const MadeType& type, std::string_view text, const Style& style) {
  switch (type.kind) {
    case 'e':
      return label_named(type, text);
    case 'd':
      return fit(type, parse_text(type.base, text, style));
    default:
      return record_from_text(type, text, style);
  }
}

std::string print_made_text(const MadeType& type, const Value& value, const Style& style) {
  if (type.kind == 'e') return text_of(type, value);
  return print_text(type.base, value, style);
}

Result<Value> parse_made_binary(const MadeType& type, std::string_view bytes) {
  switch (type.kind) {
    case 'e':
      if (auto legal = check_encoding(bytes); !legal) return std::unexpected(legal.error());
      return label_named(type, bytes);
    case 'd':
      return fit(type, parse_binary(type.base, bytes));
    default:
      return record_from_binary(type, bytes);
  }
}

std::string print_made_binary(const MadeType& type, const Value& value) {
  if (type.kind == 'e') return text_of(type, value);
  return print_binary(type.base, value);
}

Value made_from_packed(const MadeType& type, std::string_view bytes) {
  if (type.kind == 'c') return Record{std::string(bytes)};
  if (type.kind == 'd') return value_from_packed(type.base, bytes);
  auto it = std::ranges::find(type.labels, bytes, &Label::text);
  return std::int64_t{it == type.labels.end() ? 0 : it->oid};
}

}  // namespace pgconform::types
