#pragma once

#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

// As much of JSON Schema as the schemas in docs/ use, for tests.
namespace pgconform::report {

class SchemaCheck {
 public:
  explicit SchemaCheck(const nlohmann::json& root) : root_(root) {}

  void check(const nlohmann::json& schema, const nlohmann::json& value, const std::string& path) {
    if (schema.contains("$ref")) {
      const auto ref = schema["$ref"].get<std::string>();
      check(root_[nlohmann::json::json_pointer(ref.substr(1))], value, path);
    }
    const auto bad = [&](const std::string& what) { errors.push_back(path + ": " + what + ": " + value.dump()); };
    if (schema.contains("const") && value != schema["const"]) bad("const");
    if (schema.contains("enum") && std::ranges::find(schema["enum"], value) == schema["enum"].end()) bad("enum");
    if (schema.contains("type") && !has_type(schema["type"].get<std::string>(), value)) return bad("type");
    if (value.is_string()) {
      const auto& text = value.get_ref<const std::string&>();
      if (text.size() < schema.value("minLength", 0U)) bad("minLength");
      if (schema.contains("pattern") && !std::regex_search(text, std::regex(schema["pattern"].get<std::string>())))
        bad("pattern");
    }
    if (value.is_number() && schema.contains("minimum") && value < schema["minimum"]) bad("minimum");
    if (value.is_array() && schema.contains("items"))
      for (std::size_t i = 0; i < value.size(); ++i) check(schema["items"], value[i], path + "/" + std::to_string(i));
    if (value.is_object()) check_object(schema, value, path);
  }

  std::vector<std::string> errors;

 private:
  static bool has_type(const std::string& type, const nlohmann::json& value) {
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    return type == value.type_name();
  }

  void check_object(const nlohmann::json& schema, const nlohmann::json& value, const std::string& path) {
    if (schema.contains("required"))
      for (const auto& key : schema["required"])
        if (!value.contains(key.get<std::string>())) errors.push_back(path + ": lacks " + key.get<std::string>());
    for (const auto& [key, member] : value.items()) {
      const auto below = path + "/" + key;
      if (schema.contains("propertyNames")) check(schema["propertyNames"], key, below);
      if (schema.contains("properties") && schema["properties"].contains(key))
        check(schema["properties"][key], member, below);
      else if (schema.contains("additionalProperties") && schema["additionalProperties"].is_object())
        check(schema["additionalProperties"], member, below);
      else if (schema.contains("additionalProperties") && schema["additionalProperties"] == false)
        errors.push_back(below + ": unknown");
    }
  }

  const nlohmann::json& root_;
};

// schema_errors: each place where `value` does not fit `schema`.
inline std::vector<std::string> schema_errors(const nlohmann::json& schema, const nlohmann::json& value) {
  SchemaCheck checker(schema);
  checker.check(schema, value, "");
  return checker.errors;
}

}  // namespace pgconform::report
