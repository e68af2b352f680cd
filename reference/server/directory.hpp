#pragma once

#include <string>
#include <vector>

#include "server/configuration/user.hpp"
#include "session/accounts.hpp"

namespace pgconform::server {

// Directory: the configured users, as sessions ask for them.
class Directory {
 public:
  explicit Directory(const std::vector<User>& users);

  // from: the accounts as they look to a peer at this address (empty: a Unix socket).
  class View : public session::Accounts {
   public:
    View(const Directory& directory, std::string peer) : directory_(directory), peer_(std::move(peer)) {}
    std::optional<session::Account> find(std::string_view user) const override;
    bool any_scram() const override { return directory_.any_scram_; }

   private:
    const Directory& directory_;
    std::string peer_;
  };
  View from(std::string peer) const { return {*this, std::move(peer)}; }

  const std::vector<User>& users() const { return users_; }

 private:
  std::vector<User> users_;
  bool any_scram_ = false;
};

// secret_of: what a login of this user is checked against.
auth::Secret secret_of(const Authentication& authentication);

}  // namespace pgconform::server
