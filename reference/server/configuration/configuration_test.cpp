#include "server/configuration/configuration.hpp"

#include <gmock/gmock.h>

#include "server/configuration/test_directory.hpp"

namespace pgconform::server {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::string_view no_users = "<users><u><no_password/></u></users>";

class LoadConfiguration : public testing::Test {
 protected:
  void write(std::string_view name, std::string_view content) {
    directory_.write(name, "<clickhouse>\n" + std::string(content) + "</clickhouse>");
  }
  std::expected<Configuration, std::string> load() {
    auto loaded = load_configuration(directory_ / "config.xml", [](const std::string&) { return std::nullopt; });
    if (!loaded) return std::unexpected(directory_.without_path(loaded.error()));
    for (std::string& warning : loaded->warnings) warning = directory_.without_path(warning);
    return loaded;
  }
  // with gives the configuration of one file with a port, a user, and `content` from its third line on.
  std::expected<Configuration, std::string> with(std::string_view content) {
    write("config.xml",
          "<postgresql_port>9005</postgresql_port>" + std::string(no_users) + "\n" + std::string(content));
    return load();
  }
  std::string error(std::string_view content) {
    const auto loaded = with(content);
    return loaded ? "none" : loaded.error();
  }

  TestDirectory directory_;
};

TEST(Configuration, WithoutAnyFileListensOnLoopback) {
  const Configuration configuration;
  EXPECT_EQ(configuration.port, 9005);
  EXPECT_THAT(configuration.listen_hosts, ElementsAre("::1", "127.0.0.1"));
  EXPECT_TRUE(configuration.listen_try);
  EXPECT_FALSE(configuration.tls.has_certificate());
}

TEST_F(LoadConfiguration, DefaultsAreClickHouses) {
  const auto loaded = with("");
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->port, 9005);
  EXPECT_THAT(loaded->listen_hosts, ElementsAre("::1", "127.0.0.1"));
  EXPECT_TRUE(loaded->listen_try);
  EXPECT_EQ(loaded->listen_backlog, 4096);
  EXPECT_FALSE(loaded->listen_reuse_port);
  EXPECT_FALSE(loaded->require_secure_transport);
  EXPECT_EQ(loaded->log_file, "");
  EXPECT_EQ(loaded->log_level, LogLevel::trace);
  EXPECT_EQ(loaded->tls.verification_mode, VerificationMode::relaxed);
  EXPECT_EQ(loaded->tls.verification_depth, 9);
  EXPECT_TRUE(loaded->tls.load_default_ca_file);
  EXPECT_EQ(loaded->server_version, std::nullopt);
  EXPECT_THAT(loaded->warnings, IsEmpty());
}

TEST_F(LoadConfiguration, SampleIsLoadedWithTheUsersOfThePage) {
  const auto loaded = load_configuration(SAMPLE_DIRECTORY "/config.xml");
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->port, 9005);
  EXPECT_EQ(loaded->server_version, "22.3.1.1");
  EXPECT_THAT(loaded->warnings, IsEmpty());
  ASSERT_EQ(loaded->users.size(), 3U);
  EXPECT_EQ(loaded->users[0].name, "default");
  EXPECT_EQ(std::get<CleartextPassword>(loaded->users[0].authentication).password, "");
  EXPECT_EQ(loaded->users[1].name, "alice");
  EXPECT_NE(std::get<CleartextPassword>(loaded->users[1].authentication).password, "");
  EXPECT_EQ(loaded->users[2].name, "user_with_sha256");
  EXPECT_EQ(std::get<ScramSaltedPassword>(loaded->users[2].authentication).salted_password[0], 0x04);
}

TEST_F(LoadConfiguration, LaterFilesWin) {
  write("config.xml", std::string(no_users) + "<listen_host>::1</listen_host>");
  write("config.d/b.xml", "<postgresql_port>2</postgresql_port>");
  write("config.d/a.xml", "<postgresql_port>1</postgresql_port><max_connections>7</max_connections>");
  directory_.write("conf.d/z.conf", "<yandex><postgresql_port>3</postgresql_port></yandex>");
  const auto loaded = load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->port, 2);
  EXPECT_EQ(loaded->max_connections, 7);
}

TEST_F(LoadConfiguration, AnErrorNamesTheFileThatTheValueCameFrom) {
  write("config.xml", std::string(no_users) + "<postgresql_port>9005</postgresql_port>");
  write("config.d/port.xml", "\n<postgresql_port>70000</postgresql_port>");
  EXPECT_EQ(load().error(),
            "config.d/port.xml:3: <postgresql_port>: \"70000\" is wrong, expected an integer from 0 to 65535");
}

TEST_F(LoadConfiguration, AnotherRootIsRefusedInEveryFile) {
  directory_.write("config.xml", "<config/>");
  EXPECT_EQ(load().error(),
            "config.xml:1: <config>: is no root element of a configuration, expected <clickhouse> or <yandex>");
  with("");
  directory_.write("config.d/a.xml", "<config/>");
  EXPECT_THAT(load().error(), StartsWith("config.d/a.xml:1: <config>: "));
}

TEST_F(LoadConfiguration, FilesThatCannotBeReadAreNamed) {
  EXPECT_EQ(load().error(), "config.xml: no such file, expected an XML configuration file");
  with("");
  directory_.write("config.d/a.xml", "<clickhouse>");
  EXPECT_THAT(load().error(), StartsWith("config.d/a.xml:1: is not well-formed XML"));
  std::filesystem::remove(directory_ / "config.d/a.xml");
  std::filesystem::create_symlink("gone", directory_ / "config.d/b.xml");
  EXPECT_THAT(load().error(), StartsWith("config.d/b.xml: no such file"));
}

TEST_F(LoadConfiguration, WithoutAPortNothingWouldListen) {
  write("config.xml", no_users);
  EXPECT_EQ(load().error(),
            "config.xml:1: <clickhouse>: has no <postgresql_port>, so nothing listens; expected "
            "<postgresql_port>9005</postgresql_port>");
  write("config.xml", std::string(no_users) + "<postgresql_port/>");
  EXPECT_THAT(load().error(), StartsWith("config.xml:2: <postgresql_port>: is empty, so nothing listens"));
  write("config.xml", std::string(no_users) + R"(<postgresql_port from_env="NO"/>)");
  EXPECT_THAT(load().error(), EndsWith("; from_env: the environment variable NO is not set"));
}

TEST_F(LoadConfiguration, ValuesGivenTwiceAreRefused) {
  EXPECT_EQ(error("<postgresql_port>9006</postgresql_port>"),
            "config.xml:3: <postgresql_port>: is given twice, expected it once; it also stands at config.xml:2");
  EXPECT_THAT(error("<logger/><logger/>"), HasSubstr("<logger>: is given twice"));
}

TEST_F(LoadConfiguration, ListenHostsMayBeAddressesAndNames) {
  const auto loaded = with(
      "<listen_host>::</listen_host><listen_host> 0.0.0.0 </listen_host><listen_host>db-1.example</listen_host>"
      "<listen_host>fe80::1%eth0</listen_host>");
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_THAT(loaded->listen_hosts, ElementsAre("::", "0.0.0.0", "db-1.example", "fe80::1%eth0"));
  EXPECT_FALSE(loaded->listen_try);
  EXPECT_TRUE(with("<listen_host>::1</listen_host><listen_try>1</listen_try>")->listen_try);
  EXPECT_FALSE(with("<listen_try>0</listen_try>")->listen_try);
}

TEST_F(LoadConfiguration, AListenHostGivenTwiceIsTakenOnce) {
  const auto loaded = with("<listen_host>::1</listen_host><listen_host>::1</listen_host>");
  EXPECT_THAT(loaded->listen_hosts, ElementsAre("::1"));
  EXPECT_THAT(loaded->warnings, ElementsAre("config.xml:3: <listen_host>: ::1 is given twice"));
}

TEST_F(LoadConfiguration, WrongListenHostsAreRefused) {
  for (const std::string host : {"[::1]", "127.0.0.1:9005", "999.1.1.1", "1.2.3", "a b", "::g", "%eth0", "fe80::1%"}) {
    EXPECT_EQ(error("<listen_host>" + host + "</listen_host>"),
              "config.xml:3: <listen_host>: \"" + host +
                  "\" is wrong, expected an IPv4 or IPv6 address or a host name, without brackets and port");
  }
  EXPECT_THAT(error("<listen_host/>"), HasSubstr("is empty"));
}

TEST_F(LoadConfiguration, ListeningHasItsOtherSettings) {
  const auto loaded = with(
      "<listen_backlog>10</listen_backlog><listen_reuse_port>yes</listen_reuse_port><max_connections>5</"
      "max_connections>");
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->listen_backlog, 10);
  EXPECT_TRUE(loaded->listen_reuse_port);
  EXPECT_EQ(loaded->max_connections, 5);
  EXPECT_THAT(error("<max_connections>0</max_connections>"), HasSubstr("expected an integer from 1 to 1000000"));
  EXPECT_THAT(error("<listen_try>perhaps</listen_try>"), HasSubstr("is no boolean"));
}

TEST_F(LoadConfiguration, LoggerHasAFileAndALevel) {
  const auto loaded = with("<logger><level>warning</level><log>server.log</log></logger>");
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->log_level, LogLevel::warning);
  EXPECT_EQ(loaded->log_file, directory_ / "server.log");
  EXPECT_EQ(with("<logger><log>/var/log/x.log</log></logger>")->log_file, "/var/log/x.log");
  EXPECT_EQ(error("<logger><level>loud</level></logger>"),
            "config.xml:3: <level>: \"loud\" is wrong, expected none, fatal, critical, error, warning, notice, "
            "information, debug or trace");
}

TEST_F(LoadConfiguration, TlsHasClickHousesKeys) {
  const auto loaded = with(R"(<openSSL><server>
      <privateKeyFile>server.key</privateKeyFile><certificateFile>/etc/server.crt</certificateFile><caConfig>ca</caConfig>
      <verificationMode>strict</verificationMode><verificationDepth>3</verificationDepth><loadDefaultCAFile>false</loadDefaultCAFile>
      <cipherList>ECDHE+AESGCM</cipherList><disableProtocols>sslv2, sslv3,tlsv1_3</disableProtocols><requireTLSv1_2>true</requireTLSv1_2>
      <preferServerCiphers>true</preferServerCiphers></server></openSSL>)");
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_THAT(loaded->warnings, IsEmpty());
  const TlsConfiguration& tls = loaded->tls;
  EXPECT_TRUE(tls.has_certificate());
  EXPECT_EQ(tls.private_key_file, directory_ / "server.key");
  EXPECT_EQ(tls.certificate_file, "/etc/server.crt");
  EXPECT_EQ(tls.ca_config, directory_ / "ca");
  EXPECT_EQ(tls.verification_mode, VerificationMode::strict);
  EXPECT_EQ(tls.verification_depth, 3);
  EXPECT_FALSE(tls.load_default_ca_file);
  EXPECT_EQ(tls.cipher_list, "ECDHE+AESGCM");
  EXPECT_TRUE(tls.prefer_server_ciphers);
  EXPECT_TRUE(tls.tls_1_2);
  EXPECT_FALSE(tls.tls_1_3);
}

TEST_F(LoadConfiguration, TlsModesAreFour) {
  const auto mode = [&](const std::string& word) {
    return with("<openSSL><server><verificationMode>" + word + "</verificationMode></server></openSSL>")
        ->tls.verification_mode;
  };
  EXPECT_EQ(mode("none"), VerificationMode::none);
  EXPECT_EQ(mode("relaxed"), VerificationMode::relaxed);
  EXPECT_EQ(mode("strict"), VerificationMode::strict);
  EXPECT_EQ(mode("once"), VerificationMode::once);
}

TEST_F(LoadConfiguration, TlsKeysWithoutMeaningAreWarnedAbout) {
  EXPECT_THAT(
      with("<openSSL><server><cipherSuites>x</cipherSuites><fips>false</fips></server><client><x/></client></openSSL>")
          ->warnings,
      ElementsAre("config.xml:3: <cipherSuites>: has no meaning inside <server> here and is ignored",
                  "config.xml:3: <fips>: has no meaning inside <server> here and is ignored"));
}

TEST_F(LoadConfiguration, WrongTlsIsRefused) {
  const auto tls = [&](const std::string& content) {
    return error("<openSSL><server>" + content + "</server></openSSL>");
  };
  EXPECT_EQ(tls("<certificateFile>a</certificateFile>"),
            "config.xml:3: <certificateFile>: stands alone, expected <privateKeyFile> beside it");
  EXPECT_EQ(tls("<privateKeyFile>a</privateKeyFile>"),
            "config.xml:3: <privateKeyFile>: stands alone, expected <certificateFile> beside it");
  EXPECT_THAT(tls("<privateKeyFile/>"), HasSubstr("is empty, expected a file name"));
  EXPECT_THAT(tls("<verificationMode>lax</verificationMode>"),
              HasSubstr("\"lax\" is wrong, expected none, relaxed, strict or once"));
  EXPECT_THAT(tls("<disableProtocols>tls1.2</disableProtocols>"), HasSubstr("\"tls1.2\" is no protocol"));
  EXPECT_THAT(tls("<disableProtocols>tlsv1_2,tlsv1_3</disableProtocols>"), HasSubstr("disables both"));
  EXPECT_THAT(tls("<verificationDepth>-1</verificationDepth>"), HasSubstr("expected an integer from 0 to 100"));
  EXPECT_THAT(tls("<requireTLSv1_2>x</requireTLSv1_2>"), HasSubstr("is no boolean"));
  EXPECT_THAT(tls("text"), HasSubstr("<server>: contains text between its elements"));
}

TEST_F(LoadConfiguration, SecureTransportMayBeRequired) {
  const auto loaded = with("<postgresql_require_secure_transport>1</postgresql_require_secure_transport>");
  EXPECT_TRUE(loaded->require_secure_transport);
  EXPECT_THAT(loaded->warnings, ElementsAre(HasSubstr("nobody can connect")));
}

TEST_F(LoadConfiguration, ServerVersionBeginsWithADigit) {
  EXPECT_EQ(with("<postgresql_server_version> 18.1 (ours)</postgresql_server_version>")->server_version, "18.1 (ours)");
  for (const std::string bad : {"v18", "18\n1", ""}) {
    EXPECT_THAT(error("<postgresql_server_version>" + bad + "</postgresql_server_version>"),
                HasSubstr("begins with a digit"));
  }
}

TEST_F(LoadConfiguration, WhatOtherPartsOwnIsPassedOverAndWhatIsMisspeltHereIsNot) {
  const auto loaded = with(
      "<http_port>8123</http_port><http_port>8124</http_port><zookeeper><node/></zookeeper>"
      "<postgresql_prot>1</postgresql_prot><listen_hosts>::</listen_hosts><logger><size>1M</size></logger>");
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_THAT(loaded->warnings, ElementsAre("config.xml:3: <size>: has no meaning inside <logger> here and is ignored",
                                            "config.xml:3: <postgresql_prot>: is unknown here and is ignored",
                                            "config.xml:3: <listen_hosts>: is unknown here and is ignored"));
}

class UsersFile : public LoadConfiguration {
 protected:
  // names gives the names of the users, or the error.
  std::string names() {
    const auto loaded = load();
    if (!loaded) return loaded.error();
    std::string names;
    for (const User& user : loaded->users) names += user.name + " ";
    return names;
  }
  const std::string port_ = "<postgresql_port>9005</postgresql_port>";
};

std::string user(std::string_view name) {
  return "<users><" + std::string(name) + "><no_password/></" + std::string(name) + "></users>";
}

TEST_F(UsersFile, IsUsersXmlUnlessNamed) {
  write("config.xml", port_);
  write("users.xml", user("a"));
  EXPECT_EQ(names(), "a ");
  write("other.xml", user("b"));
  write("config.xml", port_ + "<users_config>other.xml</users_config>");
  EXPECT_EQ(names(), "b ");
  write("config.xml", port_ + "<user_directories><users_xml><path>other.xml</path></users_xml></user_directories>");
  EXPECT_EQ(names(), "b ");
}

TEST_F(UsersFile, IsMergedWithItsOverlays) {
  write("config.xml", port_);
  write("users.xml", user("a"));
  write("users.d/b.xml", user("b"));
  write("users.d/c.xml", "<users><a remove='1'/></users>");
  write("conf.d/d.xml", user("d"));
  EXPECT_EQ(names(), "d b ");
}

TEST_F(UsersFile, AChangeOfKindByAnOverlayMustTakeTheOldKindAway) {
  write("config.xml", port_);
  write("users.xml", "<users><a><no_password/></a></users>");
  write("users.d/a.xml", "<users><a><password>x</password></a></users>");
  EXPECT_THAT(
      names(),
      StartsWith("users.xml:2: <a>: user a has both <no_password> (users.xml:2) and <password> (users.d/a.xml:2)"));
  write("users.d/a.xml", "<users><a><no_password remove='1'/><password>x</password></a></users>");
  EXPECT_EQ(names(), "a ");
}

TEST_F(UsersFile, IsNotNeededWithUsersInside) {
  write("config.xml", port_ + user("inside"));
  EXPECT_EQ(names(), "inside ");
  write("users.xml", user("a"));
  EXPECT_EQ(names(), "inside ");
}

TEST_F(UsersFile, MayBeTheConfigurationItself) {
  write("config.xml", port_ + user("inside") + "<users_config>config.xml</users_config>");
  EXPECT_EQ(names(), "inside ");
}

TEST_F(UsersFile, BesideUsersInsideIsRefused) {
  write("config.xml", port_ + user("inside") + "<users_config>users.xml</users_config>");
  write("users.xml", user("a"));
  EXPECT_EQ(
      names(),
      "config.xml:2: <users>: stands inside although config.xml:2 names a users file, expected users in one place");
}

TEST_F(UsersFile, MustBeThere) {
  write("config.xml", port_);
  EXPECT_EQ(names(),
            "config.xml:1: <clickhouse>: there is no users file users.xml, expected it, <users_config> naming "
            "another, or <users> inside");
  write("config.xml", port_ + "<users_config>gone.xml</users_config>");
  EXPECT_EQ(names(),
            "config.xml:2: <users_config>: there is no users file gone.xml, expected an XML file with <users>");
  write("config.xml", port_ + "<users_config/>");
  EXPECT_THAT(names(), HasSubstr("is empty, expected the name of the users file"));
  write("users.xml", "");
  write("config.xml", port_);
  EXPECT_EQ(names(), "users.xml:1: <clickhouse>: has no <users>, expected it with an element for each user");
  write("config.xml", port_ + "<users_config>.</users_config>");
  EXPECT_THAT(names(), HasSubstr("is a directory"));
}

TEST_F(UsersFile, IncludesFromTheFileThatTheConfigurationNames) {
  write("config.xml", port_ + "<include_from>m.xml</include_from>");
  write("users.xml", "<users><a><no_password/><networks incl='net'/></a></users>");
  write("m.xml", "<net><ip>::1</ip></net>");
  const auto loaded = load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_TRUE(loaded->users.at(0).networks.value().admits_address(*parse_ip("::1")));
}

}  // namespace
}  // namespace pgconform::server
