#include "record/recorder.hpp"

#include <fmt/format.h>

#include "protocol/json/json.hpp"

namespace pgconform::record {

using notation::Json;
using protocol::Sender;

namespace {

constexpr std::size_t header_bytes = 5;  // type byte and length word
constexpr std::size_t code_bytes = 4;    // of an authentication message

Json hidden(std::size_t length) {
  return {{"redacted", "password"}, {"length", length}};
}

// one_line: what others say of themselves, made fit for a header.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text.substr(0, 200)) line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  const auto from = line.find_first_not_of(' ');
  return from == line.npos ? "" : line.substr(from, line.find_last_not_of(' ') - from + 1);
}

std::string version_text(std::uint32_t version) {
  return fmt::format("{}.{}", version >> 16, version & 0xffff);
}

}  // namespace

notation::Message redact(notation::Message message, wire::Bytes whole) {
  auto& fields = message.fields;
  const auto body = whole.substr(std::min(header_bytes, whole.size()));
  if (message.name == protocol::json::raw_name) {
    // What it answers is not known, that it may be a secret is.
    const bool terminated = !body.empty() && body.find('\0') == body.size() - 1;
    message.name = terminated ? protocol::PasswordMessage::name : protocol::SASLResponse::name;
  }
  if (message.name == protocol::PasswordMessage::name) {
    fields = {{"password", hidden(body.size() - 1)}};
  } else if (message.name == protocol::SASLInitialResponse::name) {
    // SCRAM's first message holds no secret, but that of PLAIN is the password.
    const auto& mechanism = fields["mechanism"];
    const bool scram = mechanism.is_string() && mechanism.get_ref<const std::string&>().starts_with("SCRAM-");
    if (!scram && fields.contains("data") && !fields["data"].is_null()) {
      const auto bytes = protocol::json::bytes_of(fields["data"]);
      fields["data"] = hidden(bytes ? bytes->size() : 0);
    }
  } else {
    fields = {{"data", hidden(body.size())}};
  }
  return message;
}

Recorder::Recorder(TraceFile file, notation::Recorded header, bool keep_secrets,
                   std::function<void(std::string)> failed)
    : file_(std::move(file)),
      header_(std::move(header)),
      keep_secrets_(keep_secrets),
      failed_(std::move(failed)),
      begun_(net::Clock::now()) {
  add({.what = notation::Verb{.kind = notation::Verb::Kind::connect_raw}}, false);
  settled();
}

void Recorder::add(notation::Item item, bool stamped) {
  if (stamped) {
    const auto since = std::chrono::duration_cast<std::chrono::microseconds>(net::Clock::now() - begun_);
    item.at = static_cast<std::uint64_t>(since.count());
  }
  file_.add(item);
}

void Recorder::passed(const relay::Passed& passed) {
  const bool frontend = passed.sender == Sender::frontend;
  // Between two messages of the frontend that nothing came between, the border of two writes would be forgotten.
  if (frontend && passed.begins_read && frontend_spoke_last_)
    add({.what = notation::Verb{.kind = notation::Verb::Kind::segment}}, false);
  frontend_spoke_last_ = frontend;

  notation::Message message{.side = frontend ? notation::Side::frontend : notation::Side::backend};
  if (passed.whole) {
    auto spoken = protocol::json::speak(passed.sender, passed.stage, passed.frame);
    message.name = std::move(spoken.name);
    message.fields = std::move(spoken.fields);
    learn(passed);
  } else {
    message.name = protocol::json::raw_name;
    message.fields = protocol::json::hex(passed.frame.whole);
  }
  if (frontend && passed.logging_in && passed.frame.tag == 'p' && !keep_secrets_) {
    if (passed.whole) {
      message = redact(std::move(message), passed.frame.whole);
    } else {
      // Bytes that are no message can be told by their length only; the header of the first piece holds no secret.
      std::string bytes(passed.frame.whole);
      for (std::size_t i = 0; i < bytes.size(); ++i, ++unfinished_)
        if (unfinished_ >= header_bytes) bytes[i] = '\0';
      message.fields = protocol::json::hex(bytes);
    }
  }
  // The server's signature gives a guesser as much to try passwords on as the client's proof.
  if (message.name == protocol::AuthenticationSASLFinal::name && !keep_secrets_)
    message.fields = {{"data", hidden(passed.frame.body.size() - code_bytes)}};
  add({.what = std::move(message)}, true);
}

// learn: what the header says.
void Recorder::learn(const relay::Passed& passed) {
  if (passed.sender == Sender::frontend && passed.frame.tag != 0) return;
  static_cast<void>(
      protocol::decode(passed.sender, passed.stage, passed.frame, [&]<class M>(protocol::MessageType, const M& m) {
        if constexpr (std::is_same_v<M, protocol::StartupMessage>) {
          header_.protocol = version_text(m.version);
          for (const auto& one : m.parameters)
            if (one.name == "application_name") header_.client = one_line(one.value);
        } else if constexpr (std::is_same_v<M, protocol::NegotiateProtocolVersion>) {
          header_.protocol = version_text(m.version);
        } else if constexpr (std::is_same_v<M, protocol::SSLRequest> || std::is_same_v<M, protocol::GSSENCRequest>) {
          header_.note = std::string(M::name) + " was answered by the recorder";
        } else if constexpr (std::is_same_v<M, protocol::ParameterStatus>) {
          if (m.parameter == "server_version") header_.server = "PostgreSQL " + one_line(m.value);
          if (m.parameter == "application_name" && !m.value.empty() && header_.client.empty())
            header_.client = one_line(m.value);
        }
      }));
  file_.header(header_);
}

void Recorder::settled() {
  if (auto flushed = file_.flush(); !flushed) failed_(flushed.error());
}

void Recorder::ended(Sender sender, const net::NetError&) {
  if (sender == Sender::backend)
    add({.what = notation::Message{.side = notation::Side::backend, .name = "close"}}, true);
  else
    add({.what = notation::Verb{.kind = notation::Verb::Kind::shutdown}}, false);
  frontend_spoke_last_ = sender == Sender::frontend;
}

}  // namespace pgconform::record
