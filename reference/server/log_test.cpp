#include "server/log.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "server/configuration/test_directory.hpp"

namespace pgconform::server {
namespace {

using namespace std::chrono_literals;

// 2024-07-10 18:03:09.805727 UTC
const std::chrono::system_clock::time_point moment(std::chrono::microseconds(1720634589805727));

class LogTest : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
  std::string contents(std::string_view name) {
    std::ostringstream text;
    text << std::ifstream(directory_ / name).rdbuf();
    return text.str();
  }
  std::unique_ptr<Log> open(LogLevel level = LogLevel::trace) {
    return Log::open({directory_ / "server.log", level, -1, [] { return moment; }}).value();
  }
  TestDirectory directory_;
};

TEST_F(LogTest, LineHasClickHousesShape) {
  EXPECT_EQ(format_line({moment, 8956, LogLevel::error, "PostgreSQLHandler", "message", ""}),
            "2024.07.10 18:03:09.805727 [ 8956 ] {} <Error> PostgreSQLHandler: message\n");
  EXPECT_EQ(format_line({moment + 194273us, 1, LogLevel::information, "Application", "m", "7-1"}),
            "2024.07.10 18:03:10.000000 [ 1 ] {7-1} <Information> Application: m\n");
}

TEST_F(LogTest, LineIsInTheTimeZoneOfTheProcess) {
  ::setenv("TZ", "Asia/Kolkata", 1);
  ::tzset();
  EXPECT_TRUE(format_line({moment, 1, LogLevel::error, "L", "m", ""}).starts_with("2024.07.10 23:33:09.805727 "));
}

TEST_F(LogTest, MessageCannotBeginALineOfItsOwn) {
  const std::string line =
      format_line({moment, 1, LogLevel::warning, "L", "user \"a\n2024.07.10 <Error> forged\r\x1b[2K\"", "q\n"});
  EXPECT_EQ(line,
            "2024.07.10 18:03:09.805727 [ 1 ] {q\\n} <Warning> L: user \"a\\n2024.07.10 <Error> forged\\r\\x1b[2K\"\n");
}

TEST_F(LogTest, EndpointHasBracketsForIpv6Only) {
  EXPECT_EQ(listening_text("127.0.0.1", 9005), "Listening for PostgreSQL compatibility protocol: 127.0.0.1:9005");
  EXPECT_EQ(listening_text("::1", 9005), "Listening for PostgreSQL compatibility protocol: [::1]:9005");
  EXPECT_EQ(endpoint_text("localhost", 0), "localhost:0");
}

TEST_F(LogTest, FileIsAppendedTo) {
  directory_.write("server.log", "before\n");
  open()->write(LogLevel::information, "Application", "Ready");
  EXPECT_EQ(contents("server.log"), "before\n2024.07.10 18:03:09.805727 [ " + std::to_string(::gettid()) +
                                        " ] {} <Information> Application: Ready\n");
}

TEST_F(LogTest, DescriptorGetsTheSameLines) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Log::open({directory_ / "server.log", LogLevel::trace, ends[1], [] { return moment; }})
      .value()
      ->write(LogLevel::error, "L", "m");
  ::close(ends[1]);
  char buffer[200];
  const ssize_t length = ::read(ends[0], buffer, sizeof buffer);
  ::close(ends[0]);
  ASSERT_GT(length, 0);
  EXPECT_EQ(std::string(buffer, static_cast<std::size_t>(length)), contents("server.log"));
}

TEST_F(LogTest, LessSeriousLinesAreLeftOut) {
  const auto log = open(LogLevel::warning);
  log->write(LogLevel::information, "L", "no");
  log->write(LogLevel::warning, "L", "yes");
  log->write(LogLevel::fatal, "L", "yes");
  const std::string text = contents("server.log");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_EQ(text.find("no"), std::string::npos);
  EXPECT_FALSE(open(LogLevel::none)->is_on(LogLevel::fatal));
}

TEST_F(LogTest, FileThatCannotBeWrittenIsNamed) {
  const auto log = Log::open({directory_ / "absent/server.log", LogLevel::trace, -1, [] { return moment; }});
  ASSERT_FALSE(log);
  EXPECT_EQ(directory_.without_path(log.error()),
            "absent/server.log: the log file cannot be written: No such file or directory");
}

TEST_F(LogTest, LinesOfSeveralThreadsDoNotMix) {
  const auto log = open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 250; ++i) log->write(LogLevel::debug, "L", std::string(300, 'x'));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::istringstream lines(contents("server.log"));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_TRUE(line.starts_with("2024.07.10 18:03:09.805727 [ ") && line.ends_with("> L: " + std::string(300, 'x')))
        << line;
  }
  EXPECT_EQ(count, 1000);
}

}  // namespace
}  // namespace pgconform::server
