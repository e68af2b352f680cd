#include <algorithm>

#include "engine/analyzer.hpp"
#include "engine/commands/command.hpp"
#include "engine/evaluate.hpp"
#include "engine/executor.hpp"
#include "engine/stack.hpp"

// PREPARE, EXECUTE, DEALLOCATE: the same prepared statements that Parse makes (prepare.c).
namespace pgconform::engine {

ExprPtr Analyzer::argument(const Node& node, Oid type, int number) {
  clause_ = Clause::execute;
  ExprPtr expr = expression(node);
  Oid source[] = {expr->type}, target[] = {type};
  if (!can_coerce(source, target, CastContext::assignment))
    fail(sqlstate::datatype_mismatch,
         fmt::format("parameter ${} of type {} cannot be coerced to the expected type {}", number,
                     types::type_name(expr->type), types::type_name(type)),
         expr->location, "You will need to rewrite or cast the expression.");
  return coerce(std::move(expr), type, CastContext::assignment);
}

namespace {

using session::Execution;

std::string prepare(const Prepared& statement, SessionState& session) {
  const RawStatement& raw = *statement.raw;
  const Node& body = raw.node().body();
  const std::string name = session::Names::key(body.text("name"));
  if (name.empty()) fail(sqlstate::invalid_pstatement_definition, "invalid statement name: must not be empty");
  Analyzer types(session, std::nullopt);
  types.set_source(raw);
  session::PreparedStatement made;
  for (const auto* type : body.list("argtypes")) made.parameter_types.push_back(types.column_type(type->body()).first);
  const auto inner = raw.part(body["query"]);
  made.parsed = inner;
  made.statement = Analyzer(session, made.parameter_types).analyze(inner);
  const auto found = made.statement->parameter_types();
  made.parameter_types.assign(found.begin(), found.end());
  made.query = raw.source().sql;
  made.from_sql = true;
  made.prepared_at = statement_clock(session);
  if (!session.names().statements.emplace(name, std::move(made)).second)
    fail(sqlstate::duplicate_pstatement, fmt::format("prepared statement \"{}\" already exists", name));
  return "PREPARE";
}

session::PreparedStatement& find(std::string_view name, SessionState& session) {
  if (auto* found = session.names().find_statement(name)) return *found;
  fail(sqlstate::undefined_pstatement, fmt::format("prepared statement \"{}\" does not exist", name));
}

std::string deallocate(const Prepared& statement, SessionState& session) {
  const Node& body = statement.raw->node().body();
  if (!body.has("name")) {
    session.names().drop_statements();
    return "DEALLOCATE ALL";
  }
  find(body.text("name"), session);
  session.names().statements.erase(session::Names::key(body.text("name")));
  return "DEALLOCATE";
}

class ExecuteRun : public KeptRun {
 public:
  ExecuteRun(std::shared_ptr<const Prepared> statement, SessionState& session, std::unique_ptr<Execution> run)
      : KeptRun(std::move(statement), session), run_(std::move(run)) {}

 protected:
  Progress work(const Sink& keep, std::chrono::steady_clock::time_point now) override {
    auto progress = run_->step(keep, 0, now);
    if (!progress) throw SqlError{std::move(progress.error())};
    return *progress;
  }

 private:
  std::unique_ptr<Execution> run_;
};

class Execute : public Command {
 public:
  std::unique_ptr<Execution> start(std::shared_ptr<const Prepared> statement, SessionState& session,
                                   std::vector<Value>) const override {
    auto [plan, values] = executed(*statement->raw, statement->raw->node().body(), session);
    if (!plan) return std::make_unique<AtOnce>(std::move(statement), session, empty);
    need_described(*statement, *plan);
    auto run = make_execution(std::move(plan), session, std::move(values));
    if (!statement->columns()) return run;
    return std::make_unique<ExecuteRun>(std::move(statement), session, std::move(run));
  }

 private:
  static std::string empty(const Prepared&, SessionState&) { return ""; }
};

}  // namespace

std::pair<std::shared_ptr<const Prepared>, std::vector<Value>> executed(const RawStatement& raw, const Node& body,
                                                                        SessionState& session) {
  StackBase::check();  // a statement that Parse has named may execute itself
  const auto found = find(body.text("name"), session);
  const auto& arguments = body.list("params");
  const auto wanted = found.parameter_types.size();
  if (arguments.size() != wanted)
    fail(sqlstate::syntax_error,
         fmt::format("wrong number of parameters for prepared statement \"{}\"", body.text("name")), -1, {},
         fmt::format("Expected {} parameters but got {}.", wanted, arguments.size()));
  std::vector<Value> values;
  Context context{session};
  context.style = session.style();
  for (std::size_t i = 0; i < wanted; ++i) {
    Analyzer analyzer(session, std::nullopt);
    analyzer.set_source(raw);
    const auto expr = analyzer.argument(*arguments[i], found.parameter_types[i], static_cast<int>(i) + 1);
    try {
      values.push_back(evaluate(*expr, context));
    } catch (const Suspend&) {
      refuse("an argument of EXECUTE that waits", raw.location());
    }
  }
  if (!found.parsed) return {};
  return {std::static_pointer_cast<const Prepared>(found.statement), std::move(values)};
}

std::shared_ptr<const Command> analyze_prepared(const RawStatement& raw, SessionState& session, Prepared& prepared) {
  const Node& node = raw.node();
  if (node.is("PrepareStmt")) return std::make_shared<AtOnceCommand>(prepare);
  if (node.is("DeallocateStmt")) return std::make_shared<AtOnceCommand>(deallocate);
  if (!node.is("ExecuteStmt")) return nullptr;
  // A statement that is not there is complained of only when this one runs.
  const auto* found = session.names().find_statement(node.body().text("name"));
  if (found && found->statement) prepared.columns_ = found->statement->columns();
  return std::make_shared<Execute>();
}

}  // namespace pgconform::engine
