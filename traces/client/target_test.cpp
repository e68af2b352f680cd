#include "client/target.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace pgconform::client {
namespace {

using Variables = std::map<std::string, std::string>;

Environment environment(Variables variables = {}) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

std::string described(std::string_view text, Variables variables = {}) {
  const auto target = Target::parse(text, environment(std::move(variables)));
  return target ? target->describe() : "error: " + target.error();
}

Target parsed(std::string_view text, Variables variables = {}) {
  const auto target = Target::parse(text, environment(std::move(variables)));
  EXPECT_TRUE(target) << target.error();
  return target.value_or(Target{});
}

// file: a file of that content in a directory of the test's own.
class File {
 public:
  explicit File(std::string_view content) {
    std::string pattern = (std::filesystem::temp_directory_path() / "pgconform-target.XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    std::ofstream(path(), std::ios::binary) << content;
  }
  ~File() { std::filesystem::remove_all(directory_); }
  std::string path() const { return directory_ + "/file"; }
  const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
};

TEST(Target, ReadsUris) {
  EXPECT_EQ(described("postgresql://bob:x@example.org:6543/shop?sslmode=require"),
            "postgresql://bob@example.org:6543/shop?sslmode=require");
  EXPECT_EQ(described("postgres://bob@h/d"), "postgresql://bob@h:5432/d?sslmode=prefer");
  EXPECT_EQ(described("postgresql://bob@[2001:db8::1]:6543/d"), "postgresql://bob@[2001:db8::1]:6543/d?sslmode=prefer");
  EXPECT_EQ(described("postgresql:///d?host=h&user=u&port=7"), "postgresql://u@h:7/d?sslmode=prefer");
  EXPECT_EQ(described("postgresql://u@h?sslmode=verify-full&sslnegotiation=direct"),
            "postgresql://u@h:5432/u?sslmode=verify-full&sslnegotiation=direct");
  EXPECT_EQ(described("postgresql://u@h/d?ssl=true"), "postgresql://u@h:5432/d?sslmode=require");
}

TEST(Target, DecodesPercentSigns) {
  const auto target = parsed("postgresql://b%40b:s%2Fe%25c@%2Fvar%2Frun/a%20b");
  EXPECT_EQ(target.credentials.user, "b@b");
  EXPECT_EQ(target.credentials.password, "s/e%c");
  EXPECT_EQ(target.host, "/var/run");
  EXPECT_EQ(target.database, "a b");
  EXPECT_TRUE(target.over_unix_socket());
  EXPECT_EQ(target.address().path, "/var/run/.s.PGSQL.5432");
  EXPECT_EQ(target.describe(), "postgresql://b%40b@%2Fvar%2Frun:5432/a%20b?sslmode=prefer");
}

TEST(Target, ReadsConninfoStrings) {
  const auto target = parsed(R"(host = h  port=7 user='o x' password='a\'b c\\d' dbname=x\ y application_name='')");
  EXPECT_EQ(target.host, "h");
  EXPECT_EQ(target.port, 7);
  EXPECT_EQ(target.credentials.password, "a'b c\\d");
  EXPECT_EQ(target.database, "x y");
  EXPECT_TRUE(target.startup.empty());
}

TEST(Target, TakesWhatIsLeftOpenFromTheEnvironment) {
  const Variables variables{{"PGHOST", "env"},        {"PGPORT", "99"},      {"PGUSER", "eve"},
                            {"PGPASSWORD", "pw"},     {"PGDATABASE", "edb"}, {"PGSSLMODE", "require"},
                            {"PGSSLROOTCERT", "/ca"}, {"PGAPPNAME", "tests"}};
  const auto target = parsed("postgresql://h", variables);
  EXPECT_EQ(target.describe(), "postgresql://eve@h:99/edb?sslmode=require");
  EXPECT_EQ(target.credentials.password, "pw");
  EXPECT_EQ(target.ca, "/ca");
  EXPECT_EQ(target.startup.at("application_name"), "tests");
  const auto from = Target::from_environment(environment(variables));
  ASSERT_TRUE(from && *from);
  EXPECT_EQ((*from)->host, "env");
}

TEST(Target, IsNotMadeFromAnEnvironmentThatNamesNone) {
  for (const Variables& variables : {Variables{}, Variables{{"PGHOST", ""}}, Variables{{"PGUSER", "u"}}}) {
    const auto from = Target::from_environment(environment(variables));
    ASSERT_TRUE(from);
    EXPECT_FALSE(from->has_value());
  }
  EXPECT_EQ(Target::from_environment(environment({{"PGPORT", "x"}})).error(),
            "from the environment: port is \"x\"; it must be a number from 1 to 65535");
}

TEST(Target, ReadsServiceFiles) {
  const File file("# services\n[other]\nhost=o\n[shop]\nhost = s\nport=8\n[more]\nhost=m\n");
  const Variables variables{{"PGSERVICE", "shop"}, {"PGSERVICEFILE", file.path()}, {"PGHOST", "env"}, {"PGUSER", "u"}};
  EXPECT_EQ(described("dbname=d", variables), "postgresql://u@s:8/d?sslmode=prefer");
  EXPECT_EQ(described("service=none user=u", variables), "error: " + file.path() + ": there is no service \"none\"");
  EXPECT_EQ(described("service=shop", {}), "error: there is no service \"shop\": no service file was found");
}

struct Wrong {
  std::string_view text, error;
};

TEST(Target, SaysWhatIsWrong) {
  constexpr std::string_view known =
      "known are host, hostaddr, port, dbname, user, password, sslmode, sslnegotiation, sslrootcert, sslcert, sslkey, "
      "sslpassword, sslsni, service, client_encoding, options, application_name";
  const Wrong claims[] = {
      {"", "the target is empty; give a URI, a conninfo string or @FILE"},
      {"  \n", "the target is empty; give a URI, a conninfo string or @FILE"},
      {"@", "the target is @ without a file name"},
      {"@/nowhere/at-all", "@/nowhere/at-all: No such file or directory"},
      {"localhost:secret",
       "the target is neither a URI (postgresql://…) nor a conninfo string (host=… port=…) nor @FILE"},
      {"mysql://u:secret@h?a=b", "the target is a URI, but not one of postgresql:// or postgres://"},
      {"jdbc:postgresql://h/d",
       "the target is a JDBC URL; leave out its jdbc: and give user and password as libpq does"},
      {"postgresql://a,b/d", "host names several; a target is one server"},
      {"postgresql://[::1],[::2]/d", "the URI names several hosts; a target is one server"},
      {"postgresql://[::1/d", "the URI's host begins with [ but has no ]"},
      {"postgresql://[]/d", "the URI's host is an empty IPv6 address, []"},
      {"postgresql://[::1]x/d", "the URI's host has something other than :PORT after the ]"},
      {"postgresql://u:%zz@h/d", "the URI's password has a % without two hexadecimal digits"},
      {"postgresql://u%00@h/d", "the URI's user contains %00"},
      {"postgresql://u@h:0/d", "port is \"0\"; it must be a number from 1 to 65535"},
      {"postgresql://u@h:65536/d", "port is \"65536\"; it must be a number from 1 to 65535"},
      {"postgresql://h/d?sslmode", "a parameter of the URI has no ="},
      {"postgresql://h/d?a=b=c", "a parameter of the URI has more than one ="},
      {"host=h port", "the conninfo string has no = after \"port\""},
      {"=h", "the conninfo string has a value without a key"},
      {"host='h", "the conninfo string has no closing ' for \"host\""},
      {"sslmode=on", "sslmode is \"on\"; it can be disable, allow, prefer, require, verify-ca, verify-full"},
      {"sslnegotiation=x", "sslnegotiation is \"x\"; it can be postgres, direct"},
      {"sslnegotiation=direct", "sslnegotiation is \"direct\", which takes sslmode require, verify-ca or verify-full"},
      {"sslsni=2", "sslsni is \"2\"; it can be 0, 1"},
  };
  for (const auto& [text, error] : claims) EXPECT_EQ(described(text), "error: " + std::string(error)) << text;
  EXPECT_EQ(described("postgresql://h/d?colour=red"), "error: unknown key \"colour\"; " + std::string(known));
  EXPECT_EQ(described("hots=h"), "error: unknown key \"hots\"; " + std::string(known));
  EXPECT_EQ(described(std::string_view("host=\0", 6)), "error: the target contains a NUL byte");
}

TEST(Target, ReadsDescriptions) {
  const File file(
      R"({"uri":"postgresql://c:c@127.0.0.1:7/d?sslmode=disable","ca":"/dev/null","client_certificate":"c.crt",
    "client_key":"c.key","roles":{"md5":{"user":"m","password":"p"},"trust":{"user":"t"}},
    "control":{"start":"a","stop":"b","reload":"c"},"profile":"postgresql"})");
  for (const auto* name : {"/c.crt", "/c.key"}) std::ofstream(file.directory() + name) << "PEM";
  const auto target = parsed("@" + file.path(), {{"PGSSLROOTCERT", "/env"}});
  EXPECT_EQ(target.describe(), "postgresql://c@127.0.0.1:7/d?sslmode=disable");
  EXPECT_EQ(target.ca, "/dev/null");
  EXPECT_EQ(target.client_certificate, file.directory() + "/c.crt");
  EXPECT_EQ(target.client_key, file.directory() + "/c.key");
  ASSERT_TRUE(target.role("md5") && target.role("trust") && target.role(""));
  EXPECT_EQ(target.role("md5")->password, "p");
  EXPECT_EQ(target.role("")->user, "c");
  EXPECT_EQ(target.role("scram"), nullptr);
  EXPECT_EQ(target.control.reload, "c");
  EXPECT_EQ(target.profile, "postgresql");
}

TEST(Target, SaysWhatIsWrongWithADescription) {
  const Wrong claims[] = {
      {"{\"uri\": secret", "byte 9: not JSON"},
      {R"({"uri":"postgresql://h","client_key":"/nowhere/key"})",
       "\"client_key\": /nowhere/key: No such file or directory"},
      {"[]", "the target description is not an object"},
      {"{}", "the target description has no \"uri\""},
      {R"({"uri":5})", "\"uri\" of the target description is not a string"},
      {R"({"uri":"host=h"})", "\"uri\" does not begin with postgresql:// or postgres://"},
      {R"({"uri":"postgresql://h","user":"u"})",
       "unknown key \"user\" in the target description; known are uri, ca, client_certificate, client_key, roles, "
       "control, profile"},
      {R"({"uri":"postgresql://h","roles":{"md5":{"user":"u","pass":"p"}}})",
       "unknown key \"pass\" in role \"md5\"; known are user, password"},
      {R"({"uri":"postgresql://h","roles":{"md5":{}}})", "role \"md5\" has no \"user\""},
      {R"({"uri":"postgresql://h","roles":[]})", "\"roles\" is not an object"},
      {R"({"uri":"postgresql://h","control":{"restart":"x"}})",
       "unknown key \"restart\" in \"control\"; known are start, stop, reload"},
  };
  for (const auto& [text, error] : claims) {
    const File file(text);
    EXPECT_EQ(described("@" + file.path()), "error: @" + file.path() + ": " + std::string(error)) << text;
  }
}

TEST(Target, KnowsTheKeysOfItsSchema) {
  std::ifstream file(TARGET_SCHEMA);
  const auto schema = nlohmann::json::parse(file);
  std::vector<std::string> in_schema, known(description_keys().begin(), description_keys().end());
  for (const auto& [key, value] : schema["properties"].items()) in_schema.push_back(key);
  std::ranges::sort(known);
  EXPECT_EQ(in_schema, known);
  EXPECT_EQ(schema["required"], nlohmann::json::array({"uri"}));
}

}  // namespace
}  // namespace pgconform::client
