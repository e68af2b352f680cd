#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "auth/encoding.hpp"
#include "auth/scram_keys.hpp"

namespace pgconform::auth {

// ClientFirst: the parts of client-first-message. They may be changed until message() is sent; what is computed later
// is computed over what they say then.
struct ClientFirst {
  std::string gs2_header;  // "n,,", "y,,", "p=tls-server-end-point,,"
  std::string mandatory;   // "m=…": an extension that a server must refuse
  std::string user;        // PostgreSQL's clients send none: the name is in StartupMessage
  std::string nonce;
  std::string extensions;  // "x=1,y=2"

  std::string bare() const;
  std::string message() const { return gs2_header + bare(); }
};

// ClientFinal: the parts of client-final-message. Change the first three and have it proved (again); change the proof
// afterwards.
struct ClientFinal {
  std::string channel_binding;  // bytes: the GS2 header, then the binding's data
  std::string nonce;
  std::string extensions;  // "x=1,y=2", between nonce and proof
  std::string proof;       // 32 bytes

  std::string without_proof() const;
  std::string message() const { return without_proof() + ",p=" + base64_encode(proof); }
};

// ChannelBinding: what the client says of it: it does not bind; it could but the server did not offer it; it binds
// (mechanism SCRAM-SHA-256-PLUS).
enum class ChannelBinding { none, not_offered, end_point };

// ScramClient: the client's side of one SCRAM exchange. first(), its message; final() or unproved_final() and prove(),
// its message; verify(). Errors are texts that say what the server got wrong.
class ScramClient {
 public:
  struct Config {
    std::string user = {};      // as sent inside SCRAM; usually empty
    std::string password = {};  // UTF-8; SASLprep is applied
    ChannelBinding binding = ChannelBinding::none;
    std::string end_point = {};  // tls_server_end_point() of the server's certificate, for ChannelBinding::end_point
    Random random = secure_random;
    std::uint32_t max_iterations = 10'000'000;  // what a server may make us compute
  };

  explicit ScramClient(Config config);
  ~ScramClient();
  ScramClient(ScramClient&&) = default;
  ScramClient& operator=(ScramClient&&) = default;

  // mechanism: the name for SASLInitialResponse that goes with the channel binding.
  std::string_view mechanism() const;

  // first: the parts of the first message, for sending and for changing.
  ClientFirst& first() { return first_; }
  const ClientFirst& first() const { return first_; }

  // final: the answer to server-first-message, proof included.
  std::expected<ClientFinal, std::string> final(std::string_view server_first);

  // unproved_final: the same without a proof, to be changed before prove().
  std::expected<ClientFinal, std::string> unproved_final(std::string_view server_first);

  // prove: computes the proof over the parts as they are now. Follows unproved_final().
  void prove(ClientFinal& final);

  // verify: whether server-final-message shows that the server knows the verifier. Follows prove().
  std::expected<void, std::string> verify(std::string_view server_final) const;

 private:
  Config config_;
  ClientFirst first_;
  std::string server_first_;
  Key salted_password_{};
  Key server_signature_{};
};

}  // namespace pgconform::auth
