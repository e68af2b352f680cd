#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The tree that libpg_query's JSON stands for, with access that fits its two habits: a member with its default value is
// left out, and a node is an object whose only key is the node's kind: {"A_Const": {...}}.
namespace pgconform::engine {

// Node: one JSON value. Absent members read as an empty node, so that access never fails.
class Node {
 public:
  // kind · body: of a node object: "A_Const" and what is inside. "" and an empty node for anything else.
  std::string_view kind() const { return members_.size() == 1 ? members_[0].first : std::string_view(); }
  const Node& body() const { return members_.size() == 1 ? *members_[0].second : empty(); }
  bool is(std::string_view kind) const { return this->kind() == kind; }

  const Node& operator[](std::string_view key) const;
  bool has(std::string_view key) const { return &(*this)[key] != &empty(); }
  std::string_view text(std::string_view key) const { return (*this)[key].text_; }
  std::int64_t number(std::string_view key) const { return (*this)[key].number_; }
  bool flag(std::string_view key) const { return (*this)[key].number_ != 0; }
  // list: the elements of an array member; none if it is absent.
  const std::vector<const Node*>& list(std::string_view key) const { return (*this)[key].items_; }
  // location: byte offset in the query string; -1 where the parser knows none.
  int location() const { return static_cast<int>(number("location")); }
  bool is_empty() const { return this == &empty(); }
  const std::vector<std::pair<std::string_view, const Node*>>& members() const { return members_; }
  const std::vector<const Node*>& items() const { return items_; }

  // string_of: the text of a {"String": {"sval": …}} node.
  std::string_view string_of() const { return body().text("sval"); }

 private:
  friend class TreeBuilder;
  static const Node& empty();

  std::string_view text_;
  std::int64_t number_ = 0;
  std::vector<std::pair<std::string_view, const Node*>> members_;
  std::vector<const Node*> items_;
};

// Tree: owns the nodes of one query string.
class Tree {
 public:
  // read: from libpg_query's JSON, which is trusted to be well formed. Without recursion.
  explicit Tree(std::string_view json);
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  const Node& root() const { return *root_; }

 private:
  friend class TreeBuilder;
  std::deque<Node> nodes_;
  std::deque<std::string> strings_;
  const Node* root_ = nullptr;
};

}  // namespace pgconform::engine
