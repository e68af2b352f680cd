#include <algorithm>

#include "engine/analyze/parts.hpp"
#include "engine/analyzer.hpp"
#include "engine/commands/command.hpp"
#include "engine/copy/reader.hpp"
#include "engine/copy/writer.hpp"
#include "engine/ddl/relations.hpp"
#include "engine/executor.hpp"
#include "types/form.hpp"

// COPY … FROM STDIN and COPY … TO STDOUT. Out of a table is a SELECT from it, and into it an INSERT whose rows come
// from the client, so that defaults, constraints and waiting are those of any SELECT and INSERT.
namespace pgconform::engine {
namespace {

using session::Execution;

constexpr std::size_t shown_length = 100;  // of data in an error's context

std::string shown(std::string_view data) {
  if (data.size() <= shown_length) return std::string(data);
  return std::string(types::cut_bytes(data, shown_length)) + "...";
}

// Target: the table and columns that the statement names.
struct Target {
  std::shared_ptr<Table> table;
  std::vector<const TableColumn*> columns;
  std::string sql_name, sql_columns;  // quoted
};

std::string quoted(std::string_view name) {
  std::string result = "\"";
  for (char c : name) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + '"';
}

// need_table: 42809 for what rows cannot be copied from or to; the hint is about views.
void need_table(const Table& table, std::string_view direction, std::string_view hint) {
  if (table.kind == 'r' || table.system) return;
  fail(sqlstate::wrong_object_type,
       fmt::format("cannot copy {} {} \"{}\"", direction, kind_name(table.kind), table.name), -1,
       table.kind == 'v' ? std::string(hint) : std::string());
}

Target find_target(const Node& body, SessionState& session) {
  const Node& r = body["relation"];
  Target target;
  target.table = session.find_table(r.text("schemaname"), r.text("relname"));
  if (r.has("schemaname")) target.sql_name = quoted(r.text("schemaname")) + ".";
  target.sql_name += quoted(r.text("relname"));
  if (!target.table) {
    const auto full = r.has("schemaname") ? fmt::format("{}.{}", r.text("schemaname"), r.text("relname"))
                                          : std::string(r.text("relname"));
    fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", full));
  }
  const auto& columns = target.table->columns;
  for (const auto* each : body.list("attlist")) {
    const auto name = each->string_of();
    const auto found = std::ranges::find(columns, name, &TableColumn::name);
    if (found == columns.end())
      fail(sqlstate::undefined_column,
           fmt::format("column \"{}\" of relation \"{}\" does not exist", name, target.table->name));
    if (std::ranges::find(target.columns, &*found) != target.columns.end())
      fail(sqlstate::duplicate_column, fmt::format("column \"{}\" specified more than once", name));
    if (found->generated)
      fail(sqlstate::invalid_column_reference, fmt::format("column \"{}\" is a generated column", name), -1, {},
           "Generated columns cannot be used in COPY.");
    target.columns.push_back(&*found);
  }
  if (body.list("attlist").empty())
    for (const auto& column : columns)
      if (!column.generated) target.columns.push_back(&column);
  for (const auto* column : target.columns)
    target.sql_columns += (target.sql_columns.empty() ? "" : ", ") + quoted(column->name);
  return target;
}

void check_forced(const std::vector<std::string>& names, std::string_view option, const Target& target) {
  for (const auto& name : names) {
    if (name == "*") continue;
    if (std::ranges::find(target.table->columns, name, &TableColumn::name) == target.table->columns.end())
      fail(sqlstate::undefined_column,
           fmt::format("column \"{}\" of relation \"{}\" does not exist", name, target.table->name));
    if (std::ranges::none_of(target.columns, [&](const auto* column) { return column->name == name; }))
      fail(sqlstate::invalid_column_reference, fmt::format("{} column \"{}\" not referenced by COPY", option, name));
  }
}

// analyze_text: a statement that this file has written; positions in it mean nothing to the client.
std::shared_ptr<const Prepared> analyze_text(const std::string& sql, SessionState& session) {
  try {
    auto parsed = std::static_pointer_cast<const RawStatement>(parse_string(sql).at(0));
    return Analyzer(session, std::nullopt).analyze(parsed);
  } catch (SqlError& error) {
    error.location = -1;
    error.report.position = 0;
    throw;
  }
}

session::CopyShape shape_of(const CopyOptions& options, std::size_t columns) {
  const bool binary = options.format == CopyOptions::Format::binary;
  return {binary, std::vector<std::int16_t>(columns, binary)};
}

class CopyOutRun : public CommandRun {
 public:
  CopyOutRun(std::shared_ptr<const Prepared> statement, SessionState& session, const CopyOptions& options,
             std::vector<session::Column> columns, std::unique_ptr<Execution> rows)
      : CommandRun(std::move(statement), session),
        shape_(shape_of(options, columns.size())),
        writer_(options, std::move(columns)),
        rows_(std::move(rows)),
        front_(writer_.header()) {}

 protected:
  Progress advance(const Sink& sink, std::int64_t, std::chrono::steady_clock::time_point now) override {
    if (!std::exchange(announced_, true)) return CopyOut{shape_};
    if (!shape_.binary && !front_.empty() && !say(sink, "")) return More{};
    const auto style = session_.style();
    auto progress = rows_->step(
        [&](Row row) {
          ++count_;
          return say(sink, writer_.row(row, style));
        },
        0, now);
    if (!progress) throw SqlError{std::move(progress.error())};
    if (!std::holds_alternative<Complete>(*progress)) return *progress;
    if (shape_.binary) say(sink, writer_.trailer());
    return Complete{fmt::format("COPY {}", count_)};
  }

 private:
  bool say(const Sink& sink, std::string data) {
    const Value value[]{std::exchange(front_, {}) + std::move(data)};
    return sink(value);
  }

  session::CopyShape shape_;
  CopyWriter writer_;
  std::unique_ptr<Execution> rows_;
  std::string front_;  // goes before what is said next
  bool announced_ = false;
  std::int64_t count_ = 0;
};

// CopiedRows: the rows that the client sends, for an INSERT to take.
class CopiedRows : public RowSource {
 public:
  CopiedRows(const CopyOptions& options, const Target& target)
      : table_(target.table), is_binary_(options.format == CopyOptions::Format::binary), encoding_(options.encoding) {
    std::vector<std::string> names;
    for (const auto* column : target.columns) {
      columns_.push_back(*column);
      names.push_back(column->name);
    }
    reader_ = is_binary_ ? make_binary_reader(std::move(names)) : make_line_reader(options, std::move(names));
  }

  Step next(Work& work, Row& row) override {
    starved_ = false;
    if (!work.spend()) return Step::pause;
    at_ = none;
    switch (reader_->next(fields_)) {
      case CopyReader::Got::starved:
        starved_ = true;
        return Step::pause;
      case CopyReader::Got::over:
        return Step::done;
      case CopyReader::Got::row:
        break;
    }
    row.clear();
    for (at_ = 0; at_ < fields_.size(); ++at_) row.push_back(value_of(fields_[at_], columns_[at_], work));
    at_ = none;
    // Values are read from left to right, and the first error is told: a missing one is missed only when it is its
    // turn.
    if (row.size() < columns_.size())
      fail(sqlstate::bad_copy_file_format, fmt::format("missing data for column \"{}\"", columns_[row.size()].name));
    return Step::row;
  }
  CopyReader& reader() { return *reader_; }
  bool starved() const { return starved_; }

  // context: where the data are that are being looked at. CopyFromErrorCallback()
  std::string context(bool with_line) const {
    if (is_binary_ && reader_->line() == 0) return {};
    std::string where = fmt::format("COPY {}, line {}", table_->name, std::max<std::int64_t>(reader_->line(), 1));
    if (is_binary_) {
      if (at_ != none) return where + ", column " + columns_[at_].name;
      return reader_->column().empty() ? where : fmt::format("{}, column {}", where, reader_->column());
    }
    if (at_ != none)
      return fields_[at_] ? fmt::format("{}, column {}: \"{}\"", where, columns_[at_].name, shown(*fields_[at_]))
                          : fmt::format("{}, column {}: null input", where, columns_[at_].name);
    if (const auto text = reader_->line_text(); text && with_line) where += fmt::format(": \"{}\"", shown(*text));
    return where;
  }

 private:
  static constexpr std::size_t none = SIZE_MAX;

  Value value_of(const CopyReader::Field& field, const TableColumn& column, const Work& work) const {
    if (!field) return {};
    auto value = !is_binary_ ? types::parse_text(column.type, *field, work.context.style)
                 : encoding_ ? types::parse_binary(
                                   column.type, value_or_fail(types::binary_to_utf8(*encoding_, column.type, *field)))
                             : types::parse_binary(column.type, *field);
    if (!value) fail(value.error());
    if (column.modifier < 0) return std::move(*value);
    return value_or_fail(types::apply_modifier(column.type, std::move(*value), column.modifier, false));
  }

  std::shared_ptr<Table> table_;
  bool is_binary_;
  const types::ClientEncoding* encoding_;
  std::vector<TableColumn> columns_;
  std::unique_ptr<CopyReader> reader_;
  std::vector<CopyReader::Field> fields_;
  std::size_t at_ = none;
  bool starved_ = false;
};

class CopyInRun : public CommandRun {
 public:
  CopyInRun(std::shared_ptr<const Prepared> statement, SessionState& session, CopyOptions options, const Target& target)
      : CommandRun(std::move(statement), session), options_(std::move(options)) {
    make_insert_into(target);
  }

  void copy_data(std::string_view bytes) override {
    if (rows_) rows_->reader().feed(bytes);
  }
  void copy_done() override {
    if (rows_) rows_->reader().end();
  }
  std::string context() const override { return rows_ ? rows_->context(true) : std::string(); }

 protected:
  Progress advance(const Sink& sink, std::int64_t, std::chrono::steady_clock::time_point now) override {
    if (!announced_) {
      session_.waits().set_now(now);
      try {
        session_.waits().lock(*table_, LockMode::row_exclusive);
      } catch (const Suspend& suspend) {
        return Wait{suspend.until};
      }
      // It may have become another table while it was waited for.
      if (!session_.is_current(*table_)) make_insert_into(find_target(raw().node().body(), session_));
      announced_ = true;
      return CopyIn{shape_};
    }
    if (!insert_) need_table(*table_, "to", "To enable copying to a view, provide an INSTEAD OF INSERT trigger.");
    auto progress = insert_->step(sink, 0, now);
    if (!progress) {
      auto& report = progress.error();
      report.position = 0;
      // Rows reach an index some at a time, when their lines are gone.
      report.where = rows_->context(report.sqlstate != sqlstate::unique_violation);
      throw SqlError{std::move(report)};
    }
    if (auto* complete = std::get_if<Complete>(&*progress))
      return Complete{"COPY " + complete->tag.substr(complete->tag.rfind(' ') + 1)};
    if (std::holds_alternative<More>(*progress) && rows_->starved()) return CopyIn{shape_};
    return *progress;
  }

 private:
  void make_insert_into(const Target& target) {
    table_ = target.table;
    shape_ = shape_of(options_, target.columns.size());
    if (table_->kind != 'r') return;
    auto plan = analyze_text(target.columns.empty() ? fmt::format("INSERT INTO {} DEFAULT VALUES", target.sql_name)
                                                    : fmt::format("INSERT INTO {} ({}) VALUES ({})", target.sql_name,
                                                                  target.sql_columns, defaults(target.columns.size())),
                             session_);
    auto source = std::make_unique<CopiedRows>(options_, target);
    rows_ = source.get();
    insert_ = make_insert(std::move(plan), session_, std::move(source));
  }

  static std::string defaults(std::size_t count) {
    std::string list = "NULL";
    for (std::size_t i = 1; i < count; ++i) list += ", NULL";
    return list;
  }

  CopyOptions options_;
  std::shared_ptr<Table> table_;
  session::CopyShape shape_;
  std::unique_ptr<Execution> insert_;
  CopiedRows* rows_ = nullptr;  // in insert_
  bool announced_ = false;
};

void refuse_files(const Node& body, bool is_from) {
  if (body.text("filename").empty() && !body.flag("is_program")) return;
  const std::string_view hint = "Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.";
  auto denied = [&](std::string_view what, std::string_view role, std::string_view may) {
    fail(sqlstate::insufficient_privilege, fmt::format("permission denied to COPY {}", what), -1, std::string(hint),
         fmt::format("Only roles with privileges of the \"{}\" role may COPY {}.", role, may));
  };
  if (body.flag("is_program"))
    denied("to or from an external program", "pg_execute_server_program", "to or from an external program");
  if (is_from) denied("from a file", "pg_read_server_files", "from a file");
  denied("to a file", "pg_write_server_files", "to a file");
}

class CopyCommand : public Command {
 public:
  std::unique_ptr<Execution> start(std::shared_ptr<const Prepared> statement, SessionState& session,
                                   std::vector<Value>) const override {
    const RawStatement& raw = *statement->raw;
    const Node& body = raw.node().body();
    const bool is_from = body.flag("is_from");
    refuse_files(body, is_from);
    if (is_from) {
      const auto target = find_target(body, session);
      need_no_system(*target.table);
      if (!target.table->temporary && session.settings().is_read_only())
        fail(sqlstate::read_only_sql_transaction, "cannot execute COPY FROM in a read-only transaction");
      if (body.has("whereClause")) refuse("WHERE in COPY");
      const auto options = read_copy_options(body, true, session.settings().client_encoding());
      check_forced(options.force_not_null, "FORCE_NOT_NULL", target);
      check_forced(options.force_null, "FORCE_NULL", target);
      return std::make_unique<CopyInRun>(std::move(statement), session, options, target);
    }
    if (body.has("query")) {
      const auto options = read_copy_options(body, false, session.settings().client_encoding());
      const Node& query = body["query"];
      if (query.is("SelectStmt") && !into_clause(query.body()).is_empty())
        fail(sqlstate::feature_not_supported, "COPY (SELECT INTO) is not supported");
      auto plan = Analyzer(session, std::nullopt).analyze(raw.part(query));
      if (!plan->columns()) fail(sqlstate::feature_not_supported, "COPY query must have a RETURNING clause");
      for (const auto& name : options.force_quote)
        if (name != "*" && std::ranges::find(*plan->columns(), name, &session::Column::name) == plan->columns()->end())
          fail(sqlstate::undefined_column, fmt::format("column \"{}\" does not exist", name));
      return out(std::move(statement), session, options, std::move(plan));
    }
    const auto target = find_target(body, session);
    need_table(*target.table, "from", "Try the COPY (SELECT ...) TO variant.");
    const auto options = read_copy_options(body, false, session.settings().client_encoding());
    check_forced(options.force_quote, "FORCE_QUOTE", target);
    auto plan = analyze_text(fmt::format("SELECT {} FROM {}", target.sql_columns, target.sql_name), session);
    return out(std::move(statement), session, options, std::move(plan));
  }

 private:
  static std::unique_ptr<Execution> out(std::shared_ptr<const Prepared> statement, SessionState& session,
                                        const CopyOptions& options, std::shared_ptr<const Prepared> plan) {
    auto columns = *plan->columns();
    auto rows = make_execution(std::move(plan), session, {});
    return std::make_unique<CopyOutRun>(std::move(statement), session, options, std::move(columns), std::move(rows));
  }
};

}  // namespace

std::shared_ptr<const Command> analyze_copy(const RawStatement& raw) {
  if (!raw.node().is("CopyStmt")) return nullptr;
  return std::make_shared<CopyCommand>();
}

}  // namespace pgconform::engine
