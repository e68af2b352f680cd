#include "engine/cluster.hpp"

#include <gtest/gtest.h>

#include "engine/engine.hpp"
#include "engine/replay.hpp"

namespace pgconform::engine {
namespace {

using namespace std::chrono_literals;

std::expected<std::unique_ptr<session::Backend>, session::Report> connect(session::Engine& engine,
                                                                          std::string database) {
  return engine.connect(
      {.user = "alice", .database = std::move(database), .options = {}, .settings = {}, .pid = 4711, .wake = {}});
}

TEST(Cluster, KeepsTheTablesOfDatabasesApart) {
  auto engine = make_engine();
  auto first = connect(*engine, "default");
  ASSERT_TRUE(first);
  EXPECT_EQ(simple_query(**first, "create database other"), "C CREATE DATABASE\nZ I\n");
  EXPECT_EQ(simple_query(**first, "create table t as select 1 as x"), "C SELECT 1\nZ I\n");
  auto second = connect(*engine, "other");
  ASSERT_TRUE(second);
  EXPECT_EQ(simple_query(**second, "table t"), "E ERROR 42P01 relation \"t\" does not exist @7\nZ I\n");
  EXPECT_EQ(simple_query(**second, "select datname from pg_stat_activity order by 1"),
            "T datname:name#2\nD default\nD other\nC SELECT 2\nZ I\n");
}

TEST(Cluster, RefusesALoginToWhatIsNotThere) {
  auto engine = make_engine();
  auto none = connect(*engine, "other");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().sqlstate, "3D000");
  auto closed = connect(*engine, "template0");
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().sqlstate, "55000");
}

TEST(Cluster, CountsConnections) {
  auto engine = make_engine();
  auto first = connect(*engine, "default");
  simple_query(**first, "create database small connection limit 1");
  auto only = connect(*engine, "small");
  ASSERT_TRUE(only);
  auto second = connect(*engine, "small");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "too many connections for database \"small\"");
  only->reset();
  EXPECT_TRUE(connect(*engine, "small"));
}

TEST(Cluster, WaitsForOthersToLeaveADatabaseThatIsDropped) {
  auto engine = make_engine();
  auto first = connect(*engine, "default");
  simple_query(**first, "create database busy");
  auto second = connect(*engine, "busy");
  ASSERT_TRUE(second);
  Client client(**first, true);
  EXPECT_EQ(client.query("drop database busy"), "");
  ASSERT_TRUE(client.is_waiting());
  std::string said;
  for (int i = 0; client.is_waiting() && i < 100; ++i) said += client.resume(100ms);
  EXPECT_EQ(said,
            "E ERROR 55006 database \"busy\" is being accessed by other users\n"
            "F D=There is 1 other session using the database.\nZ I\n");
  EXPECT_EQ(client.query("drop database busy"), "");
  ASSERT_TRUE(client.is_waiting());
  second->reset();
  EXPECT_EQ(client.resume(100ms), "C DROP DATABASE\nZ I\n");
  EXPECT_FALSE(connect(*engine, "busy"));
}

}  // namespace
}  // namespace pgconform::engine
