#pragma once

#include <fmt/core.h>

#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "session/report.hpp"
#include "sqlstate/sqlstate.hpp"
#include "types/value.hpp"

// Inside the engine an SQL error is an exception, as in PostgreSQL it is a longjmp; the Backend turns it into a Report.
namespace pgconform::engine {

using session::Report;

// SqlError: what ends a statement. `location` is a byte offset in the query string, or -1.
struct SqlError {
  Report report;
  int location = -1;
};

// fail: throw an error of severity ERROR.
[[noreturn]] inline void fail(std::string_view sqlstate, std::string message, int location = -1, std::string hint = {},
                              std::string detail = {}) {
  SqlError error;
  error.report.sqlstate = sqlstate;
  error.report.message = std::move(message);
  error.report.hint = std::move(hint);
  error.report.detail = std::move(detail);
  error.location = location;
  throw error;
}

[[noreturn]] inline void fail(const types::Failure& failure, int location = -1) {
  SqlError error;
  error.report.sqlstate = failure.sqlstate;
  error.report.message = failure.message;
  error.report.hint = failure.hint;
  error.report.detail = failure.detail;
  error.report.schema = failure.schema;
  error.report.data_type = failure.data_type;
  error.report.constraint = failure.constraint;
  error.location = location;
  throw error;
}

// refuse: what PostgreSQL has and this engine has not. Never answered by guessing.
[[noreturn]] inline void refuse(std::string_view construct, int location = -1) {
  fail(sqlstate::feature_not_supported, fmt::format("{} is not supported by this server", construct), location);
}

// internal_failure: what is said of an exception that is no SQL error: a defect of this server, but only one
// statement's end; 53200 where memory was refused.
inline Report internal_failure(const std::exception& exception) {
  Report report;
  const bool is_memory =
      dynamic_cast<const std::bad_alloc*>(&exception) || dynamic_cast<const std::length_error*>(&exception);
  report.sqlstate = is_memory ? sqlstate::out_of_memory : sqlstate::internal_error;
  report.message = is_memory ? "out of memory" : fmt::format("unexpected failure of this server: {}", exception.what());
  return report;
}

// value_or_fail: the value of a Result, or its failure thrown.
template <class T>
T value_or_fail(types::Result<T> result, int location = -1) {
  if (!result) fail(result.error(), location);
  return std::move(*result);
}

}  // namespace pgconform::engine
