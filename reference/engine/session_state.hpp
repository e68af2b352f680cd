#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/catalog/cache.hpp"
#include "engine/catalog/names.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"
#include "engine/functions.hpp"
#include "engine/settings.hpp"
#include "engine/storage.hpp"
#include "engine/transaction.hpp"
#include "engine/user_types.hpp"
#include "engine/waits.hpp"
#include "session/engine.hpp"
#include "session/names.hpp"
#include "types/form.hpp"

namespace pgconform::engine {

class Cluster;

// SessionState: what the parts of the engine share about one session.
class SessionState {
 public:
  SessionState(Cluster& cluster, Database& database, const Options& options, session::Login login)
      : cluster_(cluster),
        database_(database),
        options_(options),
        login_(std::move(login)),
        settings_({options.server_version, login_.user}),
        transaction_(*this),
        waits_(*this),
        checks_(*this),
        mailbox_(database.channels, login_.pid, login_.wake),
        object_names_(make_object_names(*this)),
        types_(*this) {
    settings_.set_object_names(object_names_.get());
    database_.sessions.insert(this);
  }
  ~SessionState();
  SessionState(const SessionState&) = delete;
  SessionState& operator=(const SessionState&) = delete;

  Cluster& cluster() { return cluster_; }
  Database& database() { return database_; }
  const session::Login& login() const { return login_; }
  // superuser: whose everything is: the user of this session, as long as there are no roles.
  const std::string& superuser() const { return login_.user; }
  // query: the last query string, as pg_stat_activity shows it.
  const std::string& query() const { return query_; }
  void set_query(std::string_view sql) { query_ = types::cut_bytes(sql, 1023); }
  // catalog: the rows of system tables that the statement at hand has asked for.
  CatalogCache& catalog() { return catalog_; }
  // temporary_schema: what its temporary tables are in, beside the alias pg_temp: pg_temp_ and a number of its own.
  std::string temporary_schema() const { return "pg_temp_" + std::to_string(login_.pid); }
  session::Names& names() { return login_.names ? *login_.names : own_names_; }
  Settings& settings() { return settings_; }
  TransactionMachine& transaction() { return transaction_; }
  Waits& waits() { return waits_; }
  ConstraintChecks& checks() { return checks_; }
  Mailbox& mailbox() { return mailbox_; }
  // types: those that were made, as this session sees them.
  SessionTypes& types() { return types_; }
  std::vector<session::Report>& notices() { return notices_; }
  // take_notices: those that client_min_messages lets through.
  std::vector<session::Report> take_notices();

  // warn · notice: raise a message that does not end the statement.
  void warn(std::string_view sqlstate, std::string message) {
    raise(session::Severity::warning, sqlstate, std::move(message));
  }
  void notice(std::string_view sqlstate, std::string message) {
    raise(session::Severity::notice, sqlstate, std::move(message));
  }

  // Times in microseconds since 2000-01-01 UTC.
  std::int64_t transaction_time() const { return transaction_.started_at(); }
  std::int64_t statement_time() const { return statement_time_; }
  void set_statement_time(std::int64_t time) { statement_time_ = time; }
  // is_busy: between the start of a command and its commit or abort, as other sessions see it.
  bool is_busy() const { return busy_; }
  void set_busy(bool busy) { busy_ = busy; }
  const Options& options() const { return options_; }
  std::int64_t clock() const { return types::from_clock(options_.clock()); }

  // random · seed_random: random()'s next number, in [0, 1), and setseed().
  double random();
  void seed_random(double seed);

  // version: version()'s text.
  std::string version() const;
  // current: current_user, current_date, … : the functions that SQL writes without parentheses.
  Value current(std::string_view name, std::int32_t modifier);
  types::Style style() const {
    types::Style style = settings_.style();
    style.now = transaction_time();
    return style;
  }
  // find_table: the table of that name that a statement may see now; null if there is none. `schema` may be empty.
  std::shared_ptr<Table> find_table(std::string_view schema, std::string_view name);
  // find_table: by its OID.
  std::shared_ptr<Table> find_table(Oid oid);
  // relation_named: the OID that a text like regclass's means: a number or a name; 42P01.
  Oid relation_named(std::string_view text, int location = -1);
  bool has_schema(std::string_view name);
  // has_temporary: whether there are tables in temporary_schema().
  bool has_temporary();
  // has_on_commit: a temporary table has been made whose rows, or itself, go with each commit.
  bool has_on_commit = false;
  // search_path: its names, "$user" being the user's.
  const std::vector<std::string>& search_path();
  // creation_schema: the first of search_path that there is.
  std::optional<std::string> creation_schema();
  // is_visible: made, and not ended, as far as this session sees.
  bool is_visible(const Stamp& stamp) { return stamp.visible(transaction_.newest()); }

  // SequenceUse: what nextval() and setval() have given in this session, and may give without asking others.
  struct SequenceUse {
    std::optional<std::int64_t> last;  // currval()
    std::int64_t cached = 0;           // the last number that is this session's already
    std::int64_t increment = 0;
    std::weak_ptr<const Sequence> of;  // whose numbers they are: ALTER SEQUENCE makes another
    void forget_cached() { cached = last.value_or(0); }
  };
  SequenceUse& sequence_use(Oid sequence) { return sequences_[sequence]; }
  Oid last_sequence = 0;  // of the last nextval(), for lastval()
  void forget_sequences() {
    sequences_.clear();
    last_sequence = 0;
  }

  // is_current: the table is still what its name means.
  bool is_current(const Table& table);

 private:
  void raise(session::Severity severity, std::string_view sqlstate, std::string message);

  Cluster& cluster_;
  Database& database_;
  const Options& options_;
  session::Login login_;
  session::Names own_names_;  // where nobody has lent any
  Settings settings_;
  TransactionMachine transaction_;
  Waits waits_;
  ConstraintChecks checks_;
  Mailbox mailbox_;
  std::unique_ptr<types::ObjectNames> object_names_;
  SessionTypes types_;
  CatalogCache catalog_;
  std::string query_;
  std::vector<session::Report> notices_;
  std::int64_t statement_time_ = 0;
  bool busy_ = false;
  std::map<Oid, SequenceUse> sequences_;
  std::string path_text_ = "-";
  std::vector<std::string> path_;
  std::optional<std::uint64_t> random_;  // SplitMix64: eight bytes a session
};

}  // namespace pgconform::engine
