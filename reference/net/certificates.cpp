#include "net/certificates.hpp"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/digest.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "net/boring.hpp"
#include "net/host_name.hpp"

namespace pgconform::net {
namespace {

using Key = bssl::UniquePtr<EVP_PKEY>;
using Certificate = bssl::UniquePtr<X509>;

std::unexpected<NetError> failure(std::string_view what) {
  return std::unexpected(NetError{ErrorKind::tls, std::string(what) + ": " + boring::error_text()});
}

Key new_key() {
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  Key key(EVP_PKEY_new());
  if (!ec || !key || !EC_KEY_generate_key(ec.get()) || !EVP_PKEY_set1_EC_KEY(key.get(), ec.get())) return nullptr;
  return key;
}

std::string pem(auto write) {
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  const std::uint8_t* bytes = nullptr;
  std::size_t size = 0;
  if (!bio || !write(bio.get()) || !BIO_mem_contents(bio.get(), &bytes, &size)) return {};
  return {reinterpret_cast<const char*>(bytes), size};
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  bssl::UniquePtr<X509_EXTENSION> extension(X509V3_EXT_nconf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1);
}

bool add_names(X509* certificate, const std::vector<std::string>& names) {
  if (names.empty()) return true;
  bssl::UniquePtr<GENERAL_NAMES> list(sk_GENERAL_NAME_new_null());
  for (auto& name : names) {
    bool address = is_ip_address(name);
    unsigned char bytes[16];
    std::string_view value = name;
    if (address) {
      bool v4 = inet_pton(AF_INET, name.c_str(), bytes) == 1;
      if (!v4) inet_pton(AF_INET6, name.c_str(), bytes);
      value = {reinterpret_cast<char*>(bytes), v4 ? 4u : 16u};
    }
    bssl::UniquePtr<GENERAL_NAME> entry(GENERAL_NAME_new());
    bssl::UniquePtr<ASN1_STRING> text(ASN1_STRING_type_new(address ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING));
    if (!entry || !text || !ASN1_STRING_set(text.get(), value.data(), static_cast<int>(value.size()))) return false;
    GENERAL_NAME_set0_value(entry.get(), address ? GEN_IPADD : GEN_DNS, text.release());
    if (!bssl::PushToStack(list.get(), std::move(entry))) return false;
  }
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, list.get(), 0, 0);
}

// fill: everything but issuer and signature.
bool fill(X509* certificate, EVP_PKEY* key, const CertificateRequest& request) {
  bssl::UniquePtr<BIGNUM> serial(BN_new());
  auto subject = X509_get_subject_name(certificate);
  auto name = reinterpret_cast<const unsigned char*>(request.common_name.data());
  // 64 bits by chance, so that two certificates of one authority are never taken for each other.
  bool filled = serial && X509_set_version(certificate, X509_VERSION_3) && BN_rand(serial.get(), 64, 0, 0) &&
                BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) &&
                X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, name,
                                           static_cast<int>(request.common_name.size()), -1, 0) &&
                X509_set_pubkey(certificate, key);
  constexpr long day = 24 * 60 * 60;
  auto now = std::time(nullptr);
  auto end = now + request.valid_days * day;
  // A day early, for clocks that are behind.
  auto begin = std::min<std::time_t>(now, end) - day;
  return filled && ASN1_TIME_adj(X509_getm_notBefore(certificate), begin, 0, 0) &&
         ASN1_TIME_adj(X509_getm_notAfter(certificate), end, 0, 0);
}

Result<Credentials> make(const CertificateRequest& request, X509* issuer, EVP_PKEY* issuer_key) {
  ERR_clear_error();
  auto key = new_key();
  Certificate certificate(X509_new());
  if (!key || !certificate || !fill(certificate.get(), key.get(), request)) return failure("cannot make a certificate");
  auto x509 = certificate.get();
  auto parent = issuer ? issuer : x509;
  bool signed_ = X509_set_issuer_name(x509, X509_get_subject_name(parent)) &&
                 add_extension(x509, parent, NID_basic_constraints,
                               request.authority ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
                 add_extension(x509, parent, NID_subject_key_identifier, "hash") && add_names(x509, request.names) &&
                 X509_sign(x509, issuer_key ? issuer_key : key.get(), EVP_sha256()) > 0;
  if (!signed_) return failure("cannot make a certificate");
  return Credentials{pem([&](BIO* bio) { return PEM_write_bio_X509(bio, x509); }), pem([&](BIO* bio) {
                       return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
                     })};
}

}  // namespace

Result<Credentials> make_self_signed(const CertificateRequest& request) {
  return make(request, nullptr, nullptr);
}

Result<Credentials> issue(const Credentials& authority, const CertificateRequest& request) {
  auto chain = boring::load_certificates("authority", pem_text(authority.certificate));
  if (!chain) return std::unexpected(chain.error());
  auto& text = authority.private_key;
  bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (!key) return failure("the authority's private key");
  return make(request, chain->front().get(), key.get());
}

std::string server_end_point(std::string_view certificate) {
  auto bytes = reinterpret_cast<const unsigned char*>(certificate.data());
  Certificate x509(d2i_X509(nullptr, &bytes, static_cast<long>(certificate.size())));
  int hash = NID_undef;
  if (!x509 || !OBJ_find_sigid_algs(X509_get_signature_nid(x509.get()), &hash, nullptr)) return {};
  if (hash == NID_md5 || hash == NID_sha1) hash = NID_sha256;
  auto method = EVP_get_digestbynid(hash);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!method || !X509_digest(x509.get(), method, digest, &size)) return {};
  return {reinterpret_cast<char*>(digest), size};
}

}  // namespace pgconform::net
