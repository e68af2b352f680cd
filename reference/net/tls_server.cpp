#include <openssl/err.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "net/boring.hpp"

namespace pgconform::net {
namespace {

constexpr std::string_view offered = "\x0apostgresql";

int choose_alpn(SSL*, const std::uint8_t** out, std::uint8_t* out_size, const std::uint8_t* in, unsigned in_size,
                void*) {
  auto mine = reinterpret_cast<const std::uint8_t*>(offered.data());
  // The protocol that SSL_select_next_proto falls back to without a match must not be taken: RFC 7301 wants an alert.
  auto found = SSL_select_next_proto(const_cast<std::uint8_t**>(out), out_size, mine,
                                     static_cast<unsigned>(offered.size()), in, in_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// authorities: the certificates of a file, or of all PEM files in a directory, which need no hashed names here.
Result<std::vector<bssl::UniquePtr<X509>>> authorities(const std::string& path) {
  std::error_code ec;
  if (!std::filesystem::is_directory(path, ec)) return boring::load_certificates("client CA", pem_file(path));
  std::vector<std::string> files;
  for (std::filesystem::directory_iterator it(path, ec), end; !ec && it != end; it.increment(ec)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored)) files.push_back(it->path());
  }
  if (ec) {
    return std::unexpected(NetError{ErrorKind::tls, "client CA directory \"" + path + "\": " + ec.message()});
  }
  std::sort(files.begin(), files.end());
  std::vector<bssl::UniquePtr<X509>> all;
  for (auto& file : files) {
    // Such directories also hold keys, lists of revocations and notes.
    auto some = boring::load_certificates("client CA", pem_file(file));
    if (!some) continue;
    std::move(some->begin(), some->end(), std::back_inserter(all));
  }
  ERR_clear_error();
  if (all.empty()) {
    return std::unexpected(
        NetError{ErrorKind::tls, "client CA directory \"" + path + "\": holds no file with a PEM certificate"});
  }
  return all;
}

Result<void> trust_clients_of(SSL_CTX* ctx, const std::vector<bssl::UniquePtr<X509>>& list) {
  // Clients with several certificates, Java's above all, choose by the names that the server sends.
  for (auto& authority : list) SSL_CTX_add_client_CA(ctx, authority.get());
  return boring::trust(ctx, list);
}

Result<void> set_verification(SSL_CTX* ctx, const TlsServerOptions& options) {
  if (options.verification == VerificationMode::none) return {};
  bool required = options.verification != VerificationMode::relaxed;
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  SSL_CTX_set_verify_depth(ctx, options.verification_depth);
  if (!options.client_ca.empty()) {
    auto list = authorities(options.client_ca);
    if (!list) return std::unexpected(list.error());
    if (auto done = trust_clients_of(ctx, *list); !done) return done;
  }
  if (!options.client_ca_pem.empty()) {
    auto list = boring::load_certificates("client CA", options.client_ca_pem);
    if (!list) return std::unexpected(list.error());
    if (auto done = trust_clients_of(ctx, *list); !done) return done;
  }
  if (options.default_client_ca) {
    SSL_CTX_set_default_verify_paths(ctx);
    ERR_clear_error();
  }
  return {};
}

}  // namespace

Result<TlsServerContext> TlsServerContext::make(const TlsServerOptions& options) {
  auto data =
      boring::new_context(std::max(options.min_version, TlsVersion::tls1_2), options.max_version, options.key_log);
  if (!data) return std::unexpected(data.error());
  auto ctx = (*data)->ctx.get();
  auto pair = boring::use_key_pair(**data, options.certificate, options.private_key, options.private_key_password);
  if (!pair) return std::unexpected(pair.error());
  if (auto done = set_verification(ctx, options); !done) return std::unexpected(done.error());
  if (!options.cipher_list.empty() && !SSL_CTX_set_cipher_list(ctx, options.cipher_list.c_str())) {
    auto reason = boring::error_text();
    return std::unexpected(NetError{ErrorKind::tls, "cipher list \"" + options.cipher_list + "\": " + reason});
  }
  if (options.prefer_server_ciphers) SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (options.select_alpn) SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, nullptr);
  return TlsServerContext(std::move(*data));
}

const std::string& TlsServerContext::certificate() const {
  return data_->certificate;
}

}  // namespace pgconform::net
