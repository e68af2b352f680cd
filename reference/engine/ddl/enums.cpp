#include <algorithm>
#include <cmath>

#include "engine/ddl/types.hpp"
#include "types/form.hpp"

// CREATE TYPE … AS ENUM, ALTER TYPE … ADD VALUE and RENAME VALUE. sql-createtype, sql-altertype; pg_enum.c.
namespace pgconform::engine {
namespace {

void check_label(std::string_view label) {
  if (label.size() > 63)
    fail(sqlstate::invalid_name, fmt::format("invalid enum label \"{}\"", label), -1, {},
         "Labels must be 63 bytes or less.");
}

types::Label new_label(std::string_view text, float order, SessionState& session) {
  const Oid oid = session.database().next_oid++;
  session.database().label_order[oid] = order;
  return {oid, std::string(text)};
}

// Whether its labels are kept inside of other values.
bool is_inside(Oid of, Oid type) {
  return types::base_of(of) != type && parts_of(of).contains(type);
}

// The label's neighbours decide where it goes; where no number fits between them, all get new ones.
void place(std::vector<types::Label>& labels, std::size_t at, SessionState& session) {
  auto& order = session.database().label_order;
  const float before = at == 0 ? order[labels[1].oid] - 2 : order[labels[at - 1].oid];
  const float after = at + 1 == labels.size() ? order[labels[at - 1].oid] + 2 : order[labels[at + 1].oid];
  const float middle = (before + after) / 2;
  order[labels[at].oid] = middle;
  if (middle != before && middle != after) return;
  float next = 0;
  for (const auto& label : labels) order[label.oid] = ++next;
}

}  // namespace

std::string create_enum(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  auto made = make_type('e', type_place(body.list("typeName"), session), session);
  float order = 0;
  for (const auto* value : body.list("vals")) {
    check_label(value->string_of());
    if (std::ranges::find(made.type->labels, value->string_of(), &types::Label::text) != made.type->labels.end()) {
      SqlError error;
      error.report.sqlstate = sqlstate::unique_violation;
      error.report.message = "duplicate key value violates unique constraint \"pg_enum_typid_label_index\"";
      error.report.detail =
          fmt::format("Key (enumtypid, enumlabel)=({}, {}) already exists.", made.type->oid, value->string_of());
      error.report.schema = "pg_catalog";
      error.report.table = "pg_enum";
      error.report.constraint = "pg_enum_typid_label_index";
      throw error;
    }
    made.type->labels.push_back(new_label(value->string_of(), ++order, session));
  }
  add_types(made, session);
  return "CREATE TYPE";
}

std::string alter_enum(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  auto type = altered_type(body.list("typeName"), session, 'e');
  std::string_view fresh = body.text("newVal");
  check_label(fresh);
  auto find = [&](std::string_view text) { return std::ranges::find(type->labels, text, &types::Label::text); };
  auto existing = [&](std::string_view text) {
    auto it = find(text);
    if (it == type->labels.end())
      fail(sqlstate::invalid_parameter_value, fmt::format("\"{}\" is not an existing enum label", text));
    return it - type->labels.begin();
  };
  const bool taken = find(fresh) != type->labels.end();
  auto duplicate = [&] { fail(sqlstate::duplicate_object, fmt::format("enum label \"{}\" already exists", fresh)); };
  if (body.has("oldVal")) {
    const auto at = existing(body.text("oldVal"));
    if (taken) duplicate();
    // Inside of arrays and rows labels are kept as they are sent.
    for (const auto& table : session.database().tables)
      if (session.is_visible(table->stamp) && !table->rows.empty() &&
          std::ranges::any_of(table->columns, [&](const auto& column) { return is_inside(column.type, type->oid); }))
        refuse("renaming a value that arrays or rows in a table may hold", raw.location());
    revise(type, session)->labels[static_cast<std::size_t>(at)].text = fresh;
    return "ALTER TYPE";
  }
  if (taken) {
    if (!body.flag("skipIfNewValExists")) duplicate();
    session.notice(sqlstate::duplicate_object, fmt::format("enum label \"{}\" already exists, skipping", fresh));
    return "ALTER TYPE";
  }
  auto at = std::ssize(type->labels);
  if (body.has("newValNeighbor")) at = existing(body.text("newValNeighbor")) + (body.flag("newValIsAfter") ? 1 : 0);
  auto revised = revise(type, session);
  revised->labels.insert(revised->labels.begin() + at, new_label(fresh, 1, session));
  if (revised->labels.size() > 1) place(revised->labels, static_cast<std::size_t>(at), session);
  return "ALTER TYPE";
}

}  // namespace pgconform::engine
