#include "session/names.hpp"

#include "sqlstate/sqlstate.hpp"

namespace pgconform::session {

namespace {

Report only_forward() {
  Report report;
  report.sqlstate = sqlstate::object_not_in_prerequisite_state;
  report.message = "cursor can only scan forward";
  report.hint = "Declare it with SCROLL option to enable backward scan.";
  return report;
}

}  // namespace

// DoPortalRunFetch()
std::vector<Move> Portal::fetch(Direction direction, std::int64_t count, bool deliver) const {
  constexpr auto all = Move::all;
  constexpr auto huge = INT64_MAX;  // FETCH ALL
  auto quiet = [](bool forward, std::int64_t rows) { return Move{forward, rows, false}; };
  std::vector<Move> moves;
  switch (direction) {
    case Direction::forward:
    case Direction::backward: {
      bool ahead = direction == Direction::forward;
      if (count < 0) {
        ahead = !ahead;
        count = -count;
      }
      if (count == 0) {
        const bool on_row = !at_start_ && !at_end_;
        if (!on_row) return {Move{true, 0, deliver}};
        if (!deliver) {  // MOVE 0 counts the row it is on
          Move none{true, 0, false};
          none.done = 1;
          return {none};
        }
        return {quiet(false, 1), Move{true, 1, true}};
      }
      Move move{ahead, count == huge ? all : count, deliver};
      return {move};
    }
    case Direction::absolute:
      if (count > 0) {
        if (count - 1 <= position_ / 2) {
          Move back{true, count - 1, false};
          back.rewind = true;
          moves.push_back(back);
        } else {
          const auto place = position_ + (at_end_ ? 1 : 0);
          if (count <= place)
            moves.push_back(quiet(false, place - count + 1));
          else if (count > place + 1)
            moves.push_back(quiet(true, count - place - 1));
        }
        moves.push_back({true, 1, deliver});
      } else if (count < 0) {
        moves.push_back(quiet(true, all));
        if (count < -1) moves.push_back(quiet(false, -count - 1));
        moves.push_back({false, 1, deliver});
      } else {
        Move back{true, 0, deliver};
        back.rewind = true;
        moves.push_back(back);
      }
      return moves;
    case Direction::relative:
      if (count == 0) return fetch(Direction::forward, 0, deliver);
      const bool ahead = count > 0;
      const auto distance = ahead ? count : -count;
      if (distance > 1) moves.push_back(quiet(ahead, distance - 1));
      moves.push_back({ahead, 1, deliver});
      return moves;
  }
  return moves;
}

std::expected<Execution::Progress, Report> Portal::move(Move& move, const Execution::Sink& sink,
                                                        std::chrono::steady_clock::time_point now) {
  if (move.rewind && (!at_start_ || at_end_)) {
    if (!scroll) return std::unexpected(only_forward());
    position_ = 0;
    at_start_ = true;
    at_end_ = false;
  }
  move.rewind = false;
  return move.forward ? forward(move, sink, now) : backward(move, sink);
}

Portal::Step Portal::forward(Move& move, const Execution::Sink& sink, std::chrono::steady_clock::time_point now) {
  if (at_end_ || move.count == 0) return Execution::Complete{};
  auto wants = [&] { return move.count == Move::all || move.done < move.count; };
  auto counts = [&] {
    ++move.done;
    ++position_;
    at_start_ = false;
  };
  while (wants() && position_ < std::ssize(rows_)) {
    const auto& row = rows_[static_cast<std::size_t>(position_)];
    counts();
    if (move.deliver && !sink(row)) return Execution::More{};
  }
  while (wants() && !exhausted_) {
    bool paused = false;
    auto take = [&](Execution::Row row) {
      if (scroll) rows_.emplace_back(row.begin(), row.end());
      counts();
      paused = move.deliver && !sink(row);
      return !paused;
    };
    auto progress = execution->step(take, move.count == Move::all ? 0 : move.count - move.done, now);
    if (!progress) return progress;
    if (auto* over = std::get_if<Execution::Complete>(&*progress)) {
      tag = over->tag;
      exhausted_ = true;
      execution.reset();
      break;
    }
    if (!std::holds_alternative<Execution::More>(*progress)) return progress;
    if (wants() || paused) return Execution::More{};
  }
  if (wants()) at_end_ = true;
  return Execution::Complete{};
}

Portal::Step Portal::backward(Move& move, const Execution::Sink& sink) {
  if (!scroll) return std::unexpected(only_forward());
  if (at_start_ || move.count == 0) return Execution::Complete{};
  auto wants = [&] { return move.count == Move::all || move.done < move.count; };
  if (at_end_) {
    at_end_ = false;
    ++position_;
  }
  while (wants() && position_ > 1) {
    --position_;
    ++move.done;
    if (move.deliver && !sink(rows_[static_cast<std::size_t>(position_ - 1)])) return Execution::More{};
  }
  if (wants()) {
    at_start_ = true;
    position_ = 0;
  }
  return Execution::Complete{};
}

Portal::Step Portal::keep(std::chrono::steady_clock::time_point now) {
  // What lies before the position of a portal that only goes forward is not needed any more.
  if (!scroll) position_ = 0;
  while (!exhausted_ && !at_end_ && execution) {
    auto progress = execution->step(
        [&](Execution::Row row) {
          rows_.emplace_back(row.begin(), row.end());
          return true;
        },
        0, now);
    auto* over = progress ? std::get_if<Execution::Complete>(&*progress) : nullptr;
    if (!over) return progress;
    tag = over->tag;
    exhausted_ = true;
  }
  execution.reset();
  exhausted_ = held = true;
  return Execution::Complete{};
}

PreparedStatement* Names::find_statement(std::string_view name) {
  const auto found = statements.find(key(name));
  return found == statements.end() ? nullptr : &found->second;
}

std::shared_ptr<Portal> Names::find_portal(std::string_view name) const {
  const auto found = portals.find(key(name));
  return found == portals.end() ? nullptr : found->second;
}

std::expected<Execution::Progress, Report> Names::before_commit(std::chrono::steady_clock::time_point now) {
  for (auto& [name, portal] : portals) {
    if (!portal->hold || portal->held || portal->failed) continue;
    auto kept = portal->keep(now);
    if (!kept || !std::holds_alternative<Execution::Complete>(*kept)) return kept;
  }
  return Execution::Complete{};
}

void Names::end_transaction() {
  subtransaction = 1;
  std::erase_if(portals, [](const auto& named) { return !named.second->held; });
}

void Names::abort() {
  for (auto& [name, portal] : portals) {
    if (portal->held) continue;
    portal->execution.reset();
    portal->failed = true;
  }
}

void Names::abort_subtransaction(std::uint32_t id) {
  for (auto& [name, portal] : portals) {
    if (portal->held || portal->subtransaction != id) continue;
    portal->execution.reset();
    portal->failed = true;
  }
}

void Names::drop_subtransaction(std::uint32_t id) {
  std::erase_if(portals, [&](const auto& named) { return !named.second->held && named.second->subtransaction == id; });
}

void Names::release_subtransaction(std::uint32_t id, std::uint32_t parent) {
  for (auto& [name, portal] : portals)
    if (portal->subtransaction == id) portal->subtransaction = parent;
}

}  // namespace pgconform::session
