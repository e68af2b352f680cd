#pragma once

#include <asio/awaitable.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "net/error.hpp"

namespace pgconform::net {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

// no_deadline: wait as long as it takes.
constexpr TimePoint no_deadline = TimePoint::max();

// Outcome: how waiting for an operation of any type ended.
struct Outcome {
  std::exception_ptr exception;
  bool timed_out = false;
};

// run_until: run `work`, cancel it at `when`, and come back only when it has really ended.
asio::awaitable<Outcome> run_until(asio::awaitable<void> work, TimePoint when);

// capture: run `work` and keep what it gives; nothing where it was cancelled from inside Asio.
template <class T>
asio::awaitable<void> capture(asio::awaitable<Result<T>> work, std::optional<Result<T>>& into) {
  into = co_await std::move(work);
}

// with_deadline: the operation's result, or ErrorKind::timeout if it was not done at `when`. It is then cancelled and
// has ended when this returns: nothing refers to the caller's buffers any more, and the stream can be used or closed.
// A result that came in the same moment as the deadline is not lost: it wins.
template <class T>
asio::awaitable<Result<T>> with_deadline(asio::awaitable<Result<T>> work, TimePoint when) {
  if (when == no_deadline) co_return co_await std::move(work);
  std::optional<Result<T>> result;
  auto kept = capture(std::move(work), result);
  auto outcome = co_await run_until(std::move(kept), when);
  if (outcome.exception) std::rethrow_exception(outcome.exception);
  if (result && (result->has_value() || result->error().kind != ErrorKind::cancelled)) co_return std::move(*result);
  if (outcome.timed_out) co_return std::unexpected(NetError{ErrorKind::timeout, "no answer before the deadline"});
  co_return std::unexpected(NetError{ErrorKind::cancelled, "cancelled"});
}

}  // namespace pgconform::net
