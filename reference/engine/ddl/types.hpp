#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "engine/ddl/relations.hpp"
#include "engine/user_types.hpp"

// What the statements that make, change and drop types have in common.
namespace pgconform::engine {

// TypePlace: where a new type goes.
struct TypePlace {
  std::string schema, name;
};
// type_place: what a list of names means in CREATE: 3F000, 42501; 42710 for a name that is taken.
TypePlace type_place(const std::vector<const Node*>& names, SessionState& session);
TypePlace type_place(std::string schema, std::string name, SessionState& session);
// is_type_name_taken: by a type or the rows of a relation.
bool is_type_name_taken(std::string_view schema, std::string_view name, SessionState& session);

// claim_type_name: wait until it is decided whether another transaction's type of that name comes to be.
void claim_type_name(std::string_view schema, std::string_view name, SessionState& session);
// need_no_type: 42710, 42P07 for a relation that would be called as a type is.
void need_no_type(const Place& where, SessionState& session);

// hold_type: a type that is about to be used by something stored: waits until it is decided whether it goes; 42704.
void hold_type(Oid type, SessionState& session);
// parts_of: the type and all made types that it is made of.
std::set<Oid> parts_of(Oid type);
// need_shallow: 54001 for types within types within types.
void need_shallow(Oid type);

// make_type: a new type of that kind with its array, not yet added.
struct NewType {
  std::shared_ptr<UserType> type, array;
};
NewType make_type(char kind, const TypePlace& where, SessionState& session);
// add_types: both, as this (sub)transaction's.
void add_types(const NewType& made, SessionState& session);
// revise: a copy that takes the old version's place, to be changed by the caller at once.
std::shared_ptr<UserType> revise(const std::shared_ptr<UserType>& type, SessionState& session);

// altered_type: what a name in ALTER or DROP means, which has to be of that kind, if one is given; 42704, 42809.
std::shared_ptr<UserType> altered_type(const std::vector<const Node*>& names, SessionState& session, char kind = 0);

// drop_column_of: one column less, as ALTER TABLE … DROP COLUMN has it.
void drop_column_of(const RawStatement& raw, const std::shared_ptr<Table>& table, std::string_view name,
                    SessionState& session);

// types_in · drop_types_in: those of a schema, arrays too, and how they go with it.
std::vector<std::shared_ptr<UserType>> types_in(std::string_view schema, SessionState& session);
void drop_types_in(const std::vector<std::shared_ptr<UserType>>& types, std::string_view schema, SessionState& session);

std::string create_enum(const RawStatement& raw, SessionState& session);
std::string alter_enum(const RawStatement& raw, SessionState& session);
std::string create_composite(const RawStatement& raw, SessionState& session);
std::string alter_composite(const RawStatement& raw, SessionState& session);
std::string rename_attribute(const RawStatement& raw, SessionState& session);
std::string drop_types(const RawStatement& raw, SessionState& session);
std::string create_domain(const RawStatement& raw, SessionState& session);
std::string alter_domain(const RawStatement& raw, SessionState& session);
std::string rename_domain_constraint(const RawStatement& raw, SessionState& session);
std::string move_type(const RawStatement& raw, SessionState& session);
std::string rename_type(const RawStatement& raw, SessionState& session);

}  // namespace pgconform::engine
