#include "server/configuration/merge.hpp"

#include <algorithm>
#include <map>

namespace pgconform::server {
namespace {

// identity is what makes two elements the same one: attributes that steer merging or substitution do not count.
std::string identity(const Element& element) {
  std::map<std::string_view, std::string_view> counted;
  for (const Attribute& a : element.attributes) {
    if (a.name != "replace" && a.name != "remove" && !is_substitution(a.name)) counted.emplace(a.name, a.value);
  }
  std::string key = element.name;
  // A name or value cannot hold NUL, so no two different elements share a key.
  for (const auto& [name, value] : counted) key.append(1, '\0').append(name).append(1, '\0').append(value);
  return key;
}

bool has_substitution(const Element& element) {
  return std::ranges::any_of(element.attributes, [](const Attribute& a) { return is_substitution(a.name); });
}

void check_steering(const Element& element) {
  if (element.has("replace") && element.has("remove")) {
    throw ConfigurationError(element, "has both replace and remove, expected at most one of them");
  }
}

// without_removals gives a copy of what matches nothing. A `remove` inside it has nothing to take away either: left
// standing it would be an empty element, and an empty <password> is a password.
Element without_removals(const Element& element) {
  check_steering(element);
  Element copy{element.name, element.attributes, element.text, {}, element.place};
  for (const Element& child : element.children) {
    check_steering(child);
    if (!child.has("remove")) copy.children.push_back(without_removals(child));
  }
  return copy;
}

Element replacement(const Element& element) {
  Element copy = without_removals(element);
  // With a substitution, `replace` has a second meaning that is still to come: the text is a default.
  if (!has_substitution(copy)) copy.remove_attribute("replace");
  return copy;
}

void merge_element(Element& base, const Element& overlay);

void merge_children(Element& base, const Element& overlay) {
  struct Candidates {
    std::vector<std::size_t> positions;
    std::size_t next = 0;
  };
  std::map<std::string, Candidates> candidates;
  for (std::size_t i = 0; i < base.children.size(); ++i) candidates[identity(base.children[i])].positions.push_back(i);

  std::vector<bool> removed(base.children.size(), false);
  std::vector<Element> appended;
  for (const Element& child : overlay.children) {
    check_steering(child);
    const auto found = candidates.find(identity(child));
    if (found == candidates.end() || found->second.next == found->second.positions.size()) {
      if (!child.has("remove")) appended.push_back(without_removals(child));
      continue;
    }
    const std::size_t position = found->second.positions[found->second.next++];
    if (child.has("remove")) {
      removed[position] = true;
    } else if (child.has("replace")) {
      base.children[position] = replacement(child);
    } else {
      merge_element(base.children[position], child);
    }
  }

  std::vector<Element> merged;
  merged.reserve(base.children.size() + appended.size());
  for (std::size_t i = 0; i < base.children.size(); ++i) {
    if (!removed[i]) merged.push_back(std::move(base.children[i]));
  }
  std::ranges::move(appended, std::back_inserter(merged));
  base.children = std::move(merged);
}

void merge_element(Element& base, const Element& overlay) {
  if (!overlay.children.empty() || !overlay.text.empty()) {
    // The overlay brings content of its own, so the base's source of content is out of date.
    std::erase_if(base.attributes, [](const Attribute& a) { return is_substitution(a.name); });
  }
  for (const Attribute& a : overlay.attributes) base.set_attribute(a.name, a.value);
  if (is_blank(overlay.text) && !overlay.children.empty()) {
    base.text.clear();
  } else {
    base.text = overlay.text;
  }
  if (base.children.empty() && overlay.children.empty()) base.place = overlay.place;
  merge_children(base, overlay);
}

}  // namespace

bool is_substitution(std::string_view name) {
  return name == "incl" || name == "from_env" || name == "from_zk";
}

void merge_into(Element& base, const Element& overlay) {
  merge_children(base, overlay);
}

Element with_root_checked(Element root) {
  if (root.name == "clickhouse" || root.name == "yandex") return root;
  throw ConfigurationError(root, "is no root element of a configuration, expected <clickhouse> or <yandex>");
}

}  // namespace pgconform::server
