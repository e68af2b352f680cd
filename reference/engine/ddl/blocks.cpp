#include <algorithm>
#include <cctype>

#include "engine/ddl/relations.hpp"

// DO: of PL/pgSQL only BEGIN … END with RAISE and NULL statements in it. plpgsql-errors-and-messages.
namespace pgconform::engine {
namespace {

class Block {
 public:
  Block(std::string_view text, SessionState& session, int location)
      : text_(text), session_(session), location_(location) {}

  void run() {
    if (!word("begin")) refuse("PL/pgSQL beyond BEGIN, RAISE and END", location_);
    while (!word("end")) statement();
    symbol(';');
    blanks();
    if (at_ != text_.size()) refuse("PL/pgSQL beyond BEGIN, RAISE and END", location_);
  }

 private:
  void blanks() {
    for (;;) {
      while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
      if (!text_.substr(at_).starts_with("--")) return;
      at_ = std::min(text_.find('\n', at_), text_.size());
    }
  }
  bool symbol(char c) {
    blanks();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string peek() {
    blanks();
    std::string word;
    for (auto i = at_; i < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[i])) || text_[i] == '_'); ++i)
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(text_[i])));
    return word;
  }
  bool word(std::string_view wanted) {
    if (peek() != wanted) return false;
    at_ += wanted.size();
    return true;
  }
  std::string literal() {
    if (!symbol('\'')) refuse("RAISE with anything but literals", location_);
    std::string value;
    for (;; ++at_) {
      if (at_ >= text_.size()) fail(sqlstate::syntax_error, "unterminated quoted string");
      if (text_[at_] == '\'') {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != '\'') break;
        ++at_;
      }
      value += text_[at_];
    }
    ++at_;
    return value;
  }
  std::string argument() {
    blanks();
    if (at_ < text_.size() && text_[at_] == '\'') return literal();
    auto from = at_;
    while (at_ < text_.size() && (std::isdigit(static_cast<unsigned char>(text_[at_])) || text_[at_] == '.')) ++at_;
    const auto digits = text_.substr(from, at_ - from);
    blanks();
    const bool is_all = at_ < text_.size() && (text_[at_] == ',' || text_[at_] == ';' || peek() == "using");
    if (digits.empty() || !is_all) refuse("RAISE with anything but literals", location_);
    return std::string(digits);
  }

  void statement() {
    line_ = 1 + std::count(text_.begin(), text_.begin() + static_cast<long>(at_), '\n');
    if (word("null")) {
      if (!symbol(';')) refuse("PL/pgSQL beyond BEGIN, RAISE and END", location_);
      return;
    }
    blanks();
    line_ = 1 + std::count(text_.begin(), text_.begin() + static_cast<long>(at_), '\n');
    if (!word("raise")) refuse("PL/pgSQL beyond BEGIN, RAISE and END", location_);
    raise();
  }

  void raise() {
    using session::Severity;
    Report report;
    report.severity = Severity::error;
    report.sqlstate = sqlstate::raise_exception;
    static constexpr std::pair<std::string_view, Severity> levels[] = {
        {"debug", Severity::debug},   {"log", Severity::log},         {"info", Severity::info},
        {"notice", Severity::notice}, {"warning", Severity::warning}, {"exception", Severity::error}};
    for (const auto& [name, severity] : levels)
      if (word(name)) {
        report.severity = severity;
        break;
      }
    if (report.severity == Severity::warning) report.sqlstate = sqlstate::warning;
    if (report.severity < Severity::warning) report.sqlstate = sqlstate::successful_completion;
    std::string format = literal();
    std::vector<std::string> arguments;
    while (symbol(',')) arguments.push_back(argument());
    std::size_t used = 0;
    for (std::size_t i = 0; i < format.size(); ++i) {
      if (format[i] != '%') {
        report.message += format[i];
      } else if (i + 1 < format.size() && format[i + 1] == '%') {
        report.message += '%';
        ++i;
      } else {
        if (used == arguments.size()) fail(sqlstate::syntax_error, "too few parameters specified for RAISE");
        report.message += arguments[used++];
      }
    }
    if (used < arguments.size()) fail(sqlstate::syntax_error, "too many parameters specified for RAISE");
    if (word("using")) options(report);
    if (!symbol(';')) refuse("this form of RAISE", location_);
    say(std::move(report));
  }

  void options(Report& report) {
    do {
      std::string name = peek();
      at_ += name.size();
      if (!symbol('=')) {
        if (symbol(':')) symbol('=');
      }
      std::string value = literal();
      if (name == "errcode") {
        if (value.size() != 5) refuse("RAISE with the name of a condition", location_);
        report.sqlstate = value;
      } else if (name == "detail") {
        report.detail = value;
      } else if (name == "hint") {
        report.hint = value;
      } else if (name == "message") {
        report.message = value;
      } else if (name == "column") {
        report.column = value;
      } else if (name == "constraint") {
        report.constraint = value;
      } else if (name == "datatype") {
        report.data_type = value;
      } else if (name == "table") {
        report.table = value;
      } else if (name == "schema") {
        report.schema = value;
      } else {
        fail(sqlstate::syntax_error, "unrecognized RAISE statement option");
      }
    } while (symbol(','));
  }

  void say(Report report) {
    report.where = fmt::format("PL/pgSQL function inline_code_block line {} at RAISE", line_);
    if (report.severity == session::Severity::error) throw SqlError{std::move(report)};
    session_.notices().push_back(std::move(report));
  }

  std::string_view text_;
  SessionState& session_;
  int location_;
  std::size_t at_ = 0;
  long line_ = 1;
};

}  // namespace

std::string run_block(const RawStatement& raw, SessionState& session) {
  std::string_view text, language = "plpgsql";
  for (const auto* each : raw.node().body().list("args")) {
    const Node& option = each->body();
    (option.text("defname") == "as" ? text : language) = option["arg"].string_of();
  }
  for (std::string_view known : {"sql", "c", "internal"})
    if (language == known)
      fail(sqlstate::feature_not_supported,
           fmt::format("language \"{}\" does not support inline code execution", language));
  if (language != "plpgsql") fail(sqlstate::undefined_object, fmt::format("language \"{}\" does not exist", language));
  Block(text, session, raw.location()).run();
  return "DO";
}

}  // namespace pgconform::engine
