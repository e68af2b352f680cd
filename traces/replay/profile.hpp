#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace pgconform::replay {

// Exception: recorded sessions that a target is known to answer otherwise, and why.
struct Exception {
  std::string traces;   // a pattern over ids: `pgjdbc/*`
  bool varies = false;  // it may answer either way; otherwise it must not answer as recorded
  std::string reason;
};

// Profile: what is known of a target. A file of traces/profiles:
//   {"format": 1, "name": "NAME", "expect": [{"traces": "psql/describe-*", "verdict": "fail", "reason": "…"}]}
struct Profile {
  std::string name;
  std::vector<Exception> expect;

  // exception: the first that names this session; null if none does.
  const Exception* exception(const std::string& id) const;
};

// load_profile: by name from `directory`, or a file where `name` has a slash or ends in .json.
std::expected<Profile, std::string> load_profile(const std::string& name, const std::string& directory);

}  // namespace pgconform::replay
