#include "engine/catalog/producers.hpp"

#include <algorithm>

// Which system tables have rows, and where these come from.
namespace pgconform::engine {

const SystemTable* producer_of(std::string_view schema, std::string_view name) {
  static constexpr SystemTable tables[] = {
      {"pg_class", produce_pg_class},
      {"pg_attribute", produce_pg_attribute},
      {"pg_attrdef", produce_pg_attrdef},
      {"pg_type", produce_pg_type},
      {"pg_enum", produce_pg_enum},
      {"pg_namespace", produce_pg_namespace},
      {"pg_sequence", produce_pg_sequence},
      {"pg_rewrite", produce_pg_rewrite},
      {"pg_depend", produce_pg_depend},
      {"pg_index", produce_pg_index},
      {"pg_constraint", produce_pg_constraint},
      {"pg_database", produce_pg_database},
      {"pg_authid", produce_pg_authid},
      {"pg_settings", produce_pg_settings},
      {"pg_stat_activity", produce_pg_stat_activity},
      {"pg_prepared_statements", produce_pg_prepared_statements},
      {"pg_cursors", produce_pg_cursors},
      {"pg_description", produce_pg_description},
      // What is the same in every database.
      {"pg_aggregate"},
      {"pg_am"},
      {"pg_amop"},
      {"pg_amproc"},
      {"pg_auth_members"},
      {"pg_cast"},
      {"pg_collation"},
      {"pg_conversion"},
      {"pg_extension"},
      {"pg_language"},
      {"pg_opclass"},
      {"pg_operator"},
      {"pg_opfamily"},
      {"pg_proc"},
      {"pg_range"},
      {"pg_tablespace"},
      {"pg_ts_config"},
      {"pg_ts_config_map"},
      {"pg_ts_dict"},
      {"pg_ts_parser"},
      {"pg_ts_template"},
      // What there cannot be here.
      {"pg_db_role_setting"},
      {"pg_default_acl"},
      {"pg_event_trigger"},
      {"pg_foreign_data_wrapper"},
      {"pg_foreign_server"},
      {"pg_foreign_table"},
      {"pg_inherits"},
      {"pg_largeobject"},
      {"pg_largeobject_metadata"},
      {"pg_parameter_acl"},
      {"pg_partitioned_table"},
      {"pg_policy"},
      {"pg_publication"},
      {"pg_publication_namespace"},
      {"pg_publication_rel"},
      {"pg_replication_origin"},
      {"pg_replication_slots"},
      {"pg_seclabel"},
      {"pg_shdepend"},
      {"pg_shdescription"},
      {"pg_shseclabel"},
      {"pg_statistic_ext"},
      {"pg_statistic_ext_data"},
      {"pg_subscription"},
      {"pg_subscription_rel"},
      {"pg_transform"},
      {"pg_trigger"},
      {"pg_user_mapping"},
      {"pg_prepared_xacts"},
      {"pg_stat_replication"},
  };
  if (schema != "pg_catalog") return nullptr;
  const auto* it = std::ranges::find(tables, name, &SystemTable::name);
  return it == std::end(tables) ? nullptr : it;
}

}  // namespace pgconform::engine
