#include <charconv>

#include "engine/analyze/parts.hpp"
#include "engine/analyzer.hpp"
#include "types/bits.hpp"
#include "types/form.hpp"

// Literals: make_const().
namespace pgconform::engine {

ExprPtr Analyzer::constant(const Node& body) {
  int location = body.location();
  if (body.flag("isnull")) return literal(types::unknown_oid, {}, location);
  if (body.has("sval")) {
    if (!session_.settings().standard_strings() && raw_) {
      const std::string& sql = raw_->source().sql;
      auto at = static_cast<std::size_t>(location);
      if (at < sql.size() && sql[at] == '\'' && body["sval"].text("sval").find('\\') != std::string_view::npos)
        refuse("a backslash in a plain string while standard_conforming_strings is off", location);
    }
    return literal(types::unknown_oid, std::string(body["sval"].text("sval")), location);
  }
  if (body.has("boolval")) return literal(types::bool_oid, body["boolval"].flag("boolval"), location);
  if (body.has("ival")) {
    std::int64_t value = body["ival"].number("ival");
    // libpg_query leaves out what is not positive, so a negative number has to be read from the text.
    if (value == 0 && raw_) {
      const std::string& sql = raw_->source().sql;
      bool negative = false;
      for (auto i = static_cast<std::size_t>(location); i < sql.size(); ++i) {
        bool comment =
            (sql[i] == '-' || sql[i] == '/') && i + 1 < sql.size() && (sql[i + 1] == '-' || sql[i + 1] == '*');
        if (comment) refuse("a comment between a sign and its number", location);
        if (sql[i] == '-')
          negative = !negative;
        else if (sql[i] >= '0' && sql[i] <= '9') {
          std::from_chars(&sql[i], sql.data() + sql.size(), value);
          break;
        } else if (sql[i] != '(' && !std::isspace(static_cast<unsigned char>(sql[i]))) {
          break;  // a word that stands for 0, as in SET TRANSACTION READ WRITE
        }
      }
      if (negative) value = -value;
    }
    return literal(types::int4_oid, value, location);
  }
  if (body.has("fval")) {
    std::string text(body["fval"].text("fval"));
    // Too long for a plain integer, or with a sign: int4 or int8 if it fits, else numeric.
    auto narrow = types::parse_text(types::int4_oid, text, {});
    if (narrow) return literal(types::int4_oid, *narrow, location);
    auto wide = types::parse_text(types::int8_oid, text, {});
    if (wide) return literal(types::int8_oid, *wide, location);
    return literal(types::numeric_oid, value_or_fail(types::parse_text(types::numeric_oid, text, {}), location),
                   location);
  }
  return literal(types::bit_oid,
                 value_or_fail(types::parse_text(types::bit_oid, body["bsval"].text("bsval"), {}), location), location);
}

}  // namespace pgconform::engine
