#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "wire/frame.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

namespace pgconform::wire {
namespace {

using namespace std::string_literals;

// Exact: the bytes in heap memory of exactly their size, so that a sanitizer sees the first byte read past them.
struct Exact {
  explicit Exact(const std::string& bytes) : size(bytes.size()), data(new char[bytes.size()]) {
    bytes.copy(data.get(), size);
  }
  operator Bytes() const { return {data.get(), size}; }
  std::size_t size;
  std::unique_ptr<char[]> data;
};

TEST(Reader, ReadsBigEndianAndStopsAtTheEnd) {
  Exact bytes("\x01\x02\x03\x04\x05\x06\x07"s);
  Reader in(bytes);
  std::uint8_t a{};
  std::uint16_t b{};
  std::uint32_t c{};
  EXPECT_TRUE(in.u8(a) && in.u16(b) && in.u32(c));
  EXPECT_EQ(a, 1);
  EXPECT_EQ(b, 0x0203);
  EXPECT_EQ(c, 0x04050607u);
  EXPECT_FALSE(in.u8(a));
}

TEST(Reader, LeavesTheCursorWhereItWasWhenBytesAreMissing) {
  Exact bytes("\x01\x02\x03"s);
  Reader in(bytes);
  std::uint32_t value{};
  EXPECT_FALSE(in.u32(value));
  EXPECT_EQ(in.left(), 3u);
}

TEST(Reader, RefusesAStringWithoutItsTerminator) {
  Exact bytes("abc"s);
  Reader in(bytes);
  Bytes value;
  EXPECT_FALSE(in.cstring(value));
  EXPECT_FALSE(Reader(Bytes{}).cstring(value));
}

TEST(Reader, TakesAStringUpToItsTerminator) {
  Exact bytes("ab\0c\0"s);
  Reader in(bytes);
  Bytes value;
  EXPECT_TRUE(in.cstring(value));
  EXPECT_EQ(value, "ab");
  EXPECT_TRUE(in.cstring(value));
  EXPECT_EQ(value, "c");
}

TEST(Writer, RemembersTheFirstError) {
  std::string out;
  Writer writer(out);
  writer.cstring("a\0b"s);
  writer.fail("something later");
  EXPECT_FALSE(writer.ok());
  EXPECT_STREQ(writer.error(), "a string must not contain a NUL byte");
}

std::vector<std::string> split(Bytes stream, std::size_t piece) {
  std::vector<std::string> bodies;
  FrameSplitter splitter;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    splitter.feed(stream.substr(at, piece));
    for (;;) {
      auto frame = splitter.next(FrameKind::tagged);
      if (!frame || !*frame) break;
      bodies.push_back(std::string(1, (*frame)->tag) + std::string((*frame)->body));
    }
  }
  EXPECT_TRUE(splitter.pending().empty());
  return bodies;
}

TEST(FrameSplitter, GivesTheSameFramesForEveryChunking) {
  const std::string stream = "Z\0\0\0\5I"s + "1\0\0\0\4"s + "C\0\0\0\rSELECT 1\0"s;
  const std::vector<std::string> expected{"ZI", "1", "CSELECT 1\0"s};
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) EXPECT_EQ(split(stream, piece), expected) << piece;
}

TEST(FrameSplitter, ReportsABadLengthBeforeTheBodyArrives) {
  for (auto length : {"\0\0\0\3"s, "\xff\xff\xff\xff"s, "\0\0\0\0"s}) {
    FrameSplitter splitter;
    splitter.feed("Q" + length);
    auto frame = splitter.next(FrameKind::tagged);
    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().tag, 'Q');
  }
}

TEST(FrameSplitter, HoldsTheLimitOfTheType) {
  auto limit = [](char tag) -> std::uint32_t { return tag == 'S' ? 10 : 100; };
  FrameSplitter splitter;
  splitter.feed("S\0\0\0\x0b"s);
  auto frame = splitter.next(FrameKind::tagged, limit);
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().maximum, 10u);
}

TEST(FrameSplitter, UntaggedPacketsHoldAtLeastTheirCode) {
  FrameSplitter splitter;
  splitter.feed("\0\0\0\7"s);
  EXPECT_FALSE(splitter.next(FrameKind::untagged));
}

TEST(FrameSplitter, GivesBackTheMemoryOfLongMessages) {
  FrameSplitter splitter;
  splitter.feed("d\0\x10\0\4"s + std::string(1 << 20, 'x') + "S");
  EXPECT_TRUE(*splitter.next(FrameKind::tagged));
  splitter.trim();
  EXPECT_EQ(splitter.pending(), "S") << "what is pending stays";
  splitter.feed("\0\0\0\4"s);
  EXPECT_TRUE(*splitter.next(FrameKind::tagged));
  splitter.trim();
  EXPECT_LT(splitter.capacity(), 1000u);
}

TEST(FrameSplitter, TakesOneBareByte) {
  FrameSplitter splitter;
  splitter.feed("Srest");
  auto frame = splitter.next(FrameKind::bare);
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ((*frame)->tag, 'S');
  EXPECT_EQ(splitter.take_pending(), "rest");
  EXPECT_TRUE(splitter.pending().empty());
}

}  // namespace
}  // namespace pgconform::wire
