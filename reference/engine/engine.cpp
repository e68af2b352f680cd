#include "engine/engine.hpp"

#include <algorithm>

#include "engine/analyzer.hpp"
#include "engine/cluster.hpp"
#include "engine/executor.hpp"
#include "engine/function_call.hpp"
#include "engine/scan_cost.hpp"
#include "engine/stack.hpp"
#include "types/form.hpp"

namespace pgconform::engine {
namespace {

using session::Report;

// The engine's side of one session: catches what the parts throw.
class SqlBackend : public session::Backend {
 public:
  SqlBackend(Cluster& cluster, Database& database, const Options& options, session::Login login)
      : state_(cluster, database, options, std::move(login)) {}
  SessionState& state() { return state_; }

  std::expected<std::vector<std::shared_ptr<const session::Parsed>>, Report> parse(std::string_view sql) override {
    StackBase base;
    types::use_made_types(&state_.types());
    try {
      if (auto legal = types::check_encoding(sql); !legal) fail(legal.error());
      state_.set_query(sql);
      auto parsed = parse_string(sql);
      tell_long_names(sql, INT32_MAX);
      return parsed;
    } catch (SqlError& error) {
      tell_long_names(sql, error.report.position);
      return std::unexpected(std::move(error.report));
    } catch (const std::exception& exception) {
      return std::unexpected(internal_failure(exception));
    }
  }

  std::expected<std::shared_ptr<const session::Statement>, Report> analyze(
      const std::shared_ptr<const session::Parsed>& parsed,
      std::optional<std::span<const Oid>> parameter_types) override {
    StackBase base;
    types::use_made_types(&state_.types());
    auto raw = std::static_pointer_cast<const RawStatement>(parsed);
    try {
      check_alive(*raw);
      return Analyzer(state_, parameter_types).analyze(raw);
    } catch (SqlError& error) {
      return std::unexpected(located(error, *raw));
    } catch (const std::exception& exception) {
      return std::unexpected(internal_failure(exception));
    }
  }

  bool is_current(const session::Statement& statement) const override {
    const auto& prepared = static_cast<const Prepared&>(statement);
    return !prepared.command &&
           std::ranges::all_of(prepared.tables, [&](const auto& table) { return state_.is_current(*table); }) &&
           std::ranges::all_of(prepared.types, [&](const auto& type) { return state_.types().is_current(*type); });
  }

  std::expected<void, Report> plan(const session::Statement& statement, std::span<const Value> parameters) override {
    StackBase base;
    types::use_made_types(&state_.types());
    const auto& prepared = static_cast<const Prepared&>(statement);
    try {
      check_plan(prepared, state_, parameters);
      return {};
    } catch (SqlError& error) {
      return std::unexpected(located(error, *prepared.raw));
    } catch (const std::exception& exception) {
      return std::unexpected(internal_failure(exception));
    }
  }

  std::expected<std::unique_ptr<session::Execution>, Report> execute(
      const std::shared_ptr<const session::Statement>& statement, std::vector<Value> parameters) override {
    StackBase base;
    types::use_made_types(&state_.types());
    auto prepared = std::static_pointer_cast<const Prepared>(statement);
    try {
      check_alive(*prepared->raw);
      return make_execution(prepared, state_, std::move(parameters));
    } catch (SqlError& error) {
      return std::unexpected(located(error, *prepared->raw));
    } catch (const std::exception& exception) {
      return std::unexpected(internal_failure(exception));
    }
  }

  void start_command(std::chrono::system_clock::time_point now) override {
    types::use_made_types(&state_.types());
    state_.set_busy(true);
    state_.set_statement_time(types::from_clock(now));
    state_.transaction().start_command(types::from_clock(now));
  }
  std::expected<void, Report> commit_command() override {
    StackBase base;
    types::use_made_types(&state_.types());
    state_.catalog().clear();
    state_.set_busy(false);
    try {
      state_.transaction().commit_command();
      return {};
    } catch (SqlError& error) {
      return std::unexpected(std::move(error.report));
    } catch (const std::exception& exception) {
      return std::unexpected(internal_failure(exception));
    }
  }
  void abort_command() override {
    state_.catalog().clear();
    state_.set_busy(false);
    state_.transaction().abort_command();
  }
  void begin_implicit_block() override { state_.transaction().begin_implicit_block(); }
  void end_implicit_block() override { state_.transaction().end_implicit_block(); }
  session::TransactionStatus status() const override { return state_.transaction().status(); }
  const types::Style& style() const override {
    types::use_made_types(&state_.types());
    return state_.settings().style();
  }
  const types::ClientEncoding* encoding() const override { return state_.settings().client_encoding(); }
  std::vector<Report> take_notices() override { return state_.take_notices(); }
  std::vector<std::pair<std::string, std::string>> take_changed_settings() override {
    return state_.settings().take_changed();
  }
  std::vector<session::Notification> take_notifications() override { return state_.mailbox().take(); }
  session::Timeouts timeouts() const override {
    const auto& settings = state_.settings();
    if (settings.version() != timeouts_of_) {
      auto setting = [&](std::string_view name) { return std::chrono::milliseconds(settings.number(name)); };
      timeouts_of_ = settings.version();

      timeouts_ = {setting("statement_timeout"), setting("idle_in_transaction_session_timeout"),
                   setting("idle_session_timeout"), setting("transaction_timeout")};
    }
    return timeouts_;
  }
  std::expected<std::shared_ptr<const session::Statement>, Report> function(Oid oid) override {
    StackBase base;
    types::use_made_types(&state_.types());
    try {
      return analyze_function_call(oid, state_);
    } catch (SqlError& error) {
      return std::unexpected(std::move(error.report));
    } catch (const std::exception& exception) {
      return std::unexpected(internal_failure(exception));
    }
  }

 private:
  // A notice for each name that the scanner has cut on its way to `until`, a position in the text.
  void tell_long_names(std::string_view sql, std::int32_t until) {
    for (const auto& [name, at] : long_names(sql)) {
      if (types::count_characters(sql.substr(0, at)) >= static_cast<std::size_t>(std::max(until, 0))) break;
      state_.notice(sqlstate::name_too_long,
                    fmt::format("identifier \"{}\" will be truncated to \"{}\"", name, types::cut_bytes(name, 63)));
    }
  }

  static Report located(SqlError& error, const RawStatement& raw) {
    if (error.report.position == 0) error.report.position = raw.source().position(error.location);
    return std::move(error.report);
  }

  // The session asks before; this is for a session that forgot.
  void check_alive(const RawStatement& raw) const {
    if (state_.transaction().is_failed() && !raw.ends_failed_transaction())
      fail(sqlstate::in_failed_sql_transaction,
           "current transaction is aborted, commands ignored until end of transaction block");
  }

  mutable SessionState state_;
  mutable session::Timeouts timeouts_;
  mutable std::uint64_t timeouts_of_ = 0;  // the settings' version
};

class SqlEngine : public session::Engine {
 public:
  explicit SqlEngine(Options options) : options_(std::move(options)), cluster_(options_) {}

  std::expected<std::unique_ptr<session::Backend>, Report> connect(session::Login login) override {
    try {
      Database& database = *cluster_.to_connect(login.database).contents;
      auto settings = startup_switches(login.options);
      settings.insert(settings.end(), login.settings.begin(), login.settings.end());
      auto backend = std::make_unique<SqlBackend>(cluster_, database, options_, std::move(login));
      for (const auto& [name, value] : options_.settings) backend->state().settings().set_for_server(name, value);
      for (const auto& [name, value] : settings) backend->state().settings().set_default(name, value);
      return backend;
    } catch (SqlError& error) {
      error.report.severity = session::Severity::fatal;
      return std::unexpected(std::move(error.report));
    }
  }

 private:
  Options options_;
  Cluster cluster_;
};

}  // namespace

std::optional<std::string> wrong_setting(const Options& options) {
  try {
    Settings settings({options.server_version, ""});
    for (const auto& [name, value] : options.settings) settings.set_for_server(name, value);
    return std::nullopt;
  } catch (const SqlError& error) {
    return error.report.message;
  }
}

std::unique_ptr<session::Engine> make_engine(Options options) {
  return std::make_unique<SqlEngine>(std::move(options));
}

}  // namespace pgconform::engine
