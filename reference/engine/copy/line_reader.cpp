#include <algorithm>

#include "engine/copy/reader.hpp"
#include "engine/error.hpp"
#include "types/form.hpp"

// The text and CSV formats: first a line is found, then its fields (copyfromparse.c). The kind of line end that the
// first line has must be that of all. An end-of-copy marker (\. alone on its line) ends the data in text format.
namespace pgconform::engine {
namespace {

class LineReader : public CopyReader {
 public:
  LineReader(const CopyOptions& options, std::vector<std::string> columns)
      : options_(options), columns_(std::move(columns)), header_due_(options.header != CopyOptions::Header::none) {
    for (const auto& name : columns_) {
      auto in = [&](const std::vector<std::string>& list) {
        return std::ranges::find(list, "*") != list.end() || std::ranges::find(list, name) != list.end();
      };
      not_null_.push_back(in(options.force_not_null));
      null_too_.push_back(in(options.force_null));
    }
  }

  void feed(std::string_view bytes) override {
    if (!marker_seen_) buffer_ += bytes;
  }

  Got next(std::vector<Field>& fields) override {
    for (;;) {
      if (marker_seen_) {
        buffer_.clear();
        taken_ = scanned_ = 0;
        return ended_ ? Got::over : Got::starved;
      }
      if (!begun_) {
        ++line_;
        begun_ = true;
      }
      text_.reset();
      switch (find_line()) {
        case Got::starved:
          return Got::starved;
        case Got::over:
          if (!marker_seen_) return Got::over;
          continue;
        case Got::row:
          break;
      }
      begun_ = false;
      read_characters();
      fields.clear();
      options_.is_csv() ? split_csv(fields) : split_text(fields);
      if (std::exchange(header_due_, false)) {
        if (options_.header == CopyOptions::Header::match) check_header(fields);
        continue;
      }
      check_width(fields);
      return Got::row;
    }
  }
  std::optional<std::string_view> line_text() const override {
    return text_ ? std::optional<std::string_view>(*text_) : std::nullopt;
  }

 private:
  void read_characters() {
    std::optional<types::Failure> failure;
    if (options_.encoding) {
      if (auto text = options_.encoding->to_utf8(*text_))
        text_ = std::move(*text);
      else
        failure = std::move(text.error());
    } else if (auto legal = types::check_encoding(*text_); !legal) {
      failure = std::move(legal.error());
    }
    if (!failure) return;
    text_.reset();
    fail(*failure);
  }

  enum class LineEnd : std::uint8_t { unknown, newline, carriage_return, both };

  // find_line: scan on from where the last call stopped for want of data. CopyReadLineText().
  Got find_line() {
    auto have = [&](std::size_t at) { return at < buffer_.size(); };
    while (have(scanned_)) {
      const char c = buffer_[scanned_];
      if (options_.is_csv()) {
        const bool escapes = options_.escape != options_.quote;
        if (quoted_ && escapes && c == options_.escape) escaped_ = !escaped_;
        if (c == options_.quote && !escaped_) quoted_ = !quoted_;
        if (!escapes || c != options_.escape) escaped_ = false;
        if (quoted_ && c == (end_ == LineEnd::newline ? '\n' : '\r')) ++line_;
      }
      if (c == '\r' && !quoted_) {
        if (end_ == LineEnd::newline) stray("carriage return", "\\r");
        if (end_ != LineEnd::carriage_return) {
          if (!have(scanned_ + 1) && !ended_) return Got::starved;
          if (have(scanned_ + 1) && buffer_[scanned_ + 1] == '\n') {
            end_ = LineEnd::both;
            return take(scanned_, 2);
          }
          if (end_ == LineEnd::both) stray("carriage return", "\\r");
          end_ = LineEnd::carriage_return;
        }
        return take(scanned_, 1);
      }
      if (c == '\n' && !quoted_) {
        if (end_ == LineEnd::carriage_return || end_ == LineEnd::both) stray("newline", "\\n");
        end_ = LineEnd::newline;
        return take(scanned_, 1);
      }
      if (c == '\\' && !options_.is_csv()) {
        if (!have(scanned_ + 1)) {
          if (!ended_) return Got::starved;
          break;
        }
        if (buffer_[scanned_ + 1] == '.') return marker();
        ++scanned_;
      }
      ++scanned_;
    }
    if (!ended_) {
      release();
      need_room(buffer_.size(), 1);
      return Got::starved;
    }
    scanned_ = buffer_.size();
    if (scanned_ == taken_) return Got::over;
    return take(scanned_, 0);
  }

  Got marker() {
    const std::size_t length = end_ == LineEnd::both ? 4 : 3;
    if (buffer_.size() < scanned_ + length) {
      if (!ended_) return Got::starved;
      not_alone();
    }
    const char next = buffer_[scanned_ + 2], last = buffer_[scanned_ + length - 1];
    if (end_ == LineEnd::both) {
      if (next == '\n') other_line_end();
      if (next != '\r') not_alone();
    }
    if (last != '\r' && last != '\n') not_alone();
    if ((end_ == LineEnd::newline || end_ == LineEnd::both) && last != '\n') other_line_end();
    if (end_ == LineEnd::carriage_return && last != '\r') other_line_end();
    if (scanned_ > taken_) not_alone();
    marker_seen_ = true;
    return Got::over;
  }
  [[noreturn]] static void not_alone() {
    fail(sqlstate::bad_copy_file_format, "end-of-copy marker is not alone on its line");
  }
  [[noreturn]] static void other_line_end() {
    fail(sqlstate::bad_copy_file_format, "end-of-copy marker does not match previous newline style");
  }
  [[noreturn]] void stray(std::string_view what, std::string_view escape) const {
    if (options_.is_csv())
      fail(sqlstate::bad_copy_file_format, fmt::format("unquoted {} found in data", what), -1,
           fmt::format("Use quoted CSV field to represent {}.", what));
    fail(sqlstate::bad_copy_file_format, fmt::format("literal {} found in data", what), -1,
         fmt::format("Use \"{}\" to represent {}.", escape, what));
  }

  Got take(std::size_t end, std::size_t line_end) {
    text_ = buffer_.substr(taken_, end - taken_);
    taken_ = scanned_ = end + line_end;
    if (taken_ == buffer_.size()) release();
    return Got::row;
  }
  // release: forget what has been taken.
  void release() {
    buffer_.erase(0, taken_);
    scanned_ -= taken_;
    taken_ = 0;
    if (buffer_.empty() && buffer_.capacity() > 65536) buffer_.shrink_to_fit();
  }

  // CopyReadAttributesText()
  void split_text(std::vector<Field>& fields) const {
    const std::string& line = *text_;
    if (columns_.empty() && line.empty()) return;
    for (std::size_t at = 0;;) {
      const std::size_t start = at;
      std::string value;
      while (at < line.size() && line[at] != options_.delimiter) {
        const char c = line[at++];
        if (c != '\\' || at == line.size()) {
          value += c;
          continue;
        }
        unescape(line, at, value);
      }
      if (std::string_view(line).substr(start, at - start) == options_.null) {
        fields.emplace_back();
      } else {
        if (auto legal = types::check_encoding(value); !legal) fail(legal.error());
        fields.emplace_back(std::move(value));
      }
      if (at == line.size()) return;
      ++at;
    }
  }

  static void unescape(const std::string& line, std::size_t& at, std::string& value) {
    auto octal = [&](std::size_t i) { return i < line.size() && line[i] >= '0' && line[i] <= '7'; };
    auto hex = [&](std::size_t i) { return i < line.size() && std::isxdigit(static_cast<unsigned char>(line[i])); };
    const char c = line[at++];
    if (c >= '0' && c <= '7') {
      int number = c - '0';
      for (int i = 0; i < 2 && octal(at); ++i) number = number * 8 + (line[at++] - '0');
      value += static_cast<char>(number & 0xff);
    } else if (c == 'x' && hex(at)) {
      int number = 0;
      for (int i = 0; i < 2 && hex(at); ++i) {
        const char digit = static_cast<char>(std::tolower(line[at++]));
        number = number * 16 + (digit <= '9' ? digit - '0' : digit - 'a' + 10);
      }
      value += static_cast<char>(number);
    } else {
      static constexpr std::string_view letters = "bfnrtv", controls = "\b\f\n\r\t\v";
      const auto place = letters.find(c);
      value += place == letters.npos ? c : controls[place];
    }
  }

  // CopyReadAttributesCSV()
  void split_csv(std::vector<Field>& fields) const {
    const std::string& line = *text_;
    if (columns_.empty() && line.empty()) return;
    for (std::size_t at = 0;;) {
      const std::size_t start = at;
      std::string value;
      bool quoted = false, saw_quote = false;
      for (; at < line.size(); ++at) {
        const char c = line[at];
        if (!quoted) {
          if (c == options_.delimiter) break;
          if (c == options_.quote) {
            quoted = saw_quote = true;
            continue;
          }
        } else {
          if (c == options_.escape && at + 1 < line.size() &&
              (line[at + 1] == options_.escape || line[at + 1] == options_.quote)) {
            value += line[++at];
            continue;
          }
          if (c == options_.quote) {
            quoted = false;
            continue;
          }
        }
        value += c;
      }
      if (quoted) fail(sqlstate::bad_copy_file_format, "unterminated CSV quoted field");
      const std::size_t i = fields.size();
      const bool known = i < columns_.size() && !header_due_;
      const bool is_null = !saw_quote && std::string_view(line).substr(start, at - start) == options_.null;
      if (is_null && known && not_null_[i])
        fields.emplace_back(options_.null);
      else if (is_null || (known && saw_quote && null_too_[i] && value == options_.null))
        fields.emplace_back();
      else
        fields.emplace_back(std::move(value));
      if (at == line.size()) return;
      ++at;
    }
  }

  void check_header(const std::vector<Field>& fields) const {
    for (std::size_t i = 0; i < columns_.size() && i < fields.size(); ++i) {
      if (!fields[i])
        fail(sqlstate::bad_copy_file_format,
             fmt::format("column name mismatch in header line field {}: got null value (\"{}\"), expected \"{}\"",
                         i + 1, options_.null, columns_[i]));
      if (*fields[i] != columns_[i])
        fail(sqlstate::bad_copy_file_format,
             fmt::format("column name mismatch in header line field {}: got \"{}\", expected \"{}\"", i + 1, *fields[i],
                         columns_[i]));
    }
    if (fields.size() != columns_.size())
      fail(sqlstate::bad_copy_file_format,
           fmt::format("wrong number of fields in header line: got {}, expected {}", fields.size(), columns_.size()));
  }

  void check_width(const std::vector<Field>& fields) const {
    if (fields.size() > columns_.size()) fail(sqlstate::bad_copy_file_format, "extra data after last expected column");
  }

  const CopyOptions options_;
  std::vector<std::string> columns_;
  std::vector<bool> not_null_, null_too_;
  bool header_due_;
  std::string buffer_;
  std::size_t taken_ = 0, scanned_ = 0;  // lines handed out; looked at
  LineEnd end_ = LineEnd::unknown;
  bool begun_ = false, quoted_ = false, escaped_ = false, marker_seen_ = false;
  std::optional<std::string> text_;
};

}  // namespace

std::unique_ptr<CopyReader> make_line_reader(const CopyOptions& options, std::vector<std::string> columns) {
  return std::make_unique<LineReader>(options, std::move(columns));
}

}  // namespace pgconform::engine
