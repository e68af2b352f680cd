#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/facts.hpp"
#include "types/datetime.hpp"

// What the values of settings look like: read, judged and printed as guc.c does it.
namespace pgconform::engine {

char lower(char c);
// same: equal but for the case of ASCII letters.
bool same(std::string_view a, std::string_view b);
// split: the parts between any of the separators, without empty ones.
std::vector<std::string> split(std::string_view text, std::string_view separators);

// invalid: throws 22023 "invalid value for parameter …".
[[noreturn]] void invalid(std::string_view name, std::string_view value, std::string hint = {},
                          std::string detail = {});

// check_number: a number with an optional unit, as it is stored: in the setting's own unit. Throws 22023.
std::string check_number(const SettingFact& fact, std::string_view text);
// show_with_unit: a stored value with the largest unit that leaves a whole number.
std::string show_with_unit(const SettingFact& fact, const std::string& value);

// date_style · encoding: the stored form of DateStyle, given the one now in force, and of client_encoding.
std::string date_style(std::string_view value, const types::Style& now);
std::string encoding(std::string_view value);

// name_list: the names in a list as search_path has it; nullopt if its syntax is wrong.
std::optional<std::vector<std::string>> name_list(std::string_view list);
// is_custom_name: two or more identifiers separated by dots.
bool is_custom_name(std::string_view name);

}  // namespace pgconform::engine
