#include "engine/replay.hpp"

#include <fmt/core.h>

#include "types/form.hpp"
#include "types/made.hpp"

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

}  // namespace

std::string Client::line(char letter, const session::Report& report) const {
  static constexpr std::string_view names[] = {"DEBUG", "LOG", "INFO", "NOTICE", "WARNING", "ERROR", "FATAL", "PANIC"};
  std::string at = report.position != 0 ? fmt::format(" @{}", report.position) : "";
  std::string text = fmt::format("{} {} {} {}{}\n", letter, names[static_cast<int>(report.severity)], report.sqlstate,
                                 escaped(report.message), at);
  std::string more;
  for (const auto& [name, value] :
       {std::pair('D', &report.detail), std::pair('H', &report.hint), std::pair('s', &report.schema),
        std::pair('t', &report.table), std::pair('c', &report.column), std::pair('d', &report.data_type),
        std::pair('n', &report.constraint)})
    if (!value->empty()) more += fmt::format(" {}={}", name, escaped(*value));
  return with_fields_ && !more.empty() ? text + "F" + more + "\n" : text;
}

std::string Client::query(std::string_view sql) {
  backend_.start_command(now_);
  at_ = 0;
  parsed_.clear();
  execution_.reset();
  auto parsed = backend_.parse(sql);
  if (!parsed) {
    fail(parsed.error());
    backend_.abort_command();
    return said();
  }
  parsed_ = std::move(*parsed);
  if (!parsed_.empty()) return resume();
  out_ += "I\n";
  if (auto done = backend_.commit_command(); !done) {
    fail(done.error());
    backend_.abort_command();
  }
  return said();
}

std::string Client::resume(std::chrono::milliseconds later) {
  clock_ += later;
  Slice slice = go_on();
  waiting_ = slice == Slice::waiting;
  if (waiting_) return std::exchange(out_, {});
  execution_.reset();
  if (slice == Slice::failed) backend_.abort_command();
  return said();
}

std::string Client::cancel() {
  execution_.reset();
  waiting_ = false;
  backend_.abort_command();
  return said();
}

std::string Client::said() {
  notices();
  return std::exchange(out_, {}) + fmt::format("Z {}\n", static_cast<char>(backend_.status()));
}

bool Client::fail(const session::Report& report) {
  notices();
  out_ += line('E', report);
  last_error_ = report;
  return false;
}

void Client::notices() {
  for (const auto& notice : backend_.take_notices()) out_ += line('N', notice);
}

void Client::describe() {
  const auto& columns = statement_->columns();
  if (described_ || !columns) return;
  described_ = true;
  out_ += "T";
  for (const auto& column : *columns) {
    std::int32_t modifier = column.type_modifier;
    const auto base = types::base_of(column.type, &modifier);
    std::string type = types::type_name(base, modifier);
    out_ += fmt::format(" {}:{}{}", escaped(column.name), type,
                        column.attribute != 0 ? fmt::format("#{}", column.attribute) : "");
  }
  out_ += "\n";
}

Client::Slice Client::go_on() {
  for (; at_ < parsed_.size(); ++at_) {
    if (!execution_)
      if (Slice begun = begin_statement(); begun != Slice::done) return begun;
    if (Slice ran = run_statement(); ran != Slice::done) return ran;
  }
  return Slice::done;
}

Client::Slice Client::begin_statement() {
  const auto& each = parsed_[at_];
  if (backend_.status() == session::TransactionStatus::failed && !each->ends_failed_transaction()) {
    session::Report report;
    report.sqlstate = "25P02";
    report.message = "current transaction is aborted, commands ignored until end of transaction block";
    fail(report);
    return Slice::failed;
  }
  backend_.start_command(now_);
  if (parsed_.size() > 1) backend_.begin_implicit_block();
  auto statement = backend_.analyze(each, std::nullopt);
  if (!statement) return fail(statement.error()), Slice::failed;
  statement_ = *statement;
  notices();
  auto execution = backend_.execute(statement_, {});
  if (!execution) return fail(execution.error()), Slice::failed;
  execution_ = std::move(*execution);
  described_ = false;
  return Slice::done;
}

Client::Slice Client::run_statement() {
  const auto& columns = statement_->columns();
  auto sink = [&](session::Execution::Row row) {
    describe();
    notices();
    out_ += "D";
    for (std::size_t i = 0; i < row.size(); ++i) {
      out_ += i == 0 ? " " : " | ";
      out_ += types::is_null(row[i]) ? "\\N" : escaped(types::print_text((*columns)[i].type, row[i], backend_.style()));
    }
    out_ += "\n";
    return true;
  };
  std::string tag;
  for (;;) {
    auto progress = execution_->step(sink, 0, clock_);
    if (!progress) return fail(progress.error()), Slice::failed;
    if (std::holds_alternative<session::Execution::Wait>(*progress)) return Slice::waiting;
    if (auto* complete = std::get_if<session::Execution::Complete>(&*progress)) {
      describe();
      tag = complete->tag;
      break;
    }
  }
  execution_.reset();
  bool last = at_ + 1 == parsed_.size();
  if (last) backend_.end_implicit_block();
  if (last || parsed_[at_]->is_transaction_statement())
    if (auto done = backend_.commit_command(); !done) return fail(done.error()), Slice::failed;
  notices();
  out_ += "C " + tag + "\n";
  return Slice::done;
}

std::string simple_query(session::Backend& backend, std::string_view sql) {
  Client client(backend);
  std::string said = client.query(sql);
  for (int i = 0; client.is_waiting() && i < 10000; ++i) said += client.resume(1s);
  return said;
}

}  // namespace pgconform::engine
