#include "protocol/json/json.hpp"

namespace pgconform::protocol::json {

namespace {

using Json = nlohmann::ordered_json;

std::string version_text(std::uint32_t version) {
  return std::to_string(version >> 16) + "." + std::to_string(version & 0xffff);
}

// Teller: the visitor that makes JSON of a message or of an element of a list. A field without a name is the whole.
class Teller {
 public:
  explicit Teller(Json& into) : into_(into) {}

  void int8(const char* field, const std::int8_t& v) { put(field, v); }
  void int16(const char* field, const std::int16_t& v) { put(field, v); }
  void int32(const char* field, const std::int32_t& v) { put(field, v); }
  void oid(const char* field, const std::uint32_t& v) { put(field, v); }
  void version(const char* field, const std::uint32_t& v) { put(field, version_text(v)); }
  void byte(const char* field, const char& v) { put(field, text({&v, 1})); }
  void cstring(const char* field, const wire::Bytes& v) { put(field, text(v)); }
  void fixed(const char* field, const wire::Bytes& v, std::size_t) { put(field, hex(v)); }
  void rest(const char* field, const wire::Bytes& v) { put(field, text(v)); }
  void binary(const char* field, const wire::Bytes& v) { put(field, hex(v)); }
  void value(const char* field, const Nullable& v) { put(field, v.is_null ? Json(nullptr) : text(v.bytes)); }
  template <class E, Framing F>
  void list(const char* field, const List<E, F>& v) {
    if constexpr (requires { E::keyed; })
      put_keyed(field, v);
    else
      put(field, elements(v));
  }

 private:
  template <class L>
  static Json elements(const L& list) {
    Json array = Json::array();
    for (const auto& element : list) {
      Json one;
      Teller teller(one);
      L::Element::layout(teller, element);
      array.push_back(std::move(one));
    }
    return array;
  }
  template <class L>
  void put_keyed(const char* field, const L& list) {
    Json object = Json::object(), pairs = Json::array();
    for (const auto& element : list) {
      Json one;
      Teller teller(one);
      L::Element::layout(teller, element);
      const Json &key = one.begin().value(), &value = std::next(one.begin()).value();
      if (key.is_string()) object[key.template get<std::string>()] = value;
      pairs.push_back(Json::array({key, value}));
    }
    // A doubled key, or one that is no text, fits no object.
    Json& fitting = object.size() == list.size() ? object : pairs;
    if (*field != '\0')
      put(field, std::move(fitting));
    else if (fitting.is_object())
      into_.update(fitting);
    else
      into_["fields"] = std::move(fitting);
  }
  void put(const char* field, Json v) {
    if (*field == '\0')
      into_ = std::move(v);
    else
      into_[field] = std::move(v);
  }

  Json& into_;
};

// always_told: fields that say what a message is about are never left out, whatever their value.
constexpr bool always_told(std::string_view field) {
  return field == "kind" || field == "status" || field == "answer" || field == "value" || field == "data";
}

template <class M>
const Json& defaults_of() {
  static const Json defaults = [] {
    Json fields = Json::object();
    Teller teller(fields);
    const M standard{};
    M::layout(teller, standard);
    return fields;
  }();
  return defaults;
}

Json without(Json fields, const Json& defaults) {
  Json kept = Json::object();
  for (auto& [key, value] : fields.items()) {
    const auto standard = defaults.find(key);
    if (always_told(key) || standard == defaults.end() || *standard != value) kept[key] = std::move(value);
  }
  return kept;
}

}  // namespace

std::expected<Json, DecodeError> to_json(Sender sender, Stage stage, const wire::Frame& frame, Defaults defaults) {
  Json fields = Json::object();
  auto decoded = decode(sender, stage, frame, [&]<class M>(MessageType, const M& message) {
    Teller teller(fields);
    M::layout(teller, message);
    if (defaults == Defaults::left_out) fields = without(std::move(fields), defaults_of<M>());
  });
  if (!decoded) return std::unexpected(decoded.error());
  return fields;
}

Spoken speak(Sender sender, Stage stage, const wire::Frame& frame) {
  if (const auto type = classify(sender, stage, frame)) {
    const std::string name(name_of(*type));
    std::string again;
    if (auto fields = to_json(sender, stage, frame);
        fields && from_json(again, sender, name, *fields) && again == frame.whole)
      return {name, std::move(*fields)};
  }
  return {std::string(raw_name), hex(frame.whole)};
}

}  // namespace pgconform::protocol::json
