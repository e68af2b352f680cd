#include <algorithm>
#include <charconv>

#include "engine/catalog/deparse.hpp"
#include "engine/catalog/objects.hpp"
#include "engine/domains.hpp"
#include "engine/foreign_keys.hpp"
#include "engine/functions.hpp"
#include "engine/index_keys.hpp"
#include "engine/quoting.hpp"
#include "engine/session_state.hpp"
#include "types/array.hpp"
#include "types/form.hpp"

// How objects would be made again: pg_get_constraintdef() and its kin, as ruleutils.c writes them. functions-info.
namespace pgconform::engine {
namespace {

using types::is_null;

bool pretty(Call& c) {
  return c.args.size() > 1 && !is_null(c.args.back()) && c.args.back().index() == 1 && std::get<bool>(c.args.back());
}

// pg_index.indexprs, or .indpred.
Value index_part(std::string_view tree, bool pretty, SessionState& session) {
  Oid oid = 0;
  const char* end = tree.data() + tree.size();
  const char* p = std::from_chars(tree.data(), end, oid).ptr;
  const auto relation = relation_by_oid(session, oid);
  if (!relation || !relation->index) return {};
  const Index& index = *relation->index;
  const Deparsing how{session, *relation->table, pretty};
  if (std::string_view(p, end) == " predicate}")
    return index.predicate ? Value(deparse(*index.predicate, how)) : Value();
  std::string list;
  for (const auto& each : index.expressions)
    if (each) list += (list.empty() ? "" : ", ") + deparse(*each, how);
  return list;
}

// The expression that a pg_node_tree of this catalogue stands for: {DEFAULT table column}, {CHECK table constraint} or
// {INDEX index part}.
Value expression(Call& c) {
  std::string_view tree = c.text(0);
  std::string_view kind = tree.substr(0, tree.find(' '));
  if (kind != "{DEFAULT" && kind != "{CHECK" && kind != "{INDEX") return std::string(tree);
  tree.remove_prefix(kind.size() + 1);
  if (kind == "{INDEX") return index_part(tree, pretty(c), c.context.session);
  Oid table_oid = 0, part = 0;
  const char* end = tree.data() + tree.size();
  const char* p = std::from_chars(tree.data(), end, table_oid).ptr;
  if (p == end) return {};
  std::from_chars(p + 1, end, part);
  auto table = c.context.session.find_table(table_oid);
  if (!table) return {};
  Deparsing how{c.context.session, *table, pretty(c)};
  if (kind == "{CHECK") {
    auto check = std::ranges::find(table->checks, part, &Check::oid);
    return check == table->checks.end() ? Value() : Value(deparse(*check->condition, how));
  }
  for (const auto& column : table->columns)
    if (column.number == static_cast<std::int16_t>(part) && (column.generated || column.default_value))
      return deparse(column.generated ? *column.generated : *column.default_value, how);
  return {};
}

std::string column_list(const Table& table, const std::vector<std::size_t>& places) {
  std::string list;
  for (auto place : places) list += (list.empty() ? "" : ", ") + quoted_name(table.columns[place].name);
  return list;
}

std::string deferring(bool deferrable, bool deferred) {
  return std::string(deferrable ? " DEFERRABLE" : "") + (deferred ? " INITIALLY DEFERRED" : "");
}

std::string_view action(char letter) {
  return letter == 'r' ? "RESTRICT" : letter == 'c' ? "CASCADE" : letter == 'n' ? "SET NULL" : "SET DEFAULT";
}

const char* validity(bool validated) {
  return validated ? "" : " NOT VALID";
}

std::string foreign_key(const ForeignKey& key, const Table& table, SessionState& session) {
  auto other = session.find_table(key.referenced);
  std::string text =
      fmt::format("FOREIGN KEY ({}) REFERENCES {}({})", column_list(table, places_of(table, key.columns)),
                  qualified(session, {other->schema, other->name, other}, other->oid),
                  column_list(*other, places_of(*other, key.referenced_columns)));
  if (key.full) text += " MATCH FULL";
  if (key.on_update != 'a') text += fmt::format(" ON UPDATE {}", action(key.on_update));
  if (key.on_delete != 'a') text += fmt::format(" ON DELETE {}", action(key.on_delete));
  return text + deferring(key.deferrable, key.initially_deferred) + validity(key.validated);
}

Value constraint(Call& c) {
  SessionState& session = c.context.session;
  Oid oid = oid_at(c, 0);
  for (const auto& table : session.database().tables) {
    if (!session.is_visible(table->stamp)) continue;
    for (const auto& check : table->checks)
      if (check.oid == oid)
        return fmt::format("CHECK ({}){}", deparse(*check.condition, {session, *table, pretty(c)}),
                           validity(check.validated));
    for (const auto& key : table->foreign_keys)
      if (key.oid == oid) return foreign_key(key, *table, session);
    for (const auto& index : table->indexes)
      if (index.oid == oid && index.is_constraint)
        return fmt::format("{}{}({}){}", index.primary ? "PRIMARY KEY " : "UNIQUE ",
                           index.nulls_equal ? "NULLS NOT DISTINCT " : "", column_list(*table, index.columns),
                           deferring(index.deferrable, index.initially_deferred));
  }
  for (const auto& type : session.types().all(session.transaction().newest()))
    for (const auto& check : type->checks)
      if (check.oid == oid)
        return fmt::format("CHECK ({})",
                           deparse(*check.condition, {session, domain_row(type->base, type->modifier), pretty(c)}));
  const Row* row = initial_row("pg_constraint", oid);
  if (!row) return {};
  auto relation = relation_by_oid(session, oid_field("pg_constraint", *row, "conrelid"));
  if (!relation) return fmt::format("CHECK ({})", std::get<std::string>(field("pg_constraint", *row, "conbin")));
  std::string list;
  for (const auto& number : types::unpack(std::get<std::string>(field("pg_constraint", *row, "conkey"))).elements)
    for (const auto& column : relation->table->columns)
      if (column.number == std::get<std::int64_t>(number))
        list += (list.empty() ? "" : ", ") + quoted_name(column.name);
  bool primary = std::get<std::string>(field("pg_constraint", *row, "contype")) == "p";
  return fmt::format("{} ({})", primary ? "PRIMARY KEY" : "UNIQUE", list);
}

// An index of a system table, in the shape of one of a user's.
std::optional<RelationName> system_index(Oid oid, Index& index) {
  const Row* row = initial_row("pg_index", oid);
  if (!row) return std::nullopt;
  auto table = find_system_table(oid_field("pg_index", *row, "indrelid"));
  const Row* description = initial_row("pg_class", oid);
  if (!table || !description) return std::nullopt;
  index.name = std::get<std::string>((*description)[1]);
  index.unique = std::get<bool>(field("pg_index", *row, "indisunique"));
  for (const auto& number : types::unpack(std::get<std::string>(field("pg_index", *row, "indkey"))).elements) {
    auto column = std::ranges::find(table->columns, static_cast<std::int16_t>(std::get<std::int64_t>(number)),
                                    &TableColumn::number);
    index.columns.push_back(static_cast<std::size_t>(column - table->columns.begin()));
  }
  return RelationName{table->schema, index.name, table, &index};
}

Value index_definition(Call& c) {
  SessionState& session = c.context.session;
  Index of_system;
  auto relation = relation_by_oid(session, oid_at(c, 0));
  if (!relation || !relation->index) relation = system_index(oid_at(c, 0), of_system);
  if (!relation) return {};
  const Index& index = *relation->index;
  const Table& table = *relation->table;
  auto wanted = c.args.size() > 1 ? static_cast<std::size_t>(c.integer(1)) : 0;
  if (wanted > 0)
    return wanted > index.columns.size() ? std::string()
                                         : index_column_text(table, index, wanted - 1, pretty(c), session);
  std::string list;
  for (std::size_t i = 0; i < index.columns.size(); ++i) {
    if (i > 0) list += ", ";
    list += index_column_text(table, index, i, pretty(c), session);
    if (i < index.classes.size() && !index.classes[i].empty()) list += " " + quoted_name(index.classes[i]);
    int option = i < index.options.size() ? index.options[i] : 0;
    if ((option & 1) != 0)
      list += (option & 2) != 0 ? " DESC" : " DESC NULLS LAST";
    else if ((option & 2) != 0)
      list += " NULLS FIRST";
  }
  std::string on = pretty(c) ? qualified(session, {table.schema, table.name, relation->table}, table.oid)
                             : quoted_name(table.schema) + "." + quoted_name(table.name);
  return fmt::format("CREATE {}INDEX {} ON {} USING {} ({}){}", index.unique ? "UNIQUE " : "", quoted_name(index.name),
                     on, index.method, list, index.nulls_equal ? " NULLS NOT DISTINCT" : "") +
         (index.predicate ? fmt::format(" WHERE {}", deparse(*index.predicate, {session, table, pretty(c)})) : "");
}

// Arguments: what pg_proc says of a function's parameters.
struct Argument {
  char mode = 'i';
  std::string name;
  Oid type = 0;
};

std::vector<Argument> arguments_of(const Row& row) {
  auto list = [&](std::string_view column) {
    const Value& value = field("pg_proc", row, column);
    return is_null(value) ? std::vector<Value>() : types::unpack(std::get<std::string>(value)).elements;
  };
  auto all = list("proallargtypes"), modes = list("proargmodes"), names = list("proargnames");
  if (all.empty()) all = list("proargtypes");
  std::vector<Argument> arguments;
  for (std::size_t i = 0; i < all.size(); ++i) {
    Argument& a = arguments.emplace_back();
    a.type = static_cast<Oid>(std::get<std::int64_t>(all[i]));
    if (i < modes.size()) a.mode = std::get<std::string>(modes[i])[0];
    if (i < names.size()) a.name = std::get<std::string>(names[i]);
  }
  return arguments;
}

// Defaults, which stand in one list, apart at the commas that are in no brackets or quotes.
std::vector<std::string> split_defaults(std::string_view list) {
  std::vector<std::string> parts{""};
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    char ch = list[i];
    if (ch == '\'') quoted = !quoted;
    if (!quoted && (ch == '(' || ch == '[')) ++depth;
    if (!quoted && (ch == ')' || ch == ']')) --depth;
    if (ch == ',' && !quoted && depth == 0) {
      parts.emplace_back();
      ++i;  // the blank
    } else {
      parts.back() += ch;
    }
  }
  return parts;
}

// print_function_arguments(): those of the call, or the columns of the table that it answers.
std::string argument_list(const Row& row, bool of_table, bool with_defaults) {
  auto arguments = arguments_of(row);
  const Value& written = field("pg_proc", row, "proargdefaults");
  std::vector<std::string> defaults;
  if (with_defaults && !is_null(written)) defaults = split_defaults(std::get<std::string>(written));
  std::size_t inputs = 0;
  for (const auto& a : arguments) inputs += a.mode == 'i' || a.mode == 'b' || a.mode == 'v';
  std::string list;
  std::size_t input = 0;
  for (const auto& a : arguments) {
    bool is_input = a.mode == 'i' || a.mode == 'b' || a.mode == 'v';
    if (is_input) ++input;
    if ((a.mode == 't') != of_table) continue;
    if (!list.empty()) list += ", ";
    list += a.mode == 'o' ? "OUT " : a.mode == 'b' ? "INOUT " : a.mode == 'v' ? "VARIADIC " : "";
    if (!a.name.empty()) list += quoted_name(a.name) + " ";
    list += types::type_name(a.type);
    if (is_input && input + defaults.size() > inputs)
      list += " DEFAULT " + defaults[input + defaults.size() - inputs - 1];
  }
  return list;
}

Value function_arguments(Call& c, bool with_defaults) {
  const Row* row = initial_row("pg_proc", oid_at(c, 0));
  return row ? Value(argument_list(*row, false, with_defaults)) : Value();
}

Value function_result(Call& c) {
  const Row* row = initial_row("pg_proc", oid_at(c, 0));
  if (!row || std::get<std::string>(field("pg_proc", *row, "prokind")) == "p") return {};
  if (std::string columns = argument_list(*row, true, false); !columns.empty())
    return fmt::format("TABLE({})", columns);
  bool set = std::get<bool>(field("pg_proc", *row, "proretset"));
  return (set ? "SETOF " : "") + types::type_name(oid_field("pg_proc", *row, "prorettype"));
}

Value function_body(Call& c) {
  const Row* row = initial_row("pg_proc", oid_at(c, 0));
  return row ? field("pg_proc", *row, "prosqlbody") : Value();
}

Value view_definition(Call&) {
  refuse("writing a view's query again");
}

Value none(Call&) {
  return {};
}

}  // namespace

void add_definitions(Registry& r) {
  r.add({{"pg_get_expr", expression},
         {"pg_get_expr_ext", expression},
         {"pg_get_constraintdef", constraint},
         {"pg_get_constraintdef_ext", constraint},
         {"pg_get_indexdef", index_definition},
         {"pg_get_indexdef_ext", index_definition},
         {"pg_get_function_arguments", [](Call& c) { return function_arguments(c, true); }},
         {"pg_get_function_identity_arguments", [](Call& c) { return function_arguments(c, false); }},
         {"pg_get_function_result", function_result},
         {"pg_get_function_sqlbody", function_body},
         {"pg_get_viewdef", view_definition},
         {"pg_get_viewdef_ext", view_definition},
         {"pg_get_viewdef_name", view_definition},
         {"pg_get_viewdef_name_ext", view_definition},
         {"pg_get_viewdef_wrap", view_definition},
         {"pg_get_triggerdef", none},
         {"pg_get_triggerdef_ext", none}});
}

}  // namespace pgconform::engine
