#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/ddl/relations.hpp"

// What depends on relations, and goes with them.
namespace pgconform::engine {

// Taker: a column whose default takes numbers from a sequence.
struct Taker {
  std::shared_ptr<Table> table;
  std::int16_t column = 0;
  bool is_identity = false;
  std::string shown{};  // "default value for column a of table t"
};
std::vector<Taker> takers_of(const Table& sequence, SessionState& session);
void drop_default(const Taker& taker, SessionState& session);

// supports: the foreign key counts on that index, of the several that may have its columns.
bool supports(const Table& table, const Index& index, const ForeignKey& key);

// Dependents: all that goes with what is asked for, in the order of findDependentObjects(): what depends on a thing
// before it, the latest first. It is told of from the end.
class Dependents {
 public:
  explicit Dependents(SessionState& session) : session_(session) {}

  // ask_for: these go anyhow. add: one of them and what depends on it: sequences that it owns, views on it, foreign
  // keys to it, defaults. `why`: what the relation itself depends on; "" for one that the statement names. 2BP01.
  void ask_for(const std::vector<std::shared_ptr<Table>>& asked);
  void add(const std::shared_ptr<Table>& table, const std::string& why);
  void add_type(Oid oid, std::string shown, std::string why);
  // tell: 2BP01 for `what`, or the notice of CASCADE.
  void tell(const std::string& what, bool cascade) const;
  // drop_all: locks them first.
  void drop_all() const;

 private:
  struct One {
    Oid oid = 0;
    std::string shown{}, why{};
    bool quiet = false;
    std::shared_ptr<Table> table{};  // that is dropped
    std::optional<Referrer> referrer{};
    std::optional<Taker> taker{};
  };
  void visit(const std::shared_ptr<Table>& table, const std::string& why, bool quiet);
  bool is_told(const One& one) const;

  SessionState& session_;
  std::vector<One> found_;
  std::set<Oid> asked_, named_, seen_;
};

}  // namespace pgconform::engine
