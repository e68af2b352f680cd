#include "runner/result.hpp"

#include <array>

namespace pgconform::runner {

namespace {

constexpr std::array<std::string_view, 3> levels{"postgresql", "should", "must"};
constexpr std::array<std::string_view, 5> verdicts{"pass", "fail", "unsupported", "skipped", "broken"};

}  // namespace

std::string_view name_of(Level level) {
  return levels[static_cast<std::size_t>(level)];
}
std::string_view name_of(Verdict verdict) {
  return verdicts[static_cast<std::size_t>(verdict)];
}

bool parse_level(std::string_view text, Level& level) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i] != text) continue;
    level = static_cast<Level>(i);
    return true;
  }
  return false;
}

}  // namespace pgconform::runner
