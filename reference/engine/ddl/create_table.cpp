#include <algorithm>

#include "engine/analyze/parts.hpp"
#include "engine/ddl/relations.hpp"
#include "engine/ddl/types.hpp"
#include "engine/domains.hpp"
#include "engine/evaluate.hpp"
#include "engine/execution/row_writer.hpp"
#include "types/form.hpp"

namespace pgconform::engine {
namespace {

bool has_volatile(const Expr& expr) {
  return expr.is_volatile || std::ranges::any_of(expr.args, [](const auto& arg) { return has_volatile(*arg); });
}

// TableMaker: CREATE TABLE, and the column definitions of ALTER TABLE … ADD COLUMN.
class TableMaker {
 public:
  TableMaker(const RawStatement& raw, SessionState& session)
      : raw_(raw), session_(session), analyzer_(session, std::nullopt) {
    analyzer_.set_source(raw);
  }

  std::string run(const Node& body) {
    const Node& r = body["relation"];
    for (std::string_view key :
         {"inhRelations", "partspec", "partbound", "ofTypename", "tablespacename", "accessMethod"})
      if (body.has(key)) refuse(fmt::format("this clause of CREATE TABLE ({})", key));
    // How full pages are has no meaning in memory.
    for (const auto* each : body.list("options")) {
      const Node& option = each->body();
      if (option.text("defname") != "fillfactor" || !option["arg"].is("Integer"))
        refuse(fmt::format("the storage parameter {}", option.text("defname")), option.location());
      const auto value = option["arg"].body().number("ival");
      if (value < 10 || value > 100)
        fail(sqlstate::invalid_parameter_value, fmt::format("value {} out of bounds for option \"fillfactor\"", value),
             -1, {}, "Valid values are between \"10\" and \"100\".");
    }
    Place where = place_of(r, session_);
    bool existing = name_is_taken(where.schema, where.temporary, where.name, session_);
    if (existing && body.flag("if_not_exists")) {
      session_.notice(sqlstate::duplicate_table, fmt::format("relation \"{}\" already exists, skipping", where.name));
      return "CREATE TABLE";
    }
    if (existing && session_.waits().is_waiting()) need_free_name(where, true, session_);
    if (!existing) need_no_type(where, session_);
    if (!existing) claim_name(where, session_);
    auto table = std::make_shared<Table>();
    place(*table, where, session_);
    set_on_commit(*table, body.text("oncommit"), session_);
    // Columns first, for a constraint may stand before the column it is about.
    std::vector<const Node*> constraints;
    for (const auto* element : body.list("tableElts")) {
      if (element->is("ColumnDef"))
        add_column(element->body(), *table);
      else if (element->is("Constraint"))
        constraints.push_back(&element->body());
      else
        add_columns_like(element->body(), *table);
    }
    if (table->columns.size() > 1600) fail(sqlstate::too_many_columns, "tables can have at most 1600 columns");
    add_generated(*table);
    for (const auto* constraint : constraints) pending_.push_back({constraint, {}, false, false});
    if (existing) {
      add_keys(*table);
      fail(sqlstate::duplicate_table, fmt::format("relation \"{}\" already exists", where.name));
    }
    table->oid = session_.database().relation_oid();
    for (auto& sequence : sequences_) sequence->owned_by = table->oid;
    add_keys(*table);
    add_checks(*table);
    for (const auto& from : liked_) add_liked(from, *table, session_);
    for (auto& index : table->indexes) fill(index, *table, session_);
    add(table, session_);
    for (auto& sequence : sequences_) add(sequence, session_);
    add_foreign_keys(*table);
    for (const auto& from : liked_) comment_liked(from, *table, session_);
    return "CREATE TABLE";
  }

  // extend: ALTER TABLE … ADD COLUMN: rows get the default.
  void extend(const Node& def, Table& table, Context& context) {
    is_altering_ = true;
    add_column(def, table);
    for (auto& sequence : sequences_) {
      sequence->owned_by = table.oid;
      add(sequence, session_);
    }
    add_generated(table);
    fill_column(table, context);
    auto old_keys = table.indexes.size();
    add_keys(table);
    add_checks(table);
    for (auto i = old_keys; i < table.indexes.size(); ++i) fill(table.indexes[i], table, session_);
    add_foreign_keys(table);
  }

 private:
  // Expressions of a table that is there already are only looked at when the text is gone.
  template <class F>
  auto analyzed(F&& f) {
    return is_altering_ ? without_place(f) : f();
  }

  struct Pending {
    const Node* constraint;
    std::string column;  // empty for a constraint of the table
    bool deferrable = false, deferred = false;
  };

  // The last column of all rows. What is the same for all of them is asked for once, and for none of no rows.
  void fill_column(Table& table, Context& context) {
    const TableColumn& column = table.columns.back();
    const auto& value = column.generated ? column.generated : column.default_value;
    const bool is_each = value && (column.generated || has_volatile(*value));
    auto make = [&] { return value ? evaluate(*value, context) : default_of_type(column.type, context); };
    const Value same = is_each || table.rows.empty() ? Value() : make();
    const auto snapshot = session_.transaction().newest();
    for (auto& row : table.rows) {
      context.begin_row(row.values);
      row.values.push_back(is_each && row.stamp.visible(snapshot) ? make() : same);
    }
  }

  void add_keys(Table& table) {
    // The primary key comes first, as PostgreSQL makes them.
    for (bool primary : {true, false})
      for (const auto& [constraint, column, deferrable, deferred] : pending_) {
        std::string_view kind = constraint->text("contype");
        if (kind == "CONSTR_PRIMARY" || kind == "CONSTR_UNIQUE") {
          if ((kind == "CONSTR_PRIMARY") == primary)
            add_key(table, *constraint, {column, deferrable, deferred, is_altering_}, session_);
        } else if (kind != "CONSTR_CHECK" && kind != "CONSTR_FOREIGN" && primary) {
          refuse(std::string(kind.substr(7)), constraint->location());
        }
      }
  }

  void add_checks(Table& table) {
    for (const auto& pending : pending_)
      if (pending.constraint->text("contype") == "CONSTR_CHECK")
        analyzed([&] { add_check(table, *pending.constraint, analyzer_, session_); });
  }

  // Their expressions may look at any column, so these come when all are there.
  void add_generated(Table& table) {
    auto column_of = [&](std::int16_t number) -> TableColumn& {
      return *std::ranges::find(table.columns, number, &TableColumn::number);
    };
    // None may look at another, whichever comes first.
    for (const auto& [number, expression] : generated_) column_of(number).generated = literal(0, {}, -1);
    for (const auto& [number, expression] : generated_) {
      auto& column = column_of(number);
      column.generated = analyzed([&] { return analyzer_.generation_of(*expression, column, table); });
    }
  }

  void add_foreign_keys(Table& table) {
    for (const auto& [constraint, column, deferrable, deferred] : pending_)
      if (constraint->text("contype") == "CONSTR_FOREIGN")
        add_foreign_key(table, *constraint, {column, deferrable, deferred}, session_);
  }

  static Oid serial_type(std::string_view name) {
    if (name == "serial" || name == "serial4") return types::int4_oid;
    if (name == "bigserial" || name == "serial8") return types::int8_oid;
    if (name == "smallserial" || name == "serial2") return types::int2_oid;
    return 0;
  }

  void add_sequence(const Table& table, TableColumn& column, char identity, const std::vector<const Node*>& options) {
    std::vector<std::string> taken;
    for (const auto& sequence : sequences_) taken.push_back(sequence->name);
    sequences_.push_back(own_sequence(table, column, identity, options, taken, raw_, session_));
  }

  static void need_fresh_name(const Table& table, std::string_view name) {
    if (std::ranges::find(table.columns, name, &TableColumn::name) != table.columns.end())
      fail(sqlstate::duplicate_column, fmt::format("column \"{}\" specified more than once", name));
  }

  void add_columns_like(const Node& clause, Table& table) {
    Liked from = liked(clause, session_);
    for (const auto& source : from.source->columns) {
      need_fresh_name(table, source.name);
      TableColumn column{.name = source.name,
                         .type = source.type,
                         .modifier = source.modifier,
                         .not_null = source.not_null,
                         .number = ++table.last_number};
      hold_type(column.type, session_);
      if (source.identity == 0 && from.has(Liked::defaults)) column.default_value = source.default_value;
      if (source.identity != 0 && from.has(Liked::identity)) {
        add_sequence(table, column, source.identity, {});
        auto& sequence = *sequences_.back()->sequence;
        sequence = *identity_sequence(*from.source, source, session_)->sequence;
        sequence.last = sequence.start;
        sequence.called = false;
        sequence.logged = 0;
      }
      from.places.push_back(static_cast<int>(table.columns.size()));
      table.columns.push_back(std::move(column));
    }
    liked_.push_back(std::move(from));
  }

  void add_column(const Node& def, Table& table) {
    TableColumn column;
    column.name = def.text("colname");
    need_fresh_name(table, column.name);
    if (is_system_column(column.name))
      fail(sqlstate::duplicate_column,
           fmt::format("column name \"{}\" conflicts with a system column name", column.name));
    if (def.has("collClause")) refuse("COLLATE", def["collClause"].location());
    if (def.has("compression") || def.has("storage")) refuse("COMPRESSION or STORAGE", def.location());
    column.number = ++table.last_number;
    const Node& type = def["typeName"];
    Oid serial = type.list("names").size() == 1 && type.list("arrayBounds").empty()
                     ? serial_type(type.list("names")[0]->string_of())
                     : 0;
    if (serial != 0) {
      column.type = serial;
      serial_ = column.number;
      add_sequence(table, column, 0, {});
    } else {
      std::tie(column.type, column.modifier) = analyzer_.column_type(type);
    }
    hold_type(column.type, session_);
    if (types::find_type(column.type)->kind == 'p')
      fail(sqlstate::invalid_table_definition,
           fmt::format("column \"{}\" has pseudo-type {}", column.name, types::type_name(column.type)));
    bool null_given = serial != 0;
    for (std::size_t i = 0; i < def.list("constraints").size(); ++i) {
      const Node& constraint = def.list("constraints")[i]->body();
      column_constraint(constraint, column, table, null_given);
    }
    table.columns.push_back(std::move(column));
  }

  void column_constraint(const Node& constraint, TableColumn& column, Table& table, bool& null_given) {
    std::string_view kind = constraint.text("contype");
    // What serial means is put behind what is written, without a place.
    int location = column.number == serial_ ? -1 : constraint.location();
    auto twice = [&](std::string_view what) {
      fail(sqlstate::syntax_error,
           fmt::format("multiple {} for column \"{}\" of table \"{}\"", what, column.name, table.name), location);
    };
    auto both = [&](bool wrong, std::string_view what) {
      if (wrong)
        fail(sqlstate::syntax_error,
             fmt::format("both {} specified for column \"{}\" of table \"{}\"", what, column.name, table.name),
             location);
    };
    if (kind == "CONSTR_NOTNULL" || kind == "CONSTR_NULL") {
      bool not_null = kind == "CONSTR_NOTNULL";
      if (null_given && column.not_null != not_null)
        fail(sqlstate::syntax_error,
             fmt::format("conflicting NULL/NOT NULL declarations for column \"{}\" of table \"{}\"", column.name,
                         table.name),
             location);
      column.not_null = not_null;
      null_given = true;
    } else if (kind == "CONSTR_DEFAULT") {
      both(column.identity != 0, "default and identity");
      both(generated_.contains(column.number), "default and generation expression");
      if (column.default_value) twice("default values specified");
      column.default_value = analyzed([&] { return analyzer_.default_of(constraint["raw_expr"], column); });
    } else if (kind == "CONSTR_IDENTITY") {
      if (column.identity != 0) twice("identity specifications");
      both(column.default_value != nullptr, "default and identity");
      both(generated_.contains(column.number), "identity and generation expression");
      if (null_given && !column.not_null)
        fail(sqlstate::syntax_error,
             fmt::format("conflicting NULL/NOT NULL declarations for column \"{}\" of table \"{}\"", column.name,
                         table.name),
             location);
      add_sequence(table, column, identity_of(constraint, column), constraint.list("options"));
      null_given = true;
    } else if (kind.starts_with("CONSTR_ATTR_")) {
      // DEFERRABLE and its like belong to the constraint before them.
      if (pending_.empty() || pending_.back().constraint->text("contype") == "CONSTR_CHECK")
        fail(sqlstate::syntax_error,
             fmt::format("misplaced {} clause", kind == "CONSTR_ATTR_DEFERRABLE"       ? "DEFERRABLE"
                                                : kind == "CONSTR_ATTR_NOT_DEFERRABLE" ? "NOT DEFERRABLE"
                                                : kind == "CONSTR_ATTR_DEFERRED"       ? "INITIALLY DEFERRED"
                                                                                       : "INITIALLY IMMEDIATE"),
             location);
      Pending& last = pending_.back();
      if (kind == "CONSTR_ATTR_DEFERRABLE") last.deferrable = true;
      if (kind == "CONSTR_ATTR_DEFERRED") last.deferrable = last.deferred = true;
    } else if (kind == "CONSTR_GENERATED") {
      if (generated_.contains(column.number)) twice("generation clauses specified");
      both(column.default_value && column.identity == 0, "default and generation expression");
      both(column.identity != 0, "identity and generation expression");
      generated_[column.number] = &constraint["raw_expr"];
    } else {
      pending_.push_back({&constraint, column.name, false, false});
    }
  }

  const RawStatement& raw_;
  SessionState& session_;
  Analyzer analyzer_;
  std::vector<Pending> pending_;
  std::vector<std::shared_ptr<Table>> sequences_;
  std::vector<Liked> liked_;
  std::map<std::int16_t, const Node*> generated_;  // by their columns' numbers
  bool is_altering_ = false;                       // ALTER TABLE … ADD COLUMN
  std::int16_t serial_ = 0;                        // the latest serial column
};

}  // namespace

void add_column(const RawStatement& raw, const Node& def, Table& table, Context& context) {
  TableMaker(raw, context.session).extend(def, table, context);
}

std::string create_table(const RawStatement& raw, SessionState& session) {
  return TableMaker(raw, session).run(raw.node().body());
}

}  // namespace pgconform::engine
