#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "types/datetime.hpp"
#include "types/type.hpp"
#include "types/value.hpp"

// Types that somebody has made: enums, domains, composite types and the arrays of them. What there is of them only the
// database knows, and of that each session sees its part; find_type() and the forms of values ask whoever was named by
// use_made_types() last in this thread. sql-createtype, sql-createdomain.
namespace pgconform::types {

inline constexpr Oid first_made_oid = 16384;
constexpr bool is_made(Oid oid) {
  return oid >= first_made_oid;
}

// Label: one value of an enum, which is held by its OID, so that it can get another name.
struct Label {
  Oid oid;
  std::string text;
};

// MadeType: kind e enum, d domain, c composite type, b array of another.
struct MadeType : Type {
  struct Field {
    std::string name;
    Oid type = 0;
    std::int32_t modifier = -1;
    std::int16_t number = 0;  // pg_attribute.attnum
  };
  std::vector<Label> labels;  // of an enum, in its order
  Oid base = 0;               // of a domain, with its modifier
  std::int32_t modifier = -1;
  std::vector<Field> fields;  // of a composite type

  void rename(std::string text) {
    text_ = std::make_shared<const std::string>(std::move(text));
    name = sql_name = *text_;
  }

 private:
  std::shared_ptr<const std::string> text_;  // what `name` views, in copies too
};

// MadeTypes: what the forms of values ask of a database.
class MadeTypes {
 public:
  virtual ~MadeTypes() = default;
  // find: null if there is none with this OID.
  virtual const MadeType* find(Oid oid) const = 0;
  // shown: its name as format_type() writes it.
  virtual std::string shown(const MadeType& type) const = 0;
  // order: the place of a label among those of its enum, as a number that is only good to be compared.
  virtual float order(Oid label) const = 0;
  // may_use: whether a label may be used already: 55P04 for one that another command has yet to commit.
  virtual Result<bool> may_use(const MadeType& type, const Label& label) const = 0;
  // check: a value, or NULL, as the domain allows it: 23502, 23514.
  virtual Result<Value> check(const MadeType& domain, Value value) const = 0;
};

// use_made_types: who is asked from now on in this thread; null: nobody.
void use_made_types(const MadeTypes* types);
const MadeTypes* made_types();

// find_made: null for all that is built in, and for what there is not.
const MadeType* find_made(Oid oid);
// base_of: what values of a domain are held as, and its modifier if `modifier` is given; of any other type, itself.
Oid base_of(Oid type, std::int32_t* modifier = nullptr);
// is_enum · is_composite: of a domain, what it is over.
bool is_enum(Oid type);
bool is_composite(Oid type);

// The forms of values of such types, for parse_text() and its like to choose.
Result<Value> parse_made_text(const MadeType& type, std::string_view text, const Style& style);
std::string print_made_text(const MadeType& type, const Value& value, const Style& style);
Result<Value> parse_made_binary(const MadeType& type, std::string_view bytes);
std::string print_made_binary(const MadeType& type, const Value& value);
Value made_from_packed(const MadeType& type, std::string_view bytes);

}  // namespace pgconform::types
