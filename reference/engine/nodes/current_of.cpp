#include <algorithm>

#include "engine/nodes/nodes.hpp"
#include "engine/session_state.hpp"

// WHERE CURRENT OF: the row of a table that a cursor is on, or what has become of it: execCurrentOf(), TidScan.
namespace pgconform::engine {
namespace {

class CurrentOf : public RowSource {
 public:
  explicit CurrentOf(const FromItem& item) : item_(item) {}
  Step next(Work& work, Row& row) override {
    if (std::exchange(done_, true)) return Step::done;
    const auto& rows = item_.table->rows;
    for (std::size_t place = current(work); place < rows.size();) {
      const Version& version = rows[place];
      if (!version.stamp.visible(work.snapshot)) {
        if (version.next == 0) break;
        place = version.next - 1;
        continue;
      }
      row = version.values;
      row.emplace_back(static_cast<std::int64_t>(place));
      return Step::row;
    }
    return Step::done;
  }

 private:
  // PostgreSQL looks through these as if the table stood there.
  static bool is_flattened(const Query& query) {
    return (query.from && query.from->kind == FromItem::Kind::query) ||
           (query.operation == Query::Operation::unite && query.all);
  }
  [[noreturn]] void fail_state(std::string_view what) const {
    fail(sqlstate::invalid_cursor_state, fmt::format("cursor \"{}\" {}", item_.cursor, what));
  }

  std::size_t current(const Work& work) const {
    const auto portal = work.context.session.names().find_portal(item_.cursor);
    if (!portal) fail(sqlstate::undefined_cursor, fmt::format("cursor \"{}\" does not exist", item_.cursor));
    const auto plan = std::static_pointer_cast<const Prepared>(portal->prepared.statement);
    if (!plan || !plan->query || !plan->written.empty()) fail_state("is not a SELECT query");
    if (portal->held || portal->failed) fail_state("is held from a previous transaction");
    const std::string& name = item_.table->name;
    const auto& locks = plan->query->locks;
    auto is_it = [&](const LockedTable& lock) { return lock.table->oid == item_.table->oid; };
    std::size_t which = 0;
    if (!locks.empty()) {
      const auto count = std::ranges::count_if(locks, is_it);
      if (count > 1) fail_state(fmt::format("has multiple FOR UPDATE/SHARE references to table \"{}\"", name));
      if (count == 0) fail_state(fmt::format("does not have a FOR UPDATE/SHARE reference to table \"{}\"", name));
      which = static_cast<std::size_t>(std::ranges::find_if(locks, is_it) - locks.begin());
    } else if (portal->places && is_flattened(*plan->query)) {
      refuse("WHERE CURRENT OF a cursor over a subquery, a view or UNION ALL");
    } else if (portal->places && (plan->query->place_at < 0 || plan->query->from->table->oid != item_.table->oid)) {
      fail_state(fmt::format("is not a simply updatable scan of table \"{}\"", name));
    }
    const auto number = portal->current();
    if (!number) fail_state("is not positioned on a row");
    if (!portal->places) refuse("WHERE CURRENT OF a portal that no DECLARE has made");
    const auto& places = *std::static_pointer_cast<CursorPlaces>(portal->places);
    return (places.keeps_all ? places.rows.at(static_cast<std::size_t>(*number)) : places.rows.back()).at(which);
  }

  const FromItem& item_;
  bool done_ = false;
};

}  // namespace

NodePtr make_current_of(const FromItem& item) {
  return std::make_unique<CurrentOf>(item);
}

}  // namespace pgconform::engine
