#include "engine/copy/options.hpp"

#include <algorithm>

#include "engine/error.hpp"

namespace pgconform::engine {
namespace {

// Given: an option's text, or that it was not given.
using Given = std::optional<std::string>;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

std::string text_of(const Node& option) {
  const Node& arg = option["arg"];
  if (arg.is_empty()) fail(sqlstate::syntax_error, fmt::format("{} requires a parameter", option.text("defname")));
  if (arg.is("Integer")) return std::to_string(arg.body().number("ival"));
  if (arg.is("Float")) return std::string(arg.body().text("fval"));
  if (arg.is("Boolean")) return arg.body().flag("boolval") ? "true" : "false";
  return std::string(arg.string_of());
}

// truth: nullopt where it is no boolean.
std::optional<bool> truth(const Node& option) {
  const Node& arg = option["arg"];
  if (arg.is_empty()) return true;
  if (arg.is("Integer")) {
    const auto number = arg.body().number("ival");
    if (number == 0 || number == 1) return number == 1;
    return std::nullopt;
  }
  const std::string text = lower(text_of(option));
  if (text == "true" || text == "on") return true;
  if (text == "false" || text == "off") return false;
  return std::nullopt;
}

std::vector<std::string> columns_of(const Node& option) {
  const Node& arg = option["arg"];
  if (arg.is("A_Star")) return {"*"};
  std::vector<std::string> names;
  if (!arg.is("List"))
    fail(sqlstate::invalid_parameter_value,
         fmt::format("argument to option \"{}\" must be a list of column names", option.text("defname")),
         option.location());
  for (const auto* item : arg.body().list("items")) names.emplace_back(item->string_of());
  return names;
}

const types::ClientEncoding* encoding_of(const Node& option) {
  const auto* found = types::ClientEncoding::find(text_of(option));
  if (!found)
    fail(sqlstate::invalid_parameter_value,
         fmt::format("argument to option \"{}\" must be a valid encoding name", option.text("defname")),
         option.location());
  if (!found->is_supported()) refuse(fmt::format("COPY in encoding \"{}\"", text_of(option)), option.location());
  return found->needs_conversion() ? found : nullptr;
}

[[noreturn]] void bad(std::string message) {
  fail(sqlstate::invalid_parameter_value, std::move(message));
}
[[noreturn]] void not_here(std::string message) {
  fail(sqlstate::feature_not_supported, std::move(message));
}

// ProcessCopyOptions()'s checks, in its order.
void check(CopyOptions& options, const Given& delimiter, const Given& null, const Given& quote, const Given& escape,
           bool freeze, bool is_from) {
  const bool csv = options.is_csv(), binary = options.format == CopyOptions::Format::binary;
  if (binary && delimiter) fail(sqlstate::syntax_error, "cannot specify DELIMITER in BINARY mode");
  if (binary && null) fail(sqlstate::syntax_error, "cannot specify NULL in BINARY mode");
  const std::string between = delimiter.value_or(csv ? "," : "\t");
  options.null = null.value_or(csv ? "" : "\\N");
  if (between.size() != 1) not_here("COPY delimiter must be a single one-byte character");
  options.delimiter = between[0];
  if (between == "\r" || between == "\n") bad("COPY delimiter cannot be newline or carriage return");
  if (options.null.find_first_of("\r\n") != std::string::npos)
    bad("COPY null representation cannot use newline or carriage return");
  if (!csv && between.find_first_of("\\.abcdefghijklmnopqrstuvwxyz0123456789") == 0)
    bad(fmt::format("COPY delimiter cannot be \"{}\"", between));
  if (binary && options.header != CopyOptions::Header::none) not_here("cannot specify HEADER in BINARY mode");
  if (!csv && quote) not_here("COPY QUOTE requires CSV mode");
  if (csv && quote && quote->size() != 1) not_here("COPY quote must be a single one-byte character");
  if (quote) options.quote = (*quote)[0];
  if (csv && options.delimiter == options.quote) bad("COPY delimiter and quote must be different");
  if (!csv && escape) not_here("COPY ESCAPE requires CSV mode");
  if (csv && escape && escape->size() != 1) not_here("COPY escape must be a single one-byte character");
  options.escape = escape ? (*escape)[0] : options.quote;
  if (!options.force_quote.empty()) {
    if (!csv) not_here("COPY FORCE_QUOTE requires CSV mode");
    if (is_from) not_here("COPY FORCE_QUOTE cannot be used with COPY FROM");
  }
  for (const auto& [list, name] :
       {std::pair{&options.force_not_null, "FORCE_NOT_NULL"}, std::pair{&options.force_null, "FORCE_NULL"}}) {
    if (list->empty()) continue;
    if (!csv) not_here(fmt::format("COPY {} requires CSV mode", name));
    if (!is_from) bad(fmt::format("COPY {} cannot be used with COPY TO", name));
  }
  if (!binary && options.null.find(options.delimiter) != std::string::npos)
    bad("COPY delimiter character must not appear in the NULL specification");
  if (csv && options.null.find(options.quote) != std::string::npos)
    bad("CSV quote character must not appear in the NULL specification");
  if (freeze && !is_from) bad("COPY FREEZE cannot be used with COPY TO");
}

}  // namespace

CopyOptions read_copy_options(const Node& statement, bool is_from, const types::ClientEncoding* encoding) {
  CopyOptions options;
  options.encoding = encoding;
  Given delimiter, null, quote, escape;
  bool freeze = false;
  std::vector<std::string_view> seen;
  for (const auto* each : statement.list("options")) {
    const Node& option = each->body();
    const auto name = option.text("defname");
    if (std::ranges::find(seen, name) != seen.end())
      fail(sqlstate::syntax_error, "conflicting or redundant options", option.location());
    seen.push_back(name);
    if (name == "format") {
      const std::string format = text_of(option);
      if (format == "csv")
        options.format = CopyOptions::Format::csv;
      else if (format == "binary")
        options.format = CopyOptions::Format::binary;
      else if (format != "text")
        fail(sqlstate::invalid_parameter_value, fmt::format("COPY format \"{}\" not recognized", format),
             option.location());
    } else if (name == "freeze") {
      const auto on = truth(option);
      if (!on) fail(sqlstate::syntax_error, "freeze requires a Boolean value");
      freeze = *on;
    } else if (name == "delimiter") {
      delimiter = text_of(option);
    } else if (name == "null") {
      null = text_of(option);
    } else if (name == "header") {
      const auto on = truth(option);
      if (on) {
        options.header = *on ? CopyOptions::Header::skip : CopyOptions::Header::none;
      } else {
        if (lower(text_of(option)) != "match")
          fail(sqlstate::syntax_error, "header requires a Boolean value or \"match\"");
        if (!is_from) not_here("cannot use \"match\" with HEADER in COPY TO");
        options.header = CopyOptions::Header::match;
      }
    } else if (name == "quote") {
      quote = text_of(option);
    } else if (name == "escape") {
      escape = text_of(option);
    } else if (name == "force_quote") {
      options.force_quote = columns_of(option);
    } else if (name == "force_not_null") {
      options.force_not_null = columns_of(option);
    } else if (name == "force_null") {
      options.force_null = columns_of(option);
    } else if (name == "encoding") {
      options.encoding = encoding_of(option);
    } else if (name == "default" || name == "on_error" || name == "log_verbosity" || name == "reject_limit") {
      refuse("COPY's option " + std::string(name), option.location());
    } else {
      fail(sqlstate::syntax_error, fmt::format("option \"{}\" not recognized", name), option.location());
    }
  }
  check(options, delimiter, null, quote, escape, freeze, is_from);
  return options;
}

}  // namespace pgconform::engine
