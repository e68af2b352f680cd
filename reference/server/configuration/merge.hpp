#pragma once

#include "server/configuration/element.hpp"

// How one configuration file is laid over another. ClickHouse's rules: an element is the same as another if tag and
// attributes agree; an element of the overlay then goes into the one it matches, or is appended where none does.
// `remove` takes the match away, `replace` puts the overlay's in its place as a whole.
namespace pgconform::server {

// is_substitution tells whether an attribute says where an element's content comes from: incl, from_env, from_zk.
bool is_substitution(std::string_view attribute_name);

// merge_into lays `overlay` over `base`; both are root elements. A leaf that the overlay changes is from then on placed
// where the overlay wrote it. Equal elements pair one to one in the order they are written in, what is left over is
// appended. An element with `remove` that matches nothing vanishes. Throws ConfigurationError if an element has both
// `replace` and `remove`.
void merge_into(Element& base, const Element& overlay);

// with_root_checked returns `root` if it is <clickhouse> or <yandex>, which mean the same. Otherwise throws
// ConfigurationError naming both.
Element with_root_checked(Element root);

}  // namespace pgconform::server
