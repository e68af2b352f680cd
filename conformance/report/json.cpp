#include <nlohmann/json.hpp>

#include "report/report.hpp"

namespace pgconform::report {

namespace {

using Json = nlohmann::ordered_json;

double seconds(std::chrono::milliseconds duration) {
  return static_cast<double>(duration.count()) / 1000;
}

Json of(const runner::Failure& failure) {
  Json json{{"level", runner::name_of(failure.level)}};
  if (!failure.facet.empty()) json["facet"] = failure.facet;
  json["text"] = failure.text;
  if (failure.line) json["line"] = failure.line;
  if (failure.no_answer) json["no_answer"] = true;
  if (failure.target_down) json["target_down"] = true;
  return json;
}

Json of(const runner::Judged& judged) {
  const auto& entry = *judged.entry;
  const auto& result = judged.result;
  Json json{{"id", entry.id},
            {"title", entry.test.title},
            {"level", entry.test.level},
            {"covers", entry.test.covers},
            {"spec", entry.test.spec},
            {"file", entry.file},
            {"line", entry.test.place.line},
            {"verdict", runner::name_of(result.verdict)},
            {"standing", runner::name_of(judged.standing)},
            {"gates", judged.gates},
            {"seconds", seconds(result.duration)}};
  if (!result.reason.empty()) json["reason"] = result.reason;
  if (!judged.note.empty()) json["note"] = judged.note;
  if (!result.variants.empty()) json["variants"] = result.variants;
  if (!result.failures.empty()) {
    json["failures"] = Json::array();
    for (const auto& failure : result.failures) json["failures"].push_back(of(failure));
    json["conversation"] = result.conversation;
    if (!result.actual.empty()) json["actual"] = result.actual;
  }
  return json;
}

}  // namespace

std::string json(const Report& report) {
  const auto counts = count(report);
  const auto failing = [&](runner::Level level) { return counts.failing[static_cast<std::size_t>(level)]; };
  Json json{
      {"format", 1}, {"program", {{"name", "pgconform"}, {"version", report.version}}}, {"target", report.target}};
  if (!report.profile.empty()) json["profile"] = report.profile;
  if (!report.postgresql.empty()) json["postgresql"] = report.postgresql;
  json["gate"] = runner::name_of(report.gate);
  json["begun"] = report.begun;
  json["seconds"] = seconds(report.duration);
  json["interrupted"] = report.interrupted;
  json["status"] = static_cast<int>(report.exit);
  json["summary"] = {{"cases", report.cases.size()},
                     {"pass", counts.pass},
                     {"fail",
                      {{"must", failing(runner::Level::must)},
                       {"should", failing(runner::Level::should)},
                       {"postgresql", failing(runner::Level::postgresql)}}},
                     {"unsupported", counts.unsupported},
                     {"skipped", counts.skipped},
                     {"broken", counts.broken},
                     {"gates", counts.gates}};
  json["problems"] = report.problems;
  json["cases"] = Json::array();
  for (const auto& each : report.cases) json["cases"].push_back(of(each));
  // What a target says is any bytes.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace pgconform::report
