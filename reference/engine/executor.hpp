#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "engine/functions.hpp"
#include "engine/plan.hpp"
#include "engine/storage.hpp"

// Running a query: nodes that hand rows up one at a time, and that can stop between any two rows.
namespace pgconform::engine {

// Progress of a node: a row, none left, or the slice is used up and the call is to be repeated.
enum class Step : std::uint8_t { row, done, pause };

// Work: what a run has, shared by its nodes.
struct Work {
  Context context;
  Snapshot snapshot;
  int budget = 0;  // rows that may still be touched in this slice
  std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max();  // when it ends at last
  std::int64_t changed = 0;  // rows that a change has written

  // spend: a row is touched; false where the slice is used up. Rows may be slow: the time is asked for at some of them,
  // so that there are always others in between for which a slice gets something done.
  bool spend() {
    constexpr int rows_between = 8;
    return --budget >= 0 && (budget % rows_between != 0 || std::chrono::steady_clock::now() < until);
  }
  // lend · take_back: let a run inside this one use the budget.
  void lend(Work& inner) const {
    inner.budget = budget;
    inner.until = until;
    inner.context.now = context.now;
    inner.context.style = context.style;
  }
  void take_back(const Work& inner) { budget = inner.budget; }
};

// RowSource: one node. After Suspend or Pause has come out of next(), next() is called again and goes on with the same
// row.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual Step next(Work& work, Row& row) = 0;
};

// make_source: the nodes for a query; it must outlive them. Those of a change hand up what it returns.
std::unique_ptr<RowSource> make_source(const Query& query);
std::unique_ptr<RowSource> make_source(const Plan& plan);
// make_insertion: INSERT, with rows from `source` instead of its own if there is one.
std::unique_ptr<RowSource> make_insertion(const Insert& insert, std::unique_ptr<RowSource> source);
std::unique_ptr<RowSource> make_change(const Change& change);
std::unique_ptr<RowSource> make_merge(const Merge& merge);

// check_plan: throws the errors of a change of rows that are found before it runs.
void check_plan(const Prepared& statement, SessionState& session, std::span<const Value> parameters);

// make_execution: a run of an analysed statement.
std::unique_ptr<session::Execution> make_execution(std::shared_ptr<const Prepared> statement, SessionState& session,
                                                   std::vector<Value> parameters);

// CursorPlaces: where a cursor's rows are from, for WHERE CURRENT OF: of each row that it has made, or only of the
// last, the place in the query's table, or in each of its locked tables.
struct CursorPlaces {
  bool keeps_all = false;
  std::vector<std::vector<std::size_t>> rows;
};

// make_cursor: a run of an analysed query that notes its rows' places.
std::unique_ptr<session::Execution> make_cursor(std::shared_ptr<const Prepared> query, SessionState& session,
                                                std::vector<Value> parameters, std::shared_ptr<CursorPlaces> places);

// make_insert: a run of an analysed INSERT whose rows come from `source` instead of its own.
std::unique_ptr<session::Execution> make_insert(std::shared_ptr<const Prepared> statement, SessionState& session,
                                                std::unique_ptr<RowSource> source);

// check_utility: throws 0A000 for a statement that is not here.
void check_utility(const RawStatement& raw);

// run_utility: a statement without a plan, at once; its command tag.
std::string run_utility(const Prepared& statement, SessionState& session);

}  // namespace pgconform::engine
