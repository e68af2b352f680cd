#include "cli/paths.hpp"

#include <unistd.h>

#include <system_error>

namespace pgconform::cli {

namespace fs = std::filesystem;

namespace {

fs::path own_directory() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path();
}

bool in_build_tree() {
  std::error_code error;
  const auto build = fs::canonical(PGCONFORM_BUILD_ROOT, error);
  if (error) return false;
  const auto relative = own_directory().lexically_relative(build);
  return !relative.empty() && *relative.begin() != "..";
}

}  // namespace

fs::path data_directory(std::string_view name, std::string_view folder) {
  if (in_build_tree()) return fs::path(PGCONFORM_SOURCE_ROOT) / folder / name;
  if (auto beside = (own_directory() / "../share/pgconform" / name).lexically_normal(); fs::is_directory(beside))
    return beside;
  return fs::path(PGCONFORM_DATA_DIRECTORY) / name;
}

fs::path find_program(std::string_view name, std::string_view folder) {
  std::error_code error;
  if (auto beside = own_directory() / name; fs::is_regular_file(beside, error)) return beside;
  const auto other =
      in_build_tree() ? fs::path(PGCONFORM_BUILD_ROOT) / folder / name : fs::path(PGCONFORM_BIN_DIRECTORY) / name;
  return fs::is_regular_file(other, error) ? other : fs::path();
}

}  // namespace pgconform::cli
