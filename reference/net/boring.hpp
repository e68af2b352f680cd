#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <string>
#include <string_view>
#include <vector>

#include "net/tls_context.hpp"

// What the files of this folder that use BoringSSL share. Not for others: it brings in BoringSSL's headers.
namespace pgconform::net {

struct TlsContextData {
  bssl::UniquePtr<SSL_CTX> ctx;
  std::string certificate;  // DER
  bool verify_name = false;
  bool sni = false;
  KeyLog key_log;
};

namespace boring {

// error_text: the oldest reason in BoringSSL's error queue, in words; empties the queue.
std::string error_text();

// der: the certificate's DER encoding.
std::string der(X509* certificate);

// describe: how an error names the source: `certificate file "/a/b.pem"`, or without a file `certificate`.
std::string describe(std::string_view what, const PemSource& source);

// load_text: the text, read from the file where one is named.
Result<std::string> load_text(std::string_view what, const PemSource& source);

// load_certificates: all certificates of a PEM source, at least one.
Result<std::vector<bssl::UniquePtr<X509>>> load_certificates(std::string_view what, const PemSource& source);

// new_context: what both sides have in common: versions, no sessions to resume, the key log.
Result<std::shared_ptr<TlsContextData>> new_context(TlsVersion min, TlsVersion max, const KeyLog& key_log);

// use_key_pair: install certificate chain and key, and see that they belong together.
Result<void> use_key_pair(TlsContextData& data, const PemSource& certificate, const PemSource& key,
                          const std::string& password);

// trust: add authorities to the context's store.
Result<void> trust(SSL_CTX* ctx, const std::vector<bssl::UniquePtr<X509>>& authorities);

}  // namespace boring
}  // namespace pgconform::net
