#pragma once

#include <chrono>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/error.hpp"
#include "engine/storage.hpp"
#include "types/datetime.hpp"
#include "types/type.hpp"
#include "types/value.hpp"

// The functions that can be run, under the names of PostgreSQL's own implementations (pg_proc.prosrc): operators, casts
// and plain calls of one function meet here.
namespace pgconform::engine {

using types::Oid;
using types::Value;
struct Expr;
class SessionState;

// Suspend: thrown by what has to wait, until then or until the session is woken; the row is evaluated again afterwards.
struct Suspend {
  std::optional<std::chrono::steady_clock::time_point> until;
};

// Pause: thrown where a slice is used up inside an expression; the row is evaluated again in the next one.
struct Pause {};

struct CommonTable;
struct CommonRun;
struct SubqueryRun;
struct Work;

// Context: what an evaluation can see.
struct Context {
  SessionState& session;
  std::span<const Value> parameters{};
  std::span<const Value> row{};
  types::Style style{};
  std::chrono::steady_clock::time_point now{};
  // What volatile functions have answered for the row at hand, so that evaluating it again after a wait does not run
  // them twice.
  std::map<const Expr*, Value> remembered{};
  std::map<const Expr*, std::chrono::steady_clock::time_point> deadlines{};
  std::vector<Value> operands{};
  // The run that this is part of, and the contexts around it: `outer` of the query whose subquery this is, `home` of
  // the query whose WITH this runs.
  Work* work = nullptr;
  Context *outer = nullptr, *home = nullptr;
  std::map<const Expr*, std::shared_ptr<SubqueryRun>> subqueries{};
  std::map<const CommonTable*, std::shared_ptr<CommonRun>> common_tables{};

  // begin_row: what is evaluated next is of another row.
  void begin_row(std::span<const Value> values) {
    row = values;
    remembered.clear();
  }
};

// Call: one call of a function. A strict function sees no NULL.
struct Call {
  std::span<Value> args;
  const Expr& expr;  // args of it give the argument types
  Context& context;

  const std::string& text(std::size_t i) const { return std::get<std::string>(args[i]); }
  std::int64_t integer(std::size_t i) const { return std::get<std::int64_t>(args[i]); }
  bool boolean(std::size_t i) const { return std::get<bool>(args[i]); }
};

using Implementation = Value (*)(Call&);

// find_implementation: null if this engine has none of that name.
Implementation find_implementation(std::string_view source);

// Registry: the table that find_implementation reads. Each file of functions adds its own.
class Registry {
 public:
  void add(std::string name, Implementation implementation) { map_.insert_or_assign(std::move(name), implementation); }
  void add(std::initializer_list<std::pair<const char*, Implementation>> entries) {
    for (const auto& [name, implementation] : entries) add(name, implementation);
  }
  Implementation find(std::string_view name) const;

 private:
  std::map<std::string, Implementation, std::less<>> map_;
};
void add_advisory_locks(Registry& registry);
void add_arithmetic(Registry& registry);
void add_comparison(Registry& registry);
void add_conversion(Registry& registry);
void add_strings(Registry& registry);
void add_times(Registry& registry);
void add_session(Registry& registry);
void add_sequences(Registry& registry);
void add_enums(Registry& registry);
void add_arrays(Registry& registry);
void add_intervals(Registry& registry);
void add_fields(Registry& registry);
void add_json(Registry& registry);
void add_patterns(Registry& registry);
void add_texts(Registry& registry);
void add_encodings(Registry& registry);
void add_formats(Registry& registry);
void add_mathematics(Registry& registry);
void add_catalog(Registry& registry);
void add_definitions(Registry& registry);

// need_memory: 54000 where PostgreSQL could not build a value of that many bytes, 53200 where this server will not.
void need_memory(std::size_t bytes);

}  // namespace pgconform::engine
