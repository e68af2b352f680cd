#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/parse_tree.hpp"
#include "session/engine.hpp"

namespace pgconform::engine {

// Source: a query string and its tree, shared by the statements in it.
struct Source {
  std::string sql;
  std::unique_ptr<Tree> tree;

  // position: the 1-based character at a byte offset; 0 for -1.
  std::int32_t position(int location) const;
};

// RawStatement: one statement of a Source.
class RawStatement : public session::Parsed {
 public:
  RawStatement(std::shared_ptr<const Source> source, const Node& node, int location)
      : source_(std::move(source)), node_(node), location_(location) {}
  // location: of its first word.
  int location() const { return location_; }
  const Source& source() const { return *source_; }
  // part: a statement inside this one, such as a cursor's query.
  std::shared_ptr<const RawStatement> part(const Node& node) const {
    return std::make_shared<RawStatement>(source_, node, location_);
  }
  // node: the statement's node: {"SelectStmt": …}.
  const Node& node() const { return node_; }
  bool ends_failed_transaction() const override;
  bool is_transaction_statement() const override { return node_.is("TransactionStmt"); }

 private:
  std::shared_ptr<const Source> source_;
  const Node& node_;
  int location_;
};

// parse_string: every statement of the string; throws SqlError (with its position already counted in characters).
std::vector<std::shared_ptr<const session::Parsed>> parse_string(std::string_view sql);

}  // namespace pgconform::engine
