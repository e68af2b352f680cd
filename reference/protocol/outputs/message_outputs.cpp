#include <fmt/core.h>

#include <cstring>
#include <string>
#include <vector>

#include "protocol/json/json.hpp"

// What is made from the messages' layouts for others to read: `page` prints docs/messages.md, `dictionary frontend` and
// `dictionary backend` print what a fuzzer should know of that sender's messages.
namespace pgconform::protocol {
namespace {

using Json = nlohmann::ordered_json;

// Row: one field in the page's table.
struct Row {
  std::string name, wire, json;
};

// Lister: the visitor that says of every field what it is on the wire and in JSON.
class Lister {
 public:
  explicit Lister(std::vector<Row>& rows) : rows_(rows) {}

  void int8(const char* field, auto&) { add(field, "Int8", "number"); }
  void int16(const char* field, auto&) { add(field, "Int16", "number"); }
  void int32(const char* field, auto&) { add(field, "Int32", "number"); }
  void oid(const char* field, auto&) { add(field, "Int32, an OID", "number from 0 to 4294967295"); }
  void version(const char* field, auto&) { add(field, "Int32, major × 65536 + minor", "`\"3.2\"`"); }
  void byte(const char* field, auto&) { add(field, "Byte1", "string of one character, or hex"); }
  void cstring(const char* field, auto&) { add(field, "String, ended by a zero byte", "string, or hex"); }
  void fixed(const char* field, auto&, std::size_t size) { add(field, fmt::format("Byte{}", size), "hex"); }
  void rest(const char* field, auto&) { add(field, "the rest of the message", "string, or hex"); }
  void binary(const char* field, auto&) { add(field, "the rest of the message", "hex"); }
  void value(const char* field, auto&) {
    add(field, "Int32 length and as many bytes; −1: NULL", "string, hex, or `null`");
  }
  template <class E, Framing F>
  void list(const char* field, List<E, F>&) {
    std::vector<Row> parts;
    Lister inner(parts);
    E element;
    E::layout(inner, element);
    const char* const framing = F == Framing::count16   ? "Int16 count, then for each: "
                                : F == Framing::count32 ? "Int32 count, then for each: "
                                                        : "until a zero byte: ";
    std::string wire, json;
    for (const Row& part : parts) {
      if (!wire.empty()) wire += "; ";
      wire += part.name.empty() ? part.wire : fmt::format("`{}` {}", part.name, part.wire);
      if (!json.empty()) json += ", ";
      json += part.name.empty() ? part.json : fmt::format("`{}`", part.name);
    }
    if constexpr (requires { E::keyed; })
      json = fmt::format("object from {}, or array of pairs if a key is doubled", json);
    else
      json = parts[0].name.empty() ? fmt::format("array of: {}", json) : fmt::format("array of objects of {}", json);
    if (*field == '\0') json += "; it is the message's object itself";
    add(field, framing + wire, json);
  }

 private:
  void add(const char* field, std::string wire, std::string json) {
    rows_.push_back({field, std::move(wire), std::move(json)});
  }
  std::vector<Row>& rows_;
};

const char* words(Stage stage) {
  switch (stage) {
    case Stage::startup:
      return "the first packet of a connection";
    case Stage::ssl_answer:
      return "the answer to SSLRequest";
    case Stage::gssenc_answer:
      return "the answer to GSSENCRequest";
    case Stage::password:
      return "after AuthenticationCleartextPassword and AuthenticationMD5Password";
    case Stage::gss:
      return "after AuthenticationGSS, AuthenticationSSPI and AuthenticationGSSContinue";
    case Stage::sasl_initial:
      return "after AuthenticationSASL";
    case Stage::sasl:
      return "after AuthenticationSASLContinue";
    case Stage::normal:
      return "";
  }
  return "";
}

// heading: the message's name and what its first bytes are.
template <class M>
std::string heading() {
  std::string text = fmt::format("### {}\n\n", M::name);
  if constexpr (tag_of<M>() != '\0')
    text += fmt::format("Byte1 `{}`, Int32 length", tag_of<M>());
  else if constexpr (stage_of<M>() == Stage::startup)
    text += "Int32 length";
  else
    text += "One byte without a length";
  if constexpr (requires { M::code; }) text += fmt::format(", Int32 {}", M::code);
  if constexpr (requires { M::request_code; }) text += fmt::format(", Int32 {}", M::request_code);
  if constexpr (stage_of<M>() != Stage::normal) text += fmt::format("; {}", words(stage_of<M>()));
  return text + ".\n\n";
}

template <class M>
void print_message(Sender sender) {
  fmt::print("{}", heading<M>());
  std::vector<Row> rows;
  Lister lister(rows);
  M message;
  M::layout(lister, message);
  if (rows.empty()) return;
  std::string bytes;
  (void)json::from_json(bytes, sender, M::name, Json::object());
  const auto frame = wire::next_frame(bytes, frame_kind(sender, stage_of<M>()));
  const auto defaults = json::to_json(sender, stage_of<M>(), **frame, json::Defaults::written);
  fmt::print("| field | on the wire | in JSON | default |\n|---|---|---|---|\n");
  for (const Row& row : rows) {
    const bool named = !row.name.empty();
    fmt::print("| {} | {} | {} | `{}` |\n", named ? "`" + row.name + "`" : "", row.wire, row.json,
               named ? (*defaults)[row.name].dump() : "{}");
  }
  fmt::print("\n");
}

void print_page() {
  fmt::print(
      "# Messages\n\n"
      "Every message of the protocol with its fields, as they stand on the wire and in cases and traces. The names "
      "are\n"
      "those of PostgreSQL's manual (protocol-message-formats); it has none for the answers to encryption requests.\n"
      "This page is printed by `message_outputs page` from the layouts in `reference/protocol`; do not edit it.\n\n"
      "- *hex* is `{{\"hex\":\"00ff\"}}`. Where a string is possible, hex stands for bytes that are no printable "
      "UTF-8.\n"
      "- A field that is left out has its default. Files leave defaults out, except where the field is the point of\n"
      "  the message, as `status` is.\n"
      "- Lies, for messages that must be wrong: `{{\"$len\":100,\"value\":\"42\"}}` in the place of a value,\n"
      "  `\"$count\":{{\"parameters\":2}}` and `\"$length\":7` beside the fields.\n"
      "- `raw` is no message but bytes: `F raw {{\"hex\":\"…\"}}`.\n\n");
  for (const auto sender : {Sender::frontend, Sender::backend}) {
    fmt::print("## {}\n\n", sender == Sender::frontend ? "Sent by the frontend (F)" : "Sent by the backend (B)");
    with_messages(sender, [&]<class... M>(MessageList<M...>) { (print_message<M>(sender), ...); });
  }
}

// token: an entry of a libFuzzer dictionary.
void print_token(wire::Bytes bytes) {
  fmt::print("\"");
  for (const char c : bytes) fmt::print("\\x{:02x}", static_cast<unsigned char>(c));
  fmt::print("\"\n");
}

void print_dictionary(Sender sender) {
  // The message with nothing in it, and its first bytes, which another body may follow.
  with_messages(sender, [&]<class... M>(MessageList<M...>) {
    auto tokens = [&]<class Message>() {
      std::string bytes;
      (void)json::from_json(bytes, sender, Message::name, Json::object());
      fmt::print("# {}\n", Message::name);
      print_token(bytes);
    };
    (tokens.template operator()<M>(), ...);
  });
  fmt::print("# lengths and counts\n");
  for (const char* number : {"ffffffff", "fffffffe", "7fffffff", "80000000", "00000000", "00000004", "ffff", "8000"})
    print_token(*json::bytes_of(Json{{"hex", number}}));
  fmt::print("# texts with a meaning\n");
  for (const wire::Bytes text : {"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "user", "_pq_.", "SSCMVDHPpqWstcdnFLR"})
    print_token(text);
}

}  // namespace
}  // namespace pgconform::protocol

int main(int count, char** arguments) {
  using namespace pgconform::protocol;
  const std::string_view what = count > 1 ? arguments[1] : "", whose = count > 2 ? arguments[2] : "";
  if (what == "page" && count == 2) {
    print_page();
  } else if (what == "dictionary" && (whose == "frontend" || whose == "backend")) {
    print_dictionary(whose == "frontend" ? Sender::frontend : Sender::backend);
  } else {
    std::fputs("usage: message_outputs page | dictionary frontend|backend\n", stderr);
    return 2;
  }
}
