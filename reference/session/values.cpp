#include "session/values.hpp"

#include "session/rows.hpp"
#include "sqlstate/sqlstate.hpp"
#include "types/form.hpp"
#include "types/made.hpp"

namespace pgconform::session {

std::expected<std::vector<types::Value>, Report> read_values(const protocol::FormatList& codes,
                                                             const protocol::ValueList& list,
                                                             std::span<const types::Oid> types,
                                                             const types::Style& style, const ValueContext& context) {
  const Formats formats(codes);
  std::vector<types::Value> values;
  values.reserve(list.size());
  std::size_t i = 0;
  for (const auto& [value] : list) {
    const auto format = formats.of(i);
    const auto type = types[i];
    ++i;
    // PostgreSQL quotes the value only as far as log_parameter_max_length_on_error says, which is not at all.
    auto wrong = [&](Report report, std::string_view shown = "") {
      if (context.where) report.where = *context.where + " parameter $" + std::to_string(i) + std::string(shown);
      return std::unexpected(std::move(report));
    };
    auto failed = [&](const types::Failure& failure) {
      auto report = error(failure.sqlstate, failure.message);
      report.detail = failure.detail;
      report.hint = failure.hint;
      report.schema = failure.schema;
      report.data_type = failure.data_type;
      report.constraint = failure.constraint;
      return report;
    };
    if (format != 0 && format != 1)
      return wrong(error(sqlstate::invalid_parameter_value, "unsupported format code: " + std::to_string(format)));
    if (value.is_null) {
      values.emplace_back();
      if (const auto* made = types::find_made(type); made && made->kind == 'd')
        if (auto allowed = types::made_types()->check(*made, {}); !allowed) return wrong(failed(allowed.error()));
      continue;
    }
    if (!types::find_type(type))
      return wrong(error(sqlstate::internal_error, "cache lookup failed for type " + std::to_string(type)));
    if (format == 0) {
      std::string storage;
      const auto text = read_text(value.bytes, context.encoding, storage);
      if (!text) return wrong(text.error());
      auto parsed = types::parse_text(type, *text, style);
      if (!parsed) return wrong(failed(parsed.error()), value.bytes.empty() ? " = ''" : " = '...'");
      values.push_back(std::move(*parsed));
    } else {
      std::string_view bytes = value.bytes;
      types::Result<std::string> converted;
      if (context.encoding) {
        converted = types::binary_to_utf8(*context.encoding, type, bytes);
        if (!converted) return wrong(failed(converted.error()));
        bytes = *converted;
      }
      auto parsed = types::parse_binary(type, bytes);
      if (!parsed) {
        auto report = failed(parsed.error());
        if (report.sqlstate == sqlstate::invalid_binary_representation && report.message.ends_with("data format"))
          report.message += " in " + std::string(context.noun) + " " + std::to_string(i);
        return wrong(std::move(report));
      }
      values.push_back(std::move(*parsed));
    }
  }
  return values;
}

}  // namespace pgconform::session
