#include "engine/functions.hpp"

namespace pgconform::engine {

Implementation Registry::find(std::string_view name) const {
  auto it = map_.find(name);
  return it == map_.end() ? nullptr : it->second;
}

Implementation find_implementation(std::string_view source) {
  static const auto registry = [] {
    Registry all;
    add_arithmetic(all);
    add_comparison(all);
    add_conversion(all);
    add_strings(all);
    add_times(all);
    add_session(all);
    add_sequences(all);
    return all;
  }();
  return registry.find(source);
}

}  // namespace pgconform::engine
