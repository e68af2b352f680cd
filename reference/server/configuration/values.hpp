#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/configuration/element.hpp"

// Values as ClickHouse reads them out of elements. Each of these throws ConfigurationError, naming the element and what
// was expected. White space around a value does not count, except in text_of.
namespace pgconform::server {

// text_of gives a leaf's text as it stands. Elements inside it are an error.
std::string_view text_of(const Element& element);

// word_of gives a leaf's text without the white space around it; empty is an error.
std::string_view word_of(const Element& element, std::string_view expected);

// boolean_of reads 1/0, true/false, yes/no, on/off, in any case.
bool boolean_of(const Element& element);

// integer_of reads a decimal integer from `low` to `high`.
std::int64_t integer_of(const Element& element, std::int64_t low, std::int64_t high);

// bytes_of_hex reads exactly `size` bytes written as hexadecimal digits. The error does not repeat the digits: they are
// a secret.
std::vector<std::uint8_t> bytes_of_hex(const Element& element, std::size_t size);

// from_base64 decodes canonical, padded base64 (RFC 4648, section 4), or gives nothing.
std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);

// only_child gives the one child called `name`, or null. Two of them are an error that names both places.
const Element* only_child(const Element& parent, std::string_view name);

// check_section throws if text stands between the elements of a section, and warns about each child whose name is not
// in `known`.
void check_section(const Element& section, std::span<const std::string_view> known, Warnings& warnings);

}  // namespace pgconform::server
