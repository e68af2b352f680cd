#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

// A fuzz target is one function that is given bytes and aborts when what it claims of them does not hold. With the
// meson option `libfuzzer` libFuzzer calls it; otherwise replay.cpp does, with the files of a corpus.
namespace pgconform::fuzz {

void check(std::string_view input);

// claim: say what does not hold, and abort.
inline void claim(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace pgconform::fuzz
