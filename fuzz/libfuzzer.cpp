#include <cstddef>
#include <cstdint>

#include "target.hpp"

// What libFuzzer looks for. It hands out its input in memory of exactly that size.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pgconform::fuzz::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
