#pragma once

#include <expected>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "notation/sql_template.hpp"
#include "runner/needs.hpp"
#include "runner/result.hpp"

// Profiles: what is known and expected of a target. docs/profile.schema.json.
namespace pgconform::runner {

// Expectation: one entry of `expect`.
struct Expectation {
  enum class Verdict : std::uint8_t { pass, fail, unsupported, varies };
  std::string cases;  // a pattern, runner/glob.hpp
  std::string facet;  // of the answer; empty: the case as a whole
  Verdict verdict = Verdict::fail;
  std::string actual;  // what comes in place of the expected answer: a line, `B close` or `no answer`; empty: anything
  std::string reason;
  std::string expires;                      // 2027-06: the last month in which this is accepted
  std::map<std::string, std::string> when;  // holds only then: {"delivery":"bytewise"}
  std::string origin;                       // where it stands: `FILE: /expect/2`
};

struct Profile {
  std::string name;
  std::optional<Level> gate;
  std::string postgresql;  // the version whose answers are expected
  std::string catalogue;
  Capabilities capabilities;
  notation::SqlTemplates::Dialect sql;
  std::vector<Expectation> expect;  // a profile's own before those of the one that it extends
};

// Profiles: the directory of those that have a name.
class Profiles {
 public:
  explicit Profiles(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // load: by name, or from a file if `name` has a slash or ends in .json. The error is one line: an unknown name lists
  // those that are known, a bad file is told with the place in it and what was expected there.
  std::expected<Profile, std::string> load(std::string_view name) const;
  // names: what load() knows, sorted.
  std::vector<std::string> names() const;

 private:
  std::filesystem::path directory_;
};

}  // namespace pgconform::runner
