#pragma once

#include <filesystem>
#include <string_view>

namespace pgconform::cli {

// data_directory: where `cases`, `profiles` or `requirements` is: in the source tree for a program that runs from its
// build tree; below share/pgconform beside the bin/ that the program is in; or where it was to be installed.
// `folder` is where it is in the source tree.
std::filesystem::path data_directory(std::string_view name, std::string_view folder = "conformance");

// find_program: one of ours, beside this one, in the build tree's `folder`, or where it was to be installed. Empty if
// it is nowhere.
std::filesystem::path find_program(std::string_view name, std::string_view folder);

}  // namespace pgconform::cli
