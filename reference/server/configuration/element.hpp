#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The tree that configuration files are read into. Unlike pugixml's, its elements remember the file and the line they
// came from through every copy, so that a mistake found after merging ten files can still be pointed at.
namespace pgconform::server {

// Place: where something was written. Line 0 stands for the file as a whole.
struct Place {
  std::shared_ptr<const std::string> file;
  unsigned line = 0;
};

// to_string gives FILE:LINE, or FILE when there is no line.
std::string to_string(const Place& place);

// one_line gives `text` in UTF-8 without control characters: these are escaped as \n, \r, \t or \xHH, so that it cannot
// begin a line of its own, and so is every byte that belongs to no character.
std::string one_line(std::string_view text);

struct Attribute {
  std::string name, value;
};

// Element: one XML element. `text` is all of its own character data, white space included.
struct Element {
  std::string name;
  std::vector<Attribute> attributes;
  std::string text;
  std::vector<Element> children;
  Place place;

  const std::string* attribute(std::string_view name) const;
  bool has(std::string_view attribute_name) const { return attribute(attribute_name) != nullptr; }
  void remove_attribute(std::string_view name);
  void set_attribute(std::string_view name, std::string_view value);

  // child gives the first child of that name, or null.
  const Element* child(std::string_view name) const;
  Element* child(std::string_view name) { return const_cast<Element*>(std::as_const(*this).child(name)); }
};

// is_blank tells whether `text` is empty or white space only; trimmed gives it without the white space around it.
bool is_blank(std::string_view text);
std::string_view trimmed(std::string_view text);

// ConfigurationError: the one mistake that stops a configuration from loading. what() is one line,
// `FILE:LINE: <element>: what is wrong, what was expected`. It is thrown inside this folder only; load_configuration
// returns it.
class ConfigurationError : public std::exception {
 public:
  ConfigurationError(const Place& place, std::string_view problem);
  ConfigurationError(const Element& element, std::string_view problem);
  const char* what() const noexcept override { return line_.c_str(); }
  const std::string& line() const { return line_; }

 private:
  std::string line_;
};

// Warnings: what was odd but did not stop loading, one line each in the same shape as an error.
class Warnings {
 public:
  void add(const Element& element, std::string_view oddity);
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

}  // namespace pgconform::server
