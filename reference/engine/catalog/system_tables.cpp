#include "engine/catalog/system_tables.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>

#include "engine/catalog/initial_rows.hpp"
#include "engine/error.hpp"
#include "engine/parser.hpp"
#include "engine/session_state.hpp"
#include "types/form.hpp"

namespace pgconform::engine {
namespace {

template <class Number = Oid>
Number number(std::string_view text) {
  Number n{};
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

std::string unescaped(std::string_view field) {
  std::string text;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] != '\\' || i + 1 == field.size()) {
      text += field[i];
      continue;
    }
    char c = field[++i];
    text += c == 'n'   ? '\n'
            : c == 't' ? '\t'
            : c == 'r' ? '\r'
            : c == 'b' ? '\b'
            : c == 'f' ? '\f'
            : c == 'v' ? '\v'
                       : c;
  }
  return text;
}

Value read_field(Oid type, std::string_view field) {
  if (field == "\\N") return {};
  auto value = types::parse_text(type, unescaped(field), {});
  return value ? std::move(*value) : Value();
}

// Catalogue: the descriptions, read once from the rows of pg_class and pg_attribute; then each table's own rows, when
// it is first asked for.
class Catalogue {
 public:
  static Catalogue& get() {
    static Catalogue catalogue;
    return catalogue;
  }

  std::shared_ptr<Table> find(std::string_view schema, std::string_view name) {
    auto it = by_name_.find(std::pair(schema, name));
    return it == by_name_.end() ? nullptr : it->second;
  }
  std::shared_ptr<Table> find(Oid oid) const {
    auto it = by_oid_.find(oid);
    return it == by_oid_.end() ? nullptr : it->second;
  }

  Oid index(std::string_view name) const {
    auto it = indexes_.find(name);
    return it == indexes_.end() ? 0 : it->second;
  }

  const Rows& rows(const Table& table) {
    auto [it, fresh] = rows_.try_emplace(&table);
    if (!fresh) return it->second;
    if (table.schema != "pg_catalog") return it->second;
    for (std::string_view text : initial_rows(table.name)) {
      RowText fields(text);
      auto& row = it->second.emplace_back();
      row.reserve(table.columns.size());
      for (const auto& column : table.columns) row.push_back(read_field(column.type, fields.next()));
    }
    return it->second;
  }

  const Row* row(std::string_view name, Oid oid) {
    auto [it, fresh] = by_row_oid_.try_emplace(std::string(name));
    auto table = find("pg_catalog", name);
    const Rows& all = rows(*table);
    if (fresh)
      for (std::size_t i = 0; i < all.size(); ++i)
        it->second.emplace(static_cast<Oid>(std::get<std::int64_t>(all[i][0])), i);
    auto found = it->second.find(oid);
    return found == it->second.end() ? nullptr : &all[found->second];
  }

  Oid base(Oid type) const {
    auto it = base_types_.find(type);
    return it == base_types_.end() ? type : it->second.first;
  }

 private:
  Catalogue() {
    for (std::string_view text : initial_rows("pg_type")) {
      RowText fields(text);
      Oid oid = number(fields.next());
      if (fields.skip(5).next() != "d") continue;
      Oid base = number(fields.skip(18).next());
      base_types_[oid] = {base, number<std::int32_t>(fields.next())};
    }
    for (std::string_view text : initial_rows("pg_class")) {
      RowText fields(text);
      auto table = std::make_shared<Table>();
      table->oid = number(fields.next());
      table->name = fields.next();
      table->schema = number(fields.next()) == 11 ? "pg_catalog" : "information_schema";
      table->kind = fields.skip(13).next()[0];
      by_oid_[table->oid] = table;
      if (table->kind == 'i') {
        if (table->schema == "pg_catalog") indexes_[table->name] = table->oid;
        continue;
      }
      by_name_[{table->schema, table->name}] = table;
      table->system = producer_of(table->schema, table->name);
    }
    for (std::string_view text : initial_rows("pg_attribute")) {
      RowText fields(text);
      auto& table = by_oid_[number(fields.next())];
      TableColumn column;
      column.name = fields.next();
      column.type = number(fields.next());
      auto number_of = number<std::int16_t>(fields.skip(2).next());
      column.modifier = number<std::int32_t>(fields.skip(2).next());
      if (auto domain = base_types_.find(column.type); domain != base_types_.end())
        std::tie(column.type, column.modifier) = domain->second;
      column.not_null = fields.skip(4).next() == "t";
      column.number = number_of;
      if (number_of > 0) table->columns.push_back(std::move(column));
    }
    for (auto& [oid, table] : by_oid_) std::ranges::sort(table->columns, {}, &TableColumn::number);
  }

  // Schema and name, which the tables themselves keep.
  std::map<std::pair<std::string_view, std::string_view>, std::shared_ptr<Table>> by_name_;
  std::unordered_map<Oid, std::shared_ptr<Table>> by_oid_;
  std::map<std::string_view, Oid> indexes_;
  std::unordered_map<Oid, std::pair<Oid, std::int32_t>> base_types_;
  std::unordered_map<const Table*, Rows> rows_;
  std::map<std::string, std::unordered_map<Oid, std::size_t>, std::less<>> by_row_oid_;
};

// A view is parsed when it is first named.
std::shared_ptr<Table> with_query(std::shared_ptr<Table> table) {
  if (!table || table->kind != 'v' || table->view || table->system) return table;
  if (auto text = view_text(table->schema, table->name); !text.empty())
    table->view = std::static_pointer_cast<const RawStatement>(parse_string(text)[0]);
  return table;
}

}  // namespace

std::shared_ptr<Table> find_system_table(std::string_view schema, std::string_view name) {
  return with_query(Catalogue::get().find(schema, name));
}

std::shared_ptr<Table> find_system_table(Oid oid) {
  return with_query(Catalogue::get().find(oid));
}

Oid find_system_index(std::string_view schema, std::string_view name) {
  return schema.empty() || schema == "pg_catalog" ? Catalogue::get().index(name) : 0;
}

void need_rows(const Table& table, int location) {
  if (!table.system && !table.view) refuse(fmt::format("the system catalog {}.{}", table.schema, table.name), location);
}

SystemRows rows_of(const Table& table, SessionState& session, const Snapshot& snapshot) {
  auto made = std::make_shared<Rows>();
  if (table.system->produce) table.system->produce(table, session, snapshot, *made);
  return {&Catalogue::get().rows(table), std::move(made)};
}

const Rows& initial_rows_of(std::string_view table) {
  return Catalogue::get().rows(*Catalogue::get().find("pg_catalog", table));
}

const Row* initial_row(std::string_view table, Oid oid) {
  return Catalogue::get().row(table, oid);
}

const Value& field(std::string_view table, const Row& row, std::string_view column) {
  auto description = Catalogue::get().find("pg_catalog", table);
  auto it = std::ranges::find(description->columns, column, &TableColumn::name);
  return row[static_cast<std::size_t>(it - description->columns.begin())];
}

Oid oid_field(std::string_view table, const Row& row, std::string_view column) {
  return static_cast<Oid>(std::get<std::int64_t>(field(table, row, column)));
}

Oid base_type(Oid type) {
  return Catalogue::get().base(type);
}

}  // namespace pgconform::engine
