#include "server/certificates.hpp"

#include <utility>

namespace pgconform::server {

namespace {

net::VerificationMode verification(VerificationMode mode) {
  switch (mode) {
    case VerificationMode::none:
      return net::VerificationMode::none;
    case VerificationMode::relaxed:
      return net::VerificationMode::relaxed;
    case VerificationMode::strict:
      return net::VerificationMode::strict;
    case VerificationMode::once:
      break;
  }
  return net::VerificationMode::once;
}

net::TlsServerOptions options_of(const TlsConfiguration& wanted) {
  net::TlsServerOptions options;
  options.certificate = net::pem_file(wanted.certificate_file);
  options.private_key = net::pem_file(wanted.private_key_file);
  options.client_ca = wanted.ca_config;
  options.default_client_ca = wanted.load_default_ca_file;
  options.verification = verification(wanted.verification_mode);
  options.verification_depth = wanted.verification_depth;
  options.cipher_list = wanted.cipher_list;
  options.prefer_server_ciphers = wanted.prefer_server_ciphers;
  if (!wanted.tls_1_2) options.min_version = net::TlsVersion::tls1_3;
  if (!wanted.tls_1_3) options.max_version = net::TlsVersion::tls1_2;
  return options;
}

bool same(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

bool Certificates::Stamp::operator==(const Stamp& other) const {
  return device == other.device && file == other.file && size == other.size && same(modified, other.modified) &&
         same(changed, other.changed);
}

std::vector<Certificates::Stamp> Certificates::stamps() const {
  std::vector<Stamp> stamps;
  for (const auto* path : {&wanted_.certificate_file, &wanted_.private_key_file, &wanted_.ca_config}) {
    struct stat status{};
    if (path->empty() || ::stat(path->c_str(), &status) != 0)
      stamps.emplace_back();
    else
      stamps.push_back({status.st_dev, status.st_ino, status.st_size, status.st_mtim, status.st_ctim});
  }
  return stamps;
}

std::expected<void, std::string> Certificates::refresh() {
  if (!wanted_.has_certificate()) return {};
  // Taken before the files are read: one that changes meanwhile is read again.
  auto now = stamps();
  if (now == seen_) return {};
  seen_ = std::move(now);
  auto context = net::TlsServerContext::make(options_of(wanted_));
  if (!context) return std::unexpected(context.error().text);
  context_ = std::move(*context);
  return {};
}

}  // namespace pgconform::server
