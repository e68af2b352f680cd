#include "server/configuration/read_xml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <pugixml.hpp>
#include <set>

#include "server/configuration/utf8.hpp"

namespace pgconform::server {
namespace {

namespace fs = std::filesystem;

Place whole(const fs::path& file) {
  return {std::make_shared<const std::string>(file.string()), 0};
}

std::string lower_extension(const fs::path& file) {
  std::string extension = file.extension().string();
  std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return std::tolower(c); });
  return extension;
}

[[noreturn]] void refuse_yaml(const fs::path& file) {
  throw ConfigurationError(whole(file), "YAML configuration is not supported, expected XML: a file ending in .xml");
}

bool is_yaml(const fs::path& file) {
  const std::string extension = lower_extension(file);
  return extension == ".yaml" || extension == ".yml";
}

std::string read_bytes(const fs::path& file) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (!fs::exists(status)) {
    throw ConfigurationError(whole(file), error && error != std::errc::no_such_file_or_directory
                                              ? fmt::format("cannot be read: {}", error.message())
                                              : "no such file, expected an XML configuration file");
  }
  if (fs::is_directory(status)) throw ConfigurationError(whole(file), "is a directory, expected an XML file");
  // Opening a pipe or a device could block for ever.
  if (!fs::is_regular_file(status)) throw ConfigurationError(whole(file), "is not a regular file");

  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "rbe"), &std::fclose);
  if (!stream) throw ConfigurationError(whole(file), fmt::format("cannot be read: {}", std::strerror(errno)));
  std::string bytes;
  char chunk[65536];
  while (const std::size_t n = std::fread(chunk, 1, sizeof chunk, stream.get())) {
    bytes.append(chunk, n);
    if (bytes.size() > max_file_bytes) {
      throw ConfigurationError(
          whole(file), fmt::format("is longer than {} MiB, expected a configuration file", max_file_bytes >> 20));
    }
  }
  if (std::ferror(stream.get()) != 0) throw ConfigurationError(whole(file), "cannot be read to its end");
  return bytes;
}

// first_invalid gives the offset of the first byte that is not part of a well-formed UTF-8 sequence, or npos. NUL is
// one too: XML has no such character.
std::size_t first_invalid(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = text[i] == '\0' ? 0 : character_length(text.substr(i));
    if (length == 0) return i;
    i += length;
  }
  return std::string_view::npos;
}

// LineCounter turns offsets that only grow into line numbers without starting over each time.
class LineCounter {
 public:
  explicit LineCounter(std::string_view text) : text_(text) {}
  unsigned at(std::ptrdiff_t offset) {
    const auto end = std::min(text_.size(), static_cast<std::size_t>(std::max<std::ptrdiff_t>(offset, 0)));
    if (end > seen_) {
      line_ += static_cast<unsigned>(std::ranges::count(text_.substr(seen_, end - seen_), '\n'));
      seen_ = end;
    }
    return line_;
  }

 private:
  std::string_view text_;
  std::size_t seen_ = 0;
  unsigned line_ = 1;
};

class Converter {
 public:
  Converter(std::string_view text, std::shared_ptr<const std::string> file) : lines_(text), file_(std::move(file)) {}

  // named gives the element without its content.
  Element named(const pugi::xml_node& node) {
    Element element;
    element.name = node.name();
    element.place = {file_, lines_.at(node.offset_debug())};
    return element;
  }

  Element convert(const pugi::xml_node& node, std::size_t depth) {
    Element element = named(node);
    if (depth > max_depth) {
      throw ConfigurationError(element, fmt::format("is nested more than {} elements deep", max_depth));
    }
    std::set<std::string_view> names;
    for (const pugi::xml_attribute& attribute : node.attributes()) {
      if (!names.insert(attribute.name()).second) {
        throw ConfigurationError(element, fmt::format("has the attribute {} twice", attribute.name()));
      }
      if (names.size() > max_attributes) {
        throw ConfigurationError(element, fmt::format("has more than {} attributes", max_attributes));
      }
      element.attributes.push_back({attribute.name(), attribute.value()});
    }
    for (const pugi::xml_node& child : node.children()) {
      if (child.type() == pugi::node_element) {
        element.children.push_back(convert(child, depth + 1));
      } else {
        element.text += child.value();
      }
    }
    return element;
  }

 private:
  LineCounter lines_;
  std::shared_ptr<const std::string> file_;
};

}  // namespace

Element parse_xml(std::string_view text, const std::string& file) {
  auto name = std::make_shared<const std::string>(file);
  if (const std::size_t bad = first_invalid(text); bad != std::string_view::npos) {
    throw ConfigurationError(Place{name, LineCounter(text).at(static_cast<std::ptrdiff_t>(bad))},
                             "is not UTF-8, expected an XML file in UTF-8");
  }
  if (static_cast<std::size_t>(std::ranges::count(text, '<')) > max_tags) {
    throw ConfigurationError(Place{name, 0},
                             fmt::format("has more than {} tags, expected a configuration file", max_tags));
  }
  pugi::xml_document document;
  // White space is kept: whether it belongs to a value is for the value's reader to say.
  const pugi::xml_parse_result result =
      document.load_buffer(text.data(), text.size(), pugi::parse_default | pugi::parse_ws_pcdata, pugi::encoding_utf8);
  if (!result) {
    throw ConfigurationError(Place{name, text.empty() ? 0 : LineCounter(text).at(result.offset)},
                             fmt::format("is not well-formed XML: {}", result.description()));
  }
  Converter converter(text, name);
  Element root = converter.convert(document.document_element(), 1);
  for (pugi::xml_node node = document.document_element().next_sibling(); node; node = node.next_sibling()) {
    if (node.type() != pugi::node_element) continue;
    throw ConfigurationError(converter.named(node),
                             fmt::format("is a second root element, expected only <{}>", root.name));
  }
  return root;
}

Element read_xml_file(const fs::path& file) {
  if (is_yaml(file)) refuse_yaml(file);
  return parse_xml(read_bytes(file), file.string());
}

std::vector<fs::path> overlay_files(const fs::path& main_file) {
  std::set<fs::path> directories;
  directories.insert(fs::path(main_file).replace_extension(".d"));
  directories.insert(main_file.parent_path() / "conf.d");

  std::vector<std::string> found;
  for (const fs::path& directory : directories) {
    std::error_code error;
    if (!fs::is_directory(directory, error)) continue;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
      const fs::path& file = entry->path();
      if (file.filename().string().starts_with('.')) continue;
      const std::string extension = lower_extension(file);
      if (is_yaml(file)) refuse_yaml(file);
      if (extension != ".xml" && extension != ".conf") continue;
      if (std::error_code ignored; fs::is_directory(file, ignored)) continue;
      found.push_back(file.string());
    }
    if (error) throw ConfigurationError(whole(directory), fmt::format("cannot be listed: {}", error.message()));
  }
  std::ranges::sort(found);
  return {found.begin(), found.end()};
}

}  // namespace pgconform::server
