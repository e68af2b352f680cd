#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "protocol/decode.hpp"

// The golden pairs, for tests: `F-Bind-no-formats.bin` holds the bytes of one message and `F-Bind-no-formats.json` what
// they mean and where they come from. record.py makes them.
namespace pgconform::protocol {

struct Golden {
  std::string file;  // without its extension
  Sender sender;
  std::string name;
  std::string bytes;
  Stage stage = Stage::normal;
  friend void PrintTo(const Golden& golden, std::ostream* out) { *out << golden.file; }
};

// Exact: the bytes in heap memory of exactly their size, so that a sanitizer sees the first byte read past them.
struct Exact {
  explicit Exact(wire::Bytes bytes) : size(bytes.size()), data(new char[bytes.size()]) { bytes.copy(data.get(), size); }
  operator wire::Bytes() const { return {data.get(), size}; }
  std::size_t size;
  std::unique_ptr<char[]> data;
};

inline std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// goldens: all of them, in the order of their names.
inline std::vector<Golden> goldens() {
  std::vector<Golden> all;
  for (const auto& entry : std::filesystem::directory_iterator(GOLDEN_DIRECTORY)) {
    if (entry.path().extension() != ".bin") continue;
    const std::string stem = entry.path().stem();
    Golden golden{entry.path().parent_path() / stem, Sender{stem[0]}, stem.substr(2, stem.find('-', 2) - 2),
                  contents(entry.path())};
    with_messages(golden.sender, [&]<class... M>(MessageList<M...>) {
      ((M::name == golden.name ? void(golden.stage = stage_of<M>()) : void()), ...);
    });
    all.push_back(std::move(golden));
  }
  std::ranges::sort(all, {}, &Golden::file);
  return all;
}

// frame_of: the one frame that `bytes` are; an empty one if they are not.
inline wire::Frame frame_of(const Golden& golden, wire::Bytes bytes) {
  auto frame = wire::next_frame(bytes, frame_kind(golden.sender, golden.stage));
  if (!frame || !*frame || (*frame)->whole.size() != bytes.size()) return {};
  return **frame;
}

}  // namespace pgconform::protocol
