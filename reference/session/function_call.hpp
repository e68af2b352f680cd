#pragma once

#include <expected>
#include <memory>

#include "protocol/decode.hpp"
#include "session/query.hpp"
#include "session/rows.hpp"

namespace pgconform::session {

// FunctionCycle: the answer to one FunctionCall, up to but without its ReadyForQuery (protocol-flow-function-call).
// Whatever happens, that follows: there is no skipping.
class FunctionCycle {
 public:
  explicit FunctionCycle(Backend& backend) : backend_(backend) {}

  std::expected<void, Report> begin(const protocol::FunctionCall& message, QueryCycle::Now now);
  std::expected<QueryCycle::Progress, Report> advance(Output& out, QueryCycle::Now now);

 private:
  Backend& backend_;
  std::shared_ptr<const Statement> statement_;
  std::unique_ptr<Execution> execution_;
  std::int16_t format_ = 0;
  types::Value result_;
};

}  // namespace pgconform::session
