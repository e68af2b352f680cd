#pragma once

#include <string>
#include <system_error>

#include "net/error.hpp"

// For this folder only: errors of Asio and the system as NetErrors.
namespace pgconform::net {

// from_code: the error of `what` (`read`, `connect to …`), with the system's words.
NetError from_code(const std::error_code& code, const std::string& what);

}  // namespace pgconform::net
