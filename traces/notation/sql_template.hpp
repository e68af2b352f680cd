#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "notation/ast.hpp"

namespace pgconform::notation {

// SqlTemplates: SQL that is only a means. `${NAME:ARGUMENT}` in the `query` of F Query and F Parse becomes SQL that
// the target understands; `$${` stands for `${`. What there is, with PostgreSQL's SQL:
//
//   ${rows:5}            SELECT g FROM generate_series(1,5) AS g: one column of integers, that many rows
//   ${sleep:10}          SELECT pg_sleep(10): seconds
//   ${error-at-execute}  can be planned, and fails when its first row is computed
//   ${table:a int}       the name of an empty table with these columns, which the runner makes and drops
//   ${unique:ch}         a name that no other case uses: ch_TOKEN
//
// A profile's `sql` map replaces or adds texts by name; in them `${1}` is the argument. `create-table` and
// `drop-table` have `${name}` too.
class SqlTemplates {
 public:
  using Dialect = std::map<std::string, std::string, std::less<>>;

  // Table: one that a case needs.
  struct Table {
    std::string name, create, drop;  // create, drop: statements
  };

  // `token` tells this run of this case from all others: letters and digits. `prefix` begins the names of tables and
  // may hold a schema (`pgconform_x.`).
  explicit SqlTemplates(std::string token, std::string prefix = {}, Dialect dialect = {});

  // expand: `sql` with every template replaced, or what is wrong with it. The same `${table:…}` or `${unique:…}`
  // gives the same name each time.
  std::expected<std::string, std::string> expand(std::string_view sql);

  // expand_fields: the same for the `query` of `message`, if it is F Query or F Parse and that is a string.
  std::expected<void, std::string> expand_fields(Message& message);

  // expand_all: expand_fields for every message of a case, blocks included; the error is that of the first bad one.
  std::expected<void, Error> expand_all(std::vector<Item>& items, const std::string& file);

  // tables: those that `${table:…}` named so far, in that order: to be created before the case, dropped after it.
  const std::vector<Table>& tables() const { return tables_; }

  // names: what `${unique:X}` gave, by X; cases refer to it as {"$ref":"unique.X"}.
  const std::map<std::string, std::string>& names() const { return names_; }

 private:
  std::expected<std::string, std::string> one(std::string_view name, std::string_view argument);
  std::string table(std::string_view columns);

  std::string token_, prefix_;
  Dialect dialect_;
  std::vector<Table> tables_;
  std::map<std::string, std::string, std::less<>> table_by_columns_;
  std::map<std::string, std::string> names_;
};

}  // namespace pgconform::notation
