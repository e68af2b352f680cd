#pragma once

#include <cstdint>

#include "types/packed.hpp"

// The server's own numbers: where a row lies (tid), transactions (xid8) and commands (cid), places in the log (pg_lsn).
// Held as their binary forms, whose bytes are in the order of the values. datatype-oid, datatype-pg-lsn.
namespace pgconform::types {

inline constexpr Oid tid_oid = 27, cid_oid = 29, xid8_oid = 5069;

// number_of · number_bytes: an xid8 or a pg_lsn.
std::uint64_t number_of(std::string_view held);
std::string number_bytes(std::uint64_t number);

Result<Value> tid_from_text(Oid type, std::string_view text, const Style& style);
std::string tid_to_text(Oid type, std::string_view held, const Style& style);
Result<Value> lsn_from_text(Oid type, std::string_view text, const Style& style);
std::string lsn_to_text(Oid type, std::string_view held, const Style& style);
// A number of four bytes (cid) or eight (xid8).
Result<Value> count_from_text(Oid type, std::string_view text, const Style& style);
std::string count_to_text(Oid type, std::string_view held, const Style& style);
// Bytes of the type's length, whatever they are: money too.
Result<Value> fixed_from_binary(Oid type, std::string_view bytes);

}  // namespace pgconform::types
