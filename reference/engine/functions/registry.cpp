#include "engine/functions/packed_types.hpp"

namespace pgconform::engine {

Implementation Registry::find(std::string_view name) const {
  auto it = map_.find(name);
  return it == map_.end() ? nullptr : it->second;
}

void need_memory(std::size_t bytes) {
  constexpr std::size_t most_ever = 0x3fffffff;  // MaxAllocSize
  constexpr std::size_t most_here = 64 << 20;
  if (bytes > most_ever) fail(sqlstate::program_limit_exceeded, "requested length too large");
  if (bytes > most_here)
    fail(sqlstate::out_of_memory, "out of memory", -1, {},
         fmt::format("Failed on request of size {}: this server builds no value of more than {} bytes.", bytes,
                     most_here));
}

Implementation find_implementation(std::string_view source) {
  static const auto registry = [] {
    Registry all;
    add_advisory_locks(all);
    add_arithmetic(all);
    add_comparison(all);
    add_conversion(all);
    add_strings(all);
    add_times(all);
    add_session(all);
    add_sequences(all);
    add_enums(all);
    add_arrays(all);
    add_intervals(all);
    add_fields(all);
    add_json(all);
    add_patterns(all);
    add_texts(all);
    add_encodings(all);
    add_formats(all);
    add_mathematics(all);
    add_bits(all);
    add_networks(all);
    add_ranges(all);
    add_money(all);
    add_system_values(all);
    add_catalog(all);
    return all;
  }();
  return registry.find(source);
}

}  // namespace pgconform::engine
