#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "server/configuration/element.hpp"

// From files to trees: reading one XML file within bounds, and finding the files that belong to a configuration.
namespace pgconform::server {

// What a configuration file may be at most. Whoever writes more has mixed up files.
constexpr std::size_t max_file_bytes = std::size_t{16} << 20;
constexpr std::size_t max_depth = 200;
constexpr std::size_t max_tags = 500'000;
constexpr std::size_t max_attributes = 64;

// parse_xml gives the root element of `text`, which was read from `file`. Throws ConfigurationError for what is not
// UTF-8 or not well-formed, for more than one root, and beyond the bounds above. No entity but XML's own five is
// expanded, and a document type declaration is skipped.
Element parse_xml(std::string_view text, const std::string& file);

// read_xml_file reads and parses a regular file. Throws ConfigurationError, also for YAML, which is out of scope.
Element read_xml_file(const std::filesystem::path& file);

// overlay_files gives the files that are merged over `main_file`, in the order in which that happens: the regular
// files of `<main name>.d/` and `conf.d/` beside it that end in .xml or .conf (any case) and do not begin with a dot,
// sorted by full path. Throws ConfigurationError for a YAML file or a directory that cannot be listed.
std::vector<std::filesystem::path> overlay_files(const std::filesystem::path& main_file);

}  // namespace pgconform::server
