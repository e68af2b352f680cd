#include "compare/bindings.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

namespace pgconform::compare {

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

void Bindings::set(std::string name, Json value) {
  values_.insert_or_assign(std::move(name), std::move(value));
}

const Json* Bindings::find(std::string_view name) const {
  auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

std::expected<Json, std::string> Bindings::substitute(const Json& value) const {
  if (!value.is_structured()) return value;
  if (value.is_object() && value.size() == 1 && value.begin()->is_string()) {
    const auto& name = value.begin()->get_ref<const std::string&>();
    if (value.begin().key() == "$ref") {
      if (auto bound = find(name)) return *bound;
      return std::unexpected(fmt::format("\"{}\" is not bound", name));
    }
    if (value.begin().key() == "$env") {
      if (auto set = environment_(name)) return Json(std::move(*set));
      return std::unexpected(fmt::format("environment variable {} is not set", name));
    }
  }
  Json copy = value.is_object() ? Json::object() : Json::array();
  for (const auto& [key, inner] : value.items()) {
    auto substituted = substitute(inner);
    if (!substituted) return substituted;
    if (value.is_object()) {
      copy.emplace(key, std::move(*substituted));
    } else {
      copy.push_back(std::move(*substituted));
    }
  }
  return copy;
}

}  // namespace pgconform::compare
