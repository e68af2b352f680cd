#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "server/configuration/element.hpp"

namespace pgconform::server {

// TestDirectory: a directory of a test's own, removed with all that is in it.
class TestDirectory {
 public:
  TestDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "pgconform-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TestDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

  // write makes a file, and the directories it stands in.
  std::filesystem::path write(std::string_view name, std::string_view text) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    // Truncating in place makes some file systems wait for the disk.
    std::filesystem::remove(file);
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }

  // without_path gives `text` with the directory's name left out, so that a test can say what it expects.
  std::string without_path(std::string text) const {
    const std::string prefix = path_.string() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) text.erase(at, prefix.size());
    return text;
  }

 private:
  std::filesystem::path path_;
};

// to_xml writes an element without its places, to be compared with.
inline std::string to_xml(const Element& element) {
  std::string xml = "<" + element.name;
  for (const Attribute& a : element.attributes) xml += " " + a.name + "='" + a.value + "'";
  xml += ">" + std::string(trimmed(element.text));
  for (const Element& child : element.children) xml += to_xml(child);
  return xml + "</" + element.name + ">";
}

// error_of gives the line of the ConfigurationError that `action` throws, or "none".
inline std::string error_of(auto&& action) {
  try {
    action();
  } catch (const ConfigurationError& error) {
    return error.line();
  }
  return "none";
}

}  // namespace pgconform::server
