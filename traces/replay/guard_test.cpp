// The phase table, held against what real clients and a real PostgreSQL said to each other: all of it is legal, and
// with one message of the backend dropped, doubled or swapped with the next it is not, unless a row below says why.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "monitor/monitor.hpp"
#include "replay/session.hpp"

namespace pgconform::replay {
namespace {

namespace fs = std::filesystem;
using protocol::Sender;

std::vector<Session> corpus() {
  std::vector<Session> all;
  for (const auto& entry : fs::recursive_directory_iterator(CORPUS)) {
    if (entry.path().extension() != ".trace") continue;
    auto session = load(entry.path().string());
    EXPECT_TRUE(session) << session.error();
    if (session) all.push_back(std::move(*session));
  }
  return all;
}

// violation: how the first of the two breaks the rules; empty if nobody does.
std::string violation(const std::vector<const Step*>& steps) {
  monitor::Monitor monitor;
  for (const auto* step : steps) {
    if (step->kind != Step::Kind::message) continue;
    const auto frame = wire::next_frame(step->bytes, frame_kind(step->sender, step->stage));
    if (!frame || !*frame) return "no frame: " + step->name;
    if (step->name == "Terminate" && !monitor.frontend_broke() && !monitor.idle()) return "a request without an answer";
    const auto sound = step->sender == Sender::frontend ? monitor.frontend(**frame) : monitor.backend(**frame);
    if (!sound) return describe(sound.error());
    if (monitor.frontend_broke()) return "then it would be the frontend that broke the rules";
  }
  return {};
}

std::vector<const Step*> steps_of(const Session& session) {
  std::vector<const Step*> steps;
  for (const auto& step : session.steps) steps.push_back(&step);
  return steps;
}

bool is_backend(const Step& step) {
  return step.sender == Sender::backend && step.kind == Step::Kind::message;
}

// Allowance: why a backend may do without this message, say it twice, or say it after the next. An empty name is any.
struct Allowance {
  const char *what, *message, *next, *why;
};
constexpr Allowance allowances[] = {
    {"drop", "DataRow", "", "a result has any number of rows"},
    {"double", "DataRow", "", "a result has any number of rows"},
    {"swap", "DataRow", "DataRow", "the order of rows is not the protocol's business"},
    {"drop", "CopyData", "", "a copy has any number of rows"},
    {"double", "CopyData", "", "a copy has any number of rows"},
    {"swap", "CopyData", "CopyData", "the order of rows is not the protocol's business"},
    {"drop", "BackendKeyData", "", "a server that cannot cancel sends none"},
    {"double", "CommandComplete", "", "a query string has any number of statements"},
    {"drop", "", "ErrorResponse", "an error may come in place of every answer"},
    {"drop", "CopyInResponse", "", "rows that were sent ahead are dropped where there is no copy"},
    {"drop", "RowDescription", "CommandComplete", "what gives no row may be no query"},
    {"drop", "ErrorResponse", "ReadyForQuery", "the statement before it may have been the last of its string"},
    {"double", "ErrorResponse", "", "the Sync behind what has failed may fail as well"},
};

bool allowed(std::string_view what, const Step& step, const Step* next) {
  // protocol-async: at any time, so also at none, twice, and before or after anything else.
  const auto async = [](const Step& one) {
    return one.name == "NoticeResponse" || one.name == "ParameterStatus" || one.name == "NotificationResponse";
  };
  if (async(step) || (what == "swap" && async(*next))) return true;
  const auto fits = [](std::string_view wanted, const Step* one) {
    return wanted.empty() || (one && one->name == wanted);
  };
  return std::ranges::any_of(allowances, [&](const Allowance& one) {
    return one.what == what && fits(one.message, &step) && fits(one.next, next);
  });
}

TEST(PhaseTable, AllowsEverythingThatRealOnesSaid) {
  const auto sessions = corpus();
  EXPECT_GE(sessions.size(), 20u);
  for (const auto& session : sessions) EXPECT_EQ(violation(steps_of(session)), "") << session.file;
}

TEST(PhaseTable, ForbidsWhatDiffersFromThemByOneMessage) {
  std::map<std::string, std::string> passed;  // what slipped through, and where
  std::size_t mutants = 0;
  for (const auto& session : corpus()) {
    const auto steps = steps_of(session);
    // Of what nothing follows nobody can tell whether more was to come.
    std::size_t last = steps.size();
    while (last > 0 && !is_backend(*steps[last - 1])) --last;
    for (std::size_t i = 0; i < last; ++i) {
      const auto& step = *steps[i];
      if (!is_backend(step)) continue;
      const auto* next = i + 1 < last && is_backend(*steps[i + 1]) ? steps[i + 1] : nullptr;
      const auto check = [&](const std::string& what, const std::vector<const Step*>& mutant) {
        ++mutants;
        if (!allowed(what, step, next) && violation(mutant).empty())
          passed[what + " " + step.name + (what == "swap" ? " " + next->name : "")] =
              session.file + ":" + std::to_string(step.place.line);
      };
      auto mutant = steps;
      if (i + 1 < last) {
        mutant.erase(mutant.begin() + static_cast<std::ptrdiff_t>(i));
        check("drop", mutant);
        mutant = steps;
      }
      mutant.insert(mutant.begin() + static_cast<std::ptrdiff_t>(i), &step);
      check("double", mutant);
      if (next && next->bytes != step.bytes) {
        mutant = steps;
        std::swap(mutant[i], mutant[i + 1]);
        check("swap", mutant);
      }
    }
  }
  EXPECT_GT(mutants, 1000u);
  for (const auto& [what, where] : passed) ADD_FAILURE() << what << " is legal by the table: " << where;
}

// The corpus is worth its place: no two sessions of a client say the same messages.
TEST(Corpus, HoldsNoSessionTwice) {
  std::map<std::string, std::string> seen;
  for (const auto& session : corpus()) {
    std::string names = session.id.substr(0, session.id.find('/')) + ": ";
    for (const auto& step : session.steps) names += static_cast<char>(step.sender) + step.name + " ";
    const auto [other, fresh] = seen.emplace(names, session.id);
    EXPECT_TRUE(fresh) << session.id << " is as " << other->second;
  }
}

TEST(Corpus, HoldsNoSecret) {
  for (const auto& session : corpus())
    for (const auto& step : session.steps) {
      const bool secret =
          step.name == "PasswordMessage" || step.name == "SASLResponse" || step.name == "AuthenticationSASLFinal";
      EXPECT_TRUE(step.redacted || !secret) << session.file << ":" << step.place.line;
    }
}

}  // namespace
}  // namespace pgconform::replay
