#pragma once

#include <span>
#include <string_view>

// What stands in the system tables of every database that was just made: facts/rows, as facts/generate has written it.
namespace pgconform::engine {

// initial_rows: of the system table of that name, as COPY writes rows; none where nothing is known.
std::span<const std::string_view> initial_rows(std::string_view table);

// RowText: a row in COPY's text form, field by field.
class RowText {
 public:
  explicit RowText(std::string_view text) : rest_(text) {}
  // next: the next field as it stands there; "\N" is NULL.
  std::string_view next() {
    auto end = rest_.find('\t');
    auto field = rest_.substr(0, end);
    rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
    return field;
  }
  // skip: to the field that many further on.
  RowText& skip(int fields) {
    while (fields-- > 0) next();
    return *this;
  }

 private:
  std::string_view rest_;
};

}  // namespace pgconform::engine
