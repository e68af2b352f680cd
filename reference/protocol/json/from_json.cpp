#include <charconv>
#include <limits>

#include "protocol/json/json.hpp"

namespace pgconform::protocol::json {

namespace {

using Json = nlohmann::ordered_json;

// Teller's counterpart: the visitor that writes wire bytes straight from JSON. The message it is given only supplies
// what the JSON leaves out. Errors name the field by its path.
class Asker {
 public:
  Asker(wire::Writer& out, const Json& from, std::string path, std::string& error)
      : out_(out), encoder_(out), from_(from), path_(std::move(path)), error_(error) {}

  void int8(const char* field, const std::int8_t& v) { integer(field, v, &wire::Writer::u8); }
  void int16(const char* field, const std::int16_t& v) { integer(field, v, &wire::Writer::u16); }
  void int32(const char* field, const std::int32_t& v) { integer(field, v, &wire::Writer::u32); }
  void oid(const char* field, const std::uint32_t& v) { integer(field, v, &wire::Writer::u32); }

  void version(const char* field, const std::uint32_t& v) {
    const Json* given = find(field);
    if (!given) return encoder_.version(field, v);
    std::uint16_t part[2]{};
    const std::string written = given->is_string() ? given->get<std::string>() : "";
    const char* const end = written.data() + written.size();
    auto major = std::from_chars(written.data(), end, part[0]);
    bool good = major.ec == std::errc{} && major.ptr != end && *major.ptr == '.';
    if (good) {
      auto minor = std::from_chars(major.ptr + 1, end, part[1]);
      good = minor.ec == std::errc{} && minor.ptr == end;
    }
    if (!good) return expected(field, "a protocol version such as \"3.2\"", *given);
    out_.u32(std::uint32_t{part[0]} << 16 | part[1]);
  }

  void byte(const char* field, const char& v) {
    const Json* given = find(field);
    if (!given) return encoder_.byte(field, v);
    const auto bytes = bytes_of(*given);
    if (!bytes || bytes->size() != 1) return expected(field, "one byte, as a string or {\"hex\":…}", *given);
    out_.bytes(*bytes);
  }
  void cstring(const char* field, const wire::Bytes& v) {
    const Json* given = find(field);
    if (!given) return encoder_.cstring(field, v);
    if (auto bytes = wanted_bytes(field, *given)) {
      if (bytes->find('\0') != std::string::npos) return expected(field, "a string without NUL", *given);
      out_.cstring(*bytes);
    }
  }
  void fixed(const char* field, const wire::Bytes& v, std::size_t count) {
    const Json* given = find(field);
    if (!given) return out_.bytes(v.empty() ? wire::Bytes(std::string(count, '\0')) : v);
    const auto bytes = bytes_of(*given);
    if (!bytes || bytes->size() != count) return expected(field, std::to_string(count) + " bytes", *given);
    out_.bytes(*bytes);
  }
  void rest(const char* field, const wire::Bytes& v) {
    const Json* given = find(field);
    if (!given) return encoder_.rest(field, v);
    if (auto bytes = wanted_bytes(field, *given)) out_.bytes(*bytes);
  }
  void binary(const char* field, const wire::Bytes& v) { rest(field, v); }

  void value(const char* field, const Nullable& v) {
    const Json* given = find(field);
    if (!given) return encoder_.value(field, v);
    std::optional<std::int64_t> lie;
    const Json* content = given;
    static const Json nothing = "";
    if (given->is_object() && given->contains("$len")) {
      const Json& length = (*given)["$len"];
      if (!length.is_number_integer()) return expected(field, "an integer in \"$len\"", length);
      lie = length.get<std::int64_t>();
      const auto told = given->find("value");
      content = told == given->end() ? &nothing : &*told;
    }
    if (content->is_null()) return out_.u32(static_cast<std::uint32_t>(lie.value_or(-1)));
    if (auto bytes = wanted_bytes(field, *content, " or null")) {
      out_.u32(static_cast<std::uint32_t>(lie.value_or(static_cast<std::int64_t>(bytes->size()))));
      out_.bytes(*bytes);
    }
  }

  template <class E, Framing F>
  void list(const char* field, const List<E, F>& v) {
    constexpr bool whole_is_list = requires { E::keyed; };
    const Json* given = whole_is_list && *field == '\0' ? flattened() : find(field);
    if (!given) return encoder_.list(field, v);
    if (!given->is_array() && !(whole_is_list && given->is_object())) return expected(field, "an array", *given);

    const std::size_t count_at = out_.position();
    if constexpr (F == Framing::count16) out_.u16(0);
    if constexpr (F == Framing::count32) out_.u32(0);
    std::size_t count = 0;
    for (const auto& [key, element] : given->items()) {
      const std::string where = path_of(field) + "[" + (given->is_array() ? std::to_string(count) : key) + "]";
      if constexpr (whole_is_list) {
        if (given->is_object() && is_lie(key)) continue;
        const Json pair = given->is_object() ? Json::array({key, element}) : element;
        keyed<E>(where, pair);
      } else {
        Asker asker(out_, element, where, error_);
        E standard;
        E::layout(asker, standard);
        asker.finish();
      }
      ++count;
    }
    const auto told = count_told(field, count);
    if constexpr (F == Framing::count16) out_.patch_16(count_at, static_cast<std::uint16_t>(told));
    if constexpr (F == Framing::count32) out_.patch_32(count_at, static_cast<std::uint32_t>(told));
    if constexpr (F == Framing::terminated) out_.u8(0);
    if (F == Framing::count16 && told > 0xffff) fail(path_of(field) + ": more than 65535 elements");
  }

  // finish: whatever was given and nobody asked for is a mistake.
  void finish() {
    if (!from_.is_object() || whole_) return;
    for (const auto& [key, value] : from_.items())
      if (!is_lie(key) && asked_.find("\n" + key + "\n") == std::string::npos)
        fail(path_of(key.c_str()) + ": no such field");
  }

 private:
  static bool is_lie(std::string_view key) { return key == "$count" || key == "$length"; }

  template <class Unsigned>
  void integer(const char* field, auto standard, void (wire::Writer::*write)(Unsigned)) {
    using Int = decltype(standard);
    const Json* given = find(field);
    if (!given) return (out_.*write)(static_cast<Unsigned>(standard));
    // Unsigned spellings of a signed field (a count of 65535) are as good.
    if (!given->is_number_integer() || *given < std::int64_t{std::numeric_limits<Int>::min()} ||
        *given > std::int64_t{std::numeric_limits<Unsigned>::max()})
      return expected(field, "an integer of " + std::to_string(sizeof(Int) * 8) + " bits", *given);
    (out_.*write)(static_cast<Unsigned>(given->template get<std::int64_t>()));
  }

  template <class E>
  void keyed(const std::string& where, const Json& pair) {
    if (!pair.is_array() || pair.size() != 2)
      return fail(where + ": expected a pair of key and value, got " + brief(pair));
    E standard;
    Json one = Json::object();
    std::size_t at = 0;
    struct Names {  // the element's own names, in order
      Json& one;
      const Json& pair;
      std::size_t& at;
      void byte(const char* name, char&) { one[name] = pair[at++]; }
      void cstring(const char* name, wire::Bytes&) { one[name] = pair[at++]; }
    } names{one, pair, at};
    E::layout(names, standard);
    Asker asker(out_, one, where, error_);
    E::layout(asker, standard);
  }

  // flattened: the error fields stand directly in the message's object, or under "fields".
  const Json* flattened() {
    if (const Json* told = find("fields")) return told;
    whole_ = true;
    return &from_;
  }

  std::int64_t count_told(const char* field, std::size_t real) {
    if (!from_.is_object()) return static_cast<std::int64_t>(real);
    const auto lies = from_.find("$count");
    if (lies == from_.end() || !lies->is_object() || !lies->contains(field)) return static_cast<std::int64_t>(real);
    const Json& lie = (*lies)[field];
    if (!lie.is_number_integer()) fail("$count." + std::string(field) + ": expected an integer");
    return lie.is_number_integer() ? (lie.get<std::int64_t>() & 0xffffffff) : 0;
  }

  const Json* find(const char* field) {
    if (*field == '\0') {
      whole_ = true;
      return &from_;
    }
    asked_.append("\n").append(field).append("\n");
    if (!from_.is_object()) {
      fail(path_ + ": expected an object, got " + brief(from_));
      return nullptr;
    }
    const auto found = from_.find(field);
    return found == from_.end() ? nullptr : &*found;
  }
  std::optional<std::string> wanted_bytes(const char* field, const Json& given, const char* more = "") {
    auto bytes = bytes_of(given);
    if (!bytes) expected(field, "a string, {\"hex\":…}" + std::string(more), given);
    return bytes;
  }
  std::string path_of(const char* field) const {
    if (*field == '\0') return path_;
    return path_.empty() ? field : path_ + "." + field;
  }
  static std::string brief(const Json& value) {
    auto text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    return text.size() <= 60 ? text : text.substr(0, 57) + "…";
  }
  void expected(const char* field, const std::string& what, const Json& got) {
    fail(path_of(field) + ": expected " + what + ", got " + brief(got));
  }
  void fail(std::string reason) {
    if (error_.empty()) error_ = std::move(reason);
  }

  wire::Writer& out_;
  Encoder encoder_;
  const Json& from_;
  std::string path_;
  std::string& error_;
  std::string asked_;
  bool whole_ = false;
};

}  // namespace

std::expected<void, EncodeError> from_json(std::string& out, Sender sender, std::string_view name, const Json& fields) {
  const std::size_t start = out.size();
  std::string error;
  if (name == raw_name) {
    if (auto bytes = bytes_of(fields); bytes && fields.is_object()) {
      out += *bytes;
      return {};
    }
    return std::unexpected(EncodeError{raw_name, "expected {\"hex\":\"…\"} with an even number of hex digits"});
  }
  if (!fields.is_object()) return std::unexpected(EncodeError{name, "its fields are no JSON object"});

  bool known = false;
  std::string_view official = name;
  with_messages(sender, [&]<class... M>(MessageList<M...>) {
    auto attempt = [&]<class Message>() {
      if (Message::name != name) return;
      known = true;
      official = Message::name;
      const std::size_t frame = begin_frame<Message>(out);
      wire::Writer writer(out);
      Asker asker(writer, fields, "", error);
      const Message standard{};
      Message::layout(asker, standard);
      asker.finish();
      if (error.empty() && !writer.ok()) error = writer.error();
      end_frame<Message>(out, frame);
      if (const auto lie = fields.find("$length"); lie != fields.end()) {
        if (!lie->is_number_integer())
          error = "$length: expected an integer";
        else if (out.size() - frame >= 5)
          wire::Writer(out).patch_32(frame + (tag_of<Message>() != '\0' ? 1 : 0),
                                     static_cast<std::uint32_t>(lie->get<std::int64_t>()));
      }
    };
    (attempt.template operator()<M>(), ...);
  });
  if (!known) error = "no such message of the " + std::string(sender == Sender::frontend ? "frontend" : "backend");
  if (error.empty()) return {};
  out.resize(start);
  return std::unexpected(EncodeError{official, error});
}

}  // namespace pgconform::protocol::json
