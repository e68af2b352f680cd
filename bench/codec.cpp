#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <cstring>
#include <map>
#include <vector>

#include "protocol/decode.hpp"
#include "streams.hpp"

// What decoding and encoding cost beside the least that could be done with the same bytes: copying them, and hopping
// from header to header without looking into a message.
namespace pgconform::bench {
namespace {

using namespace protocol;

struct Stream {
  const char* name;
  Sender sender;
  std::string (*make)();
  double goal;  // decoding and visiting every field, in times of the hop
};
const Stream streams[] = {{"data_rows", Sender::backend, data_rows, 2.0},
                          {"extended_cycles", Sender::frontend, extended_cycles, 3.2}};

// Adder: the visitor that takes every field and every element of every list in hand: of bytes, where they are and how
// many, as reading them is the work of whoever wanted the message.
struct Adder {
  std::uint64_t sum = 0;
  void int8(const char*, const std::int8_t& v) { sum += static_cast<std::uint8_t>(v); }
  void int16(const char*, const std::int16_t& v) { sum += static_cast<std::uint16_t>(v); }
  void int32(const char*, const std::int32_t& v) { sum += static_cast<std::uint32_t>(v); }
  void oid(const char*, const std::uint32_t& v) { sum += v; }
  void version(const char*, const std::uint32_t& v) { sum += v; }
  void byte(const char*, const char& v) { sum += static_cast<unsigned char>(v); }
  void cstring(const char*, const wire::Bytes& v) { bytes(v); }
  void fixed(const char*, const wire::Bytes& v, std::size_t) { bytes(v); }
  void rest(const char*, const wire::Bytes& v) { bytes(v); }
  void binary(const char*, const wire::Bytes& v) { bytes(v); }
  void value(const char*, const Nullable& v) {
    sum += v.is_null;
    bytes(v.bytes);
  }
  void list(const char*, const auto& list) {
    for (const auto& element : list) std::decay_t<decltype(element)>::layout(*this, element);
  }
  void bytes(const wire::Bytes& v) { sum += v.size() + reinterpret_cast<std::uintptr_t>(v.data()); }
};

void copy(benchmark::State& state, const std::string& stream) {
  std::vector<char> target(stream.size());
  for (auto _ : state) {
    std::memcpy(target.data(), stream.data(), stream.size());
    benchmark::DoNotOptimize(target.data());
    benchmark::ClobberMemory();
  }
}

void hop(benchmark::State& state, const std::string& stream) {
  for (auto _ : state) {
    std::uint64_t sum = 0;
    const char* at = stream.data();
    for (const char* const end = at + stream.size(); end - at >= 5;) {
      sum += static_cast<unsigned char>(*at);
      const std::uint32_t length = wire::load_32(at + 1);
      if (length < 4 || length > static_cast<std::size_t>(end - at - 1)) return state.SkipWithError("a broken stream");
      at += 1 + length;
    }
    benchmark::DoNotOptimize(sum);
  }
}

void frames(benchmark::State& state, const std::string& stream) {
  for (auto _ : state) {
    std::uint64_t sum = 0;
    for (wire::Bytes left = stream; !left.empty();) {
      const auto frame = wire::next_frame(left, wire::FrameKind::tagged);
      if (!frame || !*frame) return state.SkipWithError("a broken stream");
      sum += static_cast<unsigned char>((*frame)->tag);
      left.remove_prefix((*frame)->whole.size());
    }
    benchmark::DoNotOptimize(sum);
  }
}

void decode_and_visit(benchmark::State& state, const std::string& stream, Sender sender) {
  for (auto _ : state) {
    std::uint64_t sum = 0;
    for (wire::Bytes left = stream; !left.empty();) {
      const auto frame = wire::next_frame(left, wire::FrameKind::tagged);
      if (!frame || !*frame) return state.SkipWithError("a broken stream");
      const auto decoded = decode(sender, Stage::normal, **frame, [&]<class M>(MessageType, const M& message) {
        Adder one;
        M::layout(one, message);
        sum += one.sum;
      });
      if (!decoded) return state.SkipWithError("a broken message");
      left.remove_prefix((*frame)->whole.size());
    }
    benchmark::DoNotOptimize(sum);
  }
}

// connection: the same as a connection does it, through a FrameSplitter that is fed what a read gives; with `decoding`
// or only hopping.
template <bool decoding>
void connection(benchmark::State& state, const std::string& stream, Sender sender) {
  constexpr std::size_t read = 8192;
  for (auto _ : state) {
    std::uint64_t sum = 0;
    wire::FrameSplitter splitter;
    for (std::size_t at = 0; at < stream.size(); at += read) {
      splitter.feed(std::string_view(stream).substr(at, read));
      for (;;) {
        const auto frame = splitter.next(wire::FrameKind::tagged);
        if (!frame) return state.SkipWithError("a broken stream");
        if (!*frame) break;
        sum += static_cast<unsigned char>((*frame)->tag);
        if constexpr (decoding)
          (void)decode(sender, Stage::normal, **frame, [&]<class M>(MessageType, const M& message) {
            Adder one;
            M::layout(one, message);
            sum += one.sum;
          });
      }
    }
    benchmark::DoNotOptimize(sum);
  }
}

// Encoding takes messages whose lists are already views, as a relay does, so it is measured together with the decoding.
void decode_and_encode(benchmark::State& state, const std::string& stream, Sender sender) {
  std::string out;
  out.reserve(stream.size());
  for (auto _ : state) {
    out.clear();
    for (wire::Bytes left = stream; !left.empty();) {
      const auto frame = wire::next_frame(left, wire::FrameKind::tagged);
      (void)decode(sender, Stage::normal, **frame,
                   [&]<class M>(MessageType, const M& message) { (void)encode(out, message); });
      left.remove_prefix((*frame)->whole.size());
    }
    benchmark::ClobberMemory();
  }
  if (out != stream) state.SkipWithError("the bytes came back different");
}

// encode_rows · encode_cycles: messages put together field by field.
void encode_from_values(benchmark::State& state, const std::string& stream, Sender sender) {
  std::string out;
  out.reserve(stream.size());
  for (auto _ : state) {
    out.clear();
    for (int i = 0; i < rows; ++i) {
      if (sender == Sender::backend) {
        ListBuilder<ValueList> values;
        for (std::string_view text : {"1234", "a name of someone", "", "2026-01-02 03:04:05.678901+00"})
          values.add({{text.empty(), text}});
        (void)encode(out, DataRow{values.view()});
      } else {
        ListBuilder<OidList> types;
        ListBuilder<ValueList> values;
        types.add({23});
        values.add({{false, "1234"}});
        (void)encode(out, Parse{"", "SELECT id, name, amount FROM account WHERE id = $1", types.view()});
        (void)encode(out, Bind{"", "", {}, values.view(), {}});
        (void)encode(out, Describe{'P', ""});
        (void)encode(out, Execute{"", 0});
        (void)encode(out, Sync{});
      }
    }
    benchmark::ClobberMemory();
  }
}

// Ratios: the console's table, and after it the figures as multiples of the hop, which depend on the machine much less
// than times do.
class Ratios : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs)
      if (!run.error_occurred && (run.run_type != Run::RT_Aggregate || run.aggregate_name == "median"))
        times_[run.run_name.function_name] = run.GetAdjustedCPUTime();
  }
  void Finalize() override {
    ConsoleReporter::Finalize();
    for (const Stream& stream : streams) {
      const std::string name = stream.name;
      const double hop = times_[name + "/hop"];
      if (hop == 0) continue;
      fmt::print("{}: in times of the header hop:", name);
      for (const char* what : {"memcpy", "frames", "decode_and_visit", "decode_and_encode", "encode"})
        if (const double time = times_[name + "/" + what]) fmt::print(" {} {:.2f}", what, time / hop);
      const double ratio = times_[name + "/decode_and_visit"] / hop;
      if (const double split = times_[name + "/split"])
        fmt::print("; split_decode_and_visit in times of split: {:.2f}",
                   times_[name + "/split_decode_and_visit"] / split);
      fmt::print("; goal for decode_and_visit {:.1f}: {}\n", stream.goal, ratio <= stream.goal ? "met" : "MISSED");
    }
  }

 private:
  std::map<std::string, double> times_;
};

}  // namespace
}  // namespace pgconform::bench

int main(int count, char** arguments) {
  using namespace pgconform::bench;
  // Defaults that the command line may override: medians, and neighbours that take turns so that a busy machine
  // disturbs all of them alike.
  std::vector<std::string> words{arguments[0], "--benchmark_repetitions=7", "--benchmark_report_aggregates_only=true",
                                 "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.1"};
  words.insert(words.end(), arguments + 1, arguments + count);
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  int size = static_cast<int>(pointers.size());
  benchmark::Initialize(&size, pointers.data());
  if (benchmark::ReportUnrecognizedArguments(size, pointers.data())) return 2;

  std::vector<std::string> bytes;
  bytes.reserve(std::size(streams));
  for (const Stream& stream : streams) {
    const std::string& made = bytes.emplace_back(stream.make());
    const std::string name = stream.name;
    for (auto* benchmark :
         {benchmark::RegisterBenchmark((name + "/memcpy").c_str(), [&](auto& state) { copy(state, made); }),
          benchmark::RegisterBenchmark((name + "/hop").c_str(), [&](auto& state) { hop(state, made); }),
          benchmark::RegisterBenchmark((name + "/frames").c_str(), [&](auto& state) { frames(state, made); }),
          benchmark::RegisterBenchmark((name + "/decode_and_visit").c_str(),
                                       [&](auto& state) { decode_and_visit(state, made, stream.sender); }),
          benchmark::RegisterBenchmark((name + "/split").c_str(),
                                       [&](auto& state) { connection<false>(state, made, stream.sender); }),
          benchmark::RegisterBenchmark((name + "/split_decode_and_visit").c_str(),
                                       [&](auto& state) { connection<true>(state, made, stream.sender); }),
          benchmark::RegisterBenchmark((name + "/decode_and_encode").c_str(),
                                       [&](auto& state) { decode_and_encode(state, made, stream.sender); }),
          benchmark::RegisterBenchmark((name + "/encode").c_str(),
                                       [&](auto& state) { encode_from_values(state, made, stream.sender); })})
      benchmark->Unit(benchmark::kMicrosecond);
  }
  Ratios reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
}
