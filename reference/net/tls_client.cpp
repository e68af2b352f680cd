#include <openssl/err.h>

#include <filesystem>
#include <system_error>

#include "net/boring.hpp"

namespace pgconform::net {
namespace {

std::unexpected<NetError> failure(std::string text) {
  return std::unexpected(NetError{ErrorKind::tls, std::move(text)});
}

Result<void> set_authorities(TlsContextData& data, const TlsClientOptions& options) {
  auto ctx = data.ctx.get();
  if (options.ca.path == "system") {
    // libpq allows the system's authorities with verify-full only: anyone can get a certificate from one of them.
    if (options.mode != SslMode::verify_full) return failure("sslrootcert=system needs sslmode=verify-full");
    SSL_CTX_set_default_verify_paths(ctx);
    ERR_clear_error();
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
    return {};
  }
  std::error_code ec;
  bool there = !options.ca.empty() && (options.ca.path.empty() || std::filesystem::exists(options.ca.path, ec));
  if (!there) {
    if (options.mode == SslMode::require) return {};
    if (options.ca.empty()) return failure("sslmode verify-ca and verify-full need a root certificate");
    return failure(boring::describe("root certificate", options.ca) + " does not exist");
  }
  auto list = boring::load_certificates("root certificate", options.ca);
  if (!list) return std::unexpected(list.error());
  if (auto done = boring::trust(ctx, *list); !done) return done;
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  return {};
}

}  // namespace

Result<TlsClientContext> TlsClientContext::make(const TlsClientOptions& options) {
  auto data = boring::new_context(options.min_version, options.max_version, options.key_log);
  if (!data) return std::unexpected(data.error());
  auto ctx = (*data)->ctx.get();
  if (auto done = set_authorities(**data, options); !done) return std::unexpected(done.error());
  if (!options.certificate.empty()) {
    auto pair = boring::use_key_pair(**data, options.certificate, options.private_key, options.private_key_password);
    if (!pair) return std::unexpected(pair.error());
  }
  std::string protocols;
  for (auto& name : options.alpn) {
    if (name.empty() || name.size() > 255) return failure("an ALPN name has 1 to 255 bytes");
    protocols.append(1, static_cast<char>(name.size())).append(name);
  }
  if (SSL_CTX_set_alpn_protos(ctx, reinterpret_cast<const std::uint8_t*>(protocols.data()),
                              static_cast<unsigned>(protocols.size())) != 0) {  // 0 is success, here only
    return failure("ALPN: " + boring::error_text());
  }
  (*data)->verify_name = options.mode == SslMode::verify_full;
  (*data)->sni = options.sni;
  return TlsClientContext(std::move(*data));
}

}  // namespace pgconform::net
