#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/target.hpp"
#include "notation/ast.hpp"

// What a case needs of its target, and whether that is there.
namespace pgconform::runner {

// capabilities: the words that `needs` and a profile's `capabilities` may use. Beside them is_capability() knows
// `sql-…`, whatever follows: SQL that a server of the protocol need not speak.
std::span<const std::string_view> capabilities();
bool is_capability(std::string_view word);
// is_role: `role:NAME`.
bool is_role(std::string_view word);

// Capabilities: what a profile says of them: `true`, `false`, or how a missing one behaves: `ignored`, `refused`.
using Capabilities = std::map<std::string, std::string, std::less<>>;

// roles_of: those that a case logs in as, or refers to.
std::set<std::string> roles_of(const notation::Case& test);

// unmet: the first need of `test` that is not met: `needs role md5`; empty if all are. A capability that nothing is
// known of counts as there.
std::string unmet(const notation::Case& test, const Capabilities& known, const client::Target& target);

// refuses: this message, which came in the place of another, says cleanly that the target has not that capability:
// encryption is refused by a byte, everything else by SQLSTATE 0A000.
bool refuses(std::string_view capability, std::string_view actual);
// expects_refusal: the case wants 0A000 somewhere, so that this answer in a wrong place is no clean refusal.
bool expects_refusal(const notation::Case& test);

// version_is_well_formed: digits, and perhaps a minor: 15 or 15.3.
bool version_is_well_formed(std::string_view version);

// outside: why `test` is not for PostgreSQL `version`, by its `since` and `until`: `since 18`; empty if it is. A
// version without minor is the newest of its branch.
std::string outside(const notation::Case& test, std::string_view version);

}  // namespace pgconform::runner
