#include "server/configuration/substitute.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "server/configuration/merge.hpp"
#include "server/configuration/read_xml.hpp"

namespace pgconform::server {
namespace {

// Included content may include in turn: without bounds a few lines could ask for ever, or for all memory.
constexpr std::size_t max_included_elements = 100'000;
constexpr std::size_t max_included_bytes = max_file_bytes;

bool is_on(const std::string* flag) {
  return flag != nullptr && *flag != "false" && *flag != "0";
}

class Substitution {
 public:
  Substitution(const Environment& environment, Warnings& warnings) : environment_(environment), warnings_(warnings) {}

  // include_from names the file that `incl` reads. It is opened when the first `incl` asks for it.
  void include_from(std::filesystem::path file) { include_file_ = std::move(file); }

  // resolve_children puts content in place of every substitution below `parent`.
  void resolve_children(Element& parent, std::size_t depth) {
    std::vector<Element> resolved;
    for (Element& child : parent.children) resolve(std::move(child), depth + 1, resolved);
    parent.children = std::move(resolved);
  }

  // resolve appends what `element` becomes: itself with its content, the included elements, or nothing.
  void resolve(Element element, std::size_t depth, std::vector<Element>& out) {
    if (depth > max_depth) {
      throw ConfigurationError(element, fmt::format("is nested more than {} deep, or includes itself", max_depth));
    }
    const Attribute* source = only_source(element);
    if (source == nullptr) {
      if (element.name == "include") {
        throw ConfigurationError(element, "says not what to include, expected an attribute incl or from_env");
      }
      resolve_children(element, depth);
      out.push_back(std::move(element));
      return;
    }
    const Attribute from = *source;
    if (from.name == "from_zk") {
      throw ConfigurationError(element, "has from_zk, but ZooKeeper is not supported; expected incl or from_env");
    }
    if (element.name == "include" && (!element.children.empty() || !is_blank(element.text))) {
      throw ConfigurationError(element, "has content of its own, expected an empty element");
    }
    const std::optional<Element> found =
        from.name == "from_env" ? from_environment(element, from.value) : named(from.value);
    if (!found) {
      missing(std::move(element), from, depth, out);
    } else if (element.name == "include") {
      count(*found);
      for (const Element& child : found->children) resolve(child, depth + 1, out);
    } else {
      count(*found);
      fill(element, *found, from);
      resolve(std::move(element), depth + 1, out);
    }
  }

 private:
  static const Attribute* only_source(const Element& element) {
    const Attribute* source = nullptr;
    for (const Attribute& a : element.attributes) {
      if (!is_substitution(a.name)) continue;
      if (source != nullptr) {
        throw ConfigurationError(element,
                                 fmt::format("has both {} and {}, expected one substitution", source->name, a.name));
      }
      source = &a;
    }
    return source;
  }

  std::optional<Element> from_environment(const Element& element, const std::string& variable) const {
    std::optional<std::string> value = environment_(variable);
    if (!value) return std::nullopt;
    return Element{element.name, {}, std::move(*value), {}, element.place};
  }

  std::optional<Element> named(const std::string& name) {
    if (!include_file_.empty()) {
      included_ = with_root_checked(read_xml_file(include_file_));
      include_file_.clear();
    }
    const Element* found = included_ ? included_->child(name) : nullptr;
    if (found == nullptr) return std::nullopt;
    return *found;
  }

  void missing(Element element, const Attribute& from, std::size_t depth, std::vector<Element>& out) {
    if (is_on(element.attribute("optional"))) return;
    warnings_.add(element, from.name == "from_env"
                               ? fmt::format("from_env: the environment variable {} is not set", from.value)
                               : fmt::format("incl: <include_from> gives no file with an element <{}>", from.value));
    if (element.name == "include") return;
    element.remove_attribute(from.name);
    resolve(std::move(element), depth, out);
  }

  void fill(Element& element, const Element& found, const Attribute& from) const {
    if (is_on(element.attribute("replace"))) {
      element.children.clear();
      element.text.clear();
    } else if (from.name == "from_env" && (!element.children.empty() || !is_blank(element.text))) {
      throw ConfigurationError(element,
                               "has from_env and content of its own, expected replace=\"1\" to make that a default");
    }
    element.remove_attribute("replace");
    element.remove_attribute(from.name);
    if (is_blank(element.text)) element.text.clear();
    element.text += found.text;
    element.children.insert(element.children.end(), found.children.begin(), found.children.end());
    for (const Attribute& a : found.attributes) element.set_attribute(a.name, a.value);
  }

  void count(const Element& found) {
    ++elements_;
    bytes_ += found.text.size();
    if (elements_ > max_included_elements || bytes_ > max_included_bytes) {
      throw ConfigurationError(found, "is included again and again, expected includes that come to an end");
    }
    for (const Element& child : found.children) count(child);
  }

  const Environment& environment_;
  Warnings& warnings_;
  std::filesystem::path include_file_;
  std::optional<Element> included_;
  std::size_t elements_ = 0, bytes_ = 0;
};

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

void substitute(Element& root, const std::filesystem::path& directory, std::filesystem::path& include_from,
                const Environment& environment, Warnings& warnings) {
  Substitution substitution(environment, warnings);
  std::error_code error;
  if (Element* chosen = root.child("include_from"); chosen != nullptr) {
    // The name of the file to include from may itself come from the environment.
    std::vector<Element> resolved;
    substitution.resolve(*chosen, 2, resolved);
    if (!resolved.empty() && !is_blank(resolved.front().text)) {
      include_from = directory / trimmed(resolved.front().text);
      if (!std::filesystem::is_regular_file(include_from, error)) {
        throw ConfigurationError(*chosen, fmt::format("no such file: {}", include_from.string()));
      }
    }
    std::erase_if(chosen->attributes, [](const Attribute& a) { return is_substitution(a.name); });
  }
  if (std::filesystem::exists(include_from, error)) substitution.include_from(include_from);
  substitution.resolve_children(root, 1);
}

}  // namespace pgconform::server
