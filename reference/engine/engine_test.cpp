#include "engine/engine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/replay.hpp"
#include "types/type.hpp"

namespace pgconform::engine {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<session::Backend> login(session::Engine& engine,
                                        std::vector<std::pair<std::string, std::string>> settings = {}) {
  session::Login who{
      .user = "alice", .database = "default", .options = {}, .settings = std::move(settings), .pid = 4711, .wake = {}};
  auto backend = engine.connect(std::move(who));
  EXPECT_TRUE(backend) << backend.error().message;
  return std::move(*backend);
}

std::string first_line(std::string text) {
  return text.substr(0, text.find('\n'));
}

// Each file of statements/ is one session's query strings ("> …") with the answers that PostgreSQL gave.
class Statements : public testing::TestWithParam<std::filesystem::path> {
 protected:
  void replay(Options options);
};

TEST_P(Statements, AreAnsweredAsByPostgresql) {
  replay({});
}

// A row that a slice ends in the middle of is neither lost nor half made.
TEST_P(Statements, AreAnsweredTheSameInSlicesOfFewRows) {
  replay({.rows_per_slice = 3});
}

void Statements::replay(Options options) {
  auto engine = make_engine(std::move(options));
  auto backend = login(*engine);
  std::ifstream file(GetParam());
  std::string line, sql, expected;
  int number = 0, asked_at = 0;
  bool with_fields = false;
  auto check = [&] {
    if (sql.empty()) return;
    Client client(*backend, with_fields);
    std::string said = client.query(sql);
    for (int i = 0; client.is_waiting() && i < 100; ++i) said += client.resume(1s);
    EXPECT_EQ(said, expected) << GetParam().filename() << ":" << asked_at << ": " << sql;
  };
  while (std::getline(file, line)) {
    ++number;
    with_fields |= line == "# with fields";
    if (line.empty() || line.starts_with("#")) continue;
    if (line.starts_with("> ")) {
      check();
      sql = line.substr(2);
      expected.clear();
      asked_at = number;
    } else {
      expected += line + "\n";
    }
  }
  check();
}

std::vector<std::filesystem::path> files(std::string_view extension) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(STATEMENTS))
    if (entry.path().extension() == extension) found.push_back(entry.path());
  std::ranges::sort(found);
  return found;
}

INSTANTIATE_TEST_SUITE_P(Recorded, Statements, testing::ValuesIn(files(".expected")),
                         [](const auto& info) { return info.param.stem().string(); });

// Each *.sessions file is a conversation of several sessions, of which some have to wait for others.
class Sessions : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Sessions, WaitAndEndAsWithPostgresql) {
  auto engine = make_engine();
  struct Session {
    std::unique_ptr<session::Backend> backend;
    std::unique_ptr<Client> client;
    std::string said;  // while it waits
    bool woken = false;
  };
  std::map<char, Session> sessions;
  std::vector<char> waiting;
  std::ifstream file(GetParam());
  std::string line, said, expected;
  auto take = [&](char name, std::string more) {
    Session& session = sessions[name];
    session.said += more;
    if (session.client->is_waiting()) return false;
    said += std::exchange(session.said, {});
    return true;
  };
  auto look = [&](std::chrono::milliseconds later) {
    for (char name : std::vector(waiting)) {
      Session& session = sessions[name];
      if (!std::exchange(session.woken, false) && later == 0ms) continue;
      std::string before = std::exchange(said, {});
      bool done = take(name, session.client->resume(later));
      said = before + (done ? std::string(1, name) + "<\n" + said : "");
      if (done) std::erase(waiting, name);
    }
  };
  int number = 0;
  while (std::getline(file, line)) {
    ++number;
    if (line.empty() || line.starts_with("#")) continue;
    bool asks = line.size() > 3 && line.substr(1, 2) == "> ";
    if (!asks && line != "pause") {
      expected += line + "\n";
      continue;
    }
    ASSERT_EQ(said, expected) << GetParam().filename() << " before line " << number;
    said.clear();
    expected.clear();
    if (!asks) {
      look(1500ms);
      continue;
    }
    char name = line[0];
    Session& session = sessions[name];
    if (!session.backend) {
      session.backend =
          std::move(*engine->connect({"alice", "default", "", {}, 100 + name, [&session] { session.woken = true; }}));
      session.client = std::make_unique<Client>(*session.backend);
    }
    session.woken = false;
    if (!take(name, session.client->query(line.substr(3)))) {
      said += "W\n";
      waiting.push_back(name);
    }
    look(0ms);
  }
  EXPECT_EQ(said, expected) << GetParam().filename() << " at the end";
}

INSTANTIATE_TEST_SUITE_P(Recorded, Sessions, testing::ValuesIn(files(".sessions")),
                         [](const auto& info) { return info.param.stem().string(); });

struct Analyzed {
  std::shared_ptr<const session::Statement> statement;
  std::string error;
};
Analyzed analyze(session::Backend& backend, std::string_view sql, std::vector<types::Oid> given = {}) {
  backend.start_command({});
  auto parsed = backend.parse(sql);
  auto statement = backend.analyze(parsed.value().at(0), std::span<const types::Oid>(given));
  Analyzed result;
  if (statement)
    result.statement = *statement;
  else
    result.error = statement.error().sqlstate + " " + statement.error().message;
  statement ? void(backend.commit_command()) : backend.abort_command();
  return result;
}
std::string parameters(session::Backend& backend, std::string_view sql, std::vector<types::Oid> given = {}) {
  auto result = analyze(backend, sql, std::move(given));
  if (!result.statement) return result.error;
  std::string list;
  for (auto oid : result.statement->parameter_types()) list += (list.empty() ? "" : " ") + types::type_name(oid);
  return list;
}

TEST(Parameters, AreInferredFromTheirContext) {
  auto engine = make_engine();
  auto b = login(*engine);
  simple_query(*b, "create table t (a int8, b varchar(5), c numeric(5,1))");
  EXPECT_EQ(parameters(*b, "select $1"), "text");
  EXPECT_EQ(parameters(*b, "select $1 + 1"), "integer");
  EXPECT_EQ(parameters(*b, "insert into t values ($1, $2, $3)"), "bigint character varying numeric");
  EXPECT_EQ(parameters(*b, "update t set b = $2 where a = $1"), "bigint character varying");
  EXPECT_EQ(parameters(*b, "select 1 limit $1 offset $2"), "bigint bigint");
  EXPECT_EQ(parameters(*b, "select $1::int, $1::text"), "integer");
  EXPECT_EQ(parameters(*b, "select $1::date"), "date");
  EXPECT_EQ(parameters(*b, "select a from t where a in ($1, $2) and b like $3"), "bigint bigint text");
  EXPECT_EQ(parameters(*b, "select coalesce($1, 1), case when $2 then 'x' end"), "integer boolean");
  EXPECT_EQ(parameters(*b, "select upper($1)"), "text");
  EXPECT_EQ(parameters(*b, "values ($1, $2::int)"), "text integer");
  EXPECT_EQ(parameters(*b, "select $1", {23}), "integer");
  EXPECT_EQ(parameters(*b, "select 1", {23, 25}), "integer text");
}

TEST(Parameters, WithoutAContextAreErrors) {
  auto engine = make_engine();
  auto b = login(*engine);
  EXPECT_EQ(parameters(*b, "select $1 is null"), "42P18 could not determine data type of parameter $1");
  EXPECT_EQ(parameters(*b, "select $2::int"), "42P18 could not determine data type of parameter $1");
  EXPECT_EQ(parameters(*b, "select $1 is null or $1 = 1"), "42P08 could not determine data type of parameter $1");
  EXPECT_EQ(parameters(*b, "select $1 + $2"), "42725 operator is not unique: unknown + unknown");
  EXPECT_EQ(parameters(*b, "select $0"), "42P02 there is no parameter $0");
  EXPECT_EQ(parameters(*b, "select $1", {999999}), "XX000 cache lookup failed for type 999999");
  EXPECT_EQ(first_line(simple_query(*b, "select $1")), "E ERROR 42P02 there is no parameter $1 @8");
}

TEST(Isolation, HidesWhatIsNotCommitted) {
  auto engine = make_engine();
  auto a = login(*engine), b = login(*engine);
  simple_query(*a, "create table t (x int)");
  simple_query(*a, "begin; insert into t values (1); create table mine (x int)");
  EXPECT_EQ(first_line(simple_query(*b, "select count(*) from t")), "T count:bigint");
  EXPECT_NE(simple_query(*b, "select count(*) from t").find("D 0\n"), std::string::npos);
  EXPECT_EQ(first_line(simple_query(*b, "select * from mine")), "E ERROR 42P01 relation \"mine\" does not exist @15");
  simple_query(*b, "begin isolation level repeatable read; select 1");
  simple_query(*a, "commit");
  EXPECT_NE(simple_query(*b, "select count(*) from t").find("D 0\n"), std::string::npos);
  simple_query(*b, "commit");
  EXPECT_NE(simple_query(*b, "select count(*) from t").find("D 1\n"), std::string::npos);
}

TEST(Isolation, EndsWithTheSession) {
  auto engine = make_engine();
  auto a = login(*engine), b = login(*engine);
  simple_query(*a, "create table t (x int); create temp table mine (x int)");
  simple_query(*a, "begin; insert into t values (1)");
  EXPECT_EQ(simple_query(*b, "select * from mine").substr(0, 13), "E ERROR 42P01");
  a.reset();
  EXPECT_NE(simple_query(*b, "select count(*) from t").find("D 0\n"), std::string::npos);
}

TEST(Execution, GoesInSlicesAndKeepsToALimit) {
  auto engine = make_engine();
  auto b = login(*engine);
  b->start_command({});
  auto parsed = b->parse("select i from generate_series(1, 1000000000) i");
  auto statement = b->analyze(parsed->at(0), std::nullopt);
  auto run = b->execute(*statement, {});
  std::int64_t rows = 0;
  auto sink = [&](session::Execution::Row) { return ++rows, true; };
  auto progress = (*run)->step(sink, 10, {});
  EXPECT_TRUE(std::holds_alternative<session::Execution::More>(*progress));
  EXPECT_EQ(rows, 10);
  progress = (*run)->step(sink, 0, {});
  EXPECT_TRUE(std::holds_alternative<session::Execution::More>(*progress));
  EXPECT_LT(rows, 100000);
  run->reset();
  b->abort_command();
  EXPECT_EQ(b->status(), session::TransactionStatus::idle);
}

TEST(Execution, PausesWithinAnAggregate) {
  auto engine = make_engine();
  auto b = login(*engine);
  b->start_command({});
  auto parsed = b->parse("select count(*) from generate_series(1, 1000000000)");
  auto run = b->execute(*b->analyze(parsed->at(0), std::nullopt), {});
  auto progress = (*run)->step([](auto) { return true; }, 0, {});
  EXPECT_TRUE(std::holds_alternative<session::Execution::More>(*progress));
}

// Whatever a query does at length, a step ends after a slice of it.
TEST(Execution, PausesInsideExpressionsJoinsAndRecursion) {
  for (std::string_view sql :
       {"select (select count(*) from generate_series(1, 1000000000))",
        "select 1 where 0 in (select i from generate_series(1, 1000000000) i)",
        "select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b",
        "select 1 from generate_series(1, 100000) a full join generate_series(1, 100000) b on a = -b",
        "with recursive n as (select 1 as i union all select i from n) select count(*) from n",
        "select i from generate_series(1, 1000000000) i order by 1 limit 1",
        "select 1 offset (select count(*) from generate_series(1, 1000000000))",
        "select count(repeat('x', 1000000 + i)) from generate_series(1, 1000) i"}) {
    auto engine = make_engine();
    auto b = login(*engine);
    b->start_command({});
    auto parsed = b->parse(sql);
    auto run = b->execute(*b->analyze(parsed->at(0), std::nullopt), {});
    auto progress = (*run)->step([](auto) { return true; }, 0, {});
    ASSERT_TRUE(progress) << sql;
    EXPECT_TRUE(std::holds_alternative<session::Execution::More>(*progress)) << sql;
  }
}

// An expression that was left in the middle goes on with the same row.
TEST(Execution, GoesOnInsideExpressions) {
  auto engine = make_engine();
  auto b = login(*engine);
  EXPECT_EQ(
      simple_query(*b, "select sum((select count(*) from generate_series(1, i * 100))) from generate_series(1, 50) i"),
      "T sum:numeric\nD 127500\nC SELECT 1\nZ I\n");
  EXPECT_EQ(simple_query(*b,
                         "select i from generate_series(4998, 5003) i where i > all (select k from generate_series(1, "
                         "5000) k) and i in (select k from generate_series(1, 5002) k) order by 1"),
            "T i:integer\nD 5001\nD 5002\nC SELECT 2\nZ I\n");
}

TEST(Execution, SleepsWithoutBlocking) {
  auto engine = make_engine();
  auto b = login(*engine);
  b->start_command({});
  auto parsed = b->parse("select pg_sleep(5), 1");
  auto run = b->execute(*b->analyze(parsed->at(0), std::nullopt), {});
  int rows = 0;
  auto sink = [&](auto) { return ++rows, true; };
  std::chrono::steady_clock::time_point t0{100s};
  auto progress = (*run)->step(sink, 0, t0);
  auto* wait = std::get_if<session::Execution::Wait>(&*progress);
  ASSERT_TRUE(wait);
  EXPECT_EQ(*wait->until, t0 + 5s);
  EXPECT_TRUE(std::holds_alternative<session::Execution::Wait>(*(*run)->step(sink, 0, t0 + 4s)));
  EXPECT_EQ(rows, 0);
  EXPECT_TRUE(std::holds_alternative<session::Execution::Complete>(*(*run)->step(sink, 0, t0 + 5s)));
  EXPECT_EQ(rows, 1);
}

TEST(Execution, MakesAPlanAnewWhenItsTableIsAnother) {
  auto engine = make_engine();
  auto b = login(*engine);
  simple_query(*b, "create table t (a int)");
  auto statement = analyze(*b, "select * from t").statement;
  auto run = [&] {
    b->start_command({});
    auto made = b->execute(statement, {});
    made ? void(b->commit_command()) : b->abort_command();
    return made ? std::string("ok") : made.error().sqlstate + " " + made.error().message;
  };
  EXPECT_EQ(run(), "ok");
  simple_query(*b, "drop table t");
  EXPECT_EQ(run(), "42P01 relation \"t\" does not exist");
  simple_query(*b, "create table t (a int)");
  EXPECT_EQ(run(), "ok");
  simple_query(*b, "drop table t; create table t (a text)");
  EXPECT_EQ(run(), "0A000 cached plan must not change result type");
}

std::string nested(std::string_view before, int times, std::string_view middle, std::string_view after) {
  std::string sql = "select ";
  for (int i = 0; i < times; ++i) sql += before;
  sql += middle;
  for (int i = 0; i < times; ++i) sql += after;
  return sql;
}

TEST(Depth, IsBounded) {
  auto engine = make_engine();
  auto b = login(*engine);
  EXPECT_EQ(first_line(simple_query(*b, nested("(", 5000, "1", ")"))), "T ?column?:integer");
  EXPECT_EQ(simple_query(*b, nested("(", 100000, "1", ")")).substr(0, 13), "E ERROR 42601");
  EXPECT_EQ(simple_query(*b, nested("1+", 100000, "1", "")).substr(0, 13), "E ERROR 54001");
  EXPECT_EQ(simple_query(*b, nested("", 100000, "1", "::int")).substr(0, 13), "E ERROR 54001");
  EXPECT_EQ(simple_query(*b, nested("- ", 9000, "x", "")).substr(0, 8), "E ERROR ");
  EXPECT_EQ(first_line(simple_query(*b, nested("1+", 1000, "1", ""))), "T ?column?:integer");
  EXPECT_EQ(first_line(simple_query(*b, "select '" + std::string(3 << 20, 'x') + "'")), "T ?column?:text");
}

// What makes PostgreSQL's scanner read the same characters again and again is counted, not timed.
TEST(Literals, GoOnBehindComments) {
  auto engine = make_engine();
  auto backend = login(*engine);
  auto value = [&](std::string_view sql) {
    const std::string said = simple_query(*backend, sql);
    const auto at = said.find("\nD ");
    return at == said.npos ? said : first_line(said.substr(at + 3));
  };
  EXPECT_EQ(value("select 'one' -- comment\n'two'"), "onetwo");
  EXPECT_EQ(value("select 'ö' -- it's\n  -- 'quoted'\n 'two' -- more\n\n'three'"), "ötwothree");
  EXPECT_EQ(value("select 'one' -- comment 'two'\n"), "one");
  EXPECT_TRUE(value("select 'one' 'two'").starts_with("E ERROR 42601"));
  EXPECT_TRUE(value("select 'one' /* comment */\n'two'").starts_with("E ERROR 42601"));
}

TEST(Scanning, RefusesWhatIsQuadraticThere) {
  std::string opened, signs = "select 1 ";
  for (int i = 0; i < 80'000; ++i) opened += "/*", signs += "+-";
  auto engine = make_engine();
  auto backend = login(*engine);
  for (const auto& sql : {opened, signs + "1"})
    EXPECT_TRUE(simple_query(*backend, sql).starts_with("E ERROR 54001")) << sql.substr(0, 20);
}

TEST(Scanning, LetsLongTextsPass) {
  std::string opened(200'000, '+'), comments;
  for (int i = 0; i < 40'000; ++i) comments += "/*+*/ ";
  auto engine = make_engine();
  auto backend = login(*engine);
  for (const auto& text : {"'" + opened + "'", "$x$" + opened + "$x$", "1 --" + opened, "1 /*" + opened + "*/",
                           "1 " + comments, "E'\\'" + opened + "'"})
    EXPECT_EQ(first_line(simple_query(*backend, "select length((" + text + "\n)::text) > 0")).front(), 'T')
        << text.substr(0, 20);
}

TEST(Startup, AppliesOptionsThenSettings) {
  auto engine = make_engine();
  session::Login who{.user = "alice",
                     .database = "default",
                     .options = "-c application_name=a\\ b --work-mem=2MB -cDateStyle=German",
                     .settings = {{"application_name", "c"}, {"my.thing", "1"}},
                     .pid = 1,
                     .wake = {}};
  auto backend = engine->connect(who);
  ASSERT_TRUE(backend) << backend.error().message;
  EXPECT_NE(simple_query(**backend, "show application_name").find("D c\n"), std::string::npos);
  EXPECT_NE(simple_query(**backend, "set application_name = 'd'; reset application_name; show application_name")
                .find("D c\n"),
            std::string::npos);
  EXPECT_NE(simple_query(**backend, "show work_mem").find("D 2MB\n"), std::string::npos);
  EXPECT_NE(simple_query(**backend, "show datestyle").find("D German, DMY\n"), std::string::npos);
}

TEST(Startup, RefusesWhatPostgresqlRefuses) {
  auto engine = make_engine();
  auto refused = [&](std::string database, std::string options,
                     std::vector<std::pair<std::string, std::string>> settings) {
    auto backend = engine->connect({"alice", std::move(database), std::move(options), std::move(settings), 1, {}});
    if (backend) return std::string("accepted");
    EXPECT_EQ(backend.error().severity, session::Severity::fatal);
    return backend.error().sqlstate;
  };
  EXPECT_EQ(refused("nosuch", "", {}), "3D000");
  EXPECT_EQ(refused("default", "", {{"nosuchguc", "1"}}), "42704");
  EXPECT_EQ(refused("default", "", {{"DateStyle", "garbage"}}), "22023");
  EXPECT_EQ(refused("default", "", {{"client_encoding", "nonsense"}}), "22023");
  EXPECT_EQ(refused("default", "", {{"server_version", "1"}}), "55P02");
  EXPECT_EQ(refused("default", "", {{"shared_buffers", "1GB"}}), "55P02");
  EXPECT_EQ(refused("default", "", {{"log_min_messages", "debug1"}}), "42501");
  EXPECT_EQ(refused("default", "", {{"session_authorization", "bob"}}), "22023");
  EXPECT_EQ(refused("default", "-Z", {}), "42601");
  EXPECT_EQ(refused("default", "-c", {}), "42601");
  EXPECT_EQ(refused("default", "--x=1", {}), "42704");
}

TEST(Settings, AreReportedWhenTheyChange) {
  auto engine = make_engine();
  auto b = login(*engine);
  auto all = b->take_changed_settings();
  EXPECT_EQ(all.size(), 15U);
  EXPECT_TRUE(b->take_changed_settings().empty());
  simple_query(*b, "begin; set application_name = 'x'");
  auto changed = b->take_changed_settings();
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_EQ(changed[0], std::pair(std::string("application_name"), std::string("x")));
  simple_query(*b, "select 1/0");
  EXPECT_EQ(b->take_changed_settings().at(0).second, "");
  simple_query(*b, "rollback");
  EXPECT_TRUE(b->take_changed_settings().empty());
}

TEST(Encoding, IsCheckedInTheWholeString) {
  auto engine = make_engine();
  auto b = login(*engine);
  EXPECT_EQ(first_line(simple_query(*b, "select '\xff'")),
            "E ERROR 22021 invalid byte sequence for encoding \"UTF8\": 0xff");
}

TEST(Refusals, NameTheConstructAndItsPlace) {
  auto engine = make_engine();
  auto b = login(*engine);
  EXPECT_EQ(first_line(simple_query(*b, "select 'é', xmlcomment('x')")),
            "E ERROR 0A000 function xmlcomment is not supported by this server @13");
  EXPECT_EQ(first_line(simple_query(*b, "select '<a/>'::xml")),
            "E ERROR 0A000 type xml is not supported by this server @16");
  EXPECT_EQ(first_line(simple_query(*b, "select 1; listen x")), "T ?column?:integer");
  EXPECT_EQ(first_line(simple_query(*b, "  checkpoint")),
            "E ERROR 0A000 CHECKPOINT is not supported by this server @3");
  EXPECT_EQ(first_line(simple_query(*b, "select lo_create(1)")),
            "E ERROR 0A000 function lo_create is not supported by this server @8");
  EXPECT_EQ(first_line(simple_query(*b, "select json_agg(distinct 1)")),
            "E ERROR 0A000 DISTINCT in json_agg is not supported by this server @8");
  EXPECT_EQ(first_line(simple_query(*b, "select 2.0 ^ 0.5")), "T ?column?:numeric");
}

}  // namespace
}  // namespace pgconform::engine
