#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/verifier.hpp"
#include "server/configuration/user.hpp"
#include "session/accounts.hpp"

namespace pgconform::server {

// Directory: the configured users, as sessions ask for them. It does not change; a server that rereads its
// configuration makes another, and connections that began with the old one keep it.
class Directory : public std::enable_shared_from_this<Directory> {
 public:
  // `mock_secret` makes what unknown users are asked with, see auth::mock_verifier().
  Directory(std::vector<User> users, std::string mock_secret);

  // from: the accounts as they look to a peer at this address (empty: a Unix socket).
  class View : public session::Accounts {
   public:
    View(std::shared_ptr<const Directory> directory, std::string peer)
        : directory_(std::move(directory)), peer_(std::move(peer)) {}
    // find: unknown users have an account too where others log in with SCRAM: one that nobody gets into.
    std::optional<session::Account> find(std::string_view user) const override;
    // barring: the networks of this user, if the peer's address alone does not admit it; its name may, see admit().
    const Networks* barring(std::string_view user) const;
    // admit: the peer's name is one that this user may come from.
    void admit(std::string user) { admitted_ = std::move(user); }
    bool any_scram() const override { return !directory_->scram_forms_.empty(); }

   private:
    std::shared_ptr<const Directory> directory_;
    bool admits(const Networks& networks) const;

    std::string peer_;
    std::optional<std::string> admitted_;
  };
  View from(std::string peer) const { return {shared_from_this(), peer.substr(0, peer.find('%'))}; }  // without zone

  // user: the user of that name, or null.
  const User* user(std::string_view name) const;

 private:
  std::vector<User> users_;
  std::string mock_secret_;
  std::vector<auth::MockForm> scram_forms_;  // one for each user with SCRAM
};

// secret_of: what a login of this user is checked against.
auth::Secret secret_of(const Authentication& authentication);

}  // namespace pgconform::server
