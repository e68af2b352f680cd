#include "engine/catalog/initial_rows.hpp"

#include <algorithm>
#include <utility>

namespace pgconform::engine {
namespace {

// With its length: clang counts the steps of a constant expression, and these rows have too many characters to count.
#define PGCONFORM_ROW(text) {text, sizeof text - 1},
constexpr std::string_view pg_aggregate_rows[] = {
#include "engine/facts/rows/pg_aggregate.inc"
};
constexpr std::string_view pg_am_rows[] = {
#include "engine/facts/rows/pg_am.inc"
};
constexpr std::string_view pg_amop_rows[] = {
#include "engine/facts/rows/pg_amop.inc"
};
constexpr std::string_view pg_amproc_rows[] = {
#include "engine/facts/rows/pg_amproc.inc"
};
constexpr std::string_view pg_attribute_rows[] = {
#include "engine/facts/rows/pg_attribute.inc"
};
constexpr std::string_view pg_auth_members_rows[] = {
#include "engine/facts/rows/pg_auth_members.inc"
};
constexpr std::string_view pg_authid_rows[] = {
#include "engine/facts/rows/pg_authid.inc"
};
constexpr std::string_view pg_cast_rows[] = {
#include "engine/facts/rows/pg_cast.inc"
};
constexpr std::string_view pg_class_rows[] = {
#include "engine/facts/rows/pg_class.inc"
};
constexpr std::string_view pg_collation_rows[] = {
#include "engine/facts/rows/pg_collation.inc"
};
constexpr std::string_view pg_constraint_rows[] = {
#include "engine/facts/rows/pg_constraint.inc"
};
constexpr std::string_view pg_conversion_rows[] = {
#include "engine/facts/rows/pg_conversion.inc"
};
constexpr std::string_view pg_description_rows[] = {
#include "engine/facts/rows/pg_description.inc"
};
constexpr std::string_view pg_extension_rows[] = {
#include "engine/facts/rows/pg_extension.inc"
};
constexpr std::string_view pg_index_rows[] = {
#include "engine/facts/rows/pg_index.inc"
};
constexpr std::string_view pg_language_rows[] = {
#include "engine/facts/rows/pg_language.inc"
};
constexpr std::string_view pg_namespace_rows[] = {
#include "engine/facts/rows/pg_namespace.inc"
};
constexpr std::string_view pg_opclass_rows[] = {
#include "engine/facts/rows/pg_opclass.inc"
};
constexpr std::string_view pg_operator_rows[] = {
#include "engine/facts/rows/pg_operator.inc"
};
constexpr std::string_view pg_opfamily_rows[] = {
#include "engine/facts/rows/pg_opfamily.inc"
};
constexpr std::string_view pg_proc_rows[] = {
#include "engine/facts/rows/pg_proc.inc"
};
constexpr std::string_view pg_range_rows[] = {
#include "engine/facts/rows/pg_range.inc"
};
constexpr std::string_view pg_tablespace_rows[] = {
#include "engine/facts/rows/pg_tablespace.inc"
};
constexpr std::string_view pg_ts_config_rows[] = {
#include "engine/facts/rows/pg_ts_config.inc"
};
constexpr std::string_view pg_ts_config_map_rows[] = {
#include "engine/facts/rows/pg_ts_config_map.inc"
};
constexpr std::string_view pg_ts_dict_rows[] = {
#include "engine/facts/rows/pg_ts_dict.inc"
};
constexpr std::string_view pg_ts_parser_rows[] = {
#include "engine/facts/rows/pg_ts_parser.inc"
};
constexpr std::string_view pg_ts_template_rows[] = {
#include "engine/facts/rows/pg_ts_template.inc"
};
constexpr std::string_view pg_type_rows[] = {
#include "engine/facts/rows/pg_type.inc"
};
#undef PGCONFORM_ROW

constexpr std::pair<std::string_view, std::span<const std::string_view>> tables[] = {
    {"pg_aggregate", pg_aggregate_rows},
    {"pg_am", pg_am_rows},
    {"pg_amop", pg_amop_rows},
    {"pg_amproc", pg_amproc_rows},
    {"pg_attribute", pg_attribute_rows},
    {"pg_auth_members", pg_auth_members_rows},
    {"pg_authid", pg_authid_rows},
    {"pg_cast", pg_cast_rows},
    {"pg_class", pg_class_rows},
    {"pg_collation", pg_collation_rows},
    {"pg_constraint", pg_constraint_rows},
    {"pg_conversion", pg_conversion_rows},
    {"pg_description", pg_description_rows},
    {"pg_extension", pg_extension_rows},
    {"pg_index", pg_index_rows},
    {"pg_language", pg_language_rows},
    {"pg_namespace", pg_namespace_rows},
    {"pg_opclass", pg_opclass_rows},
    {"pg_operator", pg_operator_rows},
    {"pg_opfamily", pg_opfamily_rows},
    {"pg_proc", pg_proc_rows},
    {"pg_range", pg_range_rows},
    {"pg_tablespace", pg_tablespace_rows},
    {"pg_ts_config", pg_ts_config_rows},
    {"pg_ts_config_map", pg_ts_config_map_rows},
    {"pg_ts_dict", pg_ts_dict_rows},
    {"pg_ts_parser", pg_ts_parser_rows},
    {"pg_ts_template", pg_ts_template_rows},
    {"pg_type", pg_type_rows},
};

}  // namespace

std::span<const std::string_view> initial_rows(std::string_view table) {
  const auto* it = std::ranges::find(tables, table, [](const auto& entry) { return entry.first; });
  return it == std::end(tables) ? std::span<const std::string_view>() : it->second;
}

}  // namespace pgconform::engine
