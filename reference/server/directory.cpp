#include "server/directory.hpp"

#include "auth/verifier.hpp"

namespace pgconform::server {

namespace {

template <class Array>
std::string bytes_of(const Array& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct ToSecret {
  auth::Secret operator()(const NoPassword&) const { return auth::NoPassword{}; }
  auth::Secret operator()(const CleartextPassword& kind) const { return auth::CleartextSecret{kind.password}; }
  auth::Secret operator()(const Sha256Password& kind) const { return auth::Sha256Secret{bytes_of(kind.digest)}; }
  auth::Secret operator()(const DoubleSha1Password& kind) const {
    return auth::DoubleSha1Secret{bytes_of(kind.digest)};
  }
  auth::Secret operator()(const ScramSaltedPassword& kind) const {
    auth::Key salted{};
    std::copy(kind.salted_password.begin(), kind.salted_password.end(), salted.begin());
    auth::ScramVerifier verifier;
    verifier.iterations = kind.iterations;
    verifier.salt = bytes_of(kind.salt);
    verifier.stored_key = auth::sha256(auth::as_bytes(auth::client_key(salted)));
    verifier.server_key = auth::server_key(salted);
    return verifier;
  }
  auth::Secret operator()(const ScramVerifier& kind) const {
    auth::ScramVerifier verifier;
    verifier.iterations = kind.iterations;
    verifier.salt = bytes_of(kind.salt);
    std::copy(kind.stored_key.begin(), kind.stored_key.end(), verifier.stored_key.begin());
    std::copy(kind.server_key.begin(), kind.server_key.end(), verifier.server_key.begin());
    return verifier;
  }
  auth::Secret operator()(const UnsupportedMethod&) const { return auth::NoPassword{}; }  // never looked at
};

}  // namespace

auth::Secret secret_of(const Authentication& authentication) {
  return std::visit(ToSecret{}, authentication);
}

Directory::Directory(const std::vector<User>& users) : users_(users) {
  for (const auto& user : users_)
    any_scram_ |= std::holds_alternative<auth::ScramVerifier>(secret_of(user.authentication));
}

std::optional<session::Account> Directory::View::find(std::string_view user) const {
  for (const auto& each : directory_.users_) {
    if (each.name != user) continue;
    session::Account account;
    account.secret = secret_of(each.authentication);
    account.supported = !std::holds_alternative<UnsupportedMethod>(each.authentication);
    if (each.networks) {
      const auto address = parse_ip(peer_);
      account.may_come_from = address && each.networks->admits_address(*address);
    }
    return account;
  }
  return std::nullopt;
}

}  // namespace pgconform::server
