#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace pgconform::auth {

// tls_server_end_point: the channel-binding data of RFC 5929 §4.1: the certificate (DER) hashed with the hash of its
// own signature, or with SHA-256 where that is MD5 or SHA-1. The error says why there is none: not a certificate, or a
// signature without a hash of its own (Ed25519).
std::expected<std::string, std::string> tls_server_end_point(std::string_view certificate);

}  // namespace pgconform::auth
