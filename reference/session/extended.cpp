#include "session/extended.hpp"

#include <algorithm>

#include "session/values.hpp"
#include "sqlstate/sqlstate.hpp"

namespace pgconform::session {

namespace {

std::unexpected<Report> no(std::string_view sqlstate, std::string message) {
  return std::unexpected(error(sqlstate, std::move(message)));
}

std::string quoted(std::string_view name) {
  return '"' + std::string(name) + '"';
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
  const auto name = Names::key(message.statement);
  if (name.empty()) names_.statements.erase("");

  PreparedStatement prepared;
  prepared.query = message.query;
  prepared.prepared_at = now.wall;
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
  if (auto told = send_notices(out, backend_); !told) return told;
  if (!name.empty() && names_.statements.contains(name))
    return no(sqlstate::duplicate_pstatement, "prepared statement " + quoted(message.statement) + " already exists");
  names_.statements.insert_or_assign(name, std::move(prepared));
  out.send(protocol::ParseComplete{});
  return {};
}

ExtendedQuery::Done ExtendedQuery::bind(const protocol::Bind& message, Output& out, QueryCycle::Now now,
                                        const BrokenBind* broken) {
  start_command(now);
  auto found = find_statement(message.statement);
  if (!found) return std::unexpected(std::move(found.error()));
  const PreparedStatement& prepared = **found;

  const auto given = broken ? broken->announced : message.parameters.size(), formats = message.parameter_formats.size();
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

  const auto name = Names::key(message.portal);
  if (name.empty())
    names_.portals.erase("");
  else if (names_.portals.contains(name))
    return no(sqlstate::duplicate_cursor, "cursor " + quoted(name) + " already exists");

  auto portal = std::make_shared<Portal>();
  portal->prepared = prepared;
  portal->subtransaction = names_.subtransaction;
  portal->made_at = now.wall;
  const ValueContext context{message.portal.empty() ? "unnamed portal" : "portal " + quoted(message.portal),
                             "bind parameter", backend_.encoding()};
  auto values =
      read_values(message.parameter_formats, message.parameters, prepared.parameter_types, backend_.style(), context);
  if (!values) return std::unexpected(std::move(values.error()));
  if (broken) {
    auto report = broken->report;
    if (values->size() < given) report.where = *context.where + " parameter $" + std::to_string(values->size() + 1);
    return std::unexpected(std::move(report));
  }
  portal->parameters = std::move(*values);
  if (prepared.parsed) {
    auto statement = fresh(prepared);
    if (!statement) return std::unexpected(std::move(statement.error()));
    portal->prepared.statement = *statement;
    if (const auto& columns = portal->prepared.statement->columns()) {
      portal->result_formats = Formats(message.result_formats).codes();
      if (const auto count = portal->result_formats.size(); count > 1 && count != columns->size())
        return no(sqlstate::protocol_violation, "bind message has " + std::to_string(count) +
                                                    " result formats but query has " + std::to_string(columns->size()) +
                                                    " columns");
    }
  }
  if (portal->prepared.parsed && portal->prepared.statement->is_query()) {
    auto execution = backend_.execute(portal->prepared.statement, portal->parameters);
    if (!execution) return std::unexpected(std::move(execution.error()));
    portal->execution = std::move(*execution);
  } else if (portal->prepared.parsed) {
    auto planned = backend_.plan(*portal->prepared.statement, portal->parameters);
    if (!planned) return std::unexpected(std::move(planned.error()));
  }
  if (auto told = send_notices(out, backend_); !told) return told;
  names_.portals.insert_or_assign(name, std::move(portal));
  out.send(protocol::BindComplete{});
  return {};
}

std::expected<std::shared_ptr<const Statement>, Report> ExtendedQuery::fresh(const PreparedStatement& prepared) {
  if (backend_.is_current(*prepared.statement)) return prepared.statement;
  auto statement = backend_.analyze(prepared.parsed, prepared.parameter_types);
  if (!statement) return std::unexpected(std::move(statement.error()));
  if (!same_columns(**statement, *prepared.statement)) return std::unexpected(plan_changed());
  return *statement;
}

ExtendedQuery::Done ExtendedQuery::describe(const protocol::Describe& message, Output& out, QueryCycle::Now now) {
  start_command(now);
  const PreparedStatement* prepared = nullptr;
  Formats formats;
  std::shared_ptr<Portal> portal;
  if (message.kind == 'S') {
    auto found = find_statement(message.target);
    if (!found) return std::unexpected(std::move(found.error()));
    prepared = *found;
  } else if (message.kind == 'P') {
    auto found = find_portal(message.target);
    if (!found) return std::unexpected(std::move(found.error()));
    portal = *found;
    prepared = &portal->prepared;
    formats = Formats(portal->result_formats);
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
  if (columns) return send_row_description(out, *columns, formats);
  out.send(protocol::NoData{});
  return {};
}

ExtendedQuery::Done ExtendedQuery::close(const protocol::Close& message, Output& out) {
  if (message.kind == 'S')
    names_.statements.erase(Names::key(message.target));
  else if (message.kind == 'P')
    names_.portals.erase(Names::key(message.target));
  else
    return no(sqlstate::protocol_violation,
              "invalid CLOSE message subtype " + std::to_string(static_cast<unsigned char>(message.kind)));
  out.send(protocol::CloseComplete{});
  return {};
}

std::expected<PreparedStatement*, Report> ExtendedQuery::find_statement(std::string_view name) {
  if (auto* found = names_.find_statement(name)) return found;
  if (name.empty()) return no(sqlstate::undefined_pstatement, "unnamed prepared statement does not exist");
  return no(sqlstate::undefined_pstatement, "prepared statement " + quoted(name) + " does not exist");
}

std::expected<std::shared_ptr<Portal>, Report> ExtendedQuery::find_portal(std::string_view name) {
  if (auto found = names_.find_portal(name)) return found;
  return no(sqlstate::undefined_cursor, "portal " + quoted(name) + " does not exist");
}

ExtendedQuery::Done ExtendedQuery::check_failed(const PreparedStatement& prepared) const {
  if (backend_.status() != TransactionStatus::failed || prepared.parsed->ends_failed_transaction()) return {};
  return no(sqlstate::in_failed_sql_transaction,
            "current transaction is aborted, commands ignored until end of transaction block");
}

}  // namespace pgconform::session
