#include "engine/replay.hpp"

#include <fmt/core.h>

#include "types/form.hpp"

namespace pgconform::engine {
namespace {

using namespace std::chrono_literals;

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\\')
      out += "\\\\";
    else
      out += c;
  }
  return out;
}

std::string line(char letter, const session::Report& report) {
  static constexpr std::string_view names[] = {"DEBUG", "LOG", "INFO", "NOTICE", "WARNING", "ERROR", "FATAL", "PANIC"};
  std::string at = report.position != 0 ? fmt::format(" @{}", report.position) : "";
  return fmt::format("{} {} {} {}{}\n", letter, names[static_cast<int>(report.severity)], report.sqlstate,
                     escaped(report.message), at);
}

class Cycle {
 public:
  explicit Cycle(session::Backend& backend) : backend_(backend) {}

  std::string run(std::string_view sql) {
    backend_.start_command(now_);
    bool ok = run_all(sql);
    if (!ok) backend_.abort_command();
    notices();
    return out_ + fmt::format("Z {}\n", static_cast<char>(backend_.status()));
  }

 private:
  bool fail(const session::Report& report) {
    notices();
    out_ += line('E', report);
    return false;
  }
  void notices() {
    for (const auto& notice : backend_.take_notices()) out_ += line('N', notice);
  }

  bool run_all(std::string_view sql) {
    auto parsed = backend_.parse(sql);
    if (!parsed) return fail(parsed.error());
    if (parsed->empty()) {
      out_ += "I\n";
      return finish();
    }
    for (std::size_t i = 0; i < parsed->size(); ++i) {
      const auto& each = (*parsed)[i];
      if (backend_.status() == session::TransactionStatus::failed && !each->ends_failed_transaction()) {
        session::Report report;
        report.sqlstate = "25P02";
        report.message = "current transaction is aborted, commands ignored until end of transaction block";
        return fail(report);
      }
      backend_.start_command(now_);
      if (parsed->size() > 1) backend_.begin_implicit_block();
      std::string tag;
      if (!run_one(each, tag)) return false;
      bool last = i + 1 == parsed->size();
      if (last) backend_.end_implicit_block();
      if (last || each->is_transaction_statement())
        if (auto done = backend_.commit_command(); !done) return fail(done.error());
      notices();
      out_ += "C " + tag + "\n";
    }
    return true;
  }

  bool finish() {
    auto done = backend_.commit_command();
    return done ? true : fail(done.error());
  }

  bool run_one(const std::shared_ptr<const session::Parsed>& parsed, std::string& tag) {
    auto statement = backend_.analyze(parsed, std::nullopt);
    if (!statement) return fail(statement.error());
    notices();
    auto execution = backend_.execute(*statement, {});
    if (!execution) return fail(execution.error());
    const auto& columns = (*statement)->columns();
    bool described = false;
    auto describe = [&] {
      if (described || !columns) return;
      described = true;
      out_ += "T";
      for (const auto& column : *columns) {
        std::string type = types::type_name(column.type, column.type_modifier);
        out_ += fmt::format(" {}:{}{}", escaped(column.name), type,
                            column.attribute != 0 ? fmt::format("#{}", column.attribute) : "");
      }
      out_ += "\n";
    };
    auto clock = std::chrono::steady_clock::time_point{};
    for (;;) {
      auto progress = (*execution)
                          ->step(
                              [&](session::Execution::Row row) {
                                describe();
                                out_ += "D";
                                for (std::size_t i = 0; i < row.size(); ++i) {
                                  out_ += i == 0 ? " " : " | ";
                                  out_ +=
                                      types::is_null(row[i])
                                          ? "\\N"
                                          : escaped(types::print_text((*columns)[i].type, row[i], backend_.style()));
                                }
                                out_ += "\n";
                                return true;
                              },
                              0, clock);
      if (!progress) {
        return fail(progress.error());
      }
      if (auto* wait = std::get_if<session::Execution::Wait>(&*progress)) clock = wait->until.value_or(clock);
      if (auto* complete = std::get_if<session::Execution::Complete>(&*progress)) {
        describe();
        tag = complete->tag;
        return true;
      }
    }
  }

  session::Backend& backend_;
  std::string out_;
  std::chrono::system_clock::time_point now_{1'700'000'000s};
};

}  // namespace

std::string simple_query(session::Backend& backend, std::string_view sql) {
  return Cycle(backend).run(sql);
}

}  // namespace pgconform::engine
