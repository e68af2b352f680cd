#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/error.hpp"

// Certificates made on the spot: for a server that was given none, for the proxy, and for tests.
namespace pgconform::net {

// Credentials: a certificate (or chain) and its private key, in PEM. P-256 with SHA-256.
struct Credentials {
  std::string certificate;
  std::string private_key;
};

struct CertificateRequest {
  std::string common_name;
  std::vector<std::string> names;  // alternative names: host names and IP addresses
  bool authority = false;
  int valid_days = 30;  // negative: it has already expired
};

// make_self_signed: a certificate that vouches for itself.
Result<Credentials> make_self_signed(const CertificateRequest& request);

// issue: a certificate signed by `authority`, which make_self_signed made with `authority = true`.
Result<Credentials> issue(const Credentials& authority, const CertificateRequest& request);

// server_end_point: the channel binding data tls-server-end-point (RFC 5929) of the server's certificate (DER): its
// hash by the algorithm of its signature, SHA-256 in place of MD5 and SHA-1. Empty where that algorithm names no hash
// (Ed25519): there is no such binding then.
std::string server_end_point(std::string_view certificate);

}  // namespace pgconform::net
