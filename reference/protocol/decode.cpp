#include "protocol/decode.hpp"

namespace pgconform::protocol {

namespace {

std::string_view words(DecodeCode code) {
  switch (code) {
    case DecodeCode::unknown_type:
      return "no such message here";
    case DecodeCode::truncated:
      return "the body ends before it does";
    case DecodeCode::unterminated:
      return "no terminating zero byte";
    case DecodeCode::invalid_length:
      return "its length is negative or goes past the end of the body";
    case DecodeCode::invalid_count:
      return "its count is negative";
    case DecodeCode::trailing_bytes:
      return "bytes are left over after the last field";
  }
  return "";
}

}  // namespace

std::string describe(const DecodeError& error) {
  std::string text;
  for (auto part : {error.message, error.field})
    if (!part.empty()) text.append(part).append(": ");
  text.append(words(error.code));
  if (error.code != DecodeCode::unknown_type)
    text.append(", at byte ").append(std::to_string(error.offset)).append(" of the body");
  return text;
}

}  // namespace pgconform::protocol
