#include "engine/scan_cost.hpp"

#include <algorithm>

namespace pgconform::engine {
namespace {

bool is_operator(char c) {
  return c != '\0' && std::string_view("~!@#^&|`?+-*/%<>=").find(c) != std::string_view::npos;
}

bool is_word(char c) {
  auto u = static_cast<unsigned char>(c);
  return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9') || u == '_' || u >= 0x80;
}

constexpr std::size_t longest_name = 63;

class Scan {
 public:
  explicit Scan(std::string_view sql) : sql_(sql) {}

  std::vector<LongName> names() && {
    run();
    return std::move(names_);
  }

  std::uint64_t run() {
    while (at_ < sql_.size()) {
      char c = sql_[at_];
      if (c == '\'')
        quoted('\'', at_ > 0 && (sql_[at_ - 1] == 'e' || sql_[at_ - 1] == 'E') && (at_ < 2 || !is_word(sql_[at_ - 2])));
      else if (c == '"')
        quoted_name();
      else if (c == '$' && (at_ == 0 || !is_word(sql_[at_ - 1])))
        dollar();
      else if (sql_.substr(at_, 2) == "--")
        at_ = std::min(sql_.find_first_of("\r\n", at_), sql_.size());
      else if (sql_.substr(at_, 2) == "/*")
        comment();
      else if (is_operator(c))
        again(), ++at_;
      else if (is_word(c) && (c < '0' || c > '9'))
        word();
      else
        ++at_;
    }
    return cost_;
  }

 private:
  // One reading of the run of operator characters from here to its end.
  void again() {
    if (at_ >= run_end_) {
      run_end_ = at_;
      while (run_end_ < sql_.size() && is_operator(sql_[run_end_])) ++run_end_;
    }
    cost_ += run_end_ - at_;
  }

  void quoted(char quote, bool escapes) {
    for (++at_; at_ < sql_.size() && sql_[at_] != quote; ++at_)
      if (escapes && sql_[at_] == '\\') ++at_;
    at_ = std::min(at_ + 1, sql_.size());
  }

  void add(std::string name, std::size_t at) {
    if (name.size() > longest_name) names_.push_back({std::move(name), at});
  }

  void word() {
    const auto begin = at_;
    while (at_ < sql_.size() && (is_word(sql_[at_]) || sql_[at_] == '$')) ++at_;
    if (at_ - begin <= longest_name) return;
    std::string name(sql_.substr(begin, at_ - begin));
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    add(std::move(name), begin);
  }

  // Two quotes stand for one.
  void quoted_name() {
    const auto begin = at_;
    quoted('"', false);
    while (at_ < sql_.size() && sql_[at_] == '"') quoted('"', false);
    if (at_ - begin <= longest_name) return;
    std::string name;
    for (auto i = begin + 1; i + 1 < at_; ++i) {
      name += sql_[i];
      if (sql_[i] == '"') ++i;
    }
    add(std::move(name), begin);
  }

  void dollar() {
    auto end = at_ + 1;
    while (end < sql_.size() && is_word(sql_[end])) ++end;
    bool opens = end < sql_.size() && sql_[end] == '$' && (sql_[at_ + 1] < '0' || sql_[at_ + 1] > '9');
    if (!opens) {
      at_ = end;
      return;
    }
    std::string_view tag = sql_.substr(at_, end + 1 - at_);
    auto close = sql_.find(tag, end + 1);
    at_ = close == sql_.npos ? sql_.size() : close + tag.size();
  }

  void comment() {
    int depth = 0;
    while (at_ < sql_.size()) {
      std::string_view two = sql_.substr(at_, 2);
      if (two == "/*") {
        again();
        ++depth;
        at_ += 2;
      } else if (two == "*/") {
        at_ += 2;
        if (--depth == 0) return;
      } else {
        ++at_;
      }
    }
  }

  std::string_view sql_;
  std::size_t at_ = 0, run_end_ = 0;
  std::uint64_t cost_ = 0;
  std::vector<LongName> names_;
};

}  // namespace

std::uint64_t scan_cost(std::string_view sql) {
  return Scan(sql).run();
}

std::vector<LongName> long_names(std::string_view sql) {
  return sql.size() > longest_name ? Scan(sql).names() : std::vector<LongName>();
}

}  // namespace pgconform::engine
