#include "engine/quoting.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace pgconform::engine {
namespace {

// Words that an identifier must be quoted to be: those that PostgreSQL's grammar does not leave unreserved.
bool is_keyword(std::string_view word) {
  static constexpr std::string_view words =
      " all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case "
      "cast char character check coalesce collate collation column concurrently constraint create cross "
      "current_catalog "
      "current_date current_role current_schema current_time current_timestamp current_user dec decimal default "
      "deferrable desc distinct do else end except exists extract false fetch float for foreign freeze from full grant "
      "greatest group grouping having ilike in initially inner inout int integer intersect interval into is isnull "
      "join "
      "lateral leading least left like limit localtime localtimestamp national natural nchar none normalize not "
      "notnull "
      "null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real "
      "references returning right row select session_user setof similar smallint some substring symmetric table "
      "tablesample then time timestamp to trailing treat trim true union unique user using values varchar variadic "
      "verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse "
      "xmlpi xmlroot xmlserialize xmltable ";
  return words.find(fmt::format(" {} ", word)) != words.npos;
}

}  // namespace

std::string quoted_name(std::string_view name) {
  bool plain = !name.empty() && ((name[0] >= 'a' && name[0] <= 'z') || name[0] == '_') &&
               std::ranges::all_of(
                   name, [](char ch) { return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '_'; });
  if (plain && !is_keyword(name)) return std::string(name);
  std::string text = "\"";
  for (char ch : name) {
    if (ch == '"') text += ch;
    text += ch;
  }
  return text + '"';
}

std::string quoted_literal(std::string_view s) {
  std::string text = s.find('\\') != s.npos ? "E'" : "'";
  for (char ch : s) {
    if (ch == '\'' || ch == '\\') text += ch;
    text += ch;
  }
  return text + '\'';
}

}  // namespace pgconform::engine
