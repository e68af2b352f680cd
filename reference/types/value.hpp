#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace pgconform::types {

// Oid: a PostgreSQL object identifier; for types, pg_type.oid.
using Oid = std::uint32_t;

// Value: one SQL value. Which alternative holds it follows from the type's OID.
using Value = std::variant<std::monostate,  // NULL
                           bool, std::int64_t, float, double, std::string>;

}  // namespace pgconform::types
