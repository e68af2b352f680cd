#include "engine/catalog/system_tables.hpp"

namespace pgconform::engine {

std::string_view view_text(std::string_view, std::string_view) {
  return {};
}

}  // namespace pgconform::engine
