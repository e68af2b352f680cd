#include <algorithm>

#include "engine/catalog/system_tables.hpp"

// The system views, as queries of the system tables. What their columns are called, and their types, is known from the
// catalogue; each column of a query is cast to that. A name is qualified wherever a user's could be meant. views,
// information-schema.
namespace pgconform::engine {
namespace {

struct View {
  std::string_view schema, name, text;
};

constexpr std::string_view catalog = "pg_catalog", standard = "information_schema";

constexpr View views[] = {
    {catalog, "pg_roles", R"(SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin,
  rolreplication, rolconnlimit, '********', rolvaliduntil, rolbypassrls, NULL, oid FROM pg_catalog.pg_authid)"},
    {catalog, "pg_shadow", R"(SELECT rolname, oid, rolcreatedb, rolsuper, rolreplication, rolbypassrls, rolpassword,
  rolvaliduntil, NULL FROM pg_catalog.pg_authid WHERE rolcanlogin)"},
    {catalog, "pg_user", R"(SELECT rolname, oid, rolcreatedb, rolsuper, rolreplication, rolbypassrls, '********',
  rolvaliduntil, NULL FROM pg_catalog.pg_authid WHERE rolcanlogin)"},
    {catalog, "pg_tables", R"(SELECT n.nspname, c.relname, pg_get_userbyid(c.relowner), t.spcname, c.relhasindex,
  c.relhasrules, c.relhastriggers, c.relrowsecurity
  FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace WHERE c.relkind IN ('r', 'p'))"},
    {catalog, "pg_views", R"(SELECT n.nspname, c.relname, pg_get_userbyid(c.relowner), pg_get_viewdef(c.oid)
  FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'v')"},
    {catalog, "pg_matviews", R"(SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE false)"},
    {catalog, "pg_rules", R"(SELECT NULL, NULL, NULL, NULL WHERE false)"},
    {catalog, "pg_policies", R"(SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE false)"},
    {catalog, "pg_user_mappings", R"(SELECT NULL, NULL, NULL, NULL, NULL, NULL WHERE false)"},
    {catalog, "pg_publication_tables", R"(SELECT NULL, NULL, NULL, NULL, NULL WHERE false)"},
    {catalog, "pg_indexes", R"(SELECT n.nspname, c.relname, i.relname, t.spcname, pg_get_indexdef(i.oid)
  FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indrelid
  JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_tablespace t ON t.oid = i.reltablespace
  WHERE c.relkind IN ('r', 'm', 'p') AND i.relkind IN ('i', 'I'))"},
    {catalog, "pg_sequences", R"(SELECT n.nspname, c.relname, pg_get_userbyid(c.relowner), s.seqtypid, s.seqstart,
  s.seqmin, s.seqmax, s.seqincrement, s.seqcycle, s.seqcache, pg_sequence_last_value(c.oid)
  FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE NOT pg_is_other_temp_schema(n.oid))"},
    {standard, "information_schema_catalog_name", "SELECT current_database()"},
    {standard, "schemata", R"(SELECT current_database(), n.nspname, u.rolname, NULL, NULL, NULL, NULL
  FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_authid u ON n.nspowner = u.oid)"},
    {standard, "tables", R"(SELECT current_database(), n.nspname, c.relname,
  CASE WHEN c.relpersistence = 't' AND c.relkind = 'r' THEN 'LOCAL TEMPORARY' WHEN c.relkind IN ('r', 'p') THEN 'BASE TABLE'
    WHEN c.relkind = 'v' THEN 'VIEW' END,
  NULL, NULL, NULL, NULL, NULL,
  CASE WHEN c.relkind IN ('r', 'p') OR (pg_relation_is_updatable(c.oid, false) & 8) = 8 THEN 'YES' ELSE 'NO' END, 'NO', NULL
  FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'v', 'f', 'p') AND NOT pg_is_other_temp_schema(n.oid))"},
    {standard, "columns", R"(SELECT current_database(), nc.nspname, c.relname, a.attname, a.attnum,
  CASE WHEN a.attgenerated = '' THEN pg_get_expr(ad.adbin, ad.adrelid) END,
  CASE WHEN a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) THEN 'NO' ELSE 'YES' END,
  CASE WHEN t.typtype = 'd' THEN CASE WHEN bt.typelem <> 0 AND bt.typlen = -1 THEN 'ARRAY'
      WHEN nbt.nspname = 'pg_catalog' THEN format_type(t.typbasetype, NULL) ELSE 'USER-DEFINED' END
    WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY' WHEN nt.nspname = 'pg_catalog' THEN format_type(a.atttypid, NULL) ELSE 'USER-DEFINED' END,
  CASE WHEN b.truetype IN (1042, 1043) AND b.truemod <> -1 THEN b.truemod - 4
    WHEN b.truetype IN (1560, 1562) AND b.truemod <> -1 THEN b.truemod END,
  CASE WHEN b.truetype IN (25, 1042, 1043) THEN CASE WHEN b.truemod = -1 THEN 1073741824 ELSE (b.truemod - 4) * 4 END END,
  CASE b.truetype WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 WHEN 700 THEN 24 WHEN 701 THEN 53
    WHEN 1700 THEN CASE WHEN b.truemod <> -1 THEN ((b.truemod - 4) / 65536) % 65536 END END,
  CASE WHEN b.truetype IN (20, 21, 23, 700, 701) THEN 2 WHEN b.truetype = 1700 THEN 10 END,
  CASE WHEN b.truetype IN (20, 21, 23) THEN 0
    WHEN b.truetype = 1700 AND b.truemod <> -1 THEN (b.truemod - 4) % 2048 END,
  CASE WHEN b.truetype = 1082 THEN 0
    WHEN b.truetype IN (1083, 1114, 1184, 1266) THEN CASE WHEN b.truemod < 0 THEN 6 ELSE b.truemod END
    WHEN b.truetype = 1186 THEN CASE WHEN b.truemod < 0 OR b.truemod % 65536 = 65535 THEN 6 ELSE b.truemod % 65536 END END,
  NULL, NULL, NULL, NULL, NULL,
  CASE WHEN nco.nspname IS NOT NULL THEN current_database() END, nco.nspname, co.collname,
  CASE WHEN t.typtype = 'd' THEN current_database() END, CASE WHEN t.typtype = 'd' THEN nt.nspname END,
  CASE WHEN t.typtype = 'd' THEN t.typname END,
  current_database(), coalesce(nbt.nspname, nt.nspname), coalesce(bt.typname, t.typname), NULL, NULL, NULL, NULL,
  a.attnum, 'NO', CASE WHEN a.attidentity IN ('a', 'd') THEN 'YES' ELSE 'NO' END,
  CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END,
  seq.seqstart, seq.seqincrement, seq.seqmax, seq.seqmin, CASE WHEN seq.seqcycle THEN 'YES' ELSE 'NO' END,
  CASE WHEN a.attgenerated <> '' THEN 'ALWAYS' ELSE 'NEVER' END,
  CASE WHEN a.attgenerated <> '' THEN pg_get_expr(ad.adbin, ad.adrelid) END,
  CASE WHEN c.relkind IN ('r', 'p') OR pg_column_is_updatable(c.oid, a.attnum, false) THEN 'YES' ELSE 'NO' END
  FROM pg_catalog.pg_attribute a
  JOIN (SELECT x.oid AS type, CASE WHEN x.typtype = 'd' THEN x.typbasetype ELSE x.oid END AS base,
          x.typtype = 'd' AS domain, x.typtypmod AS mod FROM pg_catalog.pg_type x) d ON d.type = a.atttypid
  CROSS JOIN LATERAL (SELECT d.base AS truetype, CASE WHEN d.domain THEN d.mod ELSE a.atttypmod END AS truemod) b
  LEFT JOIN pg_catalog.pg_attrdef ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
  JOIN pg_catalog.pg_class c ON a.attrelid = c.oid JOIN pg_catalog.pg_namespace nc ON c.relnamespace = nc.oid
  JOIN pg_catalog.pg_type t ON a.atttypid = t.oid JOIN pg_catalog.pg_namespace nt ON t.typnamespace = nt.oid
  LEFT JOIN pg_catalog.pg_type bt ON t.typtype = 'd' AND t.typbasetype = bt.oid
  LEFT JOIN pg_catalog.pg_namespace nbt ON bt.typnamespace = nbt.oid
  LEFT JOIN pg_catalog.pg_collation co ON a.attcollation = co.oid AND co.collname <> 'default'
  LEFT JOIN pg_catalog.pg_namespace nco ON co.collnamespace = nco.oid
  LEFT JOIN (pg_catalog.pg_depend dep JOIN pg_catalog.pg_sequence seq ON dep.classid = 1259 AND dep.objid = seq.seqrelid
    AND dep.deptype = 'i') ON dep.refclassid = 1259 AND dep.refobjid = c.oid AND dep.refobjsubid = a.attnum
  WHERE NOT pg_is_other_temp_schema(nc.oid) AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'f', 'p'))"},
    {standard, "domains", R"(SELECT current_database(), nt.nspname, t.typname,
  CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY' WHEN nbt.nspname = 'pg_catalog' THEN format_type(t.typbasetype, NULL)
    ELSE 'USER-DEFINED' END,
  CASE WHEN b.truetype IN (1042, 1043) AND b.truemod <> -1 THEN b.truemod - 4
    WHEN b.truetype IN (1560, 1562) AND b.truemod <> -1 THEN b.truemod END,
  CASE WHEN b.truetype IN (25, 1042, 1043) THEN CASE WHEN b.truemod = -1 THEN 1073741824 ELSE (b.truemod - 4) * 4 END END,
  NULL, NULL, NULL, CASE WHEN nco.nspname IS NOT NULL THEN current_database() END, nco.nspname, co.collname,
  CASE b.truetype WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 WHEN 700 THEN 24 WHEN 701 THEN 53
    WHEN 1700 THEN CASE WHEN b.truemod <> -1 THEN ((b.truemod - 4) / 65536) % 65536 END END,
  CASE WHEN b.truetype IN (20, 21, 23, 700, 701) THEN 2 WHEN b.truetype = 1700 THEN 10 END,
  CASE WHEN b.truetype IN (20, 21, 23) THEN 0
    WHEN b.truetype = 1700 AND b.truemod <> -1 THEN (b.truemod - 4) % 2048 END,
  CASE WHEN b.truetype = 1082 THEN 0
    WHEN b.truetype IN (1083, 1114, 1184, 1266) THEN CASE WHEN b.truemod < 0 THEN 6 ELSE b.truemod END
    WHEN b.truetype = 1186 THEN CASE WHEN b.truemod < 0 OR b.truemod % 65536 = 65535 THEN 6 ELSE b.truemod % 65536 END END,
  NULL, NULL, t.typdefault, current_database(), nbt.nspname, bt.typname, NULL, NULL, NULL, NULL, 1
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace nt ON t.typnamespace = nt.oid
  CROSS JOIN LATERAL (SELECT t.typbasetype AS truetype, t.typtypmod AS truemod) b
  JOIN pg_catalog.pg_type bt ON t.typbasetype = bt.oid AND t.typtype = 'd'
  JOIN pg_catalog.pg_namespace nbt ON bt.typnamespace = nbt.oid
  LEFT JOIN pg_catalog.pg_collation co ON t.typcollation = co.oid AND co.collname <> 'default'
  LEFT JOIN pg_catalog.pg_namespace nco ON co.collnamespace = nco.oid)"},
    {standard, "domain_constraints",
     R"(SELECT current_database(), rs.nspname, con.conname, current_database(), n.nspname, t.typname,
  CASE WHEN con.condeferrable THEN 'YES' ELSE 'NO' END, CASE WHEN con.condeferred THEN 'YES' ELSE 'NO' END
  FROM pg_catalog.pg_namespace rs, pg_catalog.pg_namespace n, pg_catalog.pg_constraint con, pg_catalog.pg_type t
  WHERE rs.oid = con.connamespace AND n.oid = t.typnamespace AND t.oid = con.contypid)"},
    {standard, "table_constraints", R"(SELECT current_database()::name, nc.nspname, c.conname, current_database()::name,
  nr.nspname, r.relname,
  CASE c.contype WHEN 'c' THEN 'CHECK' WHEN 'f' THEN 'FOREIGN KEY' WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' END::varchar,
  CASE WHEN c.condeferrable THEN 'YES' ELSE 'NO' END::varchar(3), CASE WHEN c.condeferred THEN 'YES' ELSE 'NO' END::varchar(3),
  'YES'::varchar(3),
  CASE WHEN c.contype = 'u' THEN CASE WHEN (SELECT NOT indnullsnotdistinct FROM pg_catalog.pg_index
    WHERE indexrelid = c.conindid) THEN 'YES' ELSE 'NO' END END::varchar(3)
  FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace nc ON nc.oid = c.connamespace
  JOIN pg_catalog.pg_class r ON c.conrelid = r.oid JOIN pg_catalog.pg_namespace nr ON nr.oid = r.relnamespace
  WHERE c.contype NOT IN ('t', 'x') AND r.relkind IN ('r', 'p')
UNION ALL SELECT current_database()::name, n.nspname,
  (n.oid::text || '_' || r.oid::text || '_' || a.attnum::text || '_not_null')::name, current_database()::name, n.nspname,
  r.relname, 'CHECK'::varchar, 'NO'::varchar(3), 'NO'::varchar(3), 'YES'::varchar(3), NULL::varchar(3)
  FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
  JOIN pg_catalog.pg_attribute a ON r.oid = a.attrelid
  WHERE a.attnotnull AND a.attnum > 0 AND NOT a.attisdropped AND r.relkind IN ('r', 'p'))"},
    {standard, "check_constraints", R"(SELECT current_database()::name, n.nspname, c.conname,
  substring(pg_get_constraintdef(c.oid), 7)::varchar
  FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace WHERE c.contype = 'c'
UNION ALL SELECT current_database()::name, n.nspname,
  (n.oid::text || '_' || r.oid::text || '_' || a.attnum::text || '_not_null')::name,
  (a.attname::text || ' IS NOT NULL')::varchar
  FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
  JOIN pg_catalog.pg_attribute a ON r.oid = a.attrelid
  WHERE a.attnotnull AND a.attnum > 0 AND NOT a.attisdropped AND r.relkind IN ('r', 'p'))"},
    {standard, "key_column_usage", R"(SELECT current_database(), nc.nspname, c.conname, current_database(), nr.nspname,
  r.relname, a.attname, array_position(c.conkey, a.attnum),
  CASE WHEN c.contype = 'f' THEN (SELECT array_position(i.conkey, c.confkey[array_position(c.conkey, a.attnum)])
    FROM pg_catalog.pg_constraint i WHERE i.oid = c.conindid) END
  FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace nc ON nc.oid = c.connamespace
  JOIN pg_catalog.pg_class r ON c.conrelid = r.oid JOIN pg_catalog.pg_namespace nr ON nr.oid = r.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = ANY (c.conkey)
  WHERE c.contype IN ('p', 'u', 'f') AND r.relkind IN ('r', 'p'))"},
    {standard, "constraint_column_usage", R"(SELECT current_database(), nr.nspname, r.relname, a.attname,
  current_database(), nc.nspname, c.conname
  FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace nc ON nc.oid = c.connamespace
  JOIN pg_catalog.pg_class r ON r.oid = CASE WHEN c.contype = 'f' THEN c.confrelid ELSE c.conrelid END
  JOIN pg_catalog.pg_namespace nr ON nr.oid = r.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
    AND a.attnum = ANY (CASE WHEN c.contype = 'f' THEN c.confkey ELSE c.conkey END)
  WHERE c.contype IN ('c', 'p', 'u', 'f') AND r.relkind IN ('r', 'p') AND NOT a.attisdropped)"},
    {standard, "constraint_table_usage", R"(SELECT current_database(), nr.nspname, r.relname, current_database(),
  nc.nspname, c.conname FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace nc ON nc.oid = c.connamespace
  JOIN pg_catalog.pg_class r ON r.oid = CASE WHEN c.contype = 'f' THEN c.confrelid ELSE c.conrelid END
  JOIN pg_catalog.pg_namespace nr ON nr.oid = r.relnamespace
  WHERE c.contype IN ('p', 'u', 'f') AND r.relkind IN ('r', 'p'))"},
    {standard, "referential_constraints", R"(SELECT current_database(), nc.nspname, c.conname,
  CASE WHEN npk.nspname IS NULL THEN NULL ELSE current_database() END, npk.nspname, pk.conname,
  CASE c.confmatchtype WHEN 'f' THEN 'FULL' WHEN 'p' THEN 'PARTIAL' WHEN 's' THEN 'NONE' END,
  CASE c.confupdtype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' WHEN 'r' THEN 'RESTRICT'
    WHEN 'a' THEN 'NO ACTION' END,
  CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' WHEN 'r' THEN 'RESTRICT'
    WHEN 'a' THEN 'NO ACTION' END
  FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace nc ON nc.oid = c.connamespace
  LEFT JOIN pg_catalog.pg_constraint pk ON pk.oid = c.conindid AND pk.contype IN ('p', 'u')
  LEFT JOIN pg_catalog.pg_namespace npk ON npk.oid = pk.connamespace WHERE c.contype = 'f')"},
    {standard, "views", R"(SELECT current_database(), n.nspname, c.relname, pg_get_viewdef(c.oid), 'NONE',
  CASE WHEN (pg_relation_is_updatable(c.oid, false) & 20) = 20 THEN 'YES' ELSE 'NO' END,
  CASE WHEN (pg_relation_is_updatable(c.oid, false) & 8) = 8 THEN 'YES' ELSE 'NO' END, 'NO', 'NO', 'NO'
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'v')"},
    {standard, "sequences", R"(SELECT current_database(), n.nspname, c.relname, format_type(s.seqtypid, NULL),
  CASE s.seqtypid WHEN 21 THEN 16 WHEN 23 THEN 32 ELSE 64 END, 2, 0, s.seqstart, s.seqmin, s.seqmax, s.seqincrement,
  CASE WHEN s.seqcycle THEN 'YES' ELSE 'NO' END
  FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 1259 AND d.objid = c.oid AND d.deptype = 'i'))"},
    {standard, "character_sets",
     R"(SELECT NULL, NULL, 'UTF8', 'UCS', 'UTF8', current_database(), 'pg_catalog', 'POSIX')"},
    {standard, "triggers", R"(SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL WHERE false)"},
};

}  // namespace

std::string_view view_text(std::string_view schema, std::string_view name) {
  const auto* it = std::ranges::find_if(views, [&](const View& v) { return v.schema == schema && v.name == name; });
  return it == std::end(views) ? std::string_view() : it->text;
}

}  // namespace pgconform::engine
