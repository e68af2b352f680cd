#include "protocol/json/shape.hpp"

#include <algorithm>
#include <type_traits>

namespace pgconform::protocol::json {

namespace {

using Json = nlohmann::ordered_json;

// Namer: the visitor that only writes down how fields are called.
class Namer {
 public:
  explicit Namer(std::vector<Field>& into) : into_(into) {}

  void int8(const char* field, auto&) { put(field); }
  void int16(const char* field, auto&) { put(field); }
  void int32(const char* field, auto&) { put(field); }
  void oid(const char* field, auto&) { put(field); }
  void version(const char* field, auto&) { put(field); }
  void byte(const char* field, auto&) { put(field); }
  void cstring(const char* field, auto&) { put(field); }
  void fixed(const char* field, auto&, std::size_t) { put(field); }
  void rest(const char* field, auto&) { put(field); }
  void binary(const char* field, auto&) { put(field); }
  void value(const char* field, auto&) { put(field); }
  template <class L>
  void list(const char* field, L&) {
    using Element = typename std::remove_const_t<L>::Element;
    put(field);
    // The keys of what has a key and a value are the message's own.
    if constexpr (!requires { Element::keyed; }) {
      Element standard;
      Namer inside(into_.back().elements);
      Element::layout(inside, standard);
      if (into_.back().elements.front().name.empty()) into_.back().elements.clear();
    }
  }

 private:
  void put(const char* field) { into_.push_back({field}); }
  std::vector<Field>& into_;
};

std::string names_of(const std::vector<Field>& fields) {
  std::string list;
  for (const auto& field : fields) list += (list.empty() ? "" : ", ") + field.name;
  return list;
}

// Search: the path to the first field that is none.
class Search {
 public:
  std::string path, expected;  // of what was found

  bool object(const Json& value, const std::vector<Field>& fields, const std::string& at) {
    if (!value.is_object()) return false;
    for (const auto& [key, inside] : value.items()) {
      if (key.starts_with('$')) {
        if (pattern(key, inside, fields, at)) return true;
        continue;
      }
      const auto field = std::ranges::find(fields, key, &Field::name);
      const auto here = at.empty() ? key : at + "." + key;
      if (field == fields.end()) {
        path = here;
        expected = names_of(fields);
        return true;
      }
      if (!field->elements.empty() && list(inside, field->elements, here)) return true;
    }
    return false;
  }

 private:
  // `$count` names lists of this very object; `$not` and `$in` hold what could stand in its place.
  bool pattern(const std::string& key, const Json& inside, const std::vector<Field>& fields, const std::string& at) {
    if (key == "$count") return object(inside, fields, at + (at.empty() ? "$count" : ".$count"));
    if (key == "$not") return object(inside, fields, at);
    if (key == "$in")
      for (const auto& one : inside)
        if (object(one, fields, at)) return true;
    return false;
  }
  bool list(const Json& value, const std::vector<Field>& elements, const std::string& at) {
    if (value.is_object()) return object(value, elements, at);
    if (!value.is_array()) return false;
    for (std::size_t i = 0; i < value.size(); ++i)
      if (object(value[i], elements, at + "[" + std::to_string(i) + "]")) return true;
    return false;
  }
};

}  // namespace

std::optional<std::vector<Field>> fields_of(Sender sender, std::string_view name) {
  std::optional<std::vector<Field>> fields;
  with_messages(sender, [&]<class... M>(MessageList<M...>) {
    const auto look = [&]<class Message>() {
      if (Message::name != name) return;
      const Message standard{};
      Namer namer(fields.emplace());
      Message::layout(namer, standard);
    };
    (look.template operator()<M>(), ...);
  });
  return fields;
}

std::optional<Misnamed> misnamed(Sender sender, std::string_view name, const Json& fields) {
  const auto known = fields_of(sender, name);
  const std::string said(name);
  if (!known) {
    std::string all;
    with_messages(sender, [&]<class... M>(MessageList<M...>) {
      ((all += (all.empty() ? "" : ", ") + std::string(M::name)), ...);
    });
    return Misnamed{
        "the " + std::string(sender == Sender::frontend ? "frontend" : "backend") + " has no message " + said,
        "one of " + all};
  }
  if (known->size() == 1 && known->front().name.empty()) {
    for (const auto& [key, value] : fields.items())
      if (key.size() != 1 && key != "fields" && !key.starts_with('$'))
        return Misnamed{said + " has no field \"" + key + "\"", "letters such as S, V, C and M"};
    return std::nullopt;
  }
  Search search;
  if (!search.object(fields, *known, "")) return std::nullopt;
  return Misnamed{said + " has no field \"" + search.path + "\"",
                  search.expected.empty() ? "no fields" : search.expected};
}

}  // namespace pgconform::protocol::json
