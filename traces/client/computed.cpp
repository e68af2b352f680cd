#include "client/computed.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "auth/md5.hpp"
#include "auth/scram_server.hpp"
#include "protocol/json/json.hpp"

namespace pgconform::client {

namespace {

using Json = nlohmann::ordered_json;

std::unexpected<Failure> usage(std::string text) {
  return std::unexpected(Failure{Failure::Kind::usage, std::move(text)});
}

// Parts: the options beside a computed value. The first thing wrong with them sticks.
class Parts {
 public:
  Parts(const Json& options, std::initializer_list<std::string_view> known) : options_(options) {
    for (const auto& [key, value] : options.items()) {
      if (key == options.begin().key() || std::ranges::find(known, key) != known.end()) continue;
      std::string text = "unknown key \"" + key + "\" beside \"" + options.begin().key() + "\"; known are";
      for (const auto one : known) text.append(one == *known.begin() ? " " : ", ").append(one);
      fail(std::move(text));
    }
  }
  // replace: `part` by what stands under `key`, if anything does.
  void replace(const char* key, std::string& part) {
    const auto found = options_.find(key);
    if (found == options_.end()) return;
    if (auto bytes = protocol::json::bytes_of(*found))
      part = *std::move(bytes);
    else
      fail("\"" + std::string(key) + "\" is neither text nor {\"hex\":…}");
  }
  void fail(std::string text) {
    if (wrong_.empty()) wrong_ = std::move(text);
  }
  const std::string& wrong() const { return wrong_; }

 private:
  const Json& options_;
  std::string wrong_;
};

// Flip: `proof:0`, which byte of which part is to be changed.
struct Flip {
  std::string part;
  std::size_t at = 0;
};

std::optional<Flip> parse_flip(const Json& text) {
  if (!text.is_string()) return std::nullopt;
  const auto& said = text.get_ref<const std::string&>();
  const auto colon = said.find(':');
  if (colon == said.npos) return std::nullopt;
  Flip flip{said.substr(0, colon), 0};
  const char *begin = said.data() + colon + 1, *end = said.data() + said.size();
  const auto [stop, wrong] = std::from_chars(begin, end, flip.at);
  if (wrong != std::errc{} || stop != end) return std::nullopt;
  return flip;
}

}  // namespace

void Computed::mechanisms(const std::vector<std::string>& offered) {
  plus_offered_ = std::ranges::find(offered, auth::scram_sha_256_plus) != offered.end();
  server_first_.reset();
}

std::expected<void, std::string> Computed::verify(std::string_view server_final) const {
  if (!scram_ || !server_first_) return std::unexpected("AuthenticationSASLFinal came without an exchange");
  return scram_->verify(server_final);
}

Expected<void> Computed::resolve(Json& fields, bool tls, bool& secret) {
  tls_ = tls;
  std::string mechanism;
  if (fields.is_object())
    if (const auto said = fields.find("mechanism"); said != fields.end() && said->is_string()) mechanism = *said;
  return walk(fields, mechanism, secret);
}

Expected<void> Computed::walk(Json& value, std::string_view mechanism, bool& secret) {
  if (value.is_object() && !value.empty()) {
    const auto& key = value.begin().key();
    Expected<std::string> bytes;
    bool computed = true;
    if (key == "$password") {
      secret = true;
      Parts parts(value, {});
      bytes = parts.wrong().empty() ? Expected<std::string>(credentials_->password) : usage(parts.wrong());
    } else if (key == "$md5") {
      bytes = md5(value);
    } else if (key == "$scram" && value.front() == "first") {
      bytes = first(value, mechanism);
    } else if (key == "$scram" && value.front() == "final") {
      bytes = final(value);
    } else if (key == "$scram") {
      return usage("\"$scram\" is neither \"first\" nor \"final\"");
    } else {
      computed = false;
    }
    if (computed) {
      if (!bytes) return std::unexpected(bytes.error());
      value = protocol::json::text(*bytes);
      return {};
    }
  }
  if (value.is_structured())
    for (auto& part : value)
      if (auto done = walk(part, mechanism, secret); !done) return done;
  return {};
}

Expected<std::string> Computed::md5(const Json& options) const {
  Parts parts(options, {"user", "password", "salt"});
  auto credentials = *credentials_;
  auto salt = salt_.value_or("");
  parts.replace("user", credentials.user);
  parts.replace("password", credentials.password);
  parts.replace("salt", salt);
  if (salt.empty()) parts.fail("there was no AuthenticationMD5Password to answer with \"$md5\"");
  if (!parts.wrong().empty()) return usage(parts.wrong());
  return auth::md5_response(credentials.user, credentials.password, salt);
}

Expected<std::string> Computed::first(const Json& options, std::string_view mechanism) {
  Parts parts(options, {"gs2", "username", "nonce", "extensions", "mandatory", "password", "suffix"});
  auth::ScramClient::Config config;
  config.password = credentials_->password;
  parts.replace("password", config.password);
  if (mechanism == auth::scram_sha_256_plus) {
    config.binding = auth::ChannelBinding::end_point;
    if (auto end_point = end_point_())
      config.end_point = *std::move(end_point);
    else if (!options.contains("gs2"))
      return usage("there is nothing to bind the channel to: " + end_point.error());
  } else if (tls_ && !plus_offered_) {
    config.binding = auth::ChannelBinding::not_offered;
  }
  scram_.emplace(std::move(config));
  server_first_.reset();
  auto& first = scram_->first();
  parts.replace("gs2", first.gs2_header);
  parts.replace("username", first.user);
  parts.replace("nonce", first.nonce);
  parts.replace("extensions", first.extensions);
  parts.replace("mandatory", first.mandatory);
  std::string suffix;
  parts.replace("suffix", suffix);
  if (!parts.wrong().empty()) return usage(parts.wrong());
  return first.message() + suffix;
}

Expected<std::string> Computed::final(const Json& options) {
  Parts parts(options, {"flip", "binding", "nonce", "extensions", "proof", "suffix"});
  if (!scram_) return usage("there is no {\"$scram\":\"first\"} before {\"$scram\":\"final\"}");
  if (!server_first_) return usage("there was no AuthenticationSASLContinue to answer with {\"$scram\":\"final\"}");
  auto final = scram_->unproved_final(*server_first_);
  if (!final) return std::unexpected(Failure{Failure::Kind::protocol, final.error()});
  std::optional<Flip> flip;
  if (options.contains("flip")) {
    flip = parse_flip(options["flip"]);
    if (!flip || (flip->part != "proof" && flip->part != "nonce" && flip->part != "binding"))
      return usage("\"flip\" is none of \"proof:N\", \"nonce:N\", \"binding:N\"");
  }
  const auto turn = [&](std::string_view part, std::string& bytes) {
    if (!flip || flip->part != part) return;
    // The lowest bit: what printed before still prints, and a comma becomes none.
    if (flip->at < bytes.size())
      bytes[flip->at] ^= 1;
    else
      parts.fail("\"flip\" is behind the end of the " + flip->part);
  };
  parts.replace("binding", final->channel_binding);
  parts.replace("nonce", final->nonce);
  parts.replace("extensions", final->extensions);
  turn("nonce", final->nonce);
  turn("binding", final->channel_binding);
  scram_->prove(*final);
  parts.replace("proof", final->proof);
  turn("proof", final->proof);
  std::string suffix;
  parts.replace("suffix", suffix);
  if (!parts.wrong().empty()) return usage(parts.wrong());
  return final->message() + suffix;
}

}  // namespace pgconform::client
