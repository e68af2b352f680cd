// Whatever is in the files, loading ends with a configuration or with one line that begins with a file's name.

#include <gmock/gmock.h>

#include <random>
#include <sstream>

#include "server/configuration/configuration.hpp"
#include "server/configuration/test_directory.hpp"

namespace pgconform::server {
namespace {

std::string contents(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(std::string(SAMPLE_DIRECTORY "/") + name, std::ios::binary).rdbuf();
  return text.str();
}

class Robustness : public testing::Test {
 protected:
  void SetUp() override {
    for (const std::string& name : names_) directory_.write(name, samples_.emplace_back(contents(name)));
    directory_.write("full/config.xml", everything_);
  }

  void expect_clean_end(const std::filesystem::path& file, std::string_view what) {
    const auto loaded = load_configuration(file, [](const std::string&) { return std::nullopt; });
    if (loaded) return;
    EXPECT_TRUE(loaded.error().starts_with((directory_ / "").string())) << what << ": " << loaded.error();
    EXPECT_EQ(loaded.error().find_first_of("\n\r"), std::string::npos) << what;
    EXPECT_GT(loaded.error().size(), 10U);
  }

  TestDirectory directory_;
  const std::vector<std::string> names_ = {"config.xml", "config.d/postgresql.xml", "users.xml"};
  std::vector<std::string> samples_;
  // One file that uses every element there is, without comments, so that a mutation is likely to meet one.
  const std::string everything_ = R"(<clickhouse><postgresql_port>9005</postgresql_port><listen_host>::1</listen_host>
<listen_try>1</listen_try><listen_backlog>9</listen_backlog><max_connections>3</max_connections><logger><level>debug</level><log>l</log></logger>
<postgresql_server_version>18</postgresql_server_version><postgresql_require_secure_transport>0</postgresql_require_secure_transport>
<openSSL><server><privateKeyFile>k</privateKeyFile><certificateFile>c</certificateFile><caConfig>a</caConfig><verificationMode>once</verificationMode>
<verificationDepth>9</verificationDepth><disableProtocols>tlsv1,tlsv1_3</disableProtocols><cipherList>x</cipherList></server></openSSL>
<users><a><password from_env="A" replace="1">x</password><networks><ip>10.0.0.0/8</ip><ip>::1/ffff::</ip><host>h</host></networks></a>
<b><password_sha256_hex>04e7a70338d7af7bb6142fe7e19fef46d9b605f3e78b932a60e8200ef9154976</password_sha256_hex></b>
<c><password_scram_sha256>SCRAM-SHA-256$4096:c2FsdA==$mdLEJ/y3eSlreRCmWGpUR+oFTyyZOxsELMwCgx8J72s=:EyAP+CgSt4YIEDK+M6ddz2MyF6+6OSKVvUapiyJ/mPE=
</password_scram_sha256></c></users></clickhouse>)";
};

TEST_F(Robustness, TruncatedSamplesEndCleanly) {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    for (std::size_t length = 0; length < samples_[i].size(); ++length) {
      directory_.write(names_[i], samples_[i].substr(0, length));
      expect_clean_end(directory_ / "config.xml", names_[i] + " cut at " + std::to_string(length));
    }
    directory_.write(names_[i], samples_[i]);
  }
}

TEST_F(Robustness, MutatedFilesEndCleanly) {
  std::mt19937 random(20240710);
  const auto below = [&](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  const std::string_view pieces[] = {"<",
                                     ">",
                                     "/",
                                     "</",
                                     "<a>",
                                     "\"",
                                     "&",
                                     "&#0;",
                                     "&#x10ffff;",
                                     "]]>",
                                     "<![CDATA[",
                                     "<!--",
                                     "-->",
                                     "<?",
                                     "<!DOCTYPE x [",
                                     " replace=''",
                                     " remove=''",
                                     " incl='x'",
                                     " from_env='X'",
                                     " from_zk='x'",
                                     "<include/>",
                                     "<include_from>users.xml</include_from>",
                                     "\n",
                                     "99999999999",
                                     "\xff",
                                     "é",
                                     " "};
  std::size_t loaded = 0;
  for (int round = 0; round < 3000; ++round) {
    const bool full = round % 2 == 0;
    const std::size_t which = below(names_.size());
    std::string text = full ? everything_ : samples_[which];
    for (std::size_t change = 1 + below(3); change > 0; --change) {
      const std::size_t at = below(text.size()), length = std::min(text.size() - at, below(40));
      switch (below(4)) {
        case 0:
          text[at] = static_cast<char>(below(256));
          break;
        case 1:
          text.insert(at, pieces[below(std::size(pieces))]);
          break;
        case 2:
          text.erase(at, std::min(length, text.size() - 1));
          break;
        default:
          text.insert(below(text.size()), text.substr(at, length));
          break;
      }
    }
    const std::string name = full ? "full/config.xml" : names_[which];
    directory_.write(name, text);
    expect_clean_end(directory_ / (full ? "full/config.xml" : "config.xml"), "round " + std::to_string(round));
    if (load_configuration(directory_ / (full ? "full/config.xml" : "config.xml"))) ++loaded;
    if (!full) directory_.write(name, samples_[which]);
  }
  // Both ends must have been met, or the mutations are too rough to say anything.
  EXPECT_GT(loaded, 300U);
  EXPECT_LT(loaded, 2700U);
}

}  // namespace
}  // namespace pgconform::server
