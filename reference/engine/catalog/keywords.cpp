#include "engine/catalog/keywords.hpp"

#include "types/array.hpp"
#include "types/record.hpp"

namespace pgconform::engine {
namespace {

constexpr bool t = true, f = false;

struct Keyword {
  const char* word;
  char category;
  bool bare_label;
};

constexpr Keyword all[] = {
#define PGCONFORM_KEYWORD(word, category, bare_label) {word, category, bare_label},
#include "engine/facts/keywords.inc"
#undef PGCONFORM_KEYWORD
};

const char* described(char category) {
  switch (category) {
    case 'U':
      return "unreserved";
    case 'C':
      return "unreserved (cannot be function or type name)";
    case 'T':
      return "reserved (can be function or type name)";
    default:
      return "reserved";
  }
}

}  // namespace

Value keywords(Call&) {
  const std::vector<Oid> columns = {types::text_oid, types::char_oid, types::bool_oid, types::text_oid,
                                    types::text_oid};
  std::vector<Value> records;
  for (const auto& [word, category, bare_label] : all) {
    std::vector<Value> fields;
    fields.emplace_back(std::string(word));
    fields.emplace_back(std::string(1, category));
    fields.emplace_back(bare_label);
    fields.emplace_back(std::string(described(category)));
    fields.emplace_back(std::string(bare_label ? "can be bare label" : "requires AS"));
    records.emplace_back(types::pack_record({columns, std::move(fields)}));
  }
  return types::pack(types::one_dimensional(types::record_oid, std::move(records)));
}

}  // namespace pgconform::engine
