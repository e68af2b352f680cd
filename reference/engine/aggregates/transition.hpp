#pragma once

#include <memory>
#include <string_view>

#include "engine/storage.hpp"

namespace pgconform::engine {

struct Aggregate;

// Transition: what one aggregate has made of the rows so far. Those that keep little more than a number are a Kind of
// their own (plan.hpp); all others are found here by name.
class Transition {
 public:
  virtual ~Transition() = default;
  // add: one row's arguments, NULL ones too; it may take them away.
  virtual void add(Row& args) = 0;
  // result: for the rows so far; more may follow.
  virtual types::Value result() const = 0;
};
using MakeTransition = std::unique_ptr<Transition> (*)(const Aggregate&);

// find_transition: of the aggregate function of that name and first argument; null if there is none.
MakeTransition find_transition(std::string_view name, types::Oid argument);

// find_ordered_set: one with WITHIN GROUP.
MakeTransition find_ordered_set(std::string_view name);

MakeTransition find_list(std::string_view name);
MakeTransition find_statistic(std::string_view name, types::Oid argument);
MakeTransition find_range_aggregate(std::string_view name);
MakeTransition find_sum(std::string_view name, types::Oid argument);

// collect_array: of values of that type, as ARRAY(SELECT …) makes one; of arrays one with a dimension more.
std::unique_ptr<Transition> collect_array(types::Oid type);

}  // namespace pgconform::engine
