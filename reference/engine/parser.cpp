#include "engine/parser.hpp"

#include <pg_query.h>
#include <pthread.h>

#include <algorithm>
#include <cctype>

#include "engine/continued_literals.hpp"
#include "engine/error.hpp"
#include "engine/scan_cost.hpp"
#include "types/form.hpp"

// libpg_query is PostgreSQL 15's own parser as a library. What it lacks is put right here: it has no SQLSTATEs, accepts
// parameters where the server's grammar has none, and writes its tree by recursion without a depth check.
namespace pgconform::engine {
namespace {

// Its recursion may take some hundred bytes of stack for each nested operator, and the shortest operator takes two
// bytes of text, so a long text is parsed on a stack in proportion to it. Untouched pages of that stack cost nothing.
constexpr std::size_t short_text = 16 << 10, stack_per_byte = 512, longest_text = 1 << 30;
constexpr int most_continued = 20;  // literals of a short text that go on behind comments

// How much of the text can nest: without what stands in quotes, where it is plain where quotes begin and end.
std::size_t nesting_text(std::string_view sql) {
  for (std::string_view odd : {"\\", "$", "--", "/*"})
    if (sql.find(odd) != sql.npos) return sql.size();
  std::size_t outside = 0;
  char quote = '\0';
  for (char c : sql) {
    if (quote == '\0') ++outside;
    if (quote == '\0' && (c == '\'' || c == '"'))
      quote = c;
    else if (c == quote)
      quote = '\0';
  }
  return outside;
}

PgQueryParseResult parse_on_own_stack(const char* sql, std::size_t length) {
  struct Job {
    const char* sql;
    PgQueryParseResult result;
  } job{sql, {}};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, (8 << 20) + length * stack_per_byte);
  pthread_t thread;
  int failed = pthread_create(
      &thread, &attributes,
      [](void* p) -> void* {
        auto* j = static_cast<Job*>(p);
        j->result = pg_query_parse(j->sql);
        return nullptr;
      },
      &job);
  pthread_attr_destroy(&attributes);
  if (failed != 0) fail(sqlstate::statement_too_complex, "query string is too long to be parsed");
  pthread_join(thread, nullptr);
  return job.result;
}

// The places of the tree are those in the text as it is.
PgQueryParseResult parse_short(const std::string& sql) {
  auto result = pg_query_parse(sql.c_str());
  std::string text;
  for (int tries = 0; result.error && tries < most_continued; ++tries) {
    if (!std::string_view(result.error->message).starts_with("syntax error at or near \"'")) break;
    if (tries == 0) text = sql;
    if (!blank_comments(
            text, types::byte_of_character(text, static_cast<std::size_t>(std::max(result.error->cursorpos, 1)) - 1)))
      break;
    pg_query_free_parse_result(result);
    result = pg_query_parse(text.c_str());
  }
  return result;
}

std::string_view sqlstate_of(std::string_view message, std::string_view file) {
  auto says = [&](std::string_view part) { return message.find(part) != message.npos; };
  if (says("LIMIT #,#")) return sqlstate::syntax_error;
  if (says("not yet implemented") || says("not supported") || says("cannot be marked") || says("unsafe use of string"))
    return sqlstate::feature_not_supported;
  if (says("invalid byte sequence for encoding")) return sqlstate::character_not_in_repertoire;
  // The scanner says it of E'\u…', the parser, where it decodes U&'…', with a state of its own.
  if (message == "invalid Unicode escape" && !file.ends_with("parser.c")) return sqlstate::invalid_escape_sequence;
  if (says("unsafe use of \\'")) return sqlstate::nonstandard_use_of_escape_character;
  if (says("precision must not be negative") || says("precision for type float"))
    return sqlstate::invalid_parameter_value;
  if (says("frame start") || says("frame end")) return sqlstate::windowing_error;
  if (says("out of memory")) return sqlstate::out_of_memory;
  return sqlstate::syntax_error;
}

// with_whole_word: PostgreSQL 15.20 names the whole word behind a number or a parameter, libpg_query's scanner its
// first letter only.
std::string with_whole_word(std::string message, std::string_view sql, std::int32_t position) {
  if (!message.starts_with("trailing junk after ") || !message.ends_with('"') || position <= 0) return message;
  const auto quote = message.find('"') + 1;
  const auto named = message.size() - 1 - quote;
  const auto word =
      sql.substr(std::min(types::byte_of_character(sql, static_cast<std::size_t>(position) - 1), sql.size()));
  auto end = std::min(named, word.size());
  auto goes_on = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '$' || c >= 0x80; };
  if (end == 0 || !goes_on(static_cast<unsigned char>(word[end - 1]))) return message;  // an exponent without digits
  while (end < word.size() && goes_on(static_cast<unsigned char>(word[end]))) ++end;
  return fmt::format("{}{}\"", message.substr(0, quote), word.substr(0, end));
}

// Only these have places for parameters in the server's grammar or analysis.
bool takes_parameters(std::string_view kind) {
  static constexpr std::string_view kinds[] = {"SelectStmt", "InsertStmt",  "UpdateStmt",        "DeleteStmt",
                                               "MergeStmt",  "ExplainStmt", "CreateTableAsStmt", "DeclareCursorStmt",
                                               "CallStmt",   "PrepareStmt", "ExecuteStmt",       "CopyStmt"};
  return std::ranges::find(kinds, kind) != std::end(kinds);
}

void refuse_parameters(const Node& top, std::string_view sql) {
  std::vector<const Node*> todo{&top};
  while (!todo.empty()) {
    const Node& node = *todo.back();
    todo.pop_back();
    if (node.is("ParamRef")) {
      auto at = static_cast<std::size_t>(node.body().location());
      auto end = std::min(sql.find_first_not_of("0123456789", at + 1), sql.size());
      fail(sqlstate::syntax_error, fmt::format("syntax error at or near \"{}\"", sql.substr(at, end - at)),
           static_cast<int>(at));
    }
    for (const auto& member : node.members()) todo.push_back(member.second);
    for (const auto* item : node.items()) todo.push_back(item);
  }
}

}  // namespace

std::int32_t Source::position(int location) const {
  if (location < 0) return 0;
  auto bytes = std::min(static_cast<std::size_t>(location), sql.size());
  return static_cast<std::int32_t>(types::count_characters(std::string_view(sql).substr(0, bytes))) + 1;
}

bool RawStatement::ends_failed_transaction() const {
  if (!node_.is("TransactionStmt")) return false;
  std::string_view kind = node_.body().text("kind");
  return kind == "TRANS_STMT_COMMIT" || kind == "TRANS_STMT_ROLLBACK" || kind == "TRANS_STMT_ROLLBACK_TO" ||
         kind == "TRANS_STMT_PREPARE";
}

std::vector<std::shared_ptr<const session::Parsed>> parse_string(std::string_view sql) {
  if (sql.size() > longest_text) fail(sqlstate::program_limit_exceeded, "query string is too long");
  if (sql.size() > short_text && scan_cost(sql) > longest_scan)
    fail(sqlstate::statement_too_complex, "operators or nested comments are too long to be scanned");
  auto source = std::make_shared<Source>();
  source->sql = sql;
  auto result =
      sql.size() <= short_text ? parse_short(source->sql) : parse_on_own_stack(source->sql.c_str(), nesting_text(sql));
  struct Release {
    PgQueryParseResult& result;
    ~Release() { pg_query_free_parse_result(result); }
  } release{result};
  if (result.error) {
    SqlError error;
    error.report.message = result.error->message;
    error.report.sqlstate = sqlstate_of(error.report.message, result.error->filename ? result.error->filename : "");
    error.report.position = std::max(0, result.error->cursorpos);  // already in characters
    error.report.message = with_whole_word(std::move(error.report.message), sql, error.report.position);
    throw error;
  }
  source->tree = std::make_unique<Tree>(result.parse_tree);
  std::vector<std::shared_ptr<const session::Parsed>> statements;
  for (const Node* each : source->tree->root().list("stmts")) {
    const Node& node = (*each)["stmt"];
    if (!takes_parameters(node.kind())) {
      try {
        refuse_parameters(node, source->sql);
      } catch (SqlError& error) {
        error.report.position = source->position(error.location);
        throw;
      }
    }
    auto start = source->sql.find_first_not_of(" \t\r\n\f;", static_cast<std::size_t>(each->number("stmt_location")));
    statements.push_back(
        std::make_shared<RawStatement>(source, node, static_cast<int>(std::min(start, source->sql.size()))));
  }
  return statements;
}

}  // namespace pgconform::engine
