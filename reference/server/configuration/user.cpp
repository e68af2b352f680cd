#include "server/configuration/user.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "server/configuration/values.hpp"

namespace pgconform::server {
namespace {

constexpr std::string_view what_to_write =
    "expected exactly one of <no_password/>, <password>, <password_sha256_hex>, <password_scram_sha256_hex>, "
    "<password_scram_sha256>, <password_md5>, <password_double_sha1_hex>";

constexpr std::string_view methods[] = {"no_password",
                                        "password",
                                        "password_sha256_hex",
                                        "password_double_sha1_hex",
                                        "password_scram_sha256_hex",
                                        "password_scram_sha256",
                                        "password_md5"};

// What ClickHouse can check and this server cannot.
constexpr std::string_view unsupported_methods[] = {
    "ldap", "kerberos", "ssl_certificates", "ssh_keys", "http_authentication", "jwt", "password_bcrypt_hash"};

template <std::size_t size>
std::array<std::uint8_t, size> fixed(const std::vector<std::uint8_t>& bytes) {
  std::array<std::uint8_t, size> array{};
  std::ranges::copy(bytes, array.begin());
  return array;
}

CleartextPassword read_cleartext(const Element& element) {
  const std::string_view text = text_of(element);
  // Whoever breaks the line between the tags means an empty password and would get one that is a line break.
  if (!text.empty() && is_blank(text)) {
    throw ConfigurationError(element,
                             "holds white space only, expected a password, or <password></password> for an empty one");
  }
  return {std::string(text)};
}

NoPassword read_no_password(const Element& element) {
  // <no_password>0</no_password> reads as if it took something away.
  if (!is_blank(text_of(element)) && !boolean_of(element)) {
    throw ConfigurationError(element, "is switched off, expected <no_password/> or no such element");
  }
  return {};
}

ScramSaltedPassword read_salted(const Element& element) {
  ScramSaltedPassword read{fixed<32>(bytes_of_hex(element, 32)), {}};
  if (const std::string* salt = element.attribute("salt")) {
    auto bytes = from_base64(trimmed(*salt));
    if (!bytes) throw ConfigurationError(element, "the attribute salt is no base64, expected padded base64");
    read.salt = std::move(*bytes);
  }
  return read;
}

ScramVerifier read_verifier(const Element& element) {
  constexpr std::string_view expected = "SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>";
  auto verifier = parse_scram_verifier(word_of(element, expected));
  if (!verifier) throw ConfigurationError(element, fmt::format("is no SCRAM verifier, expected {}", expected));
  return std::move(*verifier);
}

Md5Password read_md5(const Element& element) {
  constexpr std::string_view expected = "md5 and 32 lower-case hexadecimal digits";
  std::string stored(word_of(element, expected));
  if (stored.size() != 35 || !stored.starts_with("md5") ||
      stored.find_first_not_of("0123456789abcdef", 3) != std::string::npos) {
    throw ConfigurationError(element, fmt::format("is no MD5 verifier, expected {}", expected));
  }
  return {std::move(stored)};
}

Authentication read_authentication(const Element& element) {
  if (element.name == "no_password") return read_no_password(element);
  if (element.name == "password") return read_cleartext(element);
  if (element.name == "password_sha256_hex") return Sha256Password{fixed<32>(bytes_of_hex(element, 32))};
  if (element.name == "password_double_sha1_hex") return DoubleSha1Password{fixed<20>(bytes_of_hex(element, 20))};
  if (element.name == "password_scram_sha256_hex") return read_salted(element);
  if (element.name == "password_scram_sha256") return read_verifier(element);
  if (element.name == "password_md5") return read_md5(element);
  return UnsupportedMethod{element.name};
}

bool is_method(const Element& element) {
  return std::ranges::find(methods, element.name) != std::end(methods) ||
         std::ranges::find(unsupported_methods, element.name) != std::end(unsupported_methods);
}

User read_user(const Element& element, Warnings& warnings) {
  if (!is_blank(element.text)) {
    throw ConfigurationError(
        element, fmt::format("user {} contains text between its elements, {}", element.name, what_to_write));
  }
  const Element* method = nullptr;
  for (const Element& child : element.children) {
    if (is_method(child)) {
      if (method != nullptr) {
        throw ConfigurationError(
            element, fmt::format("user {} has both <{}> ({}) and <{}> ({}), {}", element.name, method->name,
                                 to_string(method->place), child.name, to_string(child.place), what_to_write));
      }
      method = &child;
    } else if (child.name != "networks") {
      warnings.add(child, fmt::format("has no meaning for user {} here and is ignored", element.name));
    }
  }
  if (method == nullptr) {
    throw ConfigurationError(element, fmt::format("user {} has no authentication, {}", element.name, what_to_write));
  }
  User user{element.name, read_authentication(*method), std::nullopt, to_string(element.place)};
  if (const Element* networks = only_child(element, "networks")) user.networks = read_networks(*networks, warnings);
  return user;
}

}  // namespace

std::string_view method_name(const Authentication& authentication) {
  if (const auto* unsupported = std::get_if<UnsupportedMethod>(&authentication)) return unsupported->name;
  static_assert(std::size(methods) + 1 == std::variant_size_v<Authentication>);
  return methods[authentication.index()];
}

std::optional<ScramVerifier> parse_scram_verifier(std::string_view text) {
  constexpr std::string_view scheme = "SCRAM-SHA-256$";
  if (!text.starts_with(scheme)) return std::nullopt;
  text.remove_prefix(scheme.size());
  const auto dollar = text.find('$');
  if (dollar == std::string_view::npos) return std::nullopt;
  const std::string_view cost = text.substr(0, dollar), keys = text.substr(dollar + 1);
  const auto cost_colon = cost.find(':'), keys_colon = keys.find(':');
  if (cost_colon == std::string_view::npos || keys_colon == std::string_view::npos) return std::nullopt;

  std::uint32_t iterations = 0;
  const auto [end, error] = std::from_chars(cost.data(), cost.data() + cost_colon, iterations);
  if (error != std::errc{} || end != cost.data() + cost_colon || iterations == 0 ||
      iterations > static_cast<std::uint32_t>(std::numeric_limits<std::int32_t>::max())) {
    return std::nullopt;
  }
  auto salt = from_base64(cost.substr(cost_colon + 1));
  const auto stored = from_base64(keys.substr(0, keys_colon)), server = from_base64(keys.substr(keys_colon + 1));
  if (!salt || !stored || !server || stored->size() != 32 || server->size() != 32) return std::nullopt;
  return ScramVerifier{iterations, std::move(*salt), fixed<32>(*stored), fixed<32>(*server)};
}

std::vector<User> read_users(const Element& users, Warnings& warnings) {
  if (!is_blank(users.text)) {
    throw ConfigurationError(users, "contains text between its elements, expected one element for each user");
  }
  if (users.children.empty()) throw ConfigurationError(users, "is empty, expected at least one user");
  std::vector<User> read;
  for (const Element& user : users.children) {
    only_child(users, user.name);
    read.push_back(read_user(user, warnings));
  }
  return read;
}

}  // namespace pgconform::server
