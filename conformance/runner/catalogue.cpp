#include "runner/catalogue.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "notation/parser.hpp"
#include "protocol/json/shape.hpp"
#include "runner/glob.hpp"
#include "runner/needs.hpp"

namespace pgconform::runner {

namespace fs = std::filesystem;

namespace {

std::expected<std::string, std::string> read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) return std::unexpected(fmt::format("{}: cannot be read", file.string()));
  return std::move(text).str();
}

// cut: lines `from` up to, without, `to`, both from 1; trailing empty lines and comments of the next case left out.
std::string cut(std::string_view text, std::size_t from, std::size_t to) {
  std::string part;
  std::size_t number = 1;
  while (!text.empty() && number < to) {
    const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (number >= from) part += text.substr(0, end);
    text.remove_prefix(end);
    ++number;
  }
  while (part.ends_with("\n\n")) part.pop_back();
  return part;
}

// misnamed: the first line that speaks of a message or a field that does not exist. It would never match, or never be
// sent, and the case would blame the target.
std::optional<std::string> misnamed(const std::vector<notation::Item>& items, const std::string& file) {
  for (const auto& item : items) {
    if (const auto* block = item.block()) {
      if (auto found = misnamed(block->items, file)) return found;
      for (const auto& alternative : block->alternatives)
        if (auto found = misnamed(alternative.items, file)) return found;
    }
    const auto* message = item.message();
    if (!message || message->name == "raw" || message->name == "close" || message->name == "tls-alert") continue;
    const auto sender =
        message->side == notation::Side::frontend ? protocol::Sender::frontend : protocol::Sender::backend;
    if (const auto found = protocol::json::misnamed(sender, message->name, message->fields))
      return notation::Error{file, item.place, found->what, found->expected}.text();
  }
  return std::nullopt;
}

}  // namespace

bool Entry::named_by(std::string_view pattern) const {
  return glob_matches(pattern, id) ||
         std::ranges::any_of(test.was, [&](const std::string& former) { return glob_matches(pattern, former); });
}

std::expected<Requirements, std::string> load_requirements(const fs::path& file) {
  auto text = read_file(file);
  if (!text) return std::unexpected(text.error());
  Requirements ids;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    line.erase(std::min(line.find('#'), line.size()));
    std::istringstream words(line);
    for (std::string word; words >> word;) ids.insert(word);
  }
  return ids;
}

std::expected<void, std::string> read_catalogue_file(Catalogue& catalogue, std::string_view text,
                                                     const std::string& file, const std::string& path,
                                                     const Requirements& requirements) {
  auto parsed = notation::parse_cases(text, file);
  if (!parsed) return std::unexpected(parsed.error().text());
  for (const auto& warning : parsed->warnings) catalogue.warnings.push_back(warning.text());
  for (std::size_t i = 0; i < parsed->cases.size(); ++i) {
    auto& test = parsed->cases[i];
    const auto complain = [&](std::string what) {
      return std::unexpected(fmt::format("{}:{}: {}: {}", file, test.place.line, test.id, what));
    };
    if (!requirements.empty())
      for (const auto& covered : test.covers)
        if (!requirements.contains(covered)) return complain(fmt::format("there is no requirement {}", covered));
    for (const auto& need : test.needs)
      if (!is_role(need.name) && !is_capability(need.name))
        return complain(
            fmt::format("needs {}: expected role:NAME, sql-… or one of {}", need.name, fmt::join(capabilities(), " ")));
    if (auto found = misnamed(test.items, file)) return std::unexpected(*found);
    Entry entry{path.empty() ? test.id : path + "/" + test.id, file, {}, {}};
    if (std::ranges::find(catalogue.entries, entry.id, &Entry::id) != catalogue.entries.end())
      return complain(fmt::format("the id {} is there twice", entry.id));
    const auto next = i + 1 < parsed->cases.size() ? parsed->cases[i + 1].place.line : text.npos;
    entry.text = cut(text, test.place.line, next);
    entry.test = std::move(test);
    catalogue.entries.push_back(std::move(entry));
  }
  return {};
}

std::expected<Catalogue, std::string> load_catalogue(const fs::path& directory, const Requirements& requirements) {
  Catalogue catalogue;
  catalogue.directory = directory;
  std::error_code error;
  std::map<std::string, fs::path> files;  // by path without ending
  for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == ".case" && it->is_regular_file()) {
      auto path = it->path().lexically_relative(directory);
      files.emplace(path.replace_extension().generic_string(), it->path());
    }
  if (error) return std::unexpected(fmt::format("{}: {}", directory.string(), error.message()));
  for (const auto& [path, file] : files) {
    auto text = read_file(file);
    if (!text) return std::unexpected(text.error());
    if (auto good = read_catalogue_file(catalogue, *text, file.string(), path, requirements); !good)
      return std::unexpected(good.error());
  }
  if (catalogue.entries.empty()) return std::unexpected(fmt::format("{}: no .case file there", directory.string()));
  return catalogue;
}

std::vector<std::string> patterns(std::string_view list) {
  std::vector<std::string> result;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    if (comma > 0) result.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return result;
}

std::expected<std::vector<bool>, std::string> select(const Catalogue& catalogue, const Selection& selection) {
  std::vector<bool> chosen(catalogue.entries.size(), selection.run.empty());
  const auto mark = [&](const std::vector<std::string>& list, bool value) -> std::expected<void, std::string> {
    for (const auto& pattern : list) {
      bool found = false;
      for (std::size_t i = 0; i < catalogue.entries.size(); ++i)
        if (catalogue.entries[i].named_by(pattern)) {
          found = true;
          chosen[i] = value;
        }
      if (!found) return std::unexpected(fmt::format("no case is named {} (see --list)", pattern));
    }
    return {};
  };
  if (auto good = mark(selection.run, true); !good) return std::unexpected(good.error());
  if (auto good = mark(selection.skip, false); !good) return std::unexpected(good.error());
  return chosen;
}

}  // namespace pgconform::runner
