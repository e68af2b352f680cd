#include "notation/parser.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <spanstream>
#include <utility>

#include "notation/header.hpp"
#include "notation/json_text.hpp"
#include "notation/line.hpp"

namespace pgconform::notation {
namespace {

constexpr int max_nesting = 8;

bool is_case_line(std::string_view line) {
  return line.starts_with("===");
}

// Builds items from lines; a `===` line ends them and is left in the source.
class ItemParser {
 public:
  explicit ItemParser(Source& source) : source_(source) {}

  std::expected<std::optional<Item>, Error> next() {
    auto line = next_line();
    if (!line) return std::unexpected(std::move(line.error()));
    if (!*line) return std::nullopt;
    Line& first = **line;
    if (!first.label.empty()) return fail(first, "a label outside either", "a line without one");
    if (first.kind == Line::Kind::end) return fail(first, "end without a block", "a line");
    lines_ = 0;
    auto item = whole(std::move(first), 1);
    if (!item) return std::unexpected(std::move(item.error()));
    if (retry_) return retry_outside(item->place);
    return std::optional<Item>(std::move(*item));
  }

 private:
  std::unexpected<Error> fail(const Line& line, std::string what, std::string expected) const {
    return std::unexpected(Error{source_.file(), line.item.place, std::move(what), std::move(expected)});
  }

  std::unexpected<Error> retry_outside(Place place) const {
    return std::unexpected(
        Error{source_.file(), place, "retry outside either", "it behind the last line of an alternative"});
  }

  // The next line that says something; nothing at the end of the case or file.
  std::expected<std::optional<Line>, Error> next_line() {
    for (;;) {
      auto more = source_.next();
      if (!more) return std::unexpected(std::move(more.error()));
      if (!*more) return std::nullopt;
      if (is_case_line(source_.line())) {
        source_.again();
        return std::nullopt;
      }
      auto line = read_line(source_);
      if (!line) return std::unexpected(std::move(line.error()));
      if (line->kind != Line::Kind::blank || !line->label.empty()) return std::optional<Line>(std::move(*line));
    }
  }
  std::expected<Line, Error> line_of(const Line& block) {
    auto line = next_line();
    if (!line) return std::unexpected(std::move(line.error()));
    if (!*line) return fail(block, "a block that does not end", "end");
    if (++lines_ > source_.limits().block_lines) {
      return fail(block, "a block too long", fmt::format("at most {} lines", source_.limits().block_lines));
    }
    return std::move(**line);
  }

  // The item that `line` is, or the block that it opens. What its last line says of retries is left in retry_.
  std::expected<Item, Error> whole(Line line, int depth) {
    retry_ = line.retry;
    if (line.kind == Line::Kind::item) return std::move(line.item);
    if (depth > max_nesting) return fail(line, "blocks nested too deep", fmt::format("at most {}", max_nesting));
    if (line.kind == Line::Kind::either) return either(line, depth);
    Block block{.kind = line.kind == Line::Kind::repeat ? Block::Kind::repeat : Block::Kind::any_order,
                .times = std::max(line.times, 1U),
                .items = {},
                .alternatives = {}};
    for (;;) {
      auto inner = line_of(line);
      if (!inner) return std::unexpected(std::move(inner.error()));
      if (!inner->label.empty()) return fail(*inner, "a label outside either", "a line without one");
      retry_ = inner->retry;
      if (inner->kind == Line::Kind::end) break;
      auto place = inner->item.place;
      auto item = whole(std::move(*inner), depth + 1);
      if (!item) return item;
      if (retry_) return retry_outside(place);
      if (block.kind == Block::Kind::any_order && !is_expectation(*item)) {
        return std::unexpected(Error{source_.file(), place, "no backend message", "B lines only inside any-order"});
      }
      block.items.push_back(std::move(*item));
    }
    if (block.items.empty()) return fail(line, "an empty block", "at least one line before end");
    line.item.what = std::move(block);
    return std::move(line.item);
  }

  std::expected<Item, Error> either(Line& line, int depth) {
    Block block{.kind = Block::Kind::either, .items = {}, .alternatives = {}};
    auto empty_last = [&] { return !block.alternatives.empty() && block.alternatives.back().items.empty(); };
    for (;;) {
      auto inner = line_of(line);
      if (!inner) return std::unexpected(std::move(inner.error()));
      bool end = inner->kind == Line::Kind::end;
      if ((end || !inner->label.empty()) && empty_last()) {
        return fail(*inner, fmt::format("nothing in alternative \"{}\"", block.alternatives.back().label), "a B line");
      }
      retry_ = inner->retry;
      if (end) break;
      if (!inner->label.empty()) {
        if (std::ranges::find(block.alternatives, inner->label, &Alternative::label) != block.alternatives.end()) {
          return fail(*inner, fmt::format("label \"{}\" twice", inner->label), "another label");
        }
        block.alternatives.push_back({inner->label, {}, {}, inner->item.place});
        if (inner->kind == Line::Kind::blank) continue;
      }
      if (block.alternatives.empty()) return fail(*inner, "a line without a label", "label: LINE");
      Alternative& last = block.alternatives.back();
      if (last.retry) return fail(*inner, "a line behind retry", "a label or end");
      auto place = inner->item.place;
      auto item = whole(std::move(*inner), depth + 1);
      if (!item) return item;
      if (!is_expectation(*item)) {
        return std::unexpected(Error{source_.file(), place, "no backend message", "B lines only inside either"});
      }
      last.items.push_back(std::move(*item));
      last.retry = retry_;
    }
    if (block.alternatives.size() < 2) return fail(line, "nothing to choose from", "at least two alternatives");
    line.item.what = std::move(block);
    return std::move(line.item);
  }

  Source& source_;
  std::size_t lines_ = 0;  // of the block being read
  std::optional<std::uint32_t> retry_;
};

// Texts of errors are never compared: a case that names one promises what nobody checks.
void warn_about_texts(const std::vector<Item>& items, const std::string& file, std::vector<Error>& warnings) {
  for (const Item& item : items) {
    if (auto block = item.block()) {
      warn_about_texts(block->items, file, warnings);
      for (const Alternative& a : block->alternatives) warn_about_texts(a.items, file, warnings);
    }
    auto message = item.message();
    if (!message || message->side == Side::frontend) continue;
    if (message->name != "ErrorResponse" && message->name != "NoticeResponse") continue;
    for (const auto& [name, value] : message->fields.items()) {
      if (!is_text_field(name) || is_presence(value)) continue;
      warnings.push_back({file, item.place, fmt::format("field {} of {} is never compared", name, message->name),
                          "fields other than M, D, H, W, F, L and R"});
    }
  }
}

void warn_about_level(const Case& c, const std::string& file, std::vector<Error>& warnings) {
  if (c.level != "postgresql" && (c.spec.empty() || c.sentences.empty())) {
    warnings.push_back({file, c.place, fmt::format("level {} without a sentence that demands it", c.level),
                        "spec and sentence, or level postgresql"});
  }
}

std::expected<std::vector<Item>, Error> all_items(ItemParser parser) {
  std::vector<Item> items;
  for (;;) {
    auto item = parser.next();
    if (!item) return std::unexpected(std::move(item.error()));
    if (!*item) return items;
    items.push_back(std::move(**item));
  }
}

}  // namespace

bool is_text_field(std::string_view name) {
  return name.size() == 1 && std::string_view("MDHWFLR").contains(name[0]);
}

std::expected<CaseFile, Error> parse_cases(std::string_view text, std::string file, Limits limits) {
  std::ispanstream in(std::span<const char>(text.data(), text.size()));
  Source source(in, file, limits);
  CaseFile result;
  for (;;) {
    auto more = source.next();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) break;
    if (!is_case_line(source.line())) {
      if (is_blank(source.line())) continue;
      return std::unexpected(source.error(0, "a line before the first case", "=== ID"));
    }
    auto one = read_case_header(source);
    if (!one) return std::unexpected(std::move(one.error()));
    if (std::ranges::find(result.cases, one->id, &Case::id) != result.cases.end()) {
      return std::unexpected(Error{file, one->place, fmt::format("case \"{}\" twice", one->id), "another id"});
    }
    auto items = all_items(ItemParser(source));
    if (!items) return std::unexpected(std::move(items.error()));
    if (items->empty()) {
      return std::unexpected(Error{file, one->place, fmt::format("nothing in case \"{}\"", one->id), "a line"});
    }
    one->items = std::move(*items);
    warn_about_level(*one, file, result.warnings);
    warn_about_texts(one->items, file, result.warnings);
    result.cases.push_back(std::move(*one));
  }
  if (result.cases.empty()) return std::unexpected(source.error(0, "no case", "=== ID"));
  return result;
}

std::expected<Trace, Error> parse_trace(std::string_view text, std::string file, Limits limits) {
  std::ispanstream in(std::span<const char>(text.data(), text.size()));
  TraceReader reader(in, std::move(file), limits);
  auto header = reader.header();
  if (!header) return std::unexpected(std::move(header.error()));
  Trace trace{std::move(*header), {}};
  for (;;) {
    auto item = reader.next();
    if (!item) return std::unexpected(std::move(item.error()));
    if (!*item) return trace;
    trace.items.push_back(std::move(**item));
  }
}

TraceReader::TraceReader(std::istream& in, std::string file, Limits limits) : source_(in, std::move(file), limits) {}

std::expected<Recorded, Error> TraceReader::header() {
  return read_trace_header(source_);
}

std::expected<std::optional<Item>, Error> TraceReader::next() {
  auto item = ItemParser(source_).next();
  if (item && !*item) {
    // Only the end of the file or a case line stops the parser.
    auto more = source_.next();
    if (!more) return std::unexpected(std::move(more.error()));
    if (*more) return std::unexpected(source_.error(0, "a case in a trace", "a .case file for it"));
  }
  return item;
}

}  // namespace pgconform::notation
