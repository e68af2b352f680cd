#pragma once

#include <cstddef>

#include "engine/error.hpp"

// A statement's depth is bounded by the stack it really uses, as PostgreSQL's check_stack_depth() does it.
namespace pgconform::engine {

// StackBase: marks where the engine was entered; one lives in each call from outside. One within another changes
// nothing: a statement that runs another is as deep as both.
class StackBase {
 public:
#ifdef PGCONFORM_SANITIZED  // whose frames are several times as large
  static constexpr std::ptrdiff_t limit = 6 << 20;
#else
  static constexpr std::ptrdiff_t limit = 2 << 20;  // max_stack_depth's default
#endif

  StackBase() : outer_(base_) {
    if (!base_) base_ = static_cast<char*>(__builtin_frame_address(0));
  }
  ~StackBase() { base_ = outer_; }
  StackBase(const StackBase&) = delete;
  StackBase& operator=(const StackBase&) = delete;

  // check: 54001 when more than `limit` bytes lie between the base and here. Every recursion over a tree calls it.
  static void check() {
    if (base_ && base_ - static_cast<char*>(__builtin_frame_address(0)) > limit)
      fail(sqlstate::statement_too_complex, "stack depth limit exceeded", -1,
           "Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after ensuring the platform's "
           "stack depth limit is adequate.");
  }

 private:
  static inline thread_local char* base_ = nullptr;
  char* outer_;
};

}  // namespace pgconform::engine
