#pragma once

#include <asio/awaitable.hpp>
#include <string>

#include "net/error.hpp"
#include "server/configuration/networks.hpp"

namespace pgconform::server {

// admitted_by_name: may a peer at this address log in by <host> or <host_regexp>? As ClickHouse decides it: a host
// admits the addresses that its name has; a pattern admits a peer whose own name, found by its address, matches as a
// whole and has that address again, because a name by address is whatever the address's owner says. A lookup that fails
// admits nobody. Other connections are served meanwhile; `networks` must outlive it.
asio::awaitable<net::Result<bool>> admitted_by_name(const Networks& networks, std::string peer);

// is_looking_up: a lookup runs, whether somebody waits for it still or not.
bool is_looking_up();

}  // namespace pgconform::server
