#pragma once

#include <utility>
#include <vector>

#include "engine/parse_tree.hpp"

// What may refer to what in WITH RECURSIVE, which the tree tells before anything is analysed: parse_cte.c.
namespace pgconform::engine {

// in_order_of_need: the items of a WITH clause, each after those that it reads, with whether it reads itself. Throws
// what is wrong with a recursive one: 42P19, 0A000.
std::vector<std::pair<const Node*, bool>> in_order_of_need(const std::vector<const Node*>& items, bool recursive);

}  // namespace pgconform::engine
