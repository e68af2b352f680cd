#include "server/configuration/element.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "server/configuration/utf8.hpp"

namespace pgconform::server {

namespace {

// acts_on_lines tells whether a character is one that a terminal or a reader of lines obeys instead of showing it.
bool acts_on_lines(std::string_view character) {
  if (character.size() == 1) return character < " " || character == "\x7f";
  // U+0080 to U+009F are control characters too: a terminal may take U+009B for the start of a command.
  if (character[0] == '\xc2') return character < "\xc2\xa0";
  // U+2028 and U+2029 are line ends to some readers.
  return character == "\xe2\x80\xa8" || character == "\xe2\x80\xa9";
}

}  // namespace

std::string to_string(const Place& place) {
  const std::string file = place.file ? *place.file : std::string("(no file)");
  return place.line == 0 ? file : fmt::format("{}:{}", file, place.line);
}

std::string one_line(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    text.remove_prefix(character.size());
    if (character == "\n") {
      escaped += "\\n";
    } else if (character == "\r") {
      escaped += "\\r";
    } else if (character == "\t") {
      escaped += "\\t";
    } else if (length == 0 || acts_on_lines(character)) {
      for (const char byte : character) escaped += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    } else {
      escaped += character;
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
