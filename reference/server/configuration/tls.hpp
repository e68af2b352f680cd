#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "server/configuration/element.hpp"

// The section openSSL/server. Its name and its keys are ClickHouse's; the library behind it is BoringSSL.
namespace pgconform::server {

// VerificationMode: what a client's certificate is asked for. `once` means the same as `strict` here, because there is
// no renegotiation in which it could be asked for again.
enum class VerificationMode : std::uint8_t {
  none,     // not asked for
  relaxed,  // asked for, may be absent, must verify if present
  strict,   // required
  once
};

struct TlsConfiguration {
  // Both empty: no certificate, so SSLRequest is answered N. Whether the files are usable is found out when they are
  // opened; they may be replaced while the server runs.
  std::filesystem::path private_key_file, certificate_file;
  std::filesystem::path ca_config;  // file or directory of certificate authorities; empty: none
  VerificationMode verification_mode = VerificationMode::relaxed;
  int verification_depth = 9;
  bool load_default_ca_file = true;
  std::string cipher_list;  // in OpenSSL's notation, for TLS 1.2; empty: the library's own
  bool prefer_server_ciphers = false;
  bool tls_1_2 = true, tls_1_3 = true;  // what disableProtocols leaves; nothing below 1.2 is ever spoken

  // must_work: files that cannot be used keep the server from starting. They were named by flags; a configuration that
  // names such files gets a server without TLS, as ClickHouse's.
  bool must_work = false;

  bool has_certificate() const { return !certificate_file.empty(); }
};

// read_tls reads <server> of <openSSL>. Relative file names count from `directory`. Throws ConfigurationError.
TlsConfiguration read_tls(const Element& server, const std::filesystem::path& directory, Warnings& warnings);

}  // namespace pgconform::server
