#include "net/deadline.hpp"

#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <system_error>

namespace pgconform::net {
namespace {

constexpr auto tuple = asio::experimental::as_tuple(asio::use_awaitable);

asio::awaitable<void> guarded(asio::awaitable<void> work, std::exception_ptr& exception) {
  // An exception would make the operator below wait for the timer.
  try {
    co_await std::move(work);
  } catch (const std::system_error& e) {
    // Asio's way to end a coroutine that goes on after it was cancelled.
    if (e.code() != asio::error::operation_aborted) exception = std::current_exception();
  } catch (...) {
    exception = std::current_exception();
  }
}

asio::awaitable<void> alarm(TimePoint when, bool& rang) {
  asio::steady_timer timer(co_await asio::this_coro::executor, when);
  auto [error] = co_await timer.async_wait(tuple);
  rang = !error;
}

}  // namespace

asio::awaitable<Outcome> run_until(asio::awaitable<void> work, TimePoint when) {
  using namespace asio::experimental::awaitable_operators;
  Outcome outcome;
  auto running = guarded(std::move(work), outcome.exception);
  auto waiting = alarm(when, outcome.timed_out);
  auto either = std::move(running) || std::move(waiting);
  co_await std::move(either);
  co_return outcome;
}

}  // namespace pgconform::net
