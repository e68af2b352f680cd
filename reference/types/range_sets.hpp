#pragma once

#include "types/range.hpp"

// Ranges as sets. What needs two of them walks along both once.
namespace pgconform::types {

// normalized: put in order, what overlaps or touches joined.
Ranges normalized(Oid element, Ranges ranges);
// together · in_both · without: union, intersection, difference.
Ranges together(Oid element, Ranges a, const Ranges& b);
Ranges in_both(Oid element, const Ranges& a, const Ranges& b);
Ranges without(Oid element, const Ranges& a, const Ranges& b);

bool contains(Oid element, const Ranges& a, const Value& value);
bool contains(Oid element, const Ranges& a, const Ranges& b);
bool overlaps(Oid element, const Ranges& a, const Ranges& b);
// touches: what lies between one's end and the other's beginning is nothing.
bool touches(Oid element, const Ranges& a, const Ranges& b);

}  // namespace pgconform::types
