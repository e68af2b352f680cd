#include "compare/answers.hpp"

#include <algorithm>
#include <array>

#include "notation/header.hpp"
#include "notation/json_text.hpp"

namespace pgconform::compare {

namespace {

constexpr std::uint32_t first_of_users = 16384;  // FirstNormalObjectId: below are PostgreSQL's own objects
constexpr std::uint32_t type_oid = 26;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// user_id: text that is the id of a user's object.
bool user_id(const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.size() >= 5 && text.size() <= 10 && std::ranges::all_of(text, is_digit) &&
         std::stoull(text) >= first_of_users;
}

bool alike_oid(const Json& recorded, const Json& answered) {
  if (!recorded.is_number() || !answered.is_number()) return recorded == answered;
  return recorded == answered ||
         (recorded.get<std::uint64_t>() >= first_of_users && answered.get<std::uint64_t>() >= first_of_users);
}

// translated: `text` with every whole number in it that is an id replaced.
std::string translated(const std::string& text, const std::map<std::string, std::string>& ids) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end =
        std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_digit) - text.begin();
    if (static_cast<std::size_t>(end) == at) {
      out += text[at++];
      continue;
    }
    const auto number = text.substr(at, static_cast<std::size_t>(end) - at);
    const auto known = ids.find(number);
    out += known == ids.end() ? number : known->second;
    at = static_cast<std::size_t>(end);
  }
  return out;
}

const Json& at(const Json& fields, const char* key) {
  static const Json nothing;
  const auto found = fields.find(key);
  return found == fields.end() ? nothing : *found;
}

// alike_name: two names of objects; the number in that of a schema of temporary tables is the session's.
bool alike_name(const Json& recorded, const Json& answered) {
  static constexpr std::string_view temporary = "pg_temp_";
  const auto numbered = [](const Json& name) {
    if (!name.is_string()) return false;
    const std::string_view text = name.get_ref<const std::string&>();
    return text.size() > temporary.size() && text.starts_with(temporary) &&
           std::ranges::all_of(text.substr(temporary.size()), is_digit);
  };
  return recorded == answered || (numbered(recorded) && numbered(answered));
}

void compare_error(const Answered& recorded, const Answered& answered, std::vector<Unlike>& out) {
  const auto letter = [](const Json& fields, const char* key) -> const Json& { return at(fields, key); };
  if (letter(recorded.fields, "C") != letter(answered.fields, "C")) out.push_back({Kind::sqlstate, "C"});
  // V is the severity that is never translated; servers older than 9.6 have only S.
  const bool both = recorded.fields.contains("V") && answered.fields.contains("V");
  const char* severity = both ? "V" : "S";
  if (letter(recorded.fields, severity) != letter(answered.fields, severity)) out.push_back({Kind::value, severity});
  // Schema, table, column, data type, constraint: what clients tell apart errors by.
  for (const char* key : {"s", "t", "c", "d", "n"})
    if (!alike_name(letter(recorded.fields, key), letter(answered.fields, key))) out.push_back({Kind::value, key});
}

void compare_columns(const Json& recorded, const Json& answered, std::vector<Unlike>& out) {
  if (recorded.size() != answered.size()) {
    out.push_back({Kind::value, "fields"});
    return;
  }
  for (std::size_t i = 0; i < recorded.size(); ++i)
    for (const auto& [key, value] : recorded[i].items()) {
      const auto& other = at(answered[i], key.c_str());
      const bool oid = key == "table" || key == "type";
      if (oid ? !alike_oid(value, other) : value != other)
        out.push_back({Kind::value, "fields[" + std::to_string(i) + "]." + key});
    }
}

}  // namespace

std::string_view kind_name(Kind kind) {
  static constexpr std::array<std::string_view, 8> names{"missing", "extra",  "type",        "SQLSTATE",
                                                         "value",   "status", "early close", "no answer"};
  return names[static_cast<std::size_t>(kind)];
}

bool is_asynchronous(std::string_view name) {
  return name == "NoticeResponse" || name == "ParameterStatus" || name == "NotificationResponse";
}

bool Answers::alike_value(std::size_t column, const Json& recorded, const Json& answered) {
  if (recorded == answered) return true;
  if (column >= columns_.size() || columns_[column] != type_oid || !user_id(recorded) || !user_id(answered))
    return false;
  const auto& before = recorded.get_ref<const std::string&>();
  const auto& now = answered.get_ref<const std::string&>();
  const auto [known, inserted] = ids_.emplace(before, now);
  return inserted || known->second == now;
}

std::vector<Unlike> Answers::compare(const Answered& recorded, const Answered& answered) {
  std::vector<Unlike> out;
  const auto& name = recorded.name;
  if (name == "RowDescription") {
    const auto& columns = at(recorded.fields, "fields");
    columns_.clear();
    for (const auto& one : columns)
      columns_.push_back(at(one, "type").is_number() ? one["type"].get<std::uint32_t>() : 0);
    compare_columns(columns, at(answered.fields, "fields"), out);
  } else if (name == "ErrorResponse") {
    compare_error(recorded, answered, out);
  } else if (name == "DataRow") {
    const auto &before = at(recorded.fields, "values"), &now = at(answered.fields, "values");
    if (before.size() != now.size()) {
      out.push_back({Kind::value, "values"});
    } else {
      for (std::size_t i = 0; i < before.size(); ++i)
        if (!alike_value(i, before[i], now[i])) out.push_back({Kind::value, "values[" + std::to_string(i) + "]"});
    }
  } else if (name == "ParameterDescription") {
    const auto &before = at(recorded.fields, "parameter_types"), &now = at(answered.fields, "parameter_types");
    if (!std::ranges::equal(before, now, alike_oid)) out.push_back({Kind::value, "parameter_types"});
  } else if (name == "ReadyForQuery") {
    if (recorded.fields != answered.fields) out.push_back({Kind::status, "status"});
  } else if (name == "AuthenticationSASL" || name == "AuthenticationSASLContinue" ||
             name == "AuthenticationSASLFinal" || name == "AuthenticationMD5Password" || name == "BackendKeyData" ||
             is_asynchronous(name)) {
    // Salts, nonces, proofs, keys: never twice the same. Which mechanisms there are depends on TLS.
  } else {
    for (const auto& [key, value] : recorded.fields.items())
      if (value != at(answered.fields, key.c_str())) out.push_back({Kind::value, key});
  }
  return out;
}

Json Answers::translate(std::string_view name, Json fields) const {
  if (ids_.empty()) return fields;
  if (name == "Query" || name == "Parse") {
    fields["query"] = translated(fields["query"].get<std::string>(), ids_);
  } else if (name == "Bind" && fields.contains("parameters")) {
    for (auto& one : fields["parameters"])
      if (one.is_string())
        if (const auto known = ids_.find(one.get_ref<const std::string&>()); known != ids_.end()) one = known->second;
  }
  return fields;
}

}  // namespace pgconform::compare
