#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/scram_client.hpp"
#include "client/failure.hpp"
#include "client/target.hpp"

namespace pgconform::client {

// Computed: the values in messages of a login that nobody can write down beforehand.
//
//   {"$password":true}   the role's password
//   {"$md5":true}        the answer to AuthenticationMD5Password; "user", "password", "salt" replace what it is made of
//   {"$scram":"first"}   client-first-message; "gs2", "username", "nonce", "extensions", "mandatory" replace its parts,
//                        "password" what is proved later, "suffix" is put behind it
//   {"$scram":"final"}   client-final-message; "binding" (bytes, GS2 header included), "nonce" and "extensions" replace
//                        parts before the proof is computed, "proof" the proof itself; "flip":"proof:0" changes the
//                        first byte of the proof, "nonce:0" and "binding:0" likewise, but before the proof is computed
//
// Any of these parts may be text or {"hex":…}. GS2 header and binding follow the mechanism that stands beside the
// value: SCRAM-SHA-256-PLUS binds; otherwise the header is `y,,` over TLS where the server does not offer that, else
// `n,,`.
class Computed {
 public:
  using EndPoint = std::function<std::expected<std::string, std::string>()>;
  // `end_point` gives tls-server-end-point, or says why there is none.
  Computed(const Credentials& credentials, EndPoint end_point)
      : credentials_(&credentials), end_point_(std::move(end_point)) {}

  // What the backend has said.
  void salt(std::string_view bytes) { salt_ = bytes; }
  void mechanisms(const std::vector<std::string>& offered);
  void server_first(std::string_view data) { server_first_ = data; }
  // verify: whether this server-final-message proves that the server knows the password.
  std::expected<void, std::string> verify(std::string_view server_final) const;

  // resolve: replaces the computed values in the fields of a message; `tls` tells whether there is TLS. `secret` is set
  // if a password went in.
  Expected<void> resolve(nlohmann::ordered_json& fields, bool tls, bool& secret);

 private:
  using Json = nlohmann::ordered_json;
  Expected<void> walk(Json& value, std::string_view mechanism, bool& secret);
  Expected<std::string> md5(const Json& options) const;
  Expected<std::string> first(const Json& options, std::string_view mechanism);
  Expected<std::string> final(const Json& options);

  const Credentials* credentials_;
  bool tls_ = false;
  EndPoint end_point_;
  std::optional<std::string> salt_, server_first_;
  bool plus_offered_ = false;
  std::optional<auth::ScramClient> scram_;
};

}  // namespace pgconform::client
