#include "engine/catalog/names.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "engine/catalog/objects.hpp"
#include "engine/quoting.hpp"
#include "engine/session_state.hpp"
#include "engine/setting_values.hpp"
#include "types/array.hpp"

namespace pgconform::engine {
namespace {

using types::Failure;
using types::Result;

std::unexpected<Failure> missing(std::string_view state, std::string message) {
  return std::unexpected(Failure{state, std::move(message), {}, {}});
}

const std::string& text_of(const Row& row, std::size_t column) {
  return std::get<std::string>(row[column]);
}
Oid oid_of(const Row& row, std::size_t column = 0) {
  return static_cast<Oid>(std::get<std::int64_t>(row[column]));
}

// Named: the rows of a system table by their names, which are in its second column.
class Named {
 public:
  explicit Named(std::string_view table) {
    for (const Row& row : initial_rows_of(table)) by_name_.emplace(text_of(row, 1), &row);
  }
  std::vector<const Row*> find(std::string_view name) const {
    std::vector<const Row*> found;
    for (auto [it, end] = by_name_.equal_range(name); it != end; ++it) found.push_back(it->second);
    return found;
  }

 private:
  std::multimap<std::string_view, const Row*> by_name_;
};

const Named& functions() {
  static const Named named("pg_proc");
  return named;
}
const Named& operators() {
  static const Named named("pg_operator");
  return named;
}

// A qualified name, as textToQualifiedNameList() reads it.
Result<std::vector<std::string>> parts_of(std::string_view text) {
  const auto invalid = [] { return missing(sqlstate::invalid_name, "invalid name syntax"); };
  const auto is_blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  std::size_t i = 0;
  const auto skip_blanks = [&] {
    while (i < text.size() && is_blank(text[i])) ++i;
  };
  std::vector<std::string> parts;
  while (true) {
    skip_blanks();
    std::string name;
    if (i < text.size() && text[i] == '"') {
      for (++i; i < text.size() && (text[i] != '"' || text.substr(i, 2) == "\"\""); ++i) {
        name += text[i];
        if (text[i] == '"') ++i;
      }
      if (i++ == text.size()) return invalid();
    } else {
      for (; i < text.size() && text[i] != '.' && !is_blank(text[i]); ++i) name += lower(text[i]);
      if (name.empty()) return invalid();
    }
    parts.emplace_back(types::cut_bytes(name, 63));
    skip_blanks();
    if (i == text.size()) return parts;
    if (text[i++] != '.') return invalid();
  }
}

std::vector<Oid> arguments_of(const Row& function) {
  std::vector<Oid> types;
  for (const auto& type : types::unpack(std::get<std::string>(field("pg_proc", function, "proargtypes"))).elements)
    types.push_back(static_cast<Oid>(std::get<std::int64_t>(type)));
  return types;
}

class CatalogNames : public types::ObjectNames {
 public:
  explicit CatalogNames(SessionState& session) : session_(session) {}

  Result<Oid> find(Oid type, std::string_view text) const override {
    if (type == types::regtype_oid) return find_type(text);
    if (type == types::regprocedure_oid || type == types::regoperator_oid) return with_arguments(type, text);
    if (type == types::regoper_oid) {
      auto dot = text.rfind('.');
      return only(operators().find(dot == text.npos ? text : text.substr(dot + 1)), "operator", text);
    }
    auto parts = parts_of(text);
    if (!parts) return std::unexpected(parts.error());
    if (parts->size() > 2 && parts->front() != session_.login().database)
      return missing(sqlstate::feature_not_supported,
                     fmt::format("cross-database references are not implemented: {0}{1}{0}",
                                 type == types::regclass_oid ? "\"" : "", fmt::join(*parts, ".")));
    const std::string& name = parts->back();
    std::string schema = parts->size() > 1 ? (*parts)[parts->size() - 2] : "";
    std::string shown = schema.empty() ? name : schema + "." + name;
    switch (type) {
      case types::regclass_oid:
        if (Oid oid = relation_by_name(session_, schema, name)) return oid;
        if (!schema.empty() && schema != "pg_temp" && schema_oid(session_, schema) == 0)
          return missing(sqlstate::undefined_schema, fmt::format("schema \"{}\" does not exist", schema));
        return missing(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", shown));
      case types::regnamespace_oid:
        if (Oid oid = schema_oid(session_, name)) return oid;
        return missing(sqlstate::undefined_schema, fmt::format("schema \"{}\" does not exist", name));
      case types::regrole_oid:
        if (Oid oid = role_oid(session_, name)) return oid;
        return missing(sqlstate::undefined_object, fmt::format("role \"{}\" does not exist", name));
      case types::regproc_oid:
        return only(functions().find(schema.empty() || schema == "pg_catalog" ? name : ""), "function", shown);
      case types::regcollation_oid:
        return in_table("pg_collation", name,
                        fmt::format("collation \"{}\" for encoding \"UTF8\" does not exist", shown));
      case types::regconfig_oid:
        return in_table("pg_ts_config", name, fmt::format("text search configuration \"{}\" does not exist", shown));
      default:
        return in_table("pg_ts_dict", name, fmt::format("text search dictionary \"{}\" does not exist", shown));
    }
  }

  std::string print(Oid type, Oid oid) const override {
    switch (type) {
      case types::regclass_oid:
        if (auto relation = relation_by_oid(session_, oid)) return qualified(session_, *relation, oid);
        break;
      case types::regnamespace_oid:
        if (auto name = schema_name(session_, oid); !name.empty()) return quoted_name(name);
        break;
      case types::regrole_oid:
        if (auto name = role_name(session_, oid); !name.empty()) return quoted_name(name);
        break;
      case types::regtype_oid:
        if (auto name = type_name_of(session_, oid); !name.empty()) return name;
        break;
      case types::regproc_oid:
      case types::regprocedure_oid:
        if (const Row* row = initial_row("pg_proc", oid)) {
          std::string name = quoted_name(text_of(*row, 1));
          if (type == types::regprocedure_oid) return name + list(arguments_of(*row), ",");
          return functions().find(text_of(*row, 1)).size() == 1 ? name : "pg_catalog." + name;
        }
        break;
      case types::regoper_oid:
      case types::regoperator_oid:
        if (const Row* row = initial_row("pg_operator", oid)) {
          const auto& name = text_of(*row, 1);
          if (type == types::regoperator_oid)
            return name +
                   list({oid_field("pg_operator", *row, "oprleft"), oid_field("pg_operator", *row, "oprright")}, ",");
          return operators().find(name).size() == 1 ? name : "pg_catalog." + name;
        }
        break;
      default: {
        std::string_view table = type == types::regcollation_oid ? "pg_collation"
                                 : type == types::regconfig_oid  ? "pg_ts_config"
                                                                 : "pg_ts_dict";
        if (const Row* row = initial_row(table, oid)) return quoted_name(text_of(*row, 1));
      }
    }
    return std::to_string(oid);
  }

 private:
  static std::string list(const std::vector<Oid>& types, std::string_view separator) {
    std::string text;
    for (Oid type : types) {
      if (!text.empty()) text += separator;
      text += type == 0 ? "NONE" : types::type_name(type);
    }
    return "(" + text + ")";
  }

  static Result<Oid> only(const std::vector<const Row*>& found, std::string_view what, std::string_view shown) {
    if (found.size() == 1) return oid_of(*found[0]);
    bool function = what == "function";
    if (found.empty())
      return missing(sqlstate::undefined_function, function ? fmt::format("function \"{}\" does not exist", shown)
                                                            : fmt::format("operator does not exist: {}", shown));
    return missing(sqlstate::ambiguous_function, function ? fmt::format("more than one function named \"{}\"", shown)
                                                          : fmt::format("more than one operator named {}", shown));
  }

  static Result<Oid> in_table(std::string_view table, std::string_view name, std::string message) {
    for (const Row& row : initial_rows_of(table))
      if (text_of(row, 1) == name) return oid_of(row);
    return missing(sqlstate::undefined_object, std::move(message));
  }

  // name(type, type): what the bare name alone would leave open.
  Result<Oid> with_arguments(Oid type, std::string_view text) const {
    bool function = type == types::regprocedure_oid;
    auto open = text.find('(');
    if (open == text.npos || !text.ends_with(')'))
      return missing(sqlstate::invalid_text_representation, "expected a left parenthesis");
    std::string_view name = text.substr(0, open), rest = text.substr(open + 1, text.size() - open - 2);
    std::vector<Oid> wanted;
    while (!rest.empty()) {
      auto end = rest.find(',');
      std::string_view one = rest.substr(0, end);
      rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
      while (one.starts_with(' ')) one.remove_prefix(1);
      while (one.ends_with(' ')) one.remove_suffix(1);
      if (lower(one) == "none" && !function) {
        wanted.push_back(0);
        continue;
      }
      auto value = types::parse_text(types::regtype_oid, one, session_.style());
      if (!value) return std::unexpected(value.error());
      wanted.push_back(static_cast<Oid>(std::get<std::int64_t>(*value)));
    }
    std::string bare(name.starts_with("pg_catalog.") ? name.substr(11) : name);
    if (function) {
      auto parts = parts_of(name);
      if (!parts) return std::unexpected(parts.error());
      bare = parts->back();
    }
    for (const Row* row : (function ? functions() : operators()).find(bare))
      if (function ? arguments_of(*row) == wanted
                   : std::vector{oid_field("pg_operator", *row, "oprleft"),
                                 oid_field("pg_operator", *row, "oprright")} == wanted)
        return oid_of(*row);
    return missing(sqlstate::undefined_function,
                   fmt::format("{} \"{}\" does not exist", function ? "function" : "operator", text));
  }

  // Row types of relations; nothing for all others, which are the same everywhere.
  Result<Oid> find_type(std::string_view text) const {
    const bool array = text.ends_with("[]");
    if (array) text.remove_suffix(2);
    auto parts = parts_of(text);
    if (!parts || text.find('(') != text.npos || text.find('[') != text.npos) return Oid{0};
    std::string schema = parts->size() > 1 ? (*parts)[parts->size() - 2] : "";
    if ((schema.empty() || schema == "pg_catalog") && types::find_type(parts->back())) return Oid{0};
    if (auto made = session_.types().named(schema, parts->back())) return array ? made->array : made->oid;
    if (auto table = session_.find_table(schema, parts->back())) {
      if (table->oid >= Database::first_oid) return array ? row_array_type_of(*table) : row_type_of(*table);
      return oid_field("pg_class", *initial_row("pg_class", table->oid), "reltype");
    }
    return Oid{0};
  }

  static std::string lower(std::string_view text) {
    std::string result;
    for (char c : text) result += engine::lower(c);
    return result;
  }

  SessionState& session_;
};

}  // namespace

std::unique_ptr<types::ObjectNames> make_object_names(SessionState& session) {
  return std::make_unique<CatalogNames>(session);
}

}  // namespace pgconform::engine
