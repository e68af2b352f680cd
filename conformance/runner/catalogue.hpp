#pragma once

#include <expected>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "notation/ast.hpp"

// The catalogue: every `.case` file below a directory. Nothing is registered in code.
namespace pgconform::runner {

// Entry: one case of the catalogue.
struct Entry {
  std::string id;    // `startup/login/wrong-password`: the file's path without its ending, and the case's name
  std::string file;  // as it was opened
  std::string text;  // the case as it is written
  notation::Case test;

  // named_by: `pattern` names this case, by its id or by a former one.
  bool named_by(std::string_view pattern) const;
};

struct Catalogue {
  std::filesystem::path directory;
  std::vector<Entry> entries;         // sorted by file, then as the file has them
  std::vector<std::string> warnings;  // of the parser: legal, but surely not meant
};

// Requirements: the ids that `covers` may name.
using Requirements = std::set<std::string, std::less<>>;

// load_requirements: one id a line; `#` begins a comment.
std::expected<Requirements, std::string> load_requirements(const std::filesystem::path& file);

// load_catalogue: read all cases below `directory` and check their headers. The error names file and line: what cannot
// be parsed, an id that is there twice, a requirement that does not exist (unless `requirements` is empty), a word of
// `needs` that is neither a capability nor a role, a message or a field that does not exist.
std::expected<Catalogue, std::string> load_catalogue(const std::filesystem::path& directory,
                                                     const Requirements& requirements);

// read_catalogue_file: the same for the text of one file; `path` is the part of its ids before the case's name.
std::expected<void, std::string> read_catalogue_file(Catalogue& catalogue, std::string_view text,
                                                     const std::string& file, const std::string& path,
                                                     const Requirements& requirements);

// Selection: patterns (runner/glob.hpp) of what to run and what not.
struct Selection {
  std::vector<std::string> run;  // empty: everything
  std::vector<std::string> skip;
};

// patterns: what stands between the commas.
std::vector<std::string> patterns(std::string_view list);

// select: for each entry whether it is selected. A pattern that names nothing is an error.
std::expected<std::vector<bool>, std::string> select(const Catalogue& catalogue, const Selection& selection);

}  // namespace pgconform::runner
