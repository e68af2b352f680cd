#include "auth/end_point.hpp"

#include <openssl/bytestring.h>
#include <openssl/digest.h>
#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/x509.h>

#include <climits>
#include <memory>

namespace pgconform::auth {
namespace {

// RSASSA-PSS names its hash in the parameters (RFC 4055 §3.1: field [0], an AlgorithmIdentifier; absent: SHA-1).
int pss_hash(const X509& certificate) {
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(nullptr, &algorithm, &certificate);
  int type = V_ASN1_UNDEF;
  const void* value = nullptr;
  X509_ALGOR_get0(nullptr, &type, &value, algorithm);
  if (type != V_ASN1_SEQUENCE) return NID_undef;
  const auto* der = static_cast<const ASN1_STRING*>(value);
  CBS bytes, parameters, field, hash, object;
  CBS_init(&bytes, ASN1_STRING_get0_data(der), static_cast<std::size_t>(ASN1_STRING_length(der)));
  int present = 0;
  if (!CBS_get_asn1(&bytes, &parameters, CBS_ASN1_SEQUENCE) ||
      !CBS_get_optional_asn1(&parameters, &field, &present, CBS_ASN1_CONSTRUCTED | CBS_ASN1_CONTEXT_SPECIFIC | 0))
    return NID_undef;
  if (!present) return NID_sha1;
  if (!CBS_get_asn1(&field, &hash, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&hash, &object, CBS_ASN1_OBJECT))
    return NID_undef;
  return OBJ_cbs2nid(&object);
}

int signature_hash(const X509& certificate) {
  int signature = X509_get_signature_nid(&certificate), hash = NID_undef;
  if (signature == NID_rsassaPss) return pss_hash(certificate);
  OBJ_find_sigid_algs(signature, &hash, nullptr);
  return hash;
}

}  // namespace

std::expected<std::string, std::string> tls_server_end_point(std::string_view certificate) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(certificate.data());
  const auto* end = bytes;
  if (certificate.size() > LONG_MAX) return std::unexpected("not an X.509 certificate in DER");
  std::unique_ptr<X509, decltype(&X509_free)> x509(d2i_X509(nullptr, &end, static_cast<long>(certificate.size())),
                                                   X509_free);
  if (!x509 || end != bytes + certificate.size()) {
    ERR_clear_error();
    return std::unexpected("not an X.509 certificate in DER");
  }
  int hash = signature_hash(*x509);
  if (hash == NID_md5 || hash == NID_sha1) hash = NID_sha256;
  const auto* digest = EVP_get_digestbynid(hash);
  if (!digest) return std::unexpected("the certificate's signature has no hash that tls-server-end-point could use");
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(certificate.data(), certificate.size(), out, &size, digest, nullptr);
  return std::string(reinterpret_cast<const char*>(out), size);
}

}  // namespace pgconform::auth
