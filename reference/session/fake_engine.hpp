#pragma once

#include <charconv>
#include <sstream>

#include "session/names.hpp"
#include "sqlstate/sqlstate.hpp"
#include "types/type.hpp"

// An engine for tests of the session: its SQL is a few words, separated by semicolons, and says what is to happen.
//
//   rows N        N rows of one int4 column        fail        an error when it runs
//   fail-after N  N rows, then an error            syntax      an error when it is parsed
//   set V         changes the setting `x`          notice      raises a notice
//   wait          waits until woken or cancelled   echo        one text parameter, one row with it
//   begin · commit · rollback
//   copy-in       fails at an x in the data        copy-out N    N lines of data
namespace pgconform::session::fake {

inline Report broken(std::string_view sqlstate) {
  Report report;
  report.sqlstate = sqlstate;
  report.message = "as was asked for";
  return report;
}

struct FakeParsed : Parsed {
  std::string verb;
  std::string argument;
  bool ends_failed_transaction() const override { return verb == "commit" || verb == "rollback"; }
  bool is_transaction_statement() const override { return verb == "begin" || ends_failed_transaction(); }
};

struct FakeStatement : Statement {
  std::string verb, argument;
  std::optional<std::vector<Column>> fields;
  std::vector<types::Oid> types;
  const std::optional<std::vector<Column>>& columns() const override { return fields; }
  std::span<const types::Oid> parameter_types() const override { return types; }
  bool is_query() const override { return fields.has_value(); }
};

struct FakeBackend;

struct FakeExecution : Execution {
  FakeBackend& backend;
  std::shared_ptr<const FakeStatement> statement;
  std::vector<types::Value> parameters;
  std::int64_t at = 0;

  FakeExecution(FakeBackend& b, std::shared_ptr<const FakeStatement> s, std::vector<types::Value> p)
      : backend(b), statement(std::move(s)), parameters(std::move(p)) {}
  std::expected<Progress, Report> step(const Sink& sink, std::int64_t limit,
                                       std::chrono::steady_clock::time_point) override;
  std::string data;
  bool done = false;
  void copy_data(std::string_view bytes) override { data += bytes; }
  void copy_done() override { done = true; }
  std::string context() const override { return statement->verb == "copy-in" ? "COPY t" : ""; }
};

struct FakeBackend : Backend {
  TransactionStatus state = TransactionStatus::idle;
  bool implicit = false, in_command = false, woken = false;
  std::string setting = "old", told;
  std::string committed_setting = "old";
  std::vector<Report> notices;
  types::Style text_style;
  Names* names = nullptr;
  std::vector<Notification> notifications;
  Timeouts limits;

  std::expected<std::vector<std::shared_ptr<const Parsed>>, Report> parse(std::string_view sql) override {
    std::vector<std::shared_ptr<const Parsed>> all;
    std::istringstream in{std::string(sql)};
    for (std::string one; std::getline(in, one, ';');) {
      std::istringstream words(one);
      auto parsed = std::make_shared<FakeParsed>();
      if (!(words >> parsed->verb)) continue;
      words >> parsed->argument;
      if (parsed->verb == "syntax") return std::unexpected(broken(sqlstate::syntax_error));
      all.push_back(parsed);
    }
    return all;
  }
  std::expected<std::shared_ptr<const Statement>, Report> analyze(const std::shared_ptr<const Parsed>& parsed,
                                                                  std::optional<std::span<const types::Oid>>) override {
    const auto& from = static_cast<const FakeParsed&>(*parsed);
    auto statement = std::make_shared<FakeStatement>();
    statement->verb = from.verb;
    statement->argument = from.argument;
    if (from.verb == "rows" || from.verb == "fail-after")
      statement->fields = {{{.name = "n", .type = types::int4_oid, .type_length = 4}}};
    if (from.verb == "echo") {
      statement->fields = {{{.name = "t", .type = types::text_oid}}};
      statement->types = {types::text_oid};
    }
    if (from.verb == "unknown") return std::unexpected(broken(sqlstate::undefined_table));
    return statement;
  }
  std::expected<std::unique_ptr<Execution>, Report> execute(const std::shared_ptr<const Statement>& statement,
                                                            std::vector<types::Value> parameters) override {
    return std::make_unique<FakeExecution>(*this, std::static_pointer_cast<const FakeStatement>(statement),
                                           std::move(parameters));
  }
  void start_command(std::chrono::system_clock::time_point) override { in_command = true; }
  std::expected<void, Report> commit_command() override {
    if (state == TransactionStatus::idle && !implicit) committed_setting = setting;
    in_command = false;
    if (status() == TransactionStatus::idle) names->end_transaction();
    return {};
  }
  void abort_command() override {
    names->abort();
    if (state == TransactionStatus::idle) names->end_transaction();
    setting = committed_setting;
    implicit = in_command = false;
    if (state != TransactionStatus::idle) state = TransactionStatus::failed;
  }
  void begin_implicit_block() override { implicit = true; }
  void end_implicit_block() override { implicit = false; }
  TransactionStatus status() const override {
    return state == TransactionStatus::idle && implicit ? TransactionStatus::in_block : state;
  }
  const types::Style& style() const override { return text_style; }
  std::vector<Report> take_notices() override { return std::exchange(notices, {}); }
  std::vector<std::pair<std::string, std::string>> take_changed_settings() override {
    if (setting == told) return {};
    told = setting;
    return {{"x", setting}};
  }
  std::vector<Notification> take_notifications() override { return std::exchange(notifications, {}); }
  Timeouts timeouts() const override { return limits; }
  // Function 1 gives its only argument back, function 2 is `wait`.
  std::expected<std::shared_ptr<const Statement>, Report> function(types::Oid oid) override {
    if (oid != 1 && oid != 2) return std::unexpected(broken(sqlstate::undefined_function));
    auto statement = std::make_shared<FakeStatement>();
    statement->verb = oid == 1 ? "echo" : "wait";
    statement->fields = {{{.name = "t", .type = types::text_oid}}};
    if (oid == 1) statement->types = {types::text_oid};
    return statement;
  }
};

inline std::expected<Execution::Progress, Report> FakeExecution::step(const Sink& sink, std::int64_t limit,
                                                                      std::chrono::steady_clock::time_point) {
  const auto& verb = statement->verb;
  if (verb == "fail") return std::unexpected(broken(sqlstate::division_by_zero));
  if (verb == "begin") backend.state = TransactionStatus::in_block;
  if (verb == "commit" || verb == "rollback") {
    const bool failed = backend.state == TransactionStatus::failed;
    backend.state = TransactionStatus::idle;
    return Complete{failed || verb == "rollback" ? "ROLLBACK" : "COMMIT"};
  }
  if (verb == "set") backend.setting = statement->argument;
  if (verb == "notice") {
    Report notice = broken(sqlstate::successful_completion);
    notice.severity = Severity::notice;
    backend.notices.push_back(notice);
  }
  if (verb == "wait" && !std::exchange(backend.woken, true)) return Wait{};
  if (verb == "copy-in") {
    if (data.find('x') != data.npos) return std::unexpected(broken(sqlstate::bad_copy_file_format));
    if (!done) return CopyIn{{false, {0, 0}}};
    return Complete{"COPY " + std::to_string(data.size())};
  }
  if (verb == "copy-out") {
    if (at == 0) {
      at = 1;
      return CopyOut{{true, {1}}};
    }
    const std::int64_t lines = std::stoll(statement->argument);
    while (at <= lines) {
      const types::Value line[]{std::to_string(at++)};
      if (!sink(line)) return More{};
    }
    return Complete{"COPY " + statement->argument};
  }
  if (verb == "echo") {
    if (at == 0) {
      ++at;
      if (!sink(std::span(parameters).first(1)) || limit == 1) return More{};
    }
    return Complete{"SELECT 1"};
  }
  if (!statement->fields) return Complete{verb == "set" ? "SET" : verb == "begin" ? "BEGIN" : "DONE"};
  const std::int64_t rows = std::stoll(statement->argument);
  for (std::int64_t sent = 0; at < rows; ++sent) {
    if (limit > 0 && sent == limit) return More{};
    const types::Value value[]{at++};
    if (!sink(value)) return More{};
    if (limit > 0 && sent + 1 == limit) return More{};
  }
  if (verb == "fail-after") return std::unexpected(broken(sqlstate::division_by_zero));
  return Complete{"SELECT " + std::to_string(rows)};
}

struct FakeEngine : Engine {
  FakeBackend* last = nullptr;
  std::expected<std::unique_ptr<Backend>, Report> connect(Login login) override {
    if (login.database == "nowhere") {
      Report report = broken(sqlstate::undefined_database);
      report.severity = Severity::fatal;
      return std::unexpected(report);
    }
    auto backend = std::make_unique<FakeBackend>();
    backend->names = login.names;
    last = backend.get();
    return backend;
  }
};

}  // namespace pgconform::session::fake
