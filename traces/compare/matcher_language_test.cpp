#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <random>

#include "compare/matcher.hpp"
#include "notation/printer.hpp"

// The matcher against a regular expression engine that nobody here wrote: random blocks become RE2 expressions over
// the letters of message names, and every conversation up to some length must be judged alike by both.
namespace pgconform::compare {
namespace {

using notation::Block;
using notation::Item;
using notation::Occurs;

class Generator {
 public:
  Generator(unsigned seed, bool two_connections) : random_(seed), two_connections_(two_connections) {}

  std::vector<Item> items(int depth) {
    std::vector<Item> list;
    for (auto n = 1 + pick(3); n > 0; --n) list.push_back(item(depth));
    return list;
  }

 private:
  std::size_t pick(std::size_t n) { return random_() % n; }

  Item leaf(std::size_t kinds) {
    Item item;
    if (two_connections_ && pick(2)) item.connection = "b";
    item.what = notation::Message{.side = notation::Side::backend,
                                  .occurs = static_cast<Occurs>(pick(kinds)),
                                  .name = std::string(1, static_cast<char>('A' + pick(3)))};
    return item;
  }
  Item item(int depth) {
    // What two connections do inside a block is no product of two languages.
    if (depth == 0 || two_connections_ || pick(2)) return leaf(4);
    Block block{.kind = static_cast<Block::Kind>(pick(3)), .items = {}, .alternatives = {}};
    if (block.kind == Block::Kind::any_order) {
      for (auto n = 1 + pick(3); n > 0; --n) block.items.push_back(leaf(2));
    } else if (block.kind == Block::Kind::repeat) {
      block.times = 1 + static_cast<std::uint32_t>(pick(3));
      block.items = items(depth - 1);
    } else {
      block.alternatives.push_back({"x", items(depth - 1), {}, {}});
      block.alternatives.push_back({"y", items(depth - 1), {}, {}});
    }
    return Item{.what = std::move(block)};
  }

  std::mt19937 random_;
  bool two_connections_;
};

std::string expression(const std::vector<Item>& items, std::string_view connection);

std::string expression(const Item& item, std::string_view connection) {
  static constexpr std::array<const char*, 4> how_often{"", "?", "*", "+"};
  if (auto message = item.message()) {
    return item.connection == connection ? message->name + how_often[static_cast<std::size_t>(message->occurs)] : "";
  }
  const Block& block = *item.block();
  if (block.kind == Block::Kind::repeat) {
    return "(?:" + expression(block.items, connection) + "){" + std::to_string(block.times) + "}";
  }
  std::string text;
  if (block.kind == Block::Kind::either) {
    for (const auto& one : block.alternatives) text += (text.empty() ? "" : "|") + expression(one.items, connection);
    return "(?:" + text + ")";
  }
  std::vector<std::size_t> order(block.items.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  do {
    if (!text.empty()) text += '|';
    for (std::size_t i : order) text += expression(block.items[i], connection);
  } while (std::ranges::next_permutation(order).found);
  return "(?:" + text + ")";
}

std::string expression(const std::vector<Item>& items, std::string_view connection) {
  std::string text;
  for (const Item& item : items) text += expression(item, connection);
  return text;
}

// Small letters are what connection b receives.
bool accepted(const std::vector<Item>& items, std::string_view conversation) {
  Bindings bindings;
  Matcher matcher(bindings);
  matcher.expect(items);
  for (char c : conversation) {
    bool b = c >= 'a';
    Received received{b ? "b" : "a", std::string(1, b ? static_cast<char>(c - 'a' + 'A') : c)};
    if (matcher.offer(received).outcome != Outcome::consumed) return false;
  }
  EXPECT_EQ(matcher.settled(), matcher.waiting().connections.empty());
  return matcher.settled();
}

std::string text_of(const std::vector<Item>& items) {
  std::string text;
  for (const Item& item : items) text += notation::print(item);
  return text;
}

std::string conversation(std::size_t number, std::string_view letters) {
  std::string text;
  for (; number; number = (number - 1) / letters.size()) text += letters[(number - 1) % letters.size()];
  return text;
}

TEST(Matcher, AcceptsTheLanguageOfItsLines) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    auto items = Generator(seed, false).items(2);
    re2::RE2 wanted(expression(items, "a"));
    for (std::size_t n = 0; n < 364; ++n) {  // up to five letters of three
      auto said = conversation(n, "ABC");
      ASSERT_EQ(accepted(items, said), re2::RE2::FullMatch(said, wanted)) << said << '\n' << text_of(items);
    }
  }
}

TEST(Matcher, JudgesEachConnectionByItsOwnLines) {
  for (unsigned seed = 0; seed < 25; ++seed) {
    auto items = Generator(seed, true).items(0);
    re2::RE2 of_a(expression(items, "a")), of_b(expression(items, "b"));
    for (std::size_t n = 0; n < 1555; ++n) {  // up to four letters of six
      auto said = conversation(n, "ABCabc");
      std::string a, b;
      for (char c : said) c < 'a' ? void(a += c) : void(b += static_cast<char>(c - 'a' + 'A'));
      ASSERT_EQ(accepted(items, said), re2::RE2::FullMatch(a, of_a) && re2::RE2::FullMatch(b, of_b)) << said << '\n'
                                                                                                     << text_of(items);
    }
  }
}

}  // namespace
}  // namespace pgconform::compare
