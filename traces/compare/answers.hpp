#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "notation/ast.hpp"

// Today's answer against that of a recording. Nobody wrote down what matters in it, so what must be alike is decided
// here: everything except what no two servers, or no two runs, have in common.
namespace pgconform::compare {

using notation::Json;

// Kind: in which way an answer is another one.
enum class Kind : std::uint8_t { missing, extra, type, sqlstate, value, status, early_close, no_answer };

// kind_name: "missing", "extra", "type", "SQLSTATE", "value", "status", "early close", "no answer".
std::string_view kind_name(Kind kind);

// Answered: one message of a backend with its fields, defaults written; or `close`.
struct Answered {
  std::string name;
  Json fields = Json::object();
};

// is_asynchronous: what a backend may say at any time, so that neither its coming nor its absence tells anything.
bool is_asynchronous(std::string_view name);

// Unlike: a field that differs.
struct Unlike {
  Kind kind = Kind::value;
  std::string path{};
};

// Answers: compares messages of one name. It remembers what columns were announced, as object ids differ from one
// database to the next, and which of today's ids stands for which of the recording.
//
// Not compared: texts of errors and notices, what is said for information (routine, file, line, position), keys and
// process ids, salts and nonces, object ids of a user's own tables and types.
class Answers {
 public:
  std::vector<Unlike> compare(const Answered& recorded, const Answered& answered);
  // translate: a message of the frontend, with today's ids in place of the recorded ones.
  Json translate(std::string_view name, Json fields) const;

 private:
  bool alike_value(std::size_t column, const Json& recorded, const Json& answered);

  std::vector<std::uint32_t> columns_;  // type OIDs of the rows that follow
  std::map<std::string, std::string> ids_;
};

}  // namespace pgconform::compare
