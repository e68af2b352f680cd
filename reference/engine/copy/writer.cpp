#include "engine/copy/writer.hpp"

#include <algorithm>

#include "engine/error.hpp"
#include "types/form.hpp"
#include "wire/writer.hpp"

namespace pgconform::engine {

CopyWriter::CopyWriter(const CopyOptions& options, std::vector<session::Column> columns)
    : options_(options), columns_(std::move(columns)) {
  for (const auto& column : columns_)
    quoted_.push_back(std::ranges::find(options_.force_quote, "*") != options_.force_quote.end() ||
                      std::ranges::find(options_.force_quote, column.name) != options_.force_quote.end());
}

std::string CopyWriter::header() const {
  if (options_.format == CopyOptions::Format::binary) return std::string("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  if (options_.header == CopyOptions::Header::none) return {};
  std::string line;
  for (const auto& column : columns_) {
    if (&column != &columns_.front()) line += options_.delimiter;
    line += options_.is_csv() ? csv(column.name, false) : text(column.name);
  }
  return encoded(line + '\n');
}

std::string CopyWriter::trailer() const {
  return options_.format == CopyOptions::Format::binary ? std::string("\377\377") : std::string();
}

std::string CopyWriter::row(std::span<const types::Value> values, const types::Style& style) const {
  std::string line;
  if (options_.format == CopyOptions::Format::binary) {
    wire::Writer writer(line);
    writer.u16(static_cast<std::uint16_t>(values.size()));
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (types::is_null(values[i])) {
        writer.u32(0xffffffff);
        continue;
      }
      auto bytes = types::print_binary(columns_[i].type, values[i]);
      if (options_.encoding)
        bytes = value_or_fail(types::binary_from_utf8(*options_.encoding, columns_[i].type, bytes));
      writer.u32(static_cast<std::uint32_t>(bytes.size()));
      writer.bytes(bytes);
    }
    return line;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) line += options_.delimiter;
    if (types::is_null(values[i])) {
      line += options_.null;
      continue;
    }
    const auto value = types::print_text(columns_[i].type, values[i], style);
    line += options_.is_csv() ? csv(value, quoted_[i]) : text(value);
  }
  return encoded(line + '\n');
}

std::string CopyWriter::encoded(std::string line) const {
  return options_.encoding ? value_or_fail(options_.encoding->from_utf8(line)) : line;
}

std::string CopyWriter::text(std::string_view value) const {
  static constexpr std::string_view controls = "\b\f\n\r\t\v", letters = "bfnrtv";
  std::string result;
  for (char c : value) {
    const auto place = controls.find(c);
    if (place != controls.npos) {
      result += '\\';
      result += letters[place];
      continue;
    }
    if (c == '\\' || c == options_.delimiter) result += '\\';
    result += c;
  }
  return result;
}

std::string CopyWriter::csv(std::string_view value, bool quote) const {
  // A lone \. would be read as the end of the data by servers before 18.
  quote = quote || value == options_.null || (columns_.size() == 1 && value == "\\.") ||
          std::ranges::any_of(
              value, [&](char c) { return c == options_.delimiter || c == options_.quote || c == '\n' || c == '\r'; });
  if (!quote) return std::string(value);
  std::string result(1, options_.quote);
  for (char c : value) {
    if (c == options_.quote || c == options_.escape) result += options_.escape;
    result += c;
  }
  return result + options_.quote;
}

}  // namespace pgconform::engine
