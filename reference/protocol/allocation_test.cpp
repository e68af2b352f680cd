#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "protocol/encode.hpp"
#include "protocol/golden/golden.hpp"

// Decoding allocates nothing, whatever it is given: no input can make a server reserve memory by announcing a size.
namespace {
std::size_t allocations = 0;
}

// Not inlined: g++ warns of new and free, and leaves a pair of new and delete out altogether.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace pgconform::protocol {
namespace {

using namespace std::string_literals;

// Toucher: the visitor that walks every list to its end and reads every byte of every field.
struct Toucher {
  std::size_t seen = 0;
  void int8(const char*, const std::int8_t& v) { seen += static_cast<std::size_t>(v); }
  void int16(const char*, const std::int16_t& v) { seen += static_cast<std::size_t>(v); }
  void int32(const char*, const std::int32_t& v) { seen += static_cast<std::size_t>(v); }
  void oid(const char*, const std::uint32_t& v) { seen += v; }
  void version(const char*, const std::uint32_t& v) { seen += v; }
  void byte(const char*, const char& v) { seen += static_cast<std::size_t>(v); }
  void cstring(const char*, const wire::Bytes& v) { rest("", v); }
  void fixed(const char*, const wire::Bytes& v, std::size_t) { rest("", v); }
  void binary(const char*, const wire::Bytes& v) { rest("", v); }
  void rest(const char*, const wire::Bytes& v) {
    for (const char c : v) seen += static_cast<std::size_t>(c);
  }
  void value(const char*, const Nullable& v) { rest("", v.bytes); }
  void list(const char*, const auto& list) {
    for (const auto& element : list) std::decay_t<decltype(element)>::layout(*this, element);
  }
};

// allocated_by: how many allocations decoding `frame` and reading all of it takes.
std::size_t allocated_by(Sender sender, Stage stage, const wire::Frame& frame) {
  const std::size_t before = allocations;
  Toucher toucher;
  (void)decode(sender, stage, frame, [&]<class M>(MessageType, const M& message) { M::layout(toucher, message); });
  (void)classify(sender, stage, frame);
  return allocations - before;
}

TEST(Decoding, AllocatesNothingForAnyGolden) {
  const std::size_t before = allocations;
  std::make_unique<Golden>();
  ASSERT_EQ(allocations, before + 1) << "allocations are not counted";
  for (const auto& golden : goldens()) {
    Exact bytes(golden.bytes);
    EXPECT_EQ(allocated_by(golden.sender, golden.stage, frame_of(golden, bytes)), 0u) << golden.file;
    for (std::size_t cut = 1; cut < golden.bytes.size(); ++cut) {
      const wire::Bytes body = wire::Bytes(bytes).substr(cut);
      EXPECT_EQ(allocated_by(golden.sender, golden.stage, {golden.bytes[0], body, bytes}), 0u) << golden.file;
    }
  }
}

TEST(Decoding, AllocatesNothingForALongStream) {
  std::string stream;
  ListBuilder<ValueList> values;
  for (int i = 0; i < 4; ++i) values.add({{i == 2, i == 2 ? "" : "some value"}});
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(encode(stream, DataRow{values.view()}));
  const std::size_t before = allocations;
  std::size_t rows = 0;
  for (wire::Bytes left = stream; !left.empty(); ++rows) {
    auto frame = wire::next_frame(left, wire::FrameKind::tagged);
    Toucher toucher;
    ASSERT_TRUE(decode(Sender::backend, Stage::normal, **frame,
                       [&]<class M>(MessageType, const M& message) { M::layout(toucher, message); }));
    left.remove_prefix((*frame)->whole.size());
  }
  EXPECT_EQ(rows, 20'000u);
  EXPECT_EQ(allocations - before, 0u);
}

TEST(Decoding, AllocatesNothingForCountsAndLengthsThatLie) {
  const struct {
    Sender sender;
    char tag;
    std::string body;
  } hostile[] = {
      {Sender::backend, 'D', "\xff\xff"s},                                           // 65535 values
      {Sender::backend, 'D', "\0\1\x7f\xff\xff\xff"s},                               // a value of 2 GB
      {Sender::backend, 'T', "\xff\xff"s},                                           // 65535 columns
      {Sender::backend, 't', "\xff\xff\0\0"s},                                       // 65535 OIDs
      {Sender::backend, 'v', "\0\3\0\0\x7f\xff\xff\xff"s},                           // 2 G options
      {Sender::backend, 'V', "\x7f\xff\xff\xff"s},                                   // 2 GB result
      {Sender::frontend, 'B', "\0\0\xff\xff\0\0"s},                                  // 65535 formats
      {Sender::frontend, 'P', "\0\0\xff\xff\0\0\0\1"s},                              // 65535 types
      {Sender::frontend, 'F', "\0\0\0\1\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff"s},  // 65535 arguments
  };
  for (const auto& [sender, tag, body] : hostile) {
    std::string whole(5, tag);
    whole += body;
    Exact bytes(whole);
    const wire::Frame frame{tag, wire::Bytes(bytes).substr(5), bytes};
    EXPECT_FALSE(decode(sender, Stage::normal, frame, [](MessageType, const auto&) {})) << tag;
    EXPECT_EQ(allocated_by(sender, Stage::normal, frame), 0u) << tag;
  }
}

TEST(FrameSplitter, HoldsNoMoreThanHasArrived) {
  wire::FrameSplitter splitter;
  splitter.feed("d\x7f\xff\xff\xff"s + "0123456789");
  const std::size_t before = allocations;
  auto frame = splitter.next(wire::FrameKind::tagged);
  EXPECT_TRUE(frame && !*frame);
  EXPECT_EQ(allocations - before, 0u) << "a length word made it reserve memory";
  EXPECT_EQ(splitter.pending().size(), 15u);
}

}  // namespace
}  // namespace pgconform::protocol
