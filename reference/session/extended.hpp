#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/decode.hpp"
#include "session/engine.hpp"
#include "session/names.hpp"
#include "session/output.hpp"
#include "session/query.hpp"
#include "session/rows.hpp"

namespace pgconform::session {

// ExtendedQuery: the messages that work on a session's prepared statements and portals (protocol-flow-ext-query). Every
// function answers, or returns the error to be reported; what an error does to the rest of the pipeline is the
// session's business.
class ExtendedQuery {
 public:
  ExtendedQuery(Backend& backend, Names& names) : backend_(backend), names_(names) {}

  using Done = std::expected<void, Report>;
  Done parse(const protocol::Parse& message, Output& out, QueryCycle::Now now);
  // BrokenBind: a Bind whose body ends, or goes wrong, behind its parameter count. What was whole of it is looked at
  // all the same, since PostgreSQL reads on only when that is in order.
  struct BrokenBind {
    std::size_t announced;  // parameters
    Report report;
  };
  Done bind(const protocol::Bind& message, Output& out, QueryCycle::Now now, const BrokenBind* broken = nullptr);
  Done describe(const protocol::Describe& message, Output& out, QueryCycle::Now now);
  Done close(const protocol::Close& message, Output& out);
  // execute: begin; then advance() until it is done.
  Done execute(const protocol::Execute& message, Output& out, QueryCycle::Now now);
  bool executing() const { return running_ != nullptr; }
  // in_pipeline: something ran since the last Sync.
  bool in_pipeline() const { return pipelining_; }
  std::expected<QueryCycle::Progress, Report> advance(Output& out, QueryCycle::Now now);
  // execution: of the statement that is being run without rows to be told of, such as a COPY.
  Execution* execution() { return run_ ? &run_->execution() : nullptr; }
  // sync: end the implicit transaction.
  Done sync();

  // aborted: an error ended the pipeline, and with it what was being run.
  void aborted();
  // query_came: a simple Query does away with the unnamed statement and portal.
  void query_came();
  // settle: an answer is over; where no transaction is open any more, nothing is pipelined.
  void settle();

 private:
  using Step = std::expected<QueryCycle::Progress, Report>;

  void start_command(QueryCycle::Now now);
  std::expected<PreparedStatement*, Report> find_statement(std::string_view name);
  std::expected<std::shared_ptr<Portal>, Report> find_portal(std::string_view name);
  Done check_failed(const PreparedStatement& prepared) const;
  // fresh: the statement analysed again, as the catalog may have changed; 0A000 if its columns are no longer the same.
  std::expected<std::shared_ptr<const Statement>, Report> fresh(const PreparedStatement& prepared);
  Step advance_rows(Output& out, QueryCycle::Now now);
  Step advance_command(Output& out, QueryCycle::Now now);
  Step complete(Output& out, const std::string& tag);

  Backend& backend_;
  Names& names_;
  std::shared_ptr<Portal> running_;
  Move move_;                // of a running portal that has rows
  std::optional<Run> run_;   // of one that has none
  bool pipelining_ = false;  // something ran since the last Sync: what follows is an implicit block (PostgreSQL 18)
};

}  // namespace pgconform::session
