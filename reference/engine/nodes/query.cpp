#include "engine/nodes/nodes.hpp"

// The order in which a query's clauses are worked on.
namespace pgconform::engine {
namespace {

// ORDER BY of columns, as the rows have them before the results are made.
RowOrder order_of_input(const Query& query) {
  RowOrder order = order_of_keys(query);
  for (auto& key : order.keys) key.place = static_cast<std::size_t>(query.targets[key.place]->number);
  return order;
}

}  // namespace

std::unique_ptr<RowSource> make_source(const Query& query) {
  NodePtr source = query.operation != Query::Operation::none ? make_set_operation(query)
                   : !query.values.empty()                   ? make_values(query.values)
                   : query.from                              ? make_from(*query.from, query.where.get())
                                                             : make_single_row();
  if (query.where && !query.from) source = make_filter(std::move(source), *query.where);
  if (query.is_grouped) source = make_aggregation(std::move(source), query);
  if (query.having) source = make_filter(std::move(source), *query.having);
  if (!query.windows.empty()) source = make_windows(std::move(source), query);
  if (!query.series.empty()) source = make_series_projection(std::move(source), query);
  // What a cursor reads in an index's order is not worked out before it is fetched.
  const bool ordered_first = query.place_at >= 0 && !query.order.empty();
  if (ordered_first) source = make_sort(std::move(source), order_of_input(query));
  source = make_projection(std::move(source), query.targets);
  if (query.distinct) {
    std::vector<Oid> types;
    for (const auto& target : query.targets) types.push_back(target->type);
    source = make_distinct(std::move(source), order_of(types));
  }
  if (!query.order.empty() && !ordered_first) source = make_sort(std::move(source), order_of_keys(query));
  if (!query.distinct_on.empty()) {
    RowOrder order;
    for (int target : query.distinct_on) {
      auto place = static_cast<std::size_t>(target);
      order.keys.push_back({place, query.targets[place]->type});
    }
    source = make_unique(std::move(source), std::move(order));
  }
  if (!query.locks.empty()) source = make_lock_rows(std::move(source), query);
  if (query.limit || query.offset) source = make_limit(std::move(source), query);
  if (!query.with.empty()) source = make_with(std::move(source), query.with);
  return source;
}

}  // namespace pgconform::engine
