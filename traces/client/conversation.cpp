#include "client/conversation.hpp"

#include <nlohmann/json.hpp>

#include "protocol/json/json.hpp"

namespace pgconform::client {

namespace {

using Json = nlohmann::ordered_json;

protocol::json::Spoken speak(const Said& said) {
  const auto raw = protocol::json::Spoken{std::string(protocol::json::raw_name), protocol::json::hex(said.bytes)};
  if (said.what != Said::What::frame) return raw;
  const auto frame = wire::next_frame(said.bytes, protocol::frame_kind(said.sender, said.stage));
  // An ErrorResponse may answer where a bare byte was due.
  if (frame && *frame && (*frame)->whole.size() == said.bytes.size())
    return protocol::json::speak(said.sender, said.stage, **frame);
  const auto tagged = wire::next_frame(said.bytes, wire::FrameKind::tagged);
  if (tagged && *tagged && (*tagged)->whole.size() == said.bytes.size())
    return protocol::json::speak(said.sender, protocol::Stage::normal, **tagged);
  return raw;
}

// hide_proofs: what SCRAM's last two messages prove a password with lets whoever reads it try passwords at leisure.
void hide_proofs(Said& said) {
  if (said.what != Said::What::frame || !said.redacted.empty()) return;
  const bool final = said.sender == protocol::Sender::backend && said.bytes.starts_with('R') && said.bytes.size() > 9 &&
                     said.bytes[8] == protocol::AuthenticationSASLFinal::code;
  const bool response = said.sender == protocol::Sender::frontend && said.stage == protocol::Stage::sasl;
  if (!final && !response) return;
  auto spoken = speak(said);
  const auto data = spoken.fields.find("data");
  if (data == spoken.fields.end() || !data->is_string()) return;
  auto text = data->get<std::string>();
  const auto proof = final ? (text.starts_with("v=") ? 0 : text.npos) : text.find(",p=");
  if (proof == text.npos) return;
  *data = text.substr(0, text.find('=', proof) + 1) + "…";
  said.name = spoken.name;
  said.redacted = spoken.fields.dump();
  said.bytes.clear();
}

}  // namespace

std::string Said::spoken_name() const {
  if (what == What::note) return {};
  return redacted.empty() ? speak(*this).name : name;
}

Json Said::spoken_fields() const {
  if (what == What::note) return nullptr;
  return redacted.empty() ? speak(*this).fields : Json::parse(redacted);
}

std::string Said::line() const {
  if (what == What::note) return "# " + bytes;
  const auto spoken = redacted.empty() ? speak(*this) : protocol::json::Spoken{name, Json::parse(redacted)};
  auto text = std::string(1, static_cast<char>(sender)) + " " + spoken.name;
  return spoken.fields.empty() ? text : text + " " + spoken.fields.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void Conversation::add(Said said) {
  hide_proofs(said);
  if (hook_) hook_(said);
  const auto weight = [](const Said& one) { return sizeof(Said) + one.bytes.size() + one.redacted.size(); };
  size_ += weight(said);
  said_.push_back(std::move(said));
  while (size_ > limit_ && said_.size() > 1) {
    size_ -= weight(said_.front());
    said_.pop_front();
    ++dropped_;
  }
}

}  // namespace pgconform::client
