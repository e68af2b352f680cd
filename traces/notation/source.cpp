#include "notation/source.hpp"

#include <fmt/format.h>

#include <utility>

namespace pgconform::notation {

Source::Source(std::istream& in, std::string file, Limits limits) : in_(in), file_(std::move(file)), limits_(limits) {}

Error Source::error(std::size_t offset, std::string what, std::string expected) const {
  return {file_, {number_, offset + 1}, std::move(what), std::move(expected)};
}

bool Source::fill() {
  buffer_.resize(std::size_t{64} << 10);
  in_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  buffer_.resize(static_cast<std::size_t>(in_.gcount()));
  from_ = 0;
  taken_ += buffer_.size();
  return !buffer_.empty();
}

std::expected<bool, Error> Source::next() {
  if (std::exchange(again_, false)) return true;
  line_.clear();
  bool any = false, ended = false;
  while (!ended && (from_ < buffer_.size() || fill())) {
    any = true;
    auto end = buffer_.find('\n', from_);
    ended = end != std::string::npos;
    if (!ended) end = buffer_.size();
    line_.append(buffer_, from_, end - from_);
    from_ = end + ended;
    if (line_.size() > limits_.line_bytes) {
      ++number_;
      return std::unexpected(
          error(limits_.line_bytes, "line too long", fmt::format("at most {} bytes", limits_.line_bytes)));
    }
    if (taken_ > limits_.file_bytes) {
      ++number_;
      return std::unexpected(error(0, "file too long", fmt::format("at most {} bytes", limits_.file_bytes)));
    }
  }
  if (in_.bad()) return std::unexpected(error(0, "cannot read on"));
  if (!any) return false;
  ++number_;
  if (line_.ends_with('\r')) line_.pop_back();
  return true;
}

}  // namespace pgconform::notation
