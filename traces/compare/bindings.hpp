#pragma once

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "notation/ast.hpp"

namespace pgconform::compare {

using notation::Json;

// Environment: how `{"$env":"VAR"}` is looked up; nothing for a variable that is not set.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

// process_environment: the environment of this process.
std::optional<std::string> process_environment(const std::string& name);

// Bindings: the values that names of one conversation stand for: `b.pid`, `b.key`, what `$as` bound.
class Bindings {
 public:
  explicit Bindings(Environment environment = process_environment) : environment_(std::move(environment)) {}

  // set: from now on `name` stands for `value`.
  void set(std::string name, Json value);
  // find: the value of `name`, or null. Valid until the next set().
  const Json* find(std::string_view name) const;
  std::optional<std::string> environment(const std::string& name) const { return environment_(name); }

  // substitute: `value` with every `{"$ref":…}` and `{"$env":…}` in it replaced, for a line that is sent. The error
  // names what is not bound or not set. Other `$` values are left to the encoder.
  std::expected<Json, std::string> substitute(const Json& value) const;

 private:
  std::map<std::string, Json, std::less<>> values_;
  Environment environment_;
};

}  // namespace pgconform::compare
