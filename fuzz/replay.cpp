#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "target.hpp"

// Gives a target every file of the folders named on the command line, and each file's beginnings: a fuzz target as a
// test, with any compiler.
int main(int count, char** arguments) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  for (int i = 1; i < count; ++i) {
    if (!fs::is_directory(arguments[i])) continue;  // not every target has regressions
    for (const auto& entry : fs::directory_iterator(arguments[i]))
      if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const std::size_t step = bytes.size() / 64 + 1;
    for (std::size_t cut = 0; cut < bytes.size() + step; cut += step) {
      // Exactly sized, so that a sanitizer sees the first byte read past the end.
      const std::size_t size = std::min(cut, bytes.size());
      const std::unique_ptr<char[]> exact(new char[size]);
      std::copy_n(bytes.data(), size, exact.get());
      pgconform::fuzz::check({exact.get(), size});
    }
  }
  std::printf("%zu files replayed\n", files.size());
  return files.empty() ? 1 : 0;
}
