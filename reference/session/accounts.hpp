#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/secret.hpp"

namespace pgconform::session {

// Account: what a login is checked against.
struct Account {
  auth::Secret secret;
  bool supported = true;      // false: the account uses a method that this server does not have
  bool may_come_from = true;  // false: not from this peer's address; refused like a wrong password
};

// Accounts: who may log in. Asked once for each login, with the peer's address in mind.
class Accounts {
 public:
  virtual ~Accounts() = default;
  // find: the account of that name, or nothing.
  virtual std::optional<Account> find(std::string_view user) const = 0;
  // any_scram: is there an account with a SCRAM secret? An unknown user is then led through a mock SCRAM exchange,
  // otherwise asked for a cleartext password, so that the commonest kind of account cannot be told from none.
  virtual bool any_scram() const = 0;
};

}  // namespace pgconform::session
