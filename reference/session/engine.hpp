#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "session/report.hpp"
#include "types/client_encoding.hpp"
#include "types/datetime.hpp"
#include "types/value.hpp"

// The border between a session, which knows the protocol, and an engine, which knows SQL.
//
// One Engine serves many sessions, each through a Backend of its own. The order of calls is PostgreSQL's own
// (postgres.c, xact.c): parse the whole string; for each statement start_command, analyze, execute, commit_command;
// after any error abort_command. Everything is single-threaded and never blocks: an execution is advanced in slices
// and says when it has to wait, so that a session can be driven in memory and a cancel request finds its way in.
namespace pgconform::session {

// Column: one field of a RowDescription. protocol-message-formats-RowDescription.
struct Column {
  std::string name;
  types::Oid table = 0;        // 0: not a plain column of a table
  std::int16_t attribute = 0;  // its number in that table, or 0
  types::Oid type = 0;
  std::int16_t type_length = -1;    // pg_type.typlen
  std::int32_t type_modifier = -1;  // pg_attribute.atttypmod
};

// TransactionStatus: the byte of ReadyForQuery.
enum class TransactionStatus : char { idle = 'I', in_block = 'T', failed = 'E' };

// CopyShape: what CopyInResponse and CopyOutResponse announce.
struct CopyShape {
  bool binary = false;
  std::vector<std::int16_t> column_formats;
};

// Execution: one run of a statement. Destroying it ends the run.
class Execution {
 public:
  // Row: its values, in the order of the statement's columns; valid until the next step.
  using Row = std::span<const types::Value>;
  // Sink: takes one row; returns false to ask for a pause after this one.
  using Sink = std::function<bool(Row)>;

  // More: paused by the sink, or to let others run.
  struct More {};
  // Complete: done; the tag is CommandComplete's text, e.g. "SELECT 3".
  struct Complete {
    std::string tag;
  };
  // Wait: nothing to do before then, or before a wake.
  struct Wait {
    std::optional<std::chrono::steady_clock::time_point> until;
  };
  // CopyIn: wants data: copy_data() or copy_done(), then step() again. Said as often as all data is used up.
  struct CopyIn {
    CopyShape shape;
  };
  // CopyOut: said once, first; rows of the next steps are one Value each: a CopyData body.
  struct CopyOut {
    CopyShape shape;
  };
  using Progress = std::variant<More, Complete, Wait, CopyIn, CopyOut>;

  virtual ~Execution() = default;
  // step: go on for one slice. At most `limit` rows go to the sink (0: as many as fit a slice). `now` is the caller's
  // clock. A row-returning execution that has sent `limit` rows answers More even when none is left
  // (protocol-flow-ext-query).
  virtual std::expected<Progress, Report> step(const Sink& sink, std::int64_t limit,
                                               std::chrono::steady_clock::time_point now) = 0;
  // copy_data · copy_done: answers to CopyIn. Data may be cut anywhere; an error comes from the next step.
  virtual void copy_data(std::string_view) {}
  virtual void copy_done() {}
  // context: field W of an error that hits it now, such as "COPY t, line 2".
  virtual std::string context() const { return {}; }
};

// Parsed: one statement of a query string, raw: only its syntax is known.
class Parsed {
 public:
  virtual ~Parsed() = default;
  // ends_failed_transaction: COMMIT, ROLLBACK, ROLLBACK TO, PREPARE TRANSACTION: allowed while the transaction is
  // failed.
  virtual bool ends_failed_transaction() const = 0;
  // is_transaction_statement: BEGIN, COMMIT, SAVEPOINT, …: the session ends the command right after it.
  virtual bool is_transaction_statement() const = 0;
};

// Statement: analysed; its columns and parameters are known before it runs.
class Statement {
 public:
  virtual ~Statement() = default;
  // columns: nullopt for a statement that returns no rows (NoData); may be empty (SELECT without a list).
  virtual const std::optional<std::vector<Column>>& columns() const = 0;
  virtual std::span<const types::Oid> parameter_types() const = 0;
  // is_binary: FETCH from a BINARY cursor: a simple query sends its rows in binary form.
  virtual bool is_binary() const { return false; }
  // is_query: a SELECT: a portal for it sees the data as they were when it was bound, not when it first runs.
  virtual bool is_query() const { return false; }
};

// Notification: the content of a NotificationResponse.
struct Notification {
  std::int32_t pid = 0;
  std::string channel, payload;
  bool operator==(const Notification&) const = default;
};

// Timeouts: the settings of that name, in effect now; zero: none. runtime-config-client.
struct Timeouts {
  std::chrono::milliseconds statement{}, idle_in_transaction{}, idle_session{}, transaction{};
};

// Backend: the engine's side of one session.
class Backend {
 public:
  virtual ~Backend() = default;

  // parse: split and parse a whole query string; a syntax error anywhere rejects all of it. Empty statements are
  // dropped.
  virtual std::expected<std::vector<std::shared_ptr<const Parsed>>, Report> parse(std::string_view sql) = 0;
  // analyze: resolve names and types. `parameter_types` as in Parse: 0 or missing = infer. nullopt, as a simple query
  // has it: there are no parameters, and $1 is an error (42P02).
  virtual std::expected<std::shared_ptr<const Statement>, Report> analyze(
      const std::shared_ptr<const Parsed>& parsed, std::optional<std::span<const types::Oid>> parameter_types) = 0;
  // is_current: analysing the statement again would give the same.
  virtual bool is_current(const Statement&) const { return false; }
  // plan: the errors that a statement with these parameters shows before it runs, as PostgreSQL's planner finds them.
  // What execute() has begun needs none.
  virtual std::expected<void, Report> plan(const Statement&, std::span<const types::Value>) { return {}; }
  // execute: begin a run. `parameters` has exactly the statement's parameters.
  virtual std::expected<std::unique_ptr<Execution>, Report> execute(const std::shared_ptr<const Statement>& statement,
                                                                    std::vector<types::Value> parameters) = 0;

  // The transaction machine, named after xact.c: StartTransactionCommand, CommitTransactionCommand,
  // AbortCurrentTransaction, BeginImplicitTransactionBlock, EndImplicitTransactionBlock.
  // `now` is when the message came, the same for every statement of its string.
  virtual void start_command(std::chrono::system_clock::time_point now) = 0;
  virtual std::expected<void, Report> commit_command() = 0;
  virtual void abort_command() = 0;
  virtual void begin_implicit_block() = 0;
  virtual void end_implicit_block() = 0;
  virtual TransactionStatus status() const = 0;

  // style: the settings that the text form of values depends on, as they are now.
  virtual const types::Style& style() const = 0;
  // encoding: client_encoding, as it is now; null where nothing is to be converted. multibyte.
  virtual const types::ClientEncoding* encoding() const { return nullptr; }
  // take_notices: what was raised since the last call, in order.
  virtual std::vector<Report> take_notices() = 0;
  // take_changed_settings: reported settings (GUC_REPORT) whose value differs from the one last taken.
  // The first call gives all of them. protocol-async.
  virtual std::vector<std::pair<std::string, std::string>> take_changed_settings() = 0;
  // take_notifications: what this session listens for and has been sent since the last call. Asked for only while no
  // transaction is open.
  virtual std::vector<Notification> take_notifications() { return {}; }
  virtual Timeouts timeouts() const { return {}; }
  // function: a call of the function with this OID as a statement: its parameters are the arguments, and its only row
  // has one column, the result. protocol-flow-function-call.
  virtual std::expected<std::shared_ptr<const Statement>, Report> function(types::Oid oid);
};

inline std::expected<std::shared_ptr<const Statement>, Report> Backend::function(types::Oid) {
  Report report;
  report.sqlstate = "0A000";
  report.message = "function calls are not supported";
  return std::unexpected(std::move(report));
}

struct Names;

// Signal: what pg_cancel_backend() and pg_terminate_backend() do to a session; Signalled: what came of it.
enum class Signal : std::uint8_t { cancel, terminate };
enum class Signalled : std::uint8_t { sent, not_there, not_allowed };
using SendSignal = std::function<Signalled(std::int32_t pid, Signal signal)>;

// Address: one end of a connection.
struct Address {
  std::string host{};      // an IP address; empty: a Unix socket
  std::uint16_t port = 0;  // 0: a Unix socket
};

// Login: who came in, once authentication is over.
struct Login {
  std::string user, database;
  std::string options;  // StartupMessage's `options`: -c name=value --name=value …
  std::vector<std::pair<std::string, std::string>> settings;  // from StartupMessage, in order; they win over options
  std::int32_t pid = 0;                                       // pg_backend_pid()
  std::function<void()> wake;  // called when a Wait without a time may be over, and when a notification has come
  SendSignal signal{};         // to any session, this one too; null where there are no others
  Address client{}, server{};  // whose ends they are
  Names* names = nullptr;      // the session's prepared statements and portals, which SQL works on too
};

// Engine: the data behind all sessions.
class Engine {
 public:
  virtual ~Engine() = default;
  // connect: open a session's backend; errors are what PostgreSQL says after AuthenticationOk (3D000, 42704, 22023, …),
  // as FATAL.
  virtual std::expected<std::unique_ptr<Backend>, Report> connect(Login login) = 0;
};

}  // namespace pgconform::session
