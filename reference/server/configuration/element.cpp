#include "server/configuration/element.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgconform::server {

std::string to_string(const Place& place) {
  const std::string file = place.file ? *place.file : std::string("(no file)");
  return place.line == 0 ? file : fmt::format("{}:{}", file, place.line);
}

std::string one_line(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (byte == '\n') {
      escaped += "\\n";
    } else if (byte == '\r') {
      escaped += "\\r";
    } else if (byte == '\t') {
      escaped += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      escaped += fmt::format("\\x{:02x}", byte);
    } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {
      // U+0080 to U+009F are control characters too: a terminal may take U+009B for the start of a command.
      escaped += fmt::format("\\x{:02x}\\x{:02x}", byte, next);
      ++i;
    } else if (byte == 0xe2 && next == 0x80 && i + 2 < text.size() &&
               (text[i + 2] == '\xa8' || text[i + 2] == '\xa9')) {
      // U+2028 and U+2029 are line ends to some readers.
      escaped += fmt::format("\\xe2\\x80\\x{:02x}", static_cast<unsigned char>(text[i + 2]));
      i += 2;
    } else {
      escaped += text[i];
    }
  }
  return escaped;
}

const std::string* Element::attribute(std::string_view wanted) const {
  const auto found = std::ranges::find(attributes, wanted, &Attribute::name);
  return found == attributes.end() ? nullptr : &found->value;
}

void Element::remove_attribute(std::string_view unwanted) {
  std::erase_if(attributes, [&](const Attribute& a) { return a.name == unwanted; });
}

void Element::set_attribute(std::string_view wanted, std::string_view value) {
  const auto found = std::ranges::find(attributes, wanted, &Attribute::name);
  if (found == attributes.end()) {
    attributes.push_back({std::string(wanted), std::string(value)});
  } else {
    found->value = value;
  }
}

const Element* Element::child(std::string_view wanted) const {
  const auto found = std::ranges::find(children, wanted, &Element::name);
  return found == children.end() ? nullptr : &*found;
}

namespace {
constexpr std::string_view white_space = " \t\r\n";
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(white_space) == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(white_space);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(white_space) - begin + 1);
}

ConfigurationError::ConfigurationError(const Place& place, std::string_view problem)
    : line_(one_line(fmt::format("{}: {}", to_string(place), problem))) {}

ConfigurationError::ConfigurationError(const Element& element, std::string_view problem)
    : line_(one_line(fmt::format("{}: <{}>: {}", to_string(element.place), element.name, problem))) {}

void Warnings::add(const Element& element, std::string_view oddity) {
  lines_.push_back(one_line(fmt::format("{}: <{}>: {}", to_string(element.place), element.name, oddity)));
}

}  // namespace pgconform::server
