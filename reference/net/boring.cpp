#include "net/boring.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/pem.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace pgconform::net::boring {
namespace {

// A bundle of all the world's authorities has some 250 kB.
constexpr std::size_t max_pem_size = 16 * 1024 * 1024;

std::unexpected<NetError> failure(std::string text) {
  return std::unexpected(NetError{ErrorKind::tls, std::move(text)});
}

int give_password(char* buffer, int size, int, void* user) {
  auto& password = *static_cast<const std::string*>(user);
  if (password.empty() || password.size() > static_cast<std::size_t>(size)) return 0;
  std::memcpy(buffer, password.data(), password.size());
  return static_cast<int>(password.size());
}

bssl::UniquePtr<BIO> reader(std::string_view text) {
  return bssl::UniquePtr<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

void log_key(const SSL* ssl, const char* line) {
  auto data = static_cast<const TlsContextData*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0));
  data->key_log(line);
}

}  // namespace

std::string error_text() {
  auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown reason";
  const char* reason = ERR_reason_error_string(code);
  std::string text = reason ? reason : "unknown reason";
  // NO_CERTIFICATE_SET reads badly inside a sentence.
  for (auto& c : text) c = c == '_' ? ' ' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return text;
}

std::string der(X509* certificate) {
  unsigned char* bytes = nullptr;
  int size = certificate ? i2d_X509(certificate, &bytes) : -1;
  if (size < 0) return {};
  std::string result(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return result;
}

std::string describe(std::string_view what, const PemSource& source) {
  std::string text(what);
  if (!source.path.empty()) text.append(" file \"").append(source.path).append("\"");
  return text;
}

Result<std::string> load_text(std::string_view what, const PemSource& source) {
  if (source.path.empty()) return source.text;
  auto reason = [&] { return failure(describe(what, source) + ": " + std::strerror(errno)); };
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(source.path.c_str(), "rb"), std::fclose);
  if (!file) return reason();
  std::string text;
  char block[4096];
  while (auto n = std::fread(block, 1, sizeof block, file.get())) {
    text.append(block, n);
    if (text.size() > max_pem_size) return failure(describe(what, source) + ": too big to be PEM");
  }
  // A directory opens, and fails only when it is read.
  if (std::ferror(file.get())) return reason();
  return text;
}

Result<std::vector<bssl::UniquePtr<X509>>> load_certificates(std::string_view what, const PemSource& source) {
  auto text = load_text(what, source);
  if (!text) return std::unexpected(text.error());
  auto bio = reader(*text);
  std::vector<bssl::UniquePtr<X509>> list;
  while (auto certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) list.emplace_back(certificate);
  auto code = ERR_peek_last_error();
  bool only_end = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
  if (!only_end) return failure(describe(what, source) + ": damaged PEM certificate: " + error_text());
  ERR_clear_error();
  if (list.empty()) return failure(describe(what, source) + ": holds no PEM certificate");
  return list;
}

Result<std::shared_ptr<TlsContextData>> new_context(TlsVersion min, TlsVersion max, const KeyLog& key_log) {
  auto data = std::make_shared<TlsContextData>();
  data->ctx.reset(SSL_CTX_new(TLS_method()));
  auto ctx = data->ctx.get();
  if (!ctx) return failure("cannot make a TLS context: " + error_text());
  if (!SSL_CTX_set_min_proto_version(ctx, static_cast<std::uint16_t>(min)) ||
      !SSL_CTX_set_max_proto_version(ctx, static_cast<std::uint16_t>(max)) || max < min) {
    return failure("the range of TLS versions is empty or not supported");
  }
  // A backend serves one connection and PostgreSQL resumes no session, so neither side offers or takes tickets.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(ctx, 0);
  if (key_log) {
    data->key_log = key_log;
    SSL_CTX_set_ex_data(ctx, 0, data.get());
    SSL_CTX_set_keylog_callback(ctx, log_key);
  }
  return data;
}

Result<void> use_key_pair(TlsContextData& data, const PemSource& certificate, const PemSource& key,
                          const std::string& password) {
  auto ctx = data.ctx.get();
  auto chain = load_certificates("certificate", certificate);
  if (!chain) return std::unexpected(chain.error());
  auto text = load_text("private key", key);
  if (!text) return std::unexpected(text.error());
  auto bio = reader(*text);
  bssl::UniquePtr<EVP_PKEY> pkey(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, give_password, const_cast<std::string*>(&password)));
  if (!pkey) {
    auto code = ERR_peek_last_error();
    bool none = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
    auto reason = error_text();
    return failure(describe("private key", key) + (none ? ": holds no PEM private key" : ": " + reason));
  }
  auto leaf = chain->front().get();
  if (!X509_check_private_key(leaf, pkey.get())) {
    ERR_clear_error();
    return failure(describe("private key", key) + " does not match " + describe("certificate", certificate));
  }
  if (!SSL_CTX_use_certificate(ctx, leaf) || !SSL_CTX_use_PrivateKey(ctx, pkey.get())) {
    return failure(describe("certificate", certificate) + ": " + error_text());
  }
  for (std::size_t i = 1; i < chain->size(); ++i) {
    if (!SSL_CTX_add1_chain_cert(ctx, (*chain)[i].get())) {
      return failure(describe("certificate", certificate) + ": " + error_text());
    }
  }
  data.certificate = der(leaf);
  return {};
}

Result<void> trust(SSL_CTX* ctx, const std::vector<bssl::UniquePtr<X509>>& authorities) {
  for (auto& authority : authorities) {
    if (!X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), authority.get())) {
      return failure("cannot trust a certificate: " + error_text());
    }
  }
  return {};
}

}  // namespace pgconform::net::boring
