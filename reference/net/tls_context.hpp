#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/error.hpp"

namespace pgconform::net {

// PemSource: PEM text, given as such or as the file that holds it. Errors name it by its path.
struct PemSource {
  std::string path;
  std::string text;
  bool empty() const { return path.empty() && text.empty(); }
};
inline PemSource pem_file(std::string path) {
  return {std::move(path), {}};
}
inline PemSource pem_text(std::string text) {
  return {{}, std::move(text)};
}

enum class TlsVersion { tls1_0 = 0x0301, tls1_1 = 0x0302, tls1_2 = 0x0303, tls1_3 = 0x0304 };

// KeyLog: receives one line of the NSS key log format (what SSLKEYLOGFILE holds), without the newline.
using KeyLog = std::function<void(std::string_view line)>;

struct TlsContextData;

// VerificationMode: what a server does about client certificates. A certificate that is presented where one was asked
// for must verify in every mode.
enum class VerificationMode {
  none,     // not asked for
  relaxed,  // asked for, may be absent
  strict,   // required
  once,     // as strict: without renegotiation there is no second time
};

struct TlsServerOptions {
  PemSource certificate;  // the chain, leaf first
  PemSource private_key;
  std::string private_key_password;
  std::string client_ca;           // a file, or a directory all of whose PEM files are taken; empty: none
  PemSource client_ca_pem;         // the same as text, added to `client_ca`
  bool default_client_ca = false;  // trust the system's authorities too
  VerificationMode verification = VerificationMode::none;
  int verification_depth = 9;
  TlsVersion min_version = TlsVersion::tls1_2;  // 1.2 is the floor: less is raised to it
  TlsVersion max_version = TlsVersion::tls1_3;
  std::string cipher_list;  // OpenSSL's syntax, for TLS 1.2; unknown names are ignored; empty: BoringSSL's default
  bool prefer_server_ciphers = true;
  // select_alpn: as PostgreSQL 17 and later: choose `postgresql` where the client offers it, end with the alert 120
  // where it offers only others. False: as before 17, an offer is not even looked at.
  bool select_alpn = true;
  KeyLog key_log;
};

// TlsServerContext: certificate, key and policy of a server. A copy is a reference to the same; sessions keep theirs
// alive, so that a server may take up a new one at any time.
class TlsServerContext {
 public:
  // make: an error's text names the file and the reason.
  static Result<TlsServerContext> make(const TlsServerOptions& options);

  // certificate: the leaf in DER, which tls-server-end-point is computed from.
  const std::string& certificate() const;

 private:
  friend class TlsSession;
  explicit TlsServerContext(std::shared_ptr<const TlsContextData> data) : data_(std::move(data)) {}
  std::shared_ptr<const TlsContextData> data_;
};

// SslMode: libpq's sslmode, as far as it concerns a handshake that does take place.
enum class SslMode {
  require,  // encrypted, to anyone; with a CA that exists it is verify_ca, as in libpq
  verify_ca,
  verify_full,  // and the certificate names the host
};

struct TlsClientOptions {
  SslMode mode = SslMode::require;
  PemSource ca;           // sslrootcert; the path "system" means the system's authorities
  PemSource certificate;  // sslcert: the chain, leaf first
  PemSource private_key;  // sslkey
  std::string private_key_password;
  TlsVersion min_version = TlsVersion::tls1_2;
  TlsVersion max_version = TlsVersion::tls1_3;
  bool sni = true;                                 // for host names only, as libpq
  std::vector<std::string> alpn = {"postgresql"};  // what to offer; empty: no ALPN at all
  KeyLog key_log;
};

// TlsClientContext: the client's counterpart; cheap to copy as well.
class TlsClientContext {
 public:
  static Result<TlsClientContext> make(const TlsClientOptions& options);

 private:
  friend class TlsSession;
  explicit TlsClientContext(std::shared_ptr<const TlsContextData> data) : data_(std::move(data)) {}
  std::shared_ptr<const TlsContextData> data_;
};

}  // namespace pgconform::net
