#pragma once

#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/decode.hpp"
#include "session/engine.hpp"
#include "session/output.hpp"
#include "session/query.hpp"
#include "session/rows.hpp"

namespace pgconform::session {

// ExtendedQuery: the prepared statements and portals of one session, and the messages that work on them
// (protocol-flow-ext-query). Every function answers, or returns the error to be reported; what an error does to the
// rest of the pipeline is the session's business.
class ExtendedQuery {
 public:
  explicit ExtendedQuery(Backend& backend) : backend_(backend) {}

  using Done = std::expected<void, Report>;
  Done parse(const protocol::Parse& message, Output& out, QueryCycle::Now now);
  Done bind(const protocol::Bind& message, Output& out, QueryCycle::Now now);
  Done describe(const protocol::Describe& message, Output& out, QueryCycle::Now now);
  Done close(const protocol::Close& message, Output& out);
  // execute: begin; then advance() until it is done.
  Done execute(const protocol::Execute& message, Output& out, QueryCycle::Now now);
  bool executing() const { return running_ != nullptr; }
  // in_pipeline: something ran since the last Sync.
  bool in_pipeline() const { return pipelining_; }
  std::expected<QueryCycle::Progress, Report> advance(Output& out, QueryCycle::Now now);
  // sync: end the implicit transaction.
  Done sync();

  // aborted: the transaction failed, and with it whatever the portals were doing.
  void aborted();
  // query_came: a simple Query does away with the unnamed statement and portal.
  void query_came();
  // discarded: DISCARD ALL does away with all of them.
  void discarded() { statements_.clear(); }
  // settle: portals end with their transaction, failed ones already when it goes on from a savepoint.
  void settle();

 private:
  struct Prepared {
    std::shared_ptr<const Parsed> parsed;  // null: an empty query
    std::shared_ptr<const Statement> statement;
    std::vector<types::Oid> parameter_types;
  };
  struct Portal {
    Prepared prepared;
    std::vector<types::Value> parameters;
    Formats formats;
    std::optional<Run> run;
    bool complete = false;
    bool failed = false;  // its transaction failed: it keeps its name, but never runs again
    std::string tag;      // when complete
    std::int64_t limit = 0;
  };

  void start_command(QueryCycle::Now now);
  std::expected<Prepared*, Report> find_statement(std::string_view name);
  std::expected<Portal*, Report> find_portal(std::string_view name);
  Done check_failed(const Prepared& prepared) const;
  std::expected<std::vector<types::Value>, Report> parameters(const protocol::Bind& message,
                                                              const Prepared& prepared) const;
  // fresh: the statement analysed again, as the catalog may have changed; 0A000 if its columns are no longer the same.
  std::expected<std::shared_ptr<const Statement>, Report> fresh(const Prepared& prepared);

  Backend& backend_;
  std::map<std::string, Prepared, std::less<>> statements_;
  std::map<std::string, Portal, std::less<>> portals_;
  Portal* running_ = nullptr;
  bool pipelining_ = false;  // something ran since the last Sync: what follows is an implicit block (PostgreSQL 18)
};

}  // namespace pgconform::session
