#include <algorithm>

#include "engine/error.hpp"
#include "engine/settings.hpp"

namespace pgconform::engine {

std::vector<std::pair<std::string, std::string>> startup_switches(std::string_view options) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  for (std::size_t i = 0; i < options.size(); ++i) {
    bool blank = std::isspace(static_cast<unsigned char>(options[i]));
    if (blank && !in_word) continue;
    if (blank)
      words.push_back(std::exchange(word, {})), in_word = false;
    else if (options[i] == '\\' && i + 1 < options.size())
      word += options[++i], in_word = true;
    else if (options[i] != '\\')
      word += options[i], in_word = true;
  }
  if (in_word) words.push_back(word);
  std::vector<std::pair<std::string, std::string>> settings;
  auto bad = [](std::string_view argument) {
    SqlError error;
    error.report.sqlstate = sqlstate::syntax_error;
    error.report.message = fmt::format("invalid command-line argument for server process: {}", argument);
    error.report.hint = "Try \"postgres --help\" for more information.";
    throw error;
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view argument = words[i];
    bool dash_c = argument.starts_with("-c");
    if (argument.starts_with("--") && argument.size() > 2)
      argument.remove_prefix(2);
    else if (dash_c && argument.size() > 2)
      argument.remove_prefix(2);
    else if (dash_c && i + 1 < words.size())
      argument = words[++i];
    else
      bad(words[i]);
    auto equals = argument.find('=');
    std::string name(argument.substr(0, equals));
    std::ranges::replace(name, '-', '_');
    if (equals == argument.npos)
      fail(sqlstate::syntax_error,
           dash_c ? fmt::format("-c {} requires a value", argument) : fmt::format("--{} requires a value", argument));
    settings.emplace_back(std::move(name), argument.substr(equals + 1));
  }
  return settings;
}

}  // namespace pgconform::engine
