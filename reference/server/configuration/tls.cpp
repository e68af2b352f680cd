#include "server/configuration/tls.hpp"

#include <fmt/format.h>

#include "server/configuration/values.hpp"

namespace pgconform::server {
namespace {

VerificationMode read_mode(const Element& element) {
  constexpr std::string_view expected = "none, relaxed, strict or once";
  const std::string_view word = word_of(element, expected);
  if (word == "none") return VerificationMode::none;
  if (word == "relaxed") return VerificationMode::relaxed;
  if (word == "strict") return VerificationMode::strict;
  if (word == "once") return VerificationMode::once;
  throw ConfigurationError(element, fmt::format("\"{}\" is wrong, expected {}", word, expected));
}

void disable(const Element& element, TlsConfiguration& tls) {
  std::string_view rest = text_of(element);
  while (!rest.empty()) {
    const auto end = rest.find_first_of(",; \t\r\n");
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (word == "tlsv1_2") {
      tls.tls_1_2 = false;
    } else if (word == "tlsv1_3") {
      tls.tls_1_3 = false;
    } else if (!word.empty() && word != "sslv2" && word != "sslv3" && word != "tlsv1" && word != "tlsv1_1") {
      throw ConfigurationError(element, fmt::format("\"{}\" is no protocol, expected a list of sslv2, sslv3, tlsv1, "
                                                    "tlsv1_1, tlsv1_2, tlsv1_3",
                                                    word));
    }
  }
  if (!tls.tls_1_2 && !tls.tls_1_3) {
    throw ConfigurationError(element, "disables both tlsv1_2 and tlsv1_3, expected to leave one of them");
  }
}

}  // namespace

TlsConfiguration read_tls(const Element& server, const std::filesystem::path& directory, Warnings& warnings) {
  constexpr std::string_view known[] = {"privateKeyFile",    "certificateFile",    "caConfig",   "verificationMode",
                                        "verificationDepth", "loadDefaultCAFile",  "cipherList", "disableProtocols",
                                        "requireTLSv1_2",    "preferServerCiphers"};
  check_section(server, known, warnings);
  TlsConfiguration tls;
  const auto file = [&](std::string_view name, std::filesystem::path& path) {
    if (const Element* e = only_child(server, name)) path = directory / word_of(*e, "a file name");
  };
  file("privateKeyFile", tls.private_key_file);
  file("certificateFile", tls.certificate_file);
  if (tls.private_key_file.empty() != tls.certificate_file.empty()) {
    const bool key = !tls.private_key_file.empty();
    throw ConfigurationError(
        *server.child(key ? "privateKeyFile" : "certificateFile"),
        fmt::format("stands alone, expected <{}> beside it", key ? "certificateFile" : "privateKeyFile"));
  }
  file("caConfig", tls.ca_config);
  if (const Element* e = only_child(server, "verificationMode")) tls.verification_mode = read_mode(*e);
  if (const Element* e = only_child(server, "verificationDepth"))
    tls.verification_depth = static_cast<int>(integer_of(*e, 0, 100));
  if (const Element* e = only_child(server, "loadDefaultCAFile")) tls.load_default_ca_file = boolean_of(*e);
  if (const Element* e = only_child(server, "cipherList")) tls.cipher_list = trimmed(text_of(*e));
  if (const Element* e = only_child(server, "disableProtocols")) disable(*e, tls);
  // TLS 1.2 is the floor with or without it; only a value that is none is worth a word.
  if (const Element* e = only_child(server, "requireTLSv1_2")) boolean_of(*e);
  if (const Element* e = only_child(server, "preferServerCiphers")) tls.prefer_server_ciphers = boolean_of(*e);
  return tls;
}

}  // namespace pgconform::server
