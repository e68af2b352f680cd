#include "engine/copy/reader.hpp"
#include "engine/error.hpp"
#include "wire/bytes.hpp"

// The binary format: a signature, flags and an extension; then rows of Int16 count and fields of Int32 length; then a
// count of -1, which may be missing (sql-copy, "Binary Format").
namespace pgconform::engine {
namespace {

constexpr std::string_view signature("PGCOPY\n\377\r\n\0", 11);

class BinaryReader : public CopyReader {
 public:
  explicit BinaryReader(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  void feed(std::string_view bytes) override { buffer_ += bytes; }

  Got next(std::vector<Field>& fields) override {
    if (!header_read_ && !read_header()) return Got::starved;
    if (line_ == 0 || row_done_) {
      ++line_;
      row_done_ = false;
    }
    column_.clear();
    const std::size_t start = taken_;
    const bool whole = read_row(fields);
    if (!whole) {
      taken_ = start;  // the row is read again when it is all there
      column_.clear();
      release();
      return Got::starved;
    }
    if (over_) return Got::over;
    row_done_ = true;
    if (taken_ == buffer_.size()) release();
    return Got::row;
  }

 private:
  bool has(std::size_t count) const { return buffer_.size() - taken_ >= count; }
  std::uint32_t take_32() {
    const auto number = wire::load_32(buffer_.data() + taken_);
    taken_ += 4;
    return number;
  }
  void release() {
    buffer_.erase(0, taken_);
    taken_ = 0;
    if (buffer_.empty() && buffer_.capacity() > 65536) buffer_.shrink_to_fit();
  }

  bool read_header() {
    auto bad = [](std::string_view what) { fail(sqlstate::bad_copy_file_format, std::string(what)); };
    const auto known = std::min(buffer_.size(), signature.size());
    if ((known < signature.size() && ended_) || buffer_.compare(0, known, signature.substr(0, known)) != 0)
      bad("COPY file signature not recognized");
    if (!has(signature.size() + 4)) {
      if (ended_) bad("invalid COPY file header (missing flags)");
      return false;
    }
    taken_ = signature.size();
    const auto flags = take_32();
    taken_ = 0;
    if (flags & 1u << 16) bad("invalid COPY file header (WITH OIDS)");
    if (flags >> 16 != 0) bad("unrecognized critical flags in COPY file header");
    if (!has(signature.size() + 8)) {
      if (ended_) bad("invalid COPY file header (missing length)");
      return false;
    }
    taken_ = signature.size() + 4;
    const auto extension = static_cast<std::int32_t>(take_32());
    if (extension < 0) bad("invalid COPY file header (missing length)");
    if (!has(static_cast<std::size_t>(extension))) {
      if (ended_) bad("invalid COPY file header (wrong length)");
      taken_ = 0;
      return false;
    }
    taken_ += static_cast<std::size_t>(extension);
    header_read_ = true;
    return true;
  }

  // read_row: false while it is not all there.
  bool read_row(std::vector<Field>& fields) {
    if (trailer_seen_) return after_trailer();
    if (!has(2)) {
      if (!ended_) return false;
      over_ = true;  // the trailer may be missing
      return true;
    }
    const auto count = static_cast<std::int16_t>(static_cast<unsigned char>(buffer_[taken_]) << 8 |
                                                 static_cast<unsigned char>(buffer_[taken_ + 1]));
    taken_ += 2;
    if (count == -1) {
      trailer_seen_ = true;
      release();
      return after_trailer();
    }
    if (count != static_cast<std::int16_t>(columns_.size()))
      fail(sqlstate::bad_copy_file_format, fmt::format("row field count is {}, expected {}", count, columns_.size()));
    fields.clear();
    for (const auto& name : columns_) {
      column_ = name;
      if (!has(4)) return missing();
      const auto size = static_cast<std::int32_t>(take_32());
      if (size == -1) {
        fields.emplace_back();
        continue;
      }
      if (size < 0) fail(sqlstate::bad_copy_file_format, "invalid field size");
      need_room(0, static_cast<std::size_t>(size));
      if (!has(static_cast<std::size_t>(size))) return missing();
      fields.emplace_back(buffer_.substr(taken_, static_cast<std::size_t>(size)));
      taken_ += static_cast<std::size_t>(size);
    }
    column_.clear();
    return true;
  }
  bool missing() const {
    if (ended_) fail(sqlstate::bad_copy_file_format, "unexpected EOF in COPY data");
    return false;
  }
  bool after_trailer() {
    if (has(1)) fail(sqlstate::bad_copy_file_format, "received copy data after EOF marker");
    over_ = ended_;
    return over_;
  }

  std::vector<std::string> columns_;
  std::string buffer_;
  std::size_t taken_ = 0;
  bool header_read_ = false, row_done_ = false, trailer_seen_ = false, over_ = false;
};

}  // namespace

std::unique_ptr<CopyReader> make_binary_reader(std::vector<std::string> columns) {
  return std::make_unique<BinaryReader>(std::move(columns));
}

}  // namespace pgconform::engine
