#pragma once

#include <cstdint>
#include <string_view>

namespace pgconform::session {

// message_length: the largest length word that PostgreSQL takes for a message of this type (PQ_SMALL_MESSAGE_LIMIT,
// PQ_LARGE_MESSAGE_LIMIT).
constexpr std::uint32_t message_length(char tag) {
  return std::string_view("CDEHSXcf").find(tag) == std::string_view::npos ? 0x3ffffffe : 10000;
}

}  // namespace pgconform::session
