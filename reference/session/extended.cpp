#include "session/extended.hpp"

#include <algorithm>

#include "sqlstate/sqlstate.hpp"
#include "types/form.hpp"

namespace pgconform::session {

namespace {

constexpr std::size_t name_length = 63;

// Names longer than NAMEDATALEN - 1 are cut without a word, wherever they are used.
std::string key(std::string_view name) {
  return std::string(name.substr(0, name_length));
}

std::unexpected<Report> no(std::string_view sqlstate, std::string message) {
  return std::unexpected(error(sqlstate, std::move(message)));
}

std::string quoted(std::string_view name) {
  return '"' + std::string(name) + '"';
}

// recounted: the tag of a portal's last portion counts the rows of that portion only.
std::string recounted(const std::string& tag, std::int64_t rows) {
  const auto space = tag.rfind(' ');
  if (space == std::string::npos || !std::all_of(tag.begin() + static_cast<long>(space) + 1, tag.end(), ::isdigit))
    return tag;
  return tag.substr(0, space + 1) + std::to_string(rows);
}

bool same_columns(const Statement& a, const Statement& b) {
  const auto &x = a.columns(), &y = b.columns();
  if (x.has_value() != y.has_value()) return false;
  return !x || std::ranges::equal(*x, *y, [](const Column& l, const Column& r) {
    return l.name == r.name && l.type == r.type && l.type_modifier == r.type_modifier;
  });
}

}  // namespace

void ExtendedQuery::start_command(QueryCycle::Now now) {
  backend_.start_command(now.wall);
  if (pipelining_) backend_.begin_implicit_block();
}

ExtendedQuery::Done ExtendedQuery::parse(const protocol::Parse& message, Output& out, QueryCycle::Now now) {
  start_command(now);
  const auto name = key(message.statement);
  if (name.empty()) statements_.erase("");

  Prepared prepared;
  for (const auto& type : message.parameter_types) prepared.parameter_types.push_back(type.value);
  auto parsed = backend_.parse(message.query);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  if (parsed->size() > 1)
    return no(sqlstate::syntax_error, "cannot insert multiple commands into a prepared statement");
  if (!parsed->empty()) {
    prepared.parsed = parsed->front();
    if (auto allowed = check_failed(prepared); !allowed) return allowed;
    auto statement = backend_.analyze(prepared.parsed, prepared.parameter_types);
    if (!statement) return std::unexpected(std::move(statement.error()));
    prepared.statement = *statement;
    const auto types = prepared.statement->parameter_types();
    prepared.parameter_types.assign(types.begin(), types.end());
  }
  if (!name.empty() && statements_.contains(name))
    return no(sqlstate::duplicate_pstatement, "prepared statement " + quoted(message.statement) + " already exists");
  statements_.insert_or_assign(name, std::move(prepared));
  out.send(protocol::ParseComplete{});
  return {};
}

ExtendedQuery::Done ExtendedQuery::bind(const protocol::Bind& message, Output& out, QueryCycle::Now now) {
  start_command(now);
  auto found = find_statement(message.statement);
  if (!found) return std::unexpected(std::move(found.error()));
  const Prepared& prepared = **found;

  const auto given = message.parameters.size(), formats = message.parameter_formats.size();
  if (formats > 1 && formats != given)
    return no(sqlstate::protocol_violation, "bind message has " + std::to_string(formats) + " parameter formats but " +
                                                std::to_string(given) + " parameters");
  if (given != prepared.parameter_types.size())
    return no(sqlstate::protocol_violation, "bind message supplies " + std::to_string(given) +
                                                " parameters, but prepared statement " + quoted(message.statement) +
                                                " requires " + std::to_string(prepared.parameter_types.size()));
  if (backend_.status() == TransactionStatus::failed &&
      (!prepared.parsed || !prepared.parsed->ends_failed_transaction() || given != 0))
    return no(sqlstate::in_failed_sql_transaction,
              "current transaction is aborted, commands ignored until end of transaction block");

  const auto name = key(message.portal);
  if (name.empty())
    portals_.erase("");
  else if (portals_.contains(name))
    return no(sqlstate::duplicate_cursor, "cursor " + quoted(name) + " already exists");

  Portal portal;
  portal.prepared = prepared;
  auto values = parameters(message, prepared);
  if (!values) return std::unexpected(std::move(values.error()));
  portal.parameters = std::move(*values);
  if (prepared.parsed) {
    auto statement = fresh(prepared);
    if (!statement) return std::unexpected(std::move(statement.error()));
    portal.prepared.statement = *statement;
    if (const auto& columns = portal.prepared.statement->columns()) {
      portal.formats = Formats(message.result_formats);
      if (portal.formats.size() > 1 && portal.formats.size() != columns->size())
        return no(sqlstate::protocol_violation, "bind message has " + std::to_string(portal.formats.size()) +
                                                    " result formats but query has " + std::to_string(columns->size()) +
                                                    " columns");
    }
  }
  portals_.insert_or_assign(name, std::move(portal));
  out.send(protocol::BindComplete{});
  return {};
}

std::expected<std::vector<types::Value>, Report> ExtendedQuery::parameters(const protocol::Bind& message,
                                                                           const Prepared& prepared) const {
  const Formats formats(message.parameter_formats);
  std::vector<types::Value> values;
  values.reserve(message.parameters.size());
  std::size_t i = 0;
  for (const auto& [value] : message.parameters) {
    const auto format = formats.of(i);
    const auto type = prepared.parameter_types[i];
    ++i;
    // PostgreSQL quotes the value only as far as log_parameter_max_length_on_error says, which is not at all.
    auto wrong = [&](Report report, std::string_view shown = "") {
      report.where = (message.portal.empty() ? "unnamed portal" : "portal " + quoted(message.portal)) + " parameter $" +
                     std::to_string(i);
      report.where += shown;
      return std::unexpected(std::move(report));
    };
    if (value.is_null) {
      values.emplace_back();
      continue;
    }
    if (format == 0) {
      if (auto valid = check_text(value.bytes); !valid) return wrong(std::move(valid.error()));
      auto parsed = types::parse_text(type, value.bytes, backend_.style());
      if (!parsed) return wrong(error(parsed.error().sqlstate, parsed.error().message), " = '...'");
      values.push_back(std::move(*parsed));
    } else if (format == 1) {
      auto parsed = types::parse_binary(type, value.bytes);
      if (!parsed) {
        auto report = error(parsed.error().sqlstate, parsed.error().message);
        if (report.sqlstate == sqlstate::invalid_binary_representation)
          report.message += " in bind parameter " + std::to_string(i);
        return wrong(std::move(report));
      }
      values.push_back(std::move(*parsed));
    } else {
      return wrong(error(sqlstate::invalid_parameter_value, "unsupported format code: " + std::to_string(format)));
    }
  }
  return values;
}

std::expected<std::shared_ptr<const Statement>, Report> ExtendedQuery::fresh(const Prepared& prepared) {
  auto statement = backend_.analyze(prepared.parsed, prepared.parameter_types);
  if (!statement) return std::unexpected(std::move(statement.error()));
  if (!same_columns(**statement, *prepared.statement))
    return no(sqlstate::feature_not_supported, "cached plan must not change result type");
  return *statement;
}

ExtendedQuery::Done ExtendedQuery::describe(const protocol::Describe& message, Output& out, QueryCycle::Now now) {
  start_command(now);
  const Prepared* prepared = nullptr;
  Formats formats;
  if (message.kind == 'S') {
    auto found = find_statement(message.target);
    if (!found) return std::unexpected(std::move(found.error()));
    prepared = *found;
  } else if (message.kind == 'P') {
    auto found = find_portal(message.target);
    if (!found) return std::unexpected(std::move(found.error()));
    prepared = &(*found)->prepared;
    formats = (*found)->formats;
  } else {
    return no(sqlstate::protocol_violation,
              "invalid DESCRIBE message subtype " + std::to_string(static_cast<unsigned char>(message.kind)));
  }

  const auto* columns =
      prepared->statement && prepared->statement->columns() ? &*prepared->statement->columns() : nullptr;
  if (columns && backend_.status() == TransactionStatus::failed)
    return no(sqlstate::in_failed_sql_transaction,
              "current transaction is aborted, commands ignored until end of transaction block");
  if (message.kind == 'S') {
    protocol::ListBuilder<protocol::OidList> types;
    for (const auto type : prepared->parameter_types) types.add({type});
    out.send(protocol::ParameterDescription{types.view()});
    if (columns) {
      if (auto statement = fresh(*prepared); !statement) return std::unexpected(std::move(statement.error()));
    }
  }
  if (columns)
    send_row_description(out, *columns, formats);
  else
    out.send(protocol::NoData{});
  return {};
}

ExtendedQuery::Done ExtendedQuery::close(const protocol::Close& message, Output& out) {
  if (message.kind == 'S')
    statements_.erase(key(message.target));
  else if (message.kind == 'P')
    portals_.erase(key(message.target));
  else
    return no(sqlstate::protocol_violation,
              "invalid CLOSE message subtype " + std::to_string(static_cast<unsigned char>(message.kind)));
  out.send(protocol::CloseComplete{});
  return {};
}

ExtendedQuery::Done ExtendedQuery::execute(const protocol::Execute& message, Output& out, QueryCycle::Now now) {
  auto found = find_portal(message.portal);
  if (!found) return std::unexpected(std::move(found.error()));
  Portal& portal = **found;
  if (!portal.prepared.parsed) {
    out.send(protocol::EmptyQueryResponse{});
    return {};
  }
  start_command(now);
  if (auto allowed = check_failed(portal.prepared); !allowed) return allowed;
  if (portal.failed)
    return no(sqlstate::object_not_in_prerequisite_state, "portal " + quoted(message.portal) + " cannot be run");
  if (portal.complete) {
    if (!portal.prepared.statement->columns())
      return no(sqlstate::object_not_in_prerequisite_state, "portal " + quoted(message.portal) + " cannot be run");
    out.send(protocol::CommandComplete{recounted(portal.tag, 0)});
    return {};
  }
  if (!portal.run) {
    auto execution = backend_.execute(portal.prepared.statement, portal.parameters);
    if (!execution) return std::unexpected(std::move(execution.error()));
    const auto& columns = portal.prepared.statement->columns();
    portal.run.emplace(std::move(*execution), columns ? *columns : std::vector<Column>{}, portal.formats);
  }
  // A limit only counts for statements that return rows.
  portal.limit = portal.prepared.statement->columns() ? std::max(message.max_rows, 0) : 0;
  portal.run->restart(portal.limit);
  running_ = &portal;
  return {};
}

std::expected<QueryCycle::Progress, Report> ExtendedQuery::advance(Output& out, QueryCycle::Now now) {
  using State = QueryCycle::Progress::State;
  auto slice = running_->run->advance(out, backend_, now.steady);
  for (const auto& notice : backend_.take_notices()) out.report(notice);
  if (!slice) return std::unexpected(std::move(slice.error()));
  switch (slice->state) {
    case Slice::State::going_on:
      return QueryCycle::Progress{State::again, {}};
    case Slice::State::waiting:
      return QueryCycle::Progress{State::waiting, slice->until};
    case Slice::State::suspended:
      out.send(protocol::PortalSuspended{});
      pipelining_ = true;
      running_ = nullptr;
      return QueryCycle::Progress{State::done, {}};
    case Slice::State::complete:
      break;
  }
  Portal& portal = *running_;
  running_ = nullptr;
  portal.complete = true;
  portal.tag = portal.prepared.statement->columns() ? recounted(slice->tag, portal.run->sent()) : slice->tag;
  const auto tag = portal.tag;
  portal.run.reset();
  if (portal.prepared.parsed->is_transaction_statement()) {
    if (auto committed = backend_.commit_command(); !committed) return std::unexpected(std::move(committed.error()));
    for (const auto& notice : backend_.take_notices()) out.report(notice);
    pipelining_ = false;
    settle();
  } else {
    pipelining_ = true;
  }
  if (tag == "DISCARD ALL") discarded();
  out.send(protocol::CommandComplete{tag});
  return QueryCycle::Progress{State::done, {}};
}

ExtendedQuery::Done ExtendedQuery::sync() {
  pipelining_ = false;
  backend_.end_implicit_block();
  auto committed = backend_.commit_command();
  if (committed) settle();
  return committed;
}

void ExtendedQuery::aborted() {
  running_ = nullptr;
  pipelining_ = false;
  for (auto& [name, portal] : portals_) {
    portal.run.reset();
    portal.failed = true;
  }
}

void ExtendedQuery::query_came() {
  statements_.erase("");
  portals_.erase("");
}

void ExtendedQuery::settle() {
  const auto status = backend_.status();
  if (status == TransactionStatus::failed) return;
  if (status == TransactionStatus::idle) pipelining_ = false;
  std::erase_if(portals_, [&](const auto& named) { return status == TransactionStatus::idle || named.second.failed; });
}

std::expected<ExtendedQuery::Prepared*, Report> ExtendedQuery::find_statement(std::string_view name) {
  const auto found = statements_.find(key(name));
  if (found != statements_.end()) return &found->second;
  if (name.empty()) return no(sqlstate::undefined_pstatement, "unnamed prepared statement does not exist");
  return no(sqlstate::undefined_pstatement, "prepared statement " + quoted(name) + " does not exist");
}

std::expected<ExtendedQuery::Portal*, Report> ExtendedQuery::find_portal(std::string_view name) {
  const auto found = portals_.find(key(name));
  if (found != portals_.end()) return &found->second;
  return no(sqlstate::undefined_cursor, "portal " + quoted(name) + " does not exist");
}

ExtendedQuery::Done ExtendedQuery::check_failed(const Prepared& prepared) const {
  if (backend_.status() != TransactionStatus::failed || prepared.parsed->ends_failed_transaction()) return {};
  return no(sqlstate::in_failed_sql_transaction,
            "current transaction is aborted, commands ignored until end of transaction block");
}

}  // namespace pgconform::session
