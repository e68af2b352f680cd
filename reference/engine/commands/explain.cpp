#include <algorithm>

#include "engine/analyze/parts.hpp"
#include "engine/analyzer.hpp"
#include "engine/commands/command.hpp"
#include "engine/commands/plan_text.hpp"
#include "engine/executor.hpp"

// EXPLAIN: the nodes that run a query, in the form of PostgreSQL's; with ANALYZE the statement is run, its rows thrown
// away. sql-explain.
namespace pgconform::engine {
namespace {

using session::Execution;

bool boolean_of(const Node& option) {
  const Node& argument = option["arg"];
  if (!option.has("arg")) return true;
  std::string text(argument.string_of());
  if (argument.is("Boolean")) return argument.body().flag("boolval");
  if (argument.is("Integer")) text = std::to_string(argument.body().number("ival"));
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  for (std::string_view yes : {"true", "on", "1"})
    if (text == yes) return true;
  for (std::string_view no : {"false", "off", "0"})
    if (text == no) return false;
  fail(sqlstate::syntax_error, fmt::format("{} requires a Boolean value", option.text("defname")));
}

ExplainOptions options_of(const Node& body) {
  ExplainOptions result;
  bool wal = false;
  std::optional<bool> timing, summary;
  for (const auto* each : body.list("options")) {
    const Node& option = each->body();
    const std::string_view name = option.text("defname");
    if (name == "analyze") {
      result.analyze = boolean_of(option);
    } else if (name == "costs") {
      result.costs = boolean_of(option);
    } else if (name == "timing") {
      timing = boolean_of(option);
    } else if (name == "summary") {
      summary = boolean_of(option);
    } else if (name == "wal") {
      wal = boolean_of(option);
    } else if (name == "verbose" || name == "settings" || name == "buffers") {
      boolean_of(option);
    } else if (name == "format") {
      const std::string_view format = option["arg"].string_of();
      if (format != "text" && format != "json" && format != "xml" && format != "yaml")
        fail(sqlstate::invalid_parameter_value,
             fmt::format("unrecognized value for EXPLAIN option \"{}\": \"{}\"", name, format), option.location());
      if (format == "xml" || format == "yaml") refuse(fmt::format("EXPLAIN (FORMAT {})", format), option.location());
      result.json = format == "json";
    } else {
      fail(sqlstate::syntax_error, fmt::format("unrecognized EXPLAIN option \"{}\"", name), option.location());
    }
  }
  auto need_analyze = [&](bool on, std::string_view name) {
    if (on && !result.analyze)
      fail(sqlstate::invalid_parameter_value, fmt::format("EXPLAIN option {} requires ANALYZE", name));
  };
  need_analyze(wal, "WAL");
  need_analyze(timing.value_or(false), "TIMING");
  result.timing = timing.value_or(result.analyze);
  result.summary = summary.value_or(result.analyze);
  return result;
}

class ExplainRun : public KeptRun {
 public:
  ExplainRun(std::shared_ptr<const Prepared> statement, SessionState& session, const ExplainOptions& options,
             std::shared_ptr<const Prepared> query, std::unique_ptr<Execution> run)
      : KeptRun(std::move(statement), session), options_(options), query_(std::move(query)), run_(std::move(run)) {}

 protected:
  Progress work(const Sink& keep, std::chrono::steady_clock::time_point now) override {
    if (!started_) started_ = now;
    if (run_) {
      auto progress = run_->step(
          [&](Row) {
            ++rows_;
            return true;
          },
          0, now);
      if (!progress) throw SqlError{std::move(progress.error())};
      if (!std::holds_alternative<Complete>(*progress)) return *progress;
    }
    const std::chrono::duration<double, std::milli> taken = now - *started_;
    for (auto& line : plan_lines(*query_, options_, rows_, taken.count())) {
      Value value(std::move(line));
      keep({&value, 1});
    }
    return Complete{"EXPLAIN"};
  }

 private:
  ExplainOptions options_;
  std::shared_ptr<const Prepared> query_;
  std::unique_ptr<Execution> run_;
  std::int64_t rows_ = 0;
  std::optional<std::chrono::steady_clock::time_point> started_;
};

// What is described before the options are looked at, which is when it runs.
bool wants_json(const Node& body) {
  bool json = false;
  for (const auto* each : body.list("options"))
    if (each->body().text("defname") == "format") json = each->body()["arg"].string_of() == "json";
  return json;
}

class Explain : public Command {
 public:
  explicit Explain(std::shared_ptr<const Prepared> query) : query_(std::move(query)) {}

  std::unique_ptr<Execution> start(std::shared_ptr<const Prepared> statement, SessionState& session,
                                   std::vector<Value> parameters) const override {
    const Node& body = statement->raw->node().body();
    const ExplainOptions options = options_of(body);
    const bool is_made = body["query"].is("CreateTableAsStmt") || body["query"].is("DeclareCursorStmt");
    if (is_made && options.analyze) refuse("EXPLAIN ANALYZE of this statement", statement->raw->location());
    auto query = query_;
    if (!query) {
      const auto [plan, values] = executed(*statement->raw, body["query"].body(), session);
      query = plan;
      parameters = values;
    }
    std::unique_ptr<Execution> run;
    if (options.analyze) run = make_execution(query, session, std::move(parameters));
    return std::make_unique<ExplainRun>(std::move(statement), session, options, query, std::move(run));
  }

 private:
  std::shared_ptr<const Prepared> query_;  // none: that of EXECUTE, which is looked for when it runs
};

}  // namespace

std::shared_ptr<const Command> analyze_explain(const RawStatement& raw, Analyzer& analyzer, Prepared& prepared) {
  if (!raw.node().is("ExplainStmt")) return nullptr;
  const Node& body = raw.node().body();
  prepared.columns_ = {{"QUERY PLAN", 0, 0, wants_json(body) ? types::json_oid : types::text_oid, -1, -1}};
  const Node* query = &body["query"];
  if (query->is("ExecuteStmt")) return std::make_shared<Explain>(nullptr);
  const bool is_made = query->is("CreateTableAsStmt") || query->is("DeclareCursorStmt");
  if (is_made) query = &query->body()["query"];
  for (std::string_view kind : {"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
    if (query->is(kind)) return std::make_shared<Explain>(analyze_inner(raw, *query, analyzer, prepared));
  refuse("EXPLAIN of this statement", raw.location());
}

}  // namespace pgconform::engine
