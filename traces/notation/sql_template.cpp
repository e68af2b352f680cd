#include "notation/sql_template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgconform::notation {
namespace {

// The division depends on a row of a function, so that no planner folds it: PostgreSQL 15 plans it and answers 22012
// only when it runs. `SELECT 1/(x-x) FROM (SELECT 1 AS x) t` already fails when planned, that is at Bind.
const SqlTemplates::Dialect& postgresql() {
  static const SqlTemplates::Dialect dialect{
      {"rows", "SELECT g FROM generate_series(1,${1}) AS g"},
      {"sleep", "SELECT pg_sleep(${1})"},
      {"error-at-execute", "SELECT 1/(g-1) FROM generate_series(1,1) AS g"},
      {"create-table", "CREATE TABLE ${name} (${1})"},
      {"drop-table", "DROP TABLE IF EXISTS ${name}"},
  };
  return dialect;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) text.replace(at, from.size(), to);
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 40 && text[0] >= 'a' && text[0] <= 'z' &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace

SqlTemplates::SqlTemplates(std::string token, std::string prefix, Dialect dialect)
    : token_(std::move(token)), prefix_(std::move(prefix)), dialect_(std::move(dialect)) {
  dialect_.insert(postgresql().begin(), postgresql().end());  // keeps what the profile says
}

std::string SqlTemplates::table(std::string_view columns) {
  if (auto known = table_by_columns_.find(columns); known != table_by_columns_.end()) return known->second;
  std::string name = fmt::format("{}t_{}_{}", prefix_, token_, tables_.size() + 1);
  Table made{name, dialect_.find("create-table")->second, dialect_.find("drop-table")->second};
  for (std::string* statement : {&made.create, &made.drop}) {
    replace_all(*statement, "${name}", name);
    replace_all(*statement, "${1}", columns);
  }
  tables_.push_back(std::move(made));
  table_by_columns_.emplace(columns, name);
  return name;
}

std::expected<std::string, std::string> SqlTemplates::one(std::string_view name, std::string_view argument) {
  if (name == "table") {
    if (argument.empty()) return std::unexpected("${table:…} without columns");
    return table(argument);
  }
  if (name == "unique") {
    if (!is_word(argument)) return std::unexpected("${unique:…} takes a word of a-z, 0-9 and _");
    return names_.try_emplace(std::string(argument), fmt::format("{}_{}", argument, token_)).first->second;
  }
  auto known = dialect_.find(name);
  if (known == dialect_.end() || name == "create-table" || name == "drop-table") {
    return std::unexpected(fmt::format("unknown SQL template ${{{}}}", name));
  }
  bool counted = name == "rows" || name == "sleep";
  if (counted && !is_number(argument)) return std::unexpected(fmt::format("${{{}:…}} takes a number", name));
  bool takes = known->second.find("${1}") != std::string::npos;
  if (takes && argument.empty()) return std::unexpected(fmt::format("${{{}:…}} without its argument", name));
  if (!takes && !counted && !argument.empty()) return std::unexpected(fmt::format("${{{}}} takes no argument", name));
  std::string text = known->second;
  replace_all(text, "${1}", argument);
  return text;
}

std::expected<std::string, std::string> SqlTemplates::expand(std::string_view sql) {
  std::string text;
  for (;;) {
    auto at = sql.find("${");
    if (at == sql.npos) return text.append(sql);
    if (at > 0 && sql[at - 1] == '$') {  // $${
      text.append(sql.substr(0, at - 1)).append("${");
      sql.remove_prefix(at + 2);
      continue;
    }
    auto end = sql.find('}', at);
    if (end == sql.npos) return std::unexpected("${ without }; $${ stands for ${");
    text.append(sql.substr(0, at));
    auto inside = sql.substr(at + 2, end - at - 2);
    auto colon = inside.find(':');
    auto expanded = one(inside.substr(0, colon), colon == inside.npos ? std::string_view() : inside.substr(colon + 1));
    if (!expanded) return expanded;
    text += *expanded;
    sql.remove_prefix(end + 1);
  }
}

std::expected<void, std::string> SqlTemplates::expand_fields(Message& message) {
  if (message.side != Side::frontend || (message.name != "Query" && message.name != "Parse")) return {};
  auto query = message.fields.find("query");
  if (query == message.fields.end() || !query->is_string()) return {};
  auto expanded = expand(query->get_ref<const std::string&>());
  if (!expanded) return std::unexpected(std::move(expanded.error()));
  *query = std::move(*expanded);
  return {};
}

std::expected<void, Error> SqlTemplates::expand_all(std::vector<Item>& items, const std::string& file) {
  for (Item& item : items) {
    if (auto message = std::get_if<Message>(&item.what)) {
      if (auto done = expand_fields(*message); !done) {
        return std::unexpected(
            Error{file, item.place, std::move(done.error()), "a template of docs/notation.md or of the profile"});
      }
    } else if (auto block = std::get_if<Block>(&item.what)) {
      // Only `repeat` can hold frontend messages.
      if (auto done = expand_all(block->items, file); !done) return done;
    }
  }
  return {};
}

}  // namespace pgconform::notation
