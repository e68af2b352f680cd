#include <algorithm>

#include "engine/analyzer.hpp"
#include "engine/commands/command.hpp"
#include "engine/executor.hpp"

// DECLARE, FETCH, MOVE, CLOSE: the same portals that Bind makes (portalcmds.c).
namespace pgconform::engine {
namespace {

using session::Move;
using session::Portal;

constexpr std::int64_t binary = 1, scroll = 2, no_scroll = 4, insensitive = 8, asensitive = 16, hold = 32;

// can_go_back: PostgreSQL's plan for this query could be run backward: such a cursor scrolls without being asked.
bool can_go_back(const Query& query) {
  if (query.is_grouped || query.distinct || !query.distinct_on.empty() || !query.series.empty() ||
      !query.windows.empty() || !query.locks.empty() || !query.with.empty())
    return false;
  if (query.operation != Query::Operation::none)
    return query.operation == Query::Operation::unite && query.all && can_go_back(*query.left) &&
           can_go_back(*query.right);
  if (!query.from) return !query.values.empty();
  const auto& item = *query.from;
  if (item.kind == FromItem::Kind::join) return false;
  return item.kind != FromItem::Kind::query || can_go_back(*item.query);
}

// Where the transaction ends with the statement, what a cursor is to hold is read before, which can be waited for.
class DeclareRun : public CommandRun {
 public:
  DeclareRun(std::shared_ptr<const Prepared> statement, SessionState& session, std::shared_ptr<Portal> kept)
      : CommandRun(std::move(statement), session), kept_(std::move(kept)) {}

 protected:
  Progress advance(const Sink&, std::int64_t, std::chrono::steady_clock::time_point now) override {
    if (kept_) {
      auto progress = kept_->keep(now);
      if (!progress) throw SqlError{std::move(progress.error())};
      if (!std::holds_alternative<Complete>(*progress)) return *progress;
    }
    return Complete{"DECLARE CURSOR"};
  }

 private:
  std::shared_ptr<Portal> kept_;
};

class Declare : public Command {
 public:
  explicit Declare(std::shared_ptr<const Prepared> query) : query_(std::move(query)) {}

  std::unique_ptr<session::Execution> start(std::shared_ptr<const Prepared> statement, SessionState& session,
                                            std::vector<Value> parameters) const override {
    const Node& body = statement->raw->node().body();
    const auto options = body.number("options");
    const std::string name = session::Names::key(body.text("portalname"));
    if (name.empty()) fail(sqlstate::invalid_cursor_name, "invalid cursor name: must not be empty");
    if (!(options & hold) && !session.transaction().in_block())
      fail(sqlstate::no_active_sql_transaction, "DECLARE CURSOR can only be used in transaction blocks");
    auto& names = session.names();
    if (names.portals.contains(name))
      fail(sqlstate::duplicate_cursor, fmt::format("cursor \"{}\" already exists", name));
    const auto& plan = query_;
    auto portal = std::make_shared<Portal>();
    portal->prepared = {query_->raw, plan, {}, statement->raw->source().sql, true, {}};
    portal->parameters = parameters;
    portal->scroll = (options & scroll) || (!(options & no_scroll) && can_go_back(*plan->query));
    portal->hold = options & hold;
    portal->binary = options & binary;
    portal->from_sql = true;
    portal->made_at = statement_clock(session);
    portal->subtransaction = names.subtransaction;
    auto places = std::make_shared<CursorPlaces>();
    places->keeps_all = portal->scroll;
    portal->places = places;
    portal->execution = make_cursor(plan, session, std::move(parameters), std::move(places));
    const bool keeps = portal->hold && !session.transaction().in_block();
    names.portals.emplace(name, portal);
    return std::make_unique<DeclareRun>(std::move(statement), session, keeps ? std::move(portal) : nullptr);
  }

 private:
  std::shared_ptr<const Prepared> query_;
};

std::shared_ptr<Portal> find(std::string_view name, SessionState& session) {
  if (auto found = session.names().find_portal(name)) return found;
  fail(sqlstate::undefined_cursor, fmt::format("cursor \"{}\" does not exist", name));
}

class FetchRun : public KeptRun {
 public:
  FetchRun(std::shared_ptr<const Prepared> statement, SessionState& session) : KeptRun(std::move(statement), session) {
    const Node& body = raw().node().body();
    const auto name = body.text("portalname");
    auto portal = find(name, session);
    if (portal->failed || portal->complete || portal->active || !portal->prepared.statement->columns())
      fail(sqlstate::object_not_in_prerequisite_state, fmt::format("portal \"{}\" cannot be run", name));
    if (!body.flag("ismove")) need_described(*statement_, *portal->prepared.statement);
    if (!portal->execution && !portal->held && portal->tag.empty()) {
      auto plan = std::static_pointer_cast<const Prepared>(portal->prepared.statement);
      portal->execution = make_execution(std::move(plan), session, portal->parameters);
    }
    const auto direction = body.text("direction");
    moves_ = portal->fetch(direction == "FETCH_BACKWARD"   ? Portal::Direction::backward
                           : direction == "FETCH_ABSOLUTE" ? Portal::Direction::absolute
                           : direction == "FETCH_RELATIVE" ? Portal::Direction::relative
                                                           : Portal::Direction::forward,
                           body.number("howMany"), !body.flag("ismove"));
    verb_ = body.flag("ismove") ? "MOVE" : "FETCH";
    portal_ = std::move(portal);
    portal_->active = true;
  }
  ~FetchRun() override { portal_->active = false; }

 protected:
  Progress work(const Sink& keep, std::chrono::steady_clock::time_point now) override {
    for (; at_ < moves_.size(); ++at_) {
      auto progress = portal_->move(moves_[at_], keep, now);
      if (!progress) {
        portal_->failed = true;
        throw SqlError{std::move(progress.error())};
      }
      if (!std::holds_alternative<Complete>(*progress)) return *progress;
    }
    portal_->active = false;
    return Complete{fmt::format("{} {}", verb_, moves_.back().done)};
  }

 private:
  std::shared_ptr<Portal> portal_;
  std::vector<Move> moves_;
  std::size_t at_ = 0;
  std::string_view verb_;
};

class Fetch : public Command {
 public:
  std::unique_ptr<session::Execution> start(std::shared_ptr<const Prepared> statement, SessionState& session,
                                            std::vector<Value>) const override {
    return std::make_unique<FetchRun>(std::move(statement), session);
  }
};

std::string close(const Prepared& statement, SessionState& session) {
  const Node& body = statement.raw->node().body();
  auto& portals = session.names().portals;
  if (!body.has("portalname")) {
    std::erase_if(portals, [](const auto& named) { return !named.second->active; });
    return "CLOSE CURSOR ALL";
  }
  if (find(body.text("portalname"), session)->active)
    fail(sqlstate::invalid_cursor_state, fmt::format("cannot drop active portal \"{}\"", body.text("portalname")));
  portals.erase(session::Names::key(body.text("portalname")));
  return "CLOSE CURSOR";
}

std::shared_ptr<const Command> analyze_declare(const RawStatement& raw, Analyzer& analyzer, Prepared& prepared) {
  const auto options = raw.node().body().number("options");
  auto both = [](std::string_view a, std::string_view b) {
    fail(sqlstate::invalid_cursor_definition, fmt::format("cannot specify both {} and {}", a, b));
  };
  if (options & scroll && options & no_scroll) both("SCROLL", "NO SCROLL");
  if (options & asensitive && options & insensitive) both("ASENSITIVE", "INSENSITIVE");
  analyzer.set_for_cursor();
  auto query = analyze_inner(raw, raw.node().body()["query"], analyzer, prepared);
  if (!query->written.empty())
    fail(sqlstate::feature_not_supported, "DECLARE CURSOR must not contain data-modifying statements in WITH");
  if (!query->query->locks.empty()) {
    auto refused = [&](std::string_view code, std::string_view statement, std::string_view not_so, std::string detail) {
      fail(code, fmt::format("DECLARE {} ... {} is not {}", statement, query->locking, not_so), -1, {},
           std::move(detail));
    };
    if (options & hold)
      refused(sqlstate::feature_not_supported, "CURSOR WITH HOLD", "supported", "Holdable cursors must be READ ONLY.");
    if (options & scroll)
      refused(sqlstate::feature_not_supported, "SCROLL CURSOR", "supported", "Scrollable cursors must be READ ONLY.");
    if (options & insensitive)
      refused(sqlstate::invalid_cursor_definition, "INSENSITIVE CURSOR", "valid",
              "Insensitive cursors must be READ ONLY.");
  }
  return std::make_shared<Declare>(std::move(query));
}

}  // namespace

std::shared_ptr<const Command> analyze_cursor(const RawStatement& raw, SessionState& session, Analyzer& analyzer,
                                              Prepared& prepared) {
  const Node& node = raw.node();
  if (node.is("DeclareCursorStmt")) return analyze_declare(raw, analyzer, prepared);
  if (node.is("ClosePortalStmt")) return std::make_shared<AtOnceCommand>(close);
  if (!node.is("FetchStmt")) return nullptr;
  if (const auto portal = session.names().find_portal(node.body().text("portalname"));
      portal && portal->prepared.statement && !node.body().flag("ismove")) {
    prepared.columns_ = portal->prepared.statement->columns();
    prepared.is_binary_ = portal->binary;
  }
  return std::make_shared<Fetch>();
}

}  // namespace pgconform::engine
