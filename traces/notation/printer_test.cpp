#include "notation/printer.hpp"

#include <gtest/gtest.h>

#include <random>

#include "notation/parser.hpp"

namespace pgconform::notation {
namespace {

TEST(Print, IsCanonical) {
  auto trace = parse_trace(
      "format: 1\n  [a]   F Query { \"query\" : \"a\\u0041é\" }  # why\n@7 [b]\tB? close\neither\n"
      "x: B A\nB+ C -> retry 2\ny:\nany-order\nB tls-alert 120\nend\nend\n",
      "t");
  ASSERT_TRUE(trace) << trace.error().text();
  EXPECT_EQ(print(*trace), R"(format: 1

F Query {"query":"aAé"}
@7 [b] B? close
either
  x: B A
    B+ C -> retry 2
  y:
    any-order
      B tls-alert 120
    end
end
)");
}

// Trees of every shape, the same ones each time.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  Case one_case() {
    Case c{.id = "id-" + std::to_string(pick(9)), .title = "A title: with # and é"};
    c.covers = words(), c.spec = words(), c.was = words();
    if (pick(2)) c.sentences = {"0123abcd", "ffffffff"};
    c.level = pick(2) ? "must" : "postgresql";
    if (pick(2)) c.needs = {{"ext", pick(2) == 1}, {"role:md5", false}};
    if (pick(2)) c.since = {"14.7", "15"};
    if (pick(2)) c.until = {"18"};
    if (pick(2)) c.begin = "raw";
    if (pick(2)) c.cleanup = {"DROP TABLE ${unique:a}", "ROLLBACK PREPARED 'b'"};
    c.alone = pick(2), c.disruptive = pick(2);
    if (pick(2)) c.recorded = recorded();
    c.items = items(false, 0);
    return c;
  }
  Trace trace() { return {recorded(), items(false, 0)}; }

 private:
  std::size_t pick(std::size_t n) { return random_() % n; }
  std::vector<std::string> words() {
    static const char* const all[] = {"XS-03", "protocol-flow", "x"};
    return {all, all + pick(4)};
  }
  Recorded recorded() {
    Recorded r{.format = "1"};
    if (pick(2)) r.client = "psql 15 # x", r.server = "PostgreSQL: 15.8";
    if (pick(2)) r.tls = "TLSv1.3", r.protocol = "3.2", r.when = "2026-01-01T00:00:00Z", r.note = "n";
    return r;
  }
  Json scalar() {
    switch (pick(7)) {
      case 0:
        return nullptr;
      case 1:
        return true;
      case 2:
        return -static_cast<std::int64_t>(random_());
      case 3:
        return std::uint64_t{random_()} << 32;
      case 4:
        return static_cast<double>(random_()) / 7;
      case 5:
        return Json{{"hex", "00ff"}};
      default:
        break;
    }
    static const char* const texts[] = {
        "", "#", "\"}\\", "é\xF0\x9F\x98\x80\xE2\x80\xA8", "\x01\t\n\x7f", " -> retry 3", "$any", "${rows:5}"};
    return texts[pick(8)];
  }
  Json value(int depth) {
    if (depth > 3 || pick(2)) return scalar();
    if (pick(2)) return object(depth);
    Json list = Json::array();
    for (auto n = pick(4); n > 0; --n) list.push_back(value(depth + 1));
    return list;
  }
  Json object(int depth) {
    Json object = Json::object();
    static const char* const names[] = {"z", "a", "", "é", "a b", "$$any"};
    for (auto n = pick(4); n > 0; --n) object[names[pick(6)]] = value(depth + 1);
    return object;
  }
  Json pattern() {
    static const char* const all[] = {
        R"({"$any":true})",         R"({"$re":"a.*","$as":"x"})", R"({"$in":[1,{"$not":"2"}]})",
        R"({"$min":1.5,"$max":2})", R"({"$absent":true})",        R"({"$ref":"b.pid"})"};
    return Json::parse(all[pick(6)]);
  }
  std::vector<Item> items(bool backend, int depth) {
    std::vector<Item> list;
    for (auto n = 1 + pick(4); n > 0; --n) list.push_back(item(backend, depth));
    return list;
  }
  Item item(bool backend, int depth) {
    Item item;
    auto kind = pick(depth < 3 ? 6 : 3);
    if (kind >= 4) return item.what = block(backend, depth), item;
    if (pick(2)) item.connection = pick(2) ? "b" : "long-name_2";
    if (pick(2)) item.at = std::uint64_t{random_()} << pick(32);
    if (backend || kind < 2) {
      item.what = message(backend || pick(2));
    } else {
      item.what = verb(item);
    }
    return item;
  }
  Message message(bool backend) {
    Message m{.side = backend ? Side::backend : Side::frontend, .name = pick(2) ? "Parse" : "X2"};
    if (backend) m.occurs = static_cast<Occurs>(pick(4));
    switch (pick(6)) {
      case 0:
        m.name = "raw", m.fields = {{"hex", "0aff"}};
        break;
      case 1:
        if (backend) m.name = "close";
        break;
      case 2:
        if (backend) m.name = "tls-alert", m.fields = pick(2) ? Json{{"alert", 120U}} : Json::object();
        break;
      default:
        m.fields = object(0);
        if (backend && pick(2)) m.fields["p"] = pattern();
        if (!backend && pick(2)) m.fields["v"] = Json{{"$len", 100}, {"value", "42"}};
    }
    return m;
  }
  Verb verb(Item& item) {
    Verb v{.kind = static_cast<Verb::Kind>(pick(9))};
    if (v.kind == Verb::Kind::churn || v.kind == Verb::Kind::barrier) item.connection = "a", item.at.reset();
    if (v.kind == Verb::Kind::churn) v.count = 8;
    if (v.kind == Verb::Kind::connect && pick(2)) v.argument = {{"tls", "negotiated"}};
    return v;
  }
  Block block(bool backend, int depth) {
    Block b{.kind = static_cast<Block::Kind>(pick(3)), .items = {}, .alternatives = {}};
    if (b.kind == Block::Kind::either) {
      b.alternatives.push_back({"one", items(true, depth + 1), {}, {}});
      b.alternatives.push_back({"two-2", items(true, depth + 1), pick(2) ? std::optional(3U) : std::nullopt, {}});
      return b;
    }
    if (b.kind == Block::Kind::repeat) b.times = 1000;
    b.items = items(backend || b.kind == Block::Kind::any_order, depth + 1);
    return b;
  }

  std::mt19937 random_;
};

TEST(Print, GivesTheSameTreeWhenParsedAgain) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    Generator generate(seed);
    Case one = generate.one_case();
    auto text = print(one);
    auto again = parse_cases(text, "c");
    ASSERT_TRUE(again) << again.error().text() << '\n' << text;
    ASSERT_TRUE(again->cases.size() == 1 && again->cases[0] == one) << text << "----\n" << print(again->cases[0]);
    ASSERT_EQ(print(again->cases[0]), text);

    Trace trace = generate.trace();
    auto read = parse_trace(print(trace), "t");
    ASSERT_TRUE(read) << read.error().text() << '\n' << print(trace);
    ASSERT_EQ(*read == trace, true) << print(trace);
  }
}

}  // namespace
}  // namespace pgconform::notation
