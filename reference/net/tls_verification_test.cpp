#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "net/test_support.hpp"

namespace pgconform::net {
namespace {

using namespace testing;
using Status = TlsSession::Status;

// What becomes of a handshake, in a word: `ok`, or who complains and the alert that goes out with it.
std::string outcome(const TlsClientOptions& client_side, const TlsServerOptions& server_side,
                    std::string_view host = "localhost") {
  TlsSession client(must(TlsClientContext::make(client_side)), host);
  TlsSession server(must(TlsServerContext::make(server_side)));
  auto shaken = shake(client, server);
  if (shaken.server == Status::failed && server.error().kind == ErrorKind::tls) {
    // In TLS 1.3 the client is done before the server has seen its certificate, and hears of it when it reads.
    char c;
    if (shaken.client == Status::ok) client.read({&c, 1});
    EXPECT_EQ(client.error().alert, server.alert_sent());
    EXPECT_EQ(client.error().kind, ErrorKind::tls_alert);
    return "server " + std::to_string(server.error().alert);
  }
  if (shaken.client == Status::failed) return "client: " + client.error().text;
  return shaken.client == Status::ok && shaken.server == Status::ok ? "ok" : "stuck";
}

constexpr int unknown_ca = 48, certificate_required = 116, certificate_expired = 45, handshake_failure = 40;

TEST(ClientCertificate, IsNotAskedForInModeNone) {
  auto server = verifying_server(VerificationMode::none);
  EXPECT_EQ(outcome(client_options(), server), "ok");
  EXPECT_EQ(outcome(client_with(certificates().foreign_client), server), "ok");
}

TEST(ClientCertificate, MayBeAbsentInModeRelaxedButMustVerify) {
  auto server = verifying_server(VerificationMode::relaxed);
  EXPECT_EQ(outcome(client_options(), server), "ok");
  EXPECT_EQ(outcome(client_with(certificates().client), server), "ok");
  EXPECT_EQ(outcome(client_with(certificates().foreign_client), server), "server " + std::to_string(unknown_ca));
  EXPECT_EQ(outcome(client_with(certificates().expired_client), server),
            "server " + std::to_string(certificate_expired));
}

TEST(ClientCertificate, IsRequiredInModesStrictAndOnce) {
  for (auto mode : {VerificationMode::strict, VerificationMode::once}) {
    auto server = verifying_server(mode);
    EXPECT_EQ(outcome(client_options(), server), "server " + std::to_string(certificate_required));
    EXPECT_EQ(outcome(client_with(certificates().client), server), "ok");
    EXPECT_EQ(outcome(client_with(certificates().foreign_client), server), "server " + std::to_string(unknown_ca));
  }
}

TEST(ClientCertificate, IsRequiredUnderTls12Too) {
  auto server = verifying_server(VerificationMode::strict);
  server.max_version = TlsVersion::tls1_2;
  EXPECT_EQ(outcome(client_options(), server), "server " + std::to_string(handshake_failure));
  EXPECT_EQ(outcome(client_with(certificates().client), server), "ok");
}

TEST(ClientCertificate, IsKnownToTheServerAfterwards) {
  TlsSession client(must(TlsClientContext::make(client_with(certificates().client))), "localhost");
  TlsSession server(must(TlsServerContext::make(verifying_server(VerificationMode::relaxed))));
  shake(client, server);
  EXPECT_EQ(server.peer_certificate(), client.own_certificate());
  EXPECT_FALSE(server.peer_certificate().empty());
}

TEST(ServerCertificate, IsVerifiedByItsAuthority) {
  auto client = verifying_client(SslMode::verify_ca);
  EXPECT_EQ(outcome(client, server_options(), "another.name"), "ok");
  client.ca = pem_text(certificates().foreign_authority.certificate);
  EXPECT_EQ(outcome(client, server_options()).substr(0, 60),
            "client: TLS handshake failed: certificate verify failed (una");
}

TEST(ServerCertificate, IsVerifiedInModeRequireWhereAnAuthorityIsGiven) {
  auto client = client_options();
  EXPECT_EQ(outcome(client, server_options()), "ok");
  client.ca = pem_text(certificates().foreign_authority.certificate);
  EXPECT_NE(outcome(client, server_options()), "ok");
  client.ca = pem_file("/nonexistent/root.crt");
  EXPECT_EQ(outcome(client, server_options()), "ok");
}

TEST(ServerCertificate, MustNameTheHostInModeVerifyFull) {
  auto client = verifying_client(SslMode::verify_full);
  EXPECT_EQ(outcome(client, server_options(), "localhost"), "ok");
  EXPECT_EQ(outcome(client, server_options(), "LOCALHOST"), "ok");
  EXPECT_EQ(outcome(client, server_options(), "127.0.0.1"), "ok");
  EXPECT_EQ(outcome(client, server_options(), "db.example.org"), "ok");
  EXPECT_EQ(outcome(client, server_options(), "a.db.example.org"),
            "client: the server's certificate for \"localhost\" does not match host name \"a.db.example.org\"");
  EXPECT_NE(outcome(client, server_options(), "127.0.0.2"), "ok");
  EXPECT_NE(outcome(client, server_options(), "::1"), "ok");
  EXPECT_EQ(outcome(client, server_options(), ""), "client: a host name is needed for sslmode=verify-full");
}

TEST(ServerCertificate, IsNamedByItsCommonNameWithoutAlternativeNames) {
  auto server = server_options();
  auto named = [&](CertificateRequest request) {
    auto made = must(issue(certificates().good_authority, request));
    server.certificate = pem_text(made.certificate);
    server.private_key = pem_text(made.private_key);
    return outcome(verifying_client(SslMode::verify_full), server, "db.test");
  };
  EXPECT_EQ(named({"db.test", {}}), "ok");
  EXPECT_EQ(named({"db.test", {"10.0.0.1"}}), "ok") << "an address says nothing about names";
  EXPECT_NE(named({"db.test", {"other.test"}}), "ok");
}

// Files: a directory of its own with the given files in it.
class Files : public ::testing::Test {
 protected:
  Files() {
    std::string name = ::testing::TempDir() + "pgconform-net-XXXXXX";
    directory = mkdtemp(name.data());
  }
  ~Files() override { std::filesystem::remove_all(directory); }
  std::string put(const std::string& name, std::string_view text) {
    std::ofstream(directory + "/" + name) << text;
    return directory + "/" + name;
  }
  // The error of a server with these files, paths cut to their names.
  std::string error(const std::string& certificate, const std::string& key) {
    TlsServerOptions options;
    options.certificate = pem_file(certificate);
    options.private_key = pem_file(key);
    return error(options);
  }
  std::string error(const TlsServerOptions& options) {
    auto message = text(TlsServerContext::make(options));
    for (auto at = message.find(directory); at != std::string::npos; at = message.find(directory)) {
      message.erase(at, directory.size() + (message[at + directory.size()] == '/'));
    }
    return message;
  }
  std::string directory;
};

TEST_F(Files, NameTheFileAndTheReason) {
  auto& c = certificates();
  auto certificate = put("server.crt", c.server.certificate), key = put("server.key", c.server.private_key);
  auto other = put("other.key", c.client.private_key), note = put("note.txt", "hello"), empty = put("empty", "");
  EXPECT_EQ(error(certificate, key), "");
  EXPECT_EQ(error(directory + "/none.crt", key), "certificate file \"none.crt\": No such file or directory");
  EXPECT_EQ(error(certificate, directory + "/none.key"), "private key file \"none.key\": No such file or directory");
  EXPECT_EQ(error(certificate, other), "private key file \"other.key\" does not match certificate file \"server.crt\"");
  EXPECT_EQ(error(note, key), "certificate file \"note.txt\": holds no PEM certificate");
  EXPECT_EQ(error(empty, key), "certificate file \"empty\": holds no PEM certificate");
  EXPECT_EQ(error(certificate, note), "private key file \"note.txt\": holds no PEM private key");
  EXPECT_EQ(error(directory, key), "certificate file \"\": Is a directory");
  auto damaged = c.server.certificate;
  damaged[100] = '!';
  EXPECT_EQ(error(put("damaged.crt", damaged), key).substr(0, 59),
            "certificate file \"damaged.crt\": damaged PEM certificate: ba");
}

TEST_F(Files, GiveTheChainAfterTheLeaf) {
  auto& c = certificates();
  auto middle = must(issue(c.good_authority, {"Middle Authority", {}, true}));
  auto leaf = must(issue(middle, {"localhost", {"localhost"}}));
  auto server = server_options();
  server.certificate = pem_file(put("chain.crt", leaf.certificate + middle.certificate));
  server.private_key = pem_file(put("leaf.key", leaf.private_key));
  EXPECT_EQ(outcome(verifying_client(SslMode::verify_full), server), "ok");
  server.certificate = pem_file(put("leaf.crt", leaf.certificate));
  EXPECT_NE(outcome(verifying_client(SslMode::verify_full), server), "ok");
}

TEST_F(Files, HoldAuthoritiesInAFileOrADirectory) {
  auto& c = certificates();
  put("a.pem", c.foreign_authority.certificate);
  put("b.pem", c.good_authority.certificate);
  put("twice.pem", c.good_authority.certificate);
  put("README", "not a certificate");
  auto server = server_options();
  server.verification = VerificationMode::strict;
  server.client_ca = directory;
  EXPECT_EQ(outcome(client_with(c.client), server), "ok");
  EXPECT_EQ(outcome(client_with(c.foreign_client), server), "ok");
  server.client_ca = directory + "/b.pem";
  EXPECT_EQ(outcome(client_with(c.client), server), "ok");
  EXPECT_EQ(outcome(client_with(c.foreign_client), server), "server " + std::to_string(unknown_ca));
}

TEST_F(Files, OfAuthoritiesMustHoldSome) {
  auto options = server_options();
  options.verification = VerificationMode::relaxed;
  options.client_ca = directory;
  EXPECT_EQ(error(options), "client CA directory \"\": holds no file with a PEM certificate");
  options.client_ca = directory + "/none";
  EXPECT_EQ(error(options), "client CA file \"none\": No such file or directory");
}

TEST(TlsServerContext, RefusesACipherListThatLeavesNothing) {
  auto options = server_options();
  options.cipher_list = "NONSENSE";
  EXPECT_EQ(text(TlsServerContext::make(options)), "cipher list \"NONSENSE\": no cipher match");
  options.cipher_list = "ALL:!ADH:!LOW:!EXP:!MD5:!3DES:@STRENGTH";
  EXPECT_EQ(text(TlsServerContext::make(options)), "");
}

TEST(TlsClientContext, NeedsAnAuthorityToVerify) {
  auto made = [](SslMode mode, PemSource ca) {
    TlsClientOptions options;
    options.mode = mode;
    options.ca = std::move(ca);
    return text(TlsClientContext::make(options));
  };
  EXPECT_EQ(made(SslMode::verify_ca, {}), "sslmode verify-ca and verify-full need a root certificate");
  EXPECT_EQ(made(SslMode::verify_full, pem_file("/nonexistent/root.crt")),
            "root certificate file \"/nonexistent/root.crt\" does not exist");
  EXPECT_EQ(made(SslMode::verify_full, pem_file("system")), "");
  EXPECT_EQ(made(SslMode::verify_ca, pem_file("system")), "sslrootcert=system needs sslmode=verify-full");
}

}  // namespace
}  // namespace pgconform::net
