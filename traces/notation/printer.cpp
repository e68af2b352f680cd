#include "notation/printer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "notation/line.hpp"

namespace pgconform::notation {
namespace {

std::string with_fields(std::string text, const Json& fields) {
  if (!fields.empty()) text += ' ' + print_json(fields);
  return text;
}

std::string print_verb(const Verb& verb) {
  std::string text = with_fields(std::string(verb_name(verb.kind)), verb.argument);
  return verb.kind == Verb::Kind::churn ? fmt::format("{} {}", text, verb.count) : text;
}

std::string print_lines(const std::vector<Item>& items, int indent) {
  std::string text;
  for (const Item& item : items) text += print(item, indent);
  return text;
}

std::string print_alternative(const Alternative& one, int indent) {
  std::string lines = print_lines(one.items, indent + 2);
  // The label takes the place of the first line's indentation when the line is a message; a block begins a new line.
  std::string label = fmt::format("{:{}}{}:", "", indent, one.label);
  bool block = !one.items.empty() && one.items.front().block();
  std::string text =
      block ? label + '\n' + lines : label + ' ' + lines.substr(std::min<std::size_t>(lines.size(), indent + 2));
  if (one.retry) text.insert(text.size() - 1, fmt::format(" -> retry {}", *one.retry));
  return text;
}

std::string print_block(const Block& block, int indent) {
  std::string text = block.kind == Block::Kind::any_order ? "any-order\n"
                     : block.kind == Block::Kind::either  ? "either\n"
                                                          : fmt::format("repeat {}\n", block.times);
  text += print_lines(block.items, indent + 2);
  for (const Alternative& one : block.alternatives) text += print_alternative(one, indent + 2);
  return text + fmt::format("{:{}}end", "", indent);
}

void header_line(std::string& text, std::string_view key, std::string_view value) {
  if (!value.empty()) text += fmt::format("{}: {}\n", key, value);
}

std::string print_needs(const std::vector<Need>& needs) {
  std::string text;
  for (const Need& need : needs)
    text += fmt::format("{}{}{}", text.empty() ? "" : " ", need.negated ? "!" : "", need.name);
  return text;
}

}  // namespace

std::string print_json(const Json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::ignore);
}

std::string print_message(const Message& message) {
  std::string text = message.side == Side::frontend ? "F" : "B";
  if (message.occurs == Occurs::optional) text += '?';
  if (message.occurs == Occurs::any) text += '*';
  if (message.occurs == Occurs::some) text += '+';
  text += ' ' + message.name;
  if (message.side == Side::backend && message.name == "tls-alert") {
    auto alert = message.fields.find("alert");
    return alert == message.fields.end() ? text : text + ' ' + print_json(*alert);
  }
  return with_fields(std::move(text), message.fields);
}

std::string print(const Item& item, int indent) {
  std::string text(static_cast<std::size_t>(indent), ' ');
  if (item.at) text += fmt::format("@{} ", *item.at);
  if (item.connection != default_connection) text += fmt::format("[{}] ", item.connection);
  if (auto message = item.message()) return text + print_message(*message) + '\n';
  if (auto verb = item.verb()) return text + print_verb(*verb) + '\n';
  return text + print_block(*item.block(), indent) + '\n';
}

std::string print(const Recorded& header) {
  std::string text;
  header_line(text, "format", header.format);
  header_line(text, "client", header.client);
  header_line(text, "server", header.server);
  header_line(text, "tls", header.tls);
  header_line(text, "protocol", header.protocol);
  header_line(text, "when", header.when);
  header_line(text, "note", header.note);
  return text;
}

std::string print(const Trace& trace) {
  return print(trace.recorded) + '\n' + print_lines(trace.items, 0);
}

std::string print(const Case& one) {
  std::string text = fmt::format("=== {}\n", one.id);
  header_line(text, "title", one.title);
  header_line(text, "covers", fmt::format("{}", fmt::join(one.covers, " ")));
  header_line(text, "spec", fmt::format("{}", fmt::join(one.spec, " ")));
  header_line(text, "sentence", fmt::format("{}", fmt::join(one.sentences, " ")));
  header_line(text, "level", one.level);
  header_line(text, "needs", print_needs(one.needs));
  header_line(text, "since", fmt::format("{}", fmt::join(one.since, " ")));
  header_line(text, "until", fmt::format("{}", fmt::join(one.until, " ")));
  header_line(text, "begin", one.begin);
  header_line(text, "was", fmt::format("{}", fmt::join(one.was, " ")));
  header_line(text, "cleanup", fmt::format("{}", fmt::join(one.cleanup, "; ")));
  header_line(text, "alone", one.alone ? "yes" : "");
  header_line(text, "disruptive", one.disruptive ? "yes" : "");
  text += print(one.recorded);
  return text + '\n' + print_lines(one.items, 0);
}

}  // namespace pgconform::notation
