#include "notation/sql_template.hpp"

#include <gtest/gtest.h>

namespace pgconform::notation {
namespace {

std::string expanded(SqlTemplates& templates, std::string_view sql) {
  auto text = templates.expand(sql);
  return text ? *text : "error: " + text.error();
}

TEST(SqlTemplates, SpeakPostgresqlByDefault) {
  SqlTemplates t("k1");
  EXPECT_EQ(expanded(t, "SELECT 1"), "SELECT 1");
  EXPECT_EQ(expanded(t, "${rows:5}"), "SELECT g FROM generate_series(1,5) AS g");
  EXPECT_EQ(expanded(t, "${sleep:0.5}; ${sleep:1}"), "SELECT pg_sleep(0.5); SELECT pg_sleep(1)");
  EXPECT_EQ(expanded(t, "${error-at-execute}"), "SELECT 1/(g-1) FROM generate_series(1,1) AS g");
}

TEST(SqlTemplates, EscapeWithTwoDollars) {
  SqlTemplates t("k1");
  EXPECT_EQ(expanded(t, "SELECT '$${rows:5}', $1, $$x$$"), "SELECT '${rows:5}', $1, $$x$$");
}

TEST(SqlTemplates, TakeTheProfilesDialect) {
  SqlTemplates t("k1", "",
                 {{"sleep", "SELECT sleep(${1})"},
                  {"answer", "SELECT 42"},
                  {"create-table", "CREATE TABLE ${name} (${1}) ENGINE = Memory"}});
  EXPECT_EQ(expanded(t, "${sleep:3}"), "SELECT sleep(3)");
  EXPECT_EQ(expanded(t, "${answer}"), "SELECT 42");
  EXPECT_EQ(expanded(t, "${rows:2}"), "SELECT g FROM generate_series(1,2) AS g");
  EXPECT_EQ(expanded(t, "${table:a int}"), "t_k1_1");
  EXPECT_EQ(t.tables().at(0).create, "CREATE TABLE t_k1_1 (a int) ENGINE = Memory");
}

TEST(SqlTemplates, NameTablesOncePerCase) {
  SqlTemplates t("k1", "s.");
  EXPECT_EQ(expanded(t, "INSERT INTO ${table:a int} SELECT * FROM ${table:b text}"),
            "INSERT INTO s.t_k1_1 SELECT * FROM s.t_k1_2");
  EXPECT_EQ(expanded(t, "TABLE ${table:a int}"), "TABLE s.t_k1_1");
  ASSERT_EQ(t.tables().size(), 2U);
  EXPECT_EQ(t.tables()[0].create, "CREATE TABLE s.t_k1_1 (a int)");
  EXPECT_EQ(t.tables()[0].drop, "DROP TABLE IF EXISTS s.t_k1_1");
}

TEST(SqlTemplates, MakeUniqueNames) {
  SqlTemplates t("k1");
  EXPECT_EQ(expanded(t, "LISTEN ${unique:ch}; NOTIFY ${unique:ch}"), "LISTEN ch_k1; NOTIFY ch_k1");
  EXPECT_EQ(t.names().at("ch"), "ch_k1");
}

TEST(SqlTemplates, RejectWhatTheyDoNotKnow) {
  SqlTemplates t("k1");
  EXPECT_EQ(expanded(t, "${row:5}"), "error: unknown SQL template ${row}");
  EXPECT_EQ(expanded(t, "${rows}"), "error: ${rows:…} takes a number");
  EXPECT_EQ(expanded(t, "${rows:5;DROP}"), "error: ${rows:…} takes a number");
  EXPECT_EQ(expanded(t, "${rows:5"), "error: ${ without }; $${ stands for ${");
  EXPECT_EQ(expanded(t, "${error-at-execute:1}"), "error: ${error-at-execute} takes no argument");
  EXPECT_EQ(expanded(t, "${unique:A b}"), "error: ${unique:…} takes a word of a-z, 0-9 and _");
  EXPECT_EQ(expanded(t, "${table}"), "error: ${table:…} without columns");
}

TEST(SqlTemplates, ExpandOnlyTheQueryOfQueryAndParse) {
  SqlTemplates t("k1");
  Message parse{.name = "Parse", .fields = {{"statement", "${rows:1}"}, {"query", "${rows:1}"}}};
  ASSERT_TRUE(t.expand_fields(parse));
  EXPECT_EQ(parse.fields.dump(), R"({"statement":"${rows:1}","query":"SELECT g FROM generate_series(1,1) AS g"})");
  Message copy{.name = "CopyFail", .fields = {{"query", "${rows:1}"}}};
  ASSERT_TRUE(t.expand_fields(copy));
  EXPECT_EQ(copy.fields["query"], "${rows:1}");
  Message close{.name = "Query", .fields = {{"query", {{"hex", "00"}}}}};
  EXPECT_TRUE(t.expand_fields(close));
}

TEST(SqlTemplates, TellThePlaceOfABadOne) {
  SqlTemplates t("k1");
  Item bad{.place = {3, 5}, .what = Message{.name = "Query", .fields = {{"query", "${x}"}}}};
  std::vector<Item> items{
      Item{.what = Block{.kind = Block::Kind::repeat, .times = 2, .items = {bad}, .alternatives = {}}}};
  auto done = t.expand_all(items, "f.case");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().text().substr(0, 41), "f.case:3:5: unknown SQL template ${x}, ex");
}

}  // namespace
}  // namespace pgconform::notation
