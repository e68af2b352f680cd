#include <fmt/format.h>

#include <pugixml.hpp>
#include <sstream>

#include "report/report.hpp"

namespace pgconform::report {

namespace {

using runner::Judged;
using runner::Verdict;

// clean: XML 1.0 knows no control characters, and must be UTF-8.
std::string clean(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = byte < 0x80                   ? 1
                               : byte >= 0xc2 && byte < 0xe0 ? 2
                               : byte >= 0xe0 && byte < 0xf0 ? 3
                               : byte >= 0xf0 && byte < 0xf5 ? 4
                                                             : 0;
    bool good = length > 0 && i + length <= text.size() && (length > 1 || byte >= 0x20 || byte == '\n' || byte == '\t');
    for (std::size_t k = 1; good && k < length; ++k) good = (static_cast<unsigned char>(text[i + k]) & 0xc0) == 0x80;
    if (good && length > 2) {
      // Neither overlong forms, surrogates and what lies beyond Unicode, nor U+FFFE and U+FFFF.
      const auto next = static_cast<unsigned char>(text[i + 1]);
      good = !(byte == 0xe0 && next < 0xa0) && !(byte == 0xed && next >= 0xa0) && !(byte == 0xf0 && next < 0x90) &&
             !(byte == 0xf4 && next >= 0x90) && text.substr(i, 3) != "\xef\xbf\xbe" &&
             text.substr(i, 3) != "\xef\xbf\xbf";
    }
    if (good)
      out += text.substr(i, length);
    else
      out += fmt::format("\\x{:02x}", byte);
    i += good ? length : 1;
  }
  return out;
}

void add(pugi::xml_node& node, const char* name, const std::string& value) {
  node.append_attribute(name) = clean(value).c_str();
}

std::string time(std::chrono::milliseconds duration) {
  return fmt::format("{:.3f}", static_cast<double>(duration.count()) / 1000);
}

std::string details(const Judged& judged) {
  const auto& entry = *judged.entry;
  std::string text = fmt::format("{}\n{}:{}\n", entry.test.title, entry.file, entry.test.place.line);
  for (const auto& line : judged.result.conversation) text += line + "\n";
  for (const auto& failure : judged.result.failures)
    text += fmt::format("{}{}: {}\n", runner::name_of(failure.level), failure.facet.empty() ? "" : " " + failure.facet,
                        failure.text);
  return text;
}

std::string message(const Judged& judged) {
  if (!judged.note.empty() && judged.standing != runner::Standing::differs) return judged.note;
  if (!judged.result.failures.empty()) return judged.result.failures.front().text;
  return judged.result.reason;
}

// Tools that read JUnit know failed, in error and skipped: a failure that does not gate is the last, and says why.
void add_case(pugi::xml_node& suite, const Judged& judged) {
  const auto& id = judged.entry->id;
  const auto& result = judged.result;
  const auto slash = id.rfind('/');
  auto node = suite.append_child("testcase");
  add(node, "classname", slash == id.npos ? "cases" : id.substr(0, slash));
  add(node, "name", slash == id.npos ? id : id.substr(slash + 1));
  add(node, "file", judged.entry->file);
  add(node, "time", time(result.duration));
  if (result.verdict == Verdict::pass && !judged.gates) return;
  const auto* kind = result.verdict == Verdict::broken ? "error" : "failure";
  auto told = node.append_child(judged.gates ? kind : "skipped");
  const auto text = message(judged);
  add(told, "message",
      result.verdict == Verdict::fail && !judged.gates
          ? fmt::format("fails, does not gate ({}): {}", runner::name_of(judged.standing), text)
          : text);
  if (result.verdict == Verdict::fail || judged.gates) told.text() = clean(details(judged)).c_str();
}

}  // namespace

std::string junit(const Report& report) {
  pugi::xml_document document;
  auto root = document.append_child("testsuites");
  add(root, "name", "pgconform");
  add(root, "time", time(report.duration));
  pugi::xml_node suite;
  std::string open;
  const auto suite_of = [&](const std::string& name) {
    if (suite && open == name) return;
    open = name;
    suite = root.append_child("testsuite");
    add(suite, "name", name);
    add(suite, "timestamp", report.begun.substr(0, 19));
    auto properties = suite.append_child("properties");
    auto property = properties.append_child("property");
    add(property, "name", "target");
    add(property, "value", report.target);
  };
  for (const auto& each : report.cases) {
    const auto slash = each.entry->id.find('/');
    suite_of(slash == std::string::npos ? "cases" : each.entry->id.substr(0, slash));
    add_case(suite, each);
  }
  for (const auto& problem : report.problems) {
    suite_of("the run itself");
    auto node = suite.append_child("testcase");
    add(node, "classname", "problems");
    add(node, "name", problem);
    add(node, "time", "0.000");
    auto failure = node.append_child("failure");
    add(failure, "message", problem);
  }
  for (auto each = root.first_child(); each; each = each.next_sibling()) {
    unsigned cases = 0, failures = 0, errors = 0, skipped = 0;
    for (auto node : each.children("testcase")) {
      ++cases;
      failures += !node.child("failure").empty();
      errors += !node.child("error").empty();
      skipped += !node.child("skipped").empty();
    }
    each.append_attribute("tests") = cases;
    each.append_attribute("failures") = failures;
    each.append_attribute("errors") = errors;
    each.append_attribute("skipped") = skipped;
  }
  std::ostringstream out;
  document.save(out, "  ");
  return std::move(out).str();
}

}  // namespace pgconform::report
