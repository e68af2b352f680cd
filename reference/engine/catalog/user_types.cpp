#include "engine/user_types.hpp"

#include "engine/catalog/deparse.hpp"
#include "engine/catalog/objects.hpp"
#include "engine/catalog/producers.hpp"
#include "engine/catalog/row_maker.hpp"
#include "engine/domains.hpp"
#include "engine/session_state.hpp"

// What CREATE TYPE and CREATE DOMAIN have made: pg_type, pg_enum.
namespace pgconform::engine {
namespace {

std::string_view prefix_of(const UserType& type) {
  return type.element != 0 ? "array" : type.kind == 'e' ? "enum" : type.kind == 'd' ? "domain" : "record";
}

}  // namespace

void produce_user_types(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows) {
  RowMaker row(table, rows);
  for (const auto& type : session.types().all(snapshot)) {
    const std::string prefix(prefix_of(*type));
    const bool is_array = type->element != 0, is_domain = type->kind == 'd';
    // A domain is read by functions of its own, and sent by those of what it is over.
    const Oid held_as = types::base_of(type->oid);
    const Row* base = is_domain ? initial_row("pg_type", held_as) : nullptr;
    const auto over = session.types().version(held_as);
    auto of_base = [&](const char* column, std::string_view end) -> Oid {
      return base ? oid_field("pg_type", *base, column)
                  : function_named((over ? std::string(prefix_of(*over)) : prefix) + std::string(end));
    };
    const auto held = type_class(type->oid);
    row.add()
        .set("oid", type->oid)
        .set("typname", type->name)
        .set("typnamespace", schema_oid(session, type->schema))
        .set("typowner", superuser_oid)
        .set("typlen", held.length)
        .set("typbyval", held.by_value)
        .set("typtype", type->kind)
        .set("typcategory", type->category)
        .set("typisdefined", true)
        .set("typdelim", ',')
        .set("typrelid", type->relation)
        .set("typsubscript", is_array ? function_named("array_subscript_handler") : 0)
        .set("typelem", type->element)
        .set("typarray", type->array)
        .set("typinput", function_named(prefix + "_in"))
        .set("typoutput", of_base("typoutput", "_out"))
        .set("typreceive", function_named(prefix + "_recv"))
        .set("typsend", of_base("typsend", "_send"))
        .set("typanalyze", is_array ? function_named("array_typanalyze") : 0)
        .set("typalign", std::string_view(held.align))
        .set("typstorage", std::string_view(held.storage))
        .set("typnotnull", type->not_null)
        .set("typbasetype", type->base)
        .set("typtypmod", type->modifier)
        .set("typcollation", type->collation);
    if (type->default_value) {
      const auto of = domain_row(type->base, type->modifier);
      row.set("typdefault", deparse(*type->default_value, {session, of, false}));
      row.set("typdefaultbin", fmt::format("{{DEFAULT {}}}", type->oid));
    }
  }
}

void produce_pg_enum(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows) {
  RowMaker row(table, rows);
  for (const auto& type : session.types().all(snapshot))
    for (const auto& label : type->labels)
      row.add()
          .set("oid", label.oid)
          .set("enumtypid", type->oid)
          .set("enumsortorder", Value(session.types().order(label.oid)))
          .set("enumlabel", label.text);
}

}  // namespace pgconform::engine
