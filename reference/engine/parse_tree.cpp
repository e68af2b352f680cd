#include "engine/parse_tree.hpp"

#include <nlohmann/json.hpp>

namespace pgconform::engine {

const Node& Node::empty() {
  static const Node none;
  return none;
}

const Node& Node::operator[](std::string_view key) const {
  for (const auto& [name, node] : members_)
    if (name == key) return *node;
  return empty();
}

// Fills a Tree from the events of nlohmann's parser, which keeps no stack of calls either.
class TreeBuilder {
 public:
  explicit TreeBuilder(Tree& tree) : tree_(tree) {}

  bool null() { return add(), true; }
  bool boolean(bool value) { return add().number_ = value, true; }
  bool number_integer(std::int64_t value) { return add().number_ = value, true; }
  bool number_unsigned(std::uint64_t value) { return add().number_ = static_cast<std::int64_t>(value), true; }
  bool number_float(double, const std::string&) { return add(), true; }
  bool string(std::string& value) { return add().text_ = keep(std::move(value)), true; }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(std::size_t) { return open_.push_back(&add()), true; }
  bool start_array(std::size_t) { return open_.push_back(&add()), true; }
  bool key(std::string& name) { return key_ = keep(std::move(name)), true; }
  bool end_object() { return open_.pop_back(), true; }
  bool end_array() { return open_.pop_back(), true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) { return false; }

 private:
  Node& add() {
    Node& node = tree_.nodes_.emplace_back();
    if (open_.empty())
      tree_.root_ = &node;
    else if (key_.data())
      open_.back()->members_.emplace_back(std::exchange(key_, {}), &node);
    else
      open_.back()->items_.push_back(&node);
    return node;
  }
  std::string_view keep(std::string&& text) { return tree_.strings_.emplace_back(std::move(text)); }

  Tree& tree_;
  std::vector<Node*> open_;
  std::string_view key_;
};

Tree::Tree(std::string_view json) {
  TreeBuilder builder(*this);
  if (!nlohmann::json::sax_parse(json.begin(), json.end(), &builder) || !root_) root_ = &nodes_.emplace_back();
}

}  // namespace pgconform::engine
