#include "engine/analyze/parts.hpp"
#include "engine/analyzer.hpp"
#include "engine/commands/command.hpp"
#include "engine/executor.hpp"
#include "engine/stack.hpp"

// Whole statements: transformStmt().
namespace pgconform::engine {

Analyzer::Analyzer(SessionState& session, std::optional<std::span<const Oid>> parameter_types)
    : session_(session), takes_parameters_(parameter_types.has_value()) {
  if (!parameter_types) return;
  parameters_.assign(parameter_types->begin(), parameter_types->end());
  for (Oid& type : parameters_)
    if (type == types::unknown_oid) type = 0;
}

void Analyzer::fail_in_planning(std::string_view sqlstate, std::string message) {
  if (planning_failure_) return;
  planning_failure_.emplace();
  planning_failure_->report.sqlstate = sqlstate;
  planning_failure_->report.message = std::move(message);
}

std::shared_ptr<Prepared> Analyzer::analyze(std::shared_ptr<const RawStatement> raw, bool without_into) {
  auto prepared = std::make_shared<Prepared>();
  raw_ = raw.get();
  const Node& node = raw->node();
  const Node& body = node.body();
  if (without_into) into_ = &into_clause(body);
  if (node.is("SelectStmt") && (without_into || into_clause(body).is_empty())) {
    prepared->query = query(body, true);
    prepared->columns_ = prepared->query->columns;
  } else if (change_of_rows(node, *prepared, prepared->columns_)) {
  } else if (node.is("VariableShowStmt")) {
    std::string_view name = body.text("name");
    auto text = [](std::string title) { return session::Column{std::move(title), 0, 0, types::text_oid, -1, -1}; };
    if (name == "all")
      prepared->columns_ = {text("name"), text("setting"), text("description")};
    else {
      session_.settings().show(name, false);
      prepared->columns_ = {text(session_.settings().canonical_name(name))};
    }
  } else if (!analyze_command(*raw, session_, *this, *prepared)) {
    check_utility(*raw);
  }
  prepared->raw = std::move(raw);
  prepared->path = session_.settings().text("search_path");
  prepared->tables = std::move(tables_);
  prepared->types = std::move(types_);
  prepared->written = std::move(written_);
  prepared->locked = std::move(locked_);
  prepared->locking = std::move(locking_);
  prepared->planning_failure = std::move(planning_failure_);
  finish_parameters(*prepared);
  return prepared;
}

}  // namespace pgconform::engine
