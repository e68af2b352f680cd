#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/encode.hpp"
#include "session/report.hpp"
#include "types/client_encoding.hpp"

namespace pgconform::session {

// Output: what a session has said and not handed over yet. As in PostgreSQL it stays here until somebody must be able
// to read it (flush) or until it fills a buffer of 8 kB.
class Output {
 public:
  static constexpr std::size_t buffer_size = 8192;

  // send: append a message. Its strings come from us, so that it can always be encoded.
  template <class M>
  void send(const M& message) {
    [[maybe_unused]] auto encoded = protocol::encode(bytes_, message);
  }
  // report: append an ErrorResponse or, by its severity, a NoticeResponse; both are flushed at once. An error that the
  // client's encoding lacks characters for gives way to one that says so; a notice is not sent then, and that is the
  // result.
  std::expected<void, Report> report(const Report& report);
  // set_encoding: what text is sent in from now on; null: as it is.
  void set_encoding(const types::ClientEncoding* encoding) { encoding_ = encoding; }
  // encoding: null where text is sent as it is.
  const types::ClientEncoding* encoding() const { return encoding_; }
  // raw: append bytes that are no message of protocol 3.
  void raw(std::string_view bytes) { bytes_ += bytes; }

  void flush() { due_ = bytes_.size(); }
  // due: is there something to be written now?
  bool due() const { return due_ > 0 || bytes_.size() >= buffer_size; }
  std::string take() {
    due_ = 0;
    return std::exchange(bytes_, {});
  }
  // bytes: for the caller who appends a DataRow in place.
  std::string& bytes() { return bytes_; }

 private:
  types::Result<bool> append(const Report& report);

  std::string bytes_;
  std::size_t due_ = 0;
  const types::ClientEncoding* encoding_ = nullptr;
};

// name_of: the word in fields S and V.
std::string_view name_of(Severity severity);

}  // namespace pgconform::session
