#include "net/host_name.hpp"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <strings.h>

#include <string>

#include "net/boring.hpp"

namespace pgconform::net {
namespace {

struct Names {
  bool own_type = false;  // is there an alternative name of the host's type?
  bool match = false;
  std::string first;  // for the error
};

std::string_view view(const ASN1_STRING* s) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(s)), static_cast<std::size_t>(ASN1_STRING_length(s))};
}

// address_bytes: the host as it would stand in an iPAddress name; empty where it is a host name.
std::string address_bytes(const std::string& host) {
  char bytes[16];
  if (inet_pton(AF_INET, host.c_str(), bytes) == 1) return {bytes, 4};
  if (inet_pton(AF_INET6, host.c_str(), bytes) == 1) return {bytes, 16};
  return {};
}

void consider(Names& names, std::string_view pattern, std::string_view host) {
  // A NUL inside a name is an attack on those who compare C strings.
  if (pattern.find('\0') != std::string_view::npos) return;
  if (names.first.empty()) names.first = pattern;
  if (wildcard_matches(pattern, host)) names.match = true;
}

void consider_alternative_names(Names& names, X509* certificate, std::string_view host, std::string_view address) {
  bssl::UniquePtr<GENERAL_NAMES> all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!all) return;
  for (std::size_t i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
    auto name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type == (address.empty() ? GEN_DNS : GEN_IPADD)) names.own_type = true;
    if (name->type == GEN_DNS) consider(names, view(name->d.dNSName), host);
    if (name->type == GEN_IPADD && !address.empty() && view(name->d.iPAddress) == address) names.match = true;
  }
}

void consider_common_name(Names& names, X509* certificate, std::string_view host) {
  auto subject = X509_get_subject_name(certificate);
  int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return;
  consider(names, view(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))), host);
}

}  // namespace

bool is_ip_address(std::string_view host) {
  return !address_bytes(std::string(host)).empty();
}

bool wildcard_matches(std::string_view pattern, std::string_view host) {
  auto same = [](std::string_view a, std::string_view b) {
    return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
  };
  if (same(pattern, host)) return true;
  if (!pattern.starts_with("*.") || pattern.size() < 3) return false;
  auto tail = pattern.substr(1);
  if (host.size() <= tail.size() || !same(tail, host.substr(host.size() - tail.size()))) return false;
  return host.substr(0, host.size() - tail.size()).find('.') == std::string_view::npos;
}

Result<void> check_host_name(std::string_view certificate, std::string_view host) {
  auto bytes = reinterpret_cast<const unsigned char*>(certificate.data());
  bssl::UniquePtr<X509> x509(d2i_X509(nullptr, &bytes, static_cast<long>(certificate.size())));
  if (!x509) return std::unexpected(NetError{ErrorKind::tls, "the server has shown no usable certificate"});
  if (host.empty()) return std::unexpected(NetError{ErrorKind::tls, "a host name is needed for sslmode=verify-full"});
  Names names;
  consider_alternative_names(names, x509.get(), host, address_bytes(std::string(host)));
  if (!names.own_type) consider_common_name(names, x509.get(), host);
  if (names.match) return {};
  auto text = "the server's certificate" + (names.first.empty() ? "" : " for \"" + names.first + "\"") +
              " does not match host name \"" + std::string(host) + "\"";
  return std::unexpected(NetError{ErrorKind::tls, text});
}

}  // namespace pgconform::net
