#include "engine/catalog/row_maker.hpp"

#include <algorithm>

#include "engine/error.hpp"

namespace pgconform::engine {
namespace {

Value zero_of(Oid type) {
  if (types::is_array(type)) return types::pack(types::Array{types::element_of(type)});
  switch (type) {
    case types::bool_oid:
      return false;
    case types::float4_oid:
      return 0.0f;
    case types::float8_oid:
      return 0.0;
    case types::char_oid:
      return std::string(1, '\0');
    case types::name_oid:
    case types::text_oid:
    case types::varchar_oid:
    case types::pg_node_tree_oid:
      return std::string();
    default:
      return std::int64_t{0};
  }
}

}  // namespace

RowMaker::RowMaker(const Table& table, Rows& rows) : table_(table), rows_(rows) {
  for (const auto& column : table.columns) blank_.push_back(column.not_null ? zero_of(column.type) : Value());
}

RowMaker& RowMaker::set(std::string_view column, Value value) {
  auto it = std::ranges::find(table_.columns, column, &TableColumn::name);
  if (it == table_.columns.end())
    fail(sqlstate::internal_error, fmt::format("{} has no column {}", table_.name, column));
  rows_.back()[static_cast<std::size_t>(it - table_.columns.begin())] = std::move(value);
  return *this;
}

}  // namespace pgconform::engine
