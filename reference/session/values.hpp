#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "protocol/decode.hpp"
#include "session/engine.hpp"

namespace pgconform::session {

// ValueContext: whose values they are, for what errors say about them.
struct ValueContext {
  std::optional<std::string> where;  // of Bind: "unnamed portal"
  std::string_view noun;             // "bind parameter", "function argument"
  const types::ClientEncoding* encoding = nullptr;
};

// read_values: what a client sent in text or binary form, as values of `types`, of which there are as many as values;
// and no format codes, one, or as many.
std::expected<std::vector<types::Value>, Report> read_values(const protocol::FormatList& formats,
                                                             const protocol::ValueList& values,
                                                             std::span<const types::Oid> types,
                                                             const types::Style& style, const ValueContext& context);

}  // namespace pgconform::session
