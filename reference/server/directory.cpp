#include "server/directory.hpp"

#include <algorithm>

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
  auth::Secret operator()(const Md5Password& kind) const { return auth::Md5Secret{kind.stored}; }
  auth::Secret operator()(const UnsupportedMethod&) const { return auth::NoPassword{}; }  // never looked at
};

}  // namespace

auth::Secret secret_of(const Authentication& authentication) {
  return std::visit(ToSecret{}, authentication);
}

Directory::Directory(std::vector<User> users, std::string mock_secret)
    : users_(std::move(users)), mock_secret_(std::move(mock_secret)) {
  for (const auto& user : users_) {
    const auto secret = secret_of(user.authentication);
    if (const auto* verifier = std::get_if<auth::ScramVerifier>(&secret))
      scram_forms_.push_back({verifier->salt.size(), verifier->iterations});
  }
}

const User* Directory::user(std::string_view name) const {
  const auto found = std::ranges::find(users_, name, &User::name);
  return found == users_.end() ? nullptr : &*found;
}

std::optional<session::Account> Directory::View::find(std::string_view name) const {
  const User* user = directory_->user(name);
  if (user == nullptr) {
    if (directory_->scram_forms_.empty()) return std::nullopt;
    return session::Account{auth::mock_verifier(name, directory_->mock_secret_, directory_->scram_forms_), true, false};
  }
  session::Account account;
  account.secret = secret_of(user->authentication);
  account.supported = !std::holds_alternative<UnsupportedMethod>(user->authentication);
  account.may_come_from = !user->networks || admits(*user->networks) || admitted_ == name;
  return account;
}

const Networks* Directory::View::barring(std::string_view name) const {
  const User* user = directory_->user(name);
  if (user == nullptr || !user->networks || admits(*user->networks)) return nullptr;
  return &*user->networks;
}

bool Directory::View::admits(const Networks& networks) const {
  const auto address = parse_ip(peer_);
  return address && networks.admits_address(*address);
}

}  // namespace pgconform::server
