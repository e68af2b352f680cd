#include <algorithm>
#include <map>

#include "engine/analyze/parts.hpp"
#include "engine/catalog/objects.hpp"
#include "engine/ddl/dependents.hpp"
#include "engine/ddl/relations.hpp"
#include "engine/ddl/types.hpp"
#include "engine/evaluate.hpp"
#include "engine/execution/row_writer.hpp"
#include "engine/index_keys.hpp"
#include "types/form.hpp"

// ALTER TABLE and ALTER … RENAME. Each works on a copy of the table, which takes its place. sql-altertable.
namespace pgconform::engine {
namespace {

// drop_column: makes an expression one over the columns without that at `gone`; false if it needs it.
bool drop_column(Expr& expr, int gone) {
  if (expr.kind == ExprKind::column) {
    if (expr.number == gone) return false;
    if (expr.number > gone) --expr.number;
  }
  return std::ranges::all_of(expr.args, [&](const ExprPtr& arg) { return drop_column(*arg, gone); });
}

ExprPtr without(const Expr& expr, int gone) {
  auto copy = clone(expr);
  return drop_column(*copy, gone) ? std::move(copy) : nullptr;
}

// The index has that column in its key, or looks at it.
bool needs(const Index& index, std::size_t place) {
  auto looks = [&](const auto& expr) { return expr && !without(*expr, static_cast<int>(place)); };
  return std::ranges::find(index.columns, place) != index.columns.end() || looks(index.predicate) ||
         std::ranges::any_of(index.expressions, looks);
}

// pass_of: commands run pass after pass, as they are written within each: AlterTablePass.
enum class Pass : std::uint8_t { drop, alter_type, add_column, attributes, add_index, add_other, others };

Pass pass_of(const Node& command) {
  static constexpr std::pair<std::string_view, Pass> passes[] = {
      {"DropColumn", Pass::drop},      {"DropConstraint", Pass::drop},   {"DropNotNull", Pass::drop},
      {"DropExpression", Pass::drop},  {"DropIdentity", Pass::drop},     {"AlterColumnType", Pass::alter_type},
      {"AddColumn", Pass::add_column}, {"SetNotNull", Pass::attributes}, {"SetIdentity", Pass::attributes},
      {"AddIdentity", Pass::add_other}};
  const std::string_view what = command.text("subtype").substr(3);
  if (what == "ColumnDefault") return command.has("def") ? Pass::add_other : Pass::drop;
  if (what == "AddConstraint") {
    const std::string_view kind = command["def"].body().text("contype");
    return kind == "CONSTR_PRIMARY" || kind == "CONSTR_UNIQUE" ? Pass::add_index : Pass::add_other;
  }
  const auto* found = std::ranges::find(passes, what, &std::pair<std::string_view, Pass>::first);
  return found == std::end(passes) ? Pass::others : found->second;
}

class Alteration {
 public:
  Alteration(const RawStatement& raw, std::shared_ptr<Table> table, SessionState& session)
      : raw_(raw), table_(std::move(table)), session_(session), analyzer_(session, std::nullopt), context_{session} {
    analyzer_.set_source(raw);
    context_.style = session.style();
  }

  void run(const Node& command) {
    std::string_view what = command.text("subtype").substr(3), name = command.text("name");
    need_kind(what);
    if (what == "AddColumn") return add_one(command);
    if (what == "DropColumn")
      return drop_column(name, command.flag("missing_ok"), command.text("behavior") == "DROP_CASCADE");
    if (what == "AddConstraint") return add_constraint(command["def"].body());
    if (what == "DropConstraint")
      return drop_constraint(name, command.flag("missing_ok"), command.text("behavior") == "DROP_CASCADE");
    if (what == "ColumnDefault") {
      auto& column = table_->columns[place_of(name)];
      if (column.identity != 0)
        fail(sqlstate::syntax_error,
             fmt::format("column \"{}\" of relation \"{}\" is an identity column", name, table_->name), -1,
             command.has("def") ? "" : "Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.");
      if (column.generated)
        fail(sqlstate::syntax_error,
             fmt::format("column \"{}\" of relation \"{}\" is a generated column", name, table_->name), -1,
             command.has("def") ? "" : "Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead.");
      without_place(
          [&] { column.default_value = command.has("def") ? analyzer_.default_of(command["def"], column) : nullptr; });
      return;
    }
    if (what == "DropExpression") {
      auto& column = table_->columns[place_of(name)];
      if (!column.generated) {
        std::string text =
            fmt::format("column \"{}\" of relation \"{}\" is not a stored generated column", name, table_->name);
        if (!command.flag("missing_ok")) fail(sqlstate::object_not_in_prerequisite_state, text);
        session_.notice(sqlstate::successful_completion, text + ", skipping");
      }
      column.generated = nullptr;
      return;
    }
    if (what == "ValidateConstraint") return validate(name);
    if (what == "SetLogged" || what == "SetUnLogged") return set_logged(what == "SetLogged");
    if (what == "ChangeOwner") return set_owner(command["newowner"]);
    if (what == "SetNotNull") return set_not_null(name);
    if (what == "DropNotNull") return drop_not_null(name);
    if (what == "AddIdentity") return add_identity(name, command["def"].body());
    if (what == "SetIdentity") {
      const auto& options = command["def"].is("List") ? command["def"].body().list("items") : command.list("def");
      return set_identity(*table_, table_->columns[place_of(name)], options, raw_, session_);
    }
    if (what == "DropIdentity")
      return drop_identity(*table_, table_->columns[place_of(name)], command.flag("missing_ok"), session_);
    if (what == "AlterColumnType") return set_type(name, command["def"].body());
    refuse("this form of ALTER TABLE (" + std::string(what) + ")", raw_.location());
  }

  void drop_column(std::string_view name, bool missing_ok, bool cascade) {
    if (missing_ok && std::ranges::find(table_->columns, name, &TableColumn::name) == table_->columns.end()) {
      session_.notice(sqlstate::successful_completion,
                      fmt::format("column \"{}\" of relation \"{}\" does not exist, skipping", name, table_->name));
      return;
    }
    if (is_system_column(name))
      fail(sqlstate::feature_not_supported, fmt::format("cannot drop system column \"{}\"", name));
    auto gone = place_of(name);
    drop_readers(*table_, name, cascade, session_);
    const auto number = table_->columns[gone].number;
    drop_owned(number, fmt::format("column {} of {}", name, described(*table_, session_)), cascade);
    for (const auto& index : table_->indexes)
      if (index.unique && std::ranges::find(index.columns, gone) != index.columns.end())
        need_no_referrers(index, fmt::format("column {} of {}", name, described(*table_, session_)),
                          fmt::format("column {} of {}", name, described(*table_, session_)), cascade);
    std::erase_if(table_->foreign_keys,
                  [&](const ForeignKey& key) { return std::ranges::find(key.columns, number) != key.columns.end(); });
    drop_generated(gone, cascade);
    gone = place_of(name);
    table_->columns.erase(table_->columns.begin() + static_cast<long>(gone));
    for (auto& column : table_->columns)
      if (column.generated) column.generated = without(*column.generated, static_cast<int>(gone));
    for (auto& row : table_->rows) row.values.erase(row.values.begin() + static_cast<long>(gone));
    std::erase_if(table_->indexes, [&](const Index& index) { return needs(index, gone); });
    for (auto& index : table_->indexes) {
      for (auto& column : index.columns)
        if (column != Index::no_place && column > gone) --column;
      for (auto& expression : index.expressions)
        if (expression) expression = without(*expression, static_cast<int>(gone));
      if (index.predicate) index.predicate = without(*index.predicate, static_cast<int>(gone));
    }
    std::vector<Check> kept;
    for (auto& check : table_->checks)
      if (auto condition = without(*check.condition, static_cast<int>(gone)))
        kept.push_back({check.oid, check.name, std::move(condition), check.validated});
    table_->checks = std::move(kept);
  }

  // convert: the values of all columns that have got another type, ATRewriteTable(); then what must hold for them.
  void convert() {
    if (conversions_.empty()) return;
    const auto snapshot = session_.transaction().newest();
    auto& transactions = session_.database().transactions;
    Xid nobody = 0;
    for (auto& row : table_->rows) {
      std::vector<std::pair<std::size_t, Value>> made;
      if (row.stamp.visible(snapshot)) {
        context_.begin_row(row.values);
        for (const auto& [place, conversion] : conversions_) made.emplace_back(place, evaluate(*conversion, context_));
      } else {
        // What is gone is gone for older snapshots too.
        if (nobody == 0) transactions.abort(nobody = transactions.begin(&session_));
        row.stamp.made = nobody;
        for (const auto& [place, conversion] : conversions_) made.emplace_back(place, Value());
      }
      for (auto& [place, value] : made) row.values[place] = std::move(value);
    }
    auto is_changed = [&](std::size_t place) { return conversions_.contains(place); };
    auto is_changed_number = [&](std::int16_t number) {
      return is_changed(static_cast<std::size_t>(std::ranges::find(table_->columns, number, &TableColumn::number) -
                                                 table_->columns.begin()));
    };
    for (const auto& [place, conversion] : conversions_)
      if (table_->columns[place].not_null) need_no_nulls(place);
    for (const auto& check : table_->checks)
      if (check.validated && std::ranges::any_of(conversions_, [&](const auto& each) {
            return !without(*check.condition, static_cast<int>(each.first));
          }))
        need_check(check);
    for (auto& index : table_->indexes) {
      if (std::ranges::none_of(conversions_, [&](const auto& each) { return needs(index, each.first); })) continue;
      KeyLess less;
      for (std::size_t i = 0; i < index.columns.size(); ++i)
        less.types.push_back(index.columns[i] == Index::no_place ? index.expressions[i]->type
                                                                 : table_->columns[index.columns[i]].type);
      index.entries = decltype(index.entries)(std::move(less));
      fill_entries(index, *table_, session_);
      need_unique(index, *table_, session_);
    }
    for (const auto& [other, key] : referrers_of(*table_, session_))
      if (key.validated && std::ranges::any_of(key.referenced_columns, is_changed_number))
        check_foreign_key(other, key, session_);
    for (const auto& key : table_->foreign_keys)
      if (key.validated && std::ranges::any_of(key.columns, is_changed_number))
        check_foreign_key(table_, key, session_);
    conversions_.clear();
  }

 private:
  std::size_t place_of(std::string_view name) const {
    auto it = std::ranges::find(table_->columns, name, &TableColumn::name);
    if (it == table_->columns.end())
      fail(sqlstate::undefined_column,
           fmt::format("column \"{}\" of relation \"{}\" does not exist", name, table_->name));
    return static_cast<std::size_t>(it - table_->columns.begin());
  }

  // The sequences that a column owns go with it, and with them the defaults of other columns.
  void drop_owned(std::int16_t number, const std::string& what, bool cascade) {
    std::vector<std::shared_ptr<Table>> owned;
    for (const auto& other : session_.database().tables)
      if (other->kind == 'S' && other->owned_by == table_->oid && other->owned_by_column == number &&
          session_.is_visible(other->stamp))
        owned.push_back(other);
    std::vector<std::string> details, notes;
    std::vector<Taker> takers;
    for (const auto& sequence : owned) {
      session_.waits().lock(*sequence, LockMode::access_exclusive);
      for (auto& taker : takers_of(*sequence, session_)) {
        if (taker.table->oid == table_->oid && taker.column == number) continue;
        details.push_back(fmt::format("{} depends on {}", taker.shown, described(*sequence, session_)));
        notes.push_back("drop cascades to " + taker.shown);
        takers.push_back(std::move(taker));
      }
    }
    if (!cascade && !details.empty()) cannot_drop(what, details);
    tell_cascade(notes, session_);
    for (const auto& taker : takers)
      if (taker.table->oid == table_->oid)
        std::ranges::find(table_->columns, taker.column, &TableColumn::number)->default_value = nullptr;
      else
        drop_default(taker, session_);
    for (const auto& sequence : owned) drop(*sequence, session_);
  }

  // ATSimplePermissions(), of what views and sequences are not altered by.
  void need_kind(std::string_view what) const {
    struct Action {
      std::string_view subtype, name;
    };
    static constexpr Action of_tables[] = {{"AddColumn", "ADD COLUMN"},
                                           {"DropColumn", "DROP COLUMN"},
                                           {"AddConstraint", "ADD CONSTRAINT"},
                                           {"DropConstraint", "DROP CONSTRAINT"},
                                           {"ValidateConstraint", "VALIDATE CONSTRAINT"},
                                           {"SetNotNull", "ALTER COLUMN ... SET NOT NULL"},
                                           {"DropNotNull", "ALTER COLUMN ... DROP NOT NULL"},
                                           {"DropExpression", "ALTER COLUMN ... DROP EXPRESSION"},
                                           {"AlterColumnType", "ALTER COLUMN ... SET DATA TYPE"}};
    if (table_->kind == 'r' || what == "ChangeOwner") return;
    const auto* action = std::ranges::find(of_tables, what, &Action::subtype);
    if (action == std::end(of_tables))
      refuse(fmt::format("this form of ALTER ({}) of a {}", what, kind_name(table_->kind)), raw_.location());
    fail(sqlstate::wrong_object_type,
         fmt::format("ALTER action {} cannot be performed on relation \"{}\"", action->name, table_->name), -1, {},
         fmt::format("This operation is not supported for {}s.", kind_name(table_->kind)));
  }

  // visible: the rows that a new rule must hold for.
  template <class F>
  void each_row(F&& f) {
    auto snapshot = session_.transaction().newest();
    for (const auto& row : table_->rows)
      if (row.stamp.visible(snapshot)) f(row.values);
  }

  void add_one(const Node& command) {
    const Node& def = command["def"].body();
    if (std::ranges::find(table_->columns, def.text("colname"), &TableColumn::name) != table_->columns.end()) {
      std::string text =
          fmt::format("column \"{}\" of relation \"{}\" already exists", def.text("colname"), table_->name);
      if (!command.flag("missing_ok")) fail(sqlstate::duplicate_column, text);
      session_.notice(sqlstate::duplicate_column, text + ", skipping");
      return;
    }
    need_no_capture(*table_, def.text("colname"), session_);
    auto checks = table_->checks.size();
    auto keys = table_->foreign_keys.size();
    add_column(raw_, def, *table_, context_);
    if (table_->columns.back().not_null) need_no_nulls(table_->columns.size() - 1);
    if (table_->checks.size() != checks)
      for (const auto& check : table_->checks) need_check(check);
    for (; keys < table_->foreign_keys.size(); ++keys) check_foreign_key(table_, table_->foreign_keys[keys], session_);
  }

  // Generated columns that need the one at `gone` go first, or keep it.
  void drop_generated(std::size_t gone, bool cascade) {
    std::vector<std::string> found;
    for (const auto& column : table_->columns)
      if (column.generated && !without(*column.generated, static_cast<int>(gone))) found.push_back(column.name);
    const std::string what = fmt::format("column {} of {}", table_->columns[gone].name, described(*table_, session_));
    std::vector<std::string> details, notes;
    for (const auto& name : found) {
      details.push_back(fmt::format("column {} of {} depends on {}", name, described(*table_, session_), what));
      notes.push_back(fmt::format("drop cascades to column {} of {}", name, described(*table_, session_)));
    }
    if (!found.empty() && !cascade) cannot_drop(what, details);
    tell_cascade(notes, session_);
    for (const auto& name : found) {
      drop_column(name, false, true);
    }
  }

  void need_no_nulls(std::size_t place) {
    each_row([&](const Row& row) {
      if (!types::is_null(row[place])) return;
      auto error = violation(sqlstate::not_null_violation,
                             fmt::format("column \"{}\" of relation \"{}\" contains null values",
                                         table_->columns[place].name, table_->name),
                             "", *table_, "");
      error.report.column = table_->columns[place].name;
      throw error;
    });
  }

  void need_check(const Check& check) {
    each_row([&](const Row& row) {
      context_.begin_row(row);
      Value value = evaluate(*check.condition, context_);
      if (types::is_null(value) || std::get<bool>(value)) return;
      throw violation(
          sqlstate::check_violation,
          fmt::format("check constraint \"{}\" of relation \"{}\" is violated by some row", check.name, table_->name),
          "", *table_, check.name);
    });
  }

  // The session's user owns all that there is.
  void set_owner(const Node& role) {
    if (role.text("roletype") == "ROLESPEC_CURRENT_USER" || role.text("roletype") == "ROLESPEC_SESSION_USER") return;
    const std::string_view name = role.text("rolename");
    if (role.text("roletype") != "ROLESPEC_CSTRING") refuse("OWNER TO this", raw_.location());
    if (role_oid(session_, name) == 0)
      fail(sqlstate::undefined_object, fmt::format("role \"{}\" does not exist", name));
    if (name != session_.login().user) refuse("OWNER TO another role", raw_.location());
  }

  // ATPrepChangePersistence(): it shows in the catalogue only, for nothing here is written to a log.
  void set_logged(bool logged) {
    auto no = [&](std::string message) {
      throw violation(sqlstate::invalid_table_definition, std::move(message), "", *table_, "");
    };
    if (table_->temporary)
      no(fmt::format("cannot change logged status of table \"{}\" because it is temporary", table_->name));
    for (const auto& key : table_->foreign_keys)
      if (const auto other = session_.find_table(key.referenced);
          logged && other->oid != table_->oid && other->unlogged)
        no(fmt::format("could not change table \"{}\" to logged because it references unlogged table \"{}\"",
                       table_->name, other->name));
    for (const auto& [other, key] : referrers_of(*table_, session_))
      if (!logged && other->oid != table_->oid && !other->unlogged)
        no(fmt::format("could not change table \"{}\" to unlogged because it references logged table \"{}\"",
                       table_->name, other->name));
    table_->unlogged = !logged;
    const auto relations = session_.database().tables;
    for (const auto& other : relations)
      if (other->kind == 'S' && other->owned_by == table_->oid && session_.is_visible(other->stamp))
        revise(other, session_)->unlogged = !logged;
  }

  // ATExecAddIdentity()
  void add_identity(std::string_view name, const Node& constraint) {
    auto& column = table_->columns[place_of(name)];
    const char identity = identity_of(constraint, column);
    auto no = [&](std::string_view why) {
      fail(sqlstate::object_not_in_prerequisite_state,
           fmt::format("column \"{}\" of relation \"{}\" {}", name, table_->name, why));
    };
    if (!column.not_null) no("must be declared NOT NULL before identity can be added");
    if (column.identity != 0) no("is already an identity column");
    if (column.default_value) no("already has a default value");
    add(own_sequence(*table_, column, identity, constraint.list("options"), {}, raw_, session_), session_);
  }

  void set_not_null(std::string_view name) {
    auto place = place_of(name);
    need_no_nulls(place);
    table_->columns[place].not_null = true;
  }

  void drop_not_null(std::string_view name) {
    auto place = place_of(name);
    auto& column = table_->columns[place];
    if (column.identity != 0)
      fail(sqlstate::syntax_error,
           fmt::format("column \"{}\" of relation \"{}\" is an identity column", name, table_->name));
    for (const auto& index : table_->indexes)
      if (index.primary && std::ranges::find(index.columns, place) != index.columns.end())
        fail(sqlstate::invalid_table_definition, fmt::format("column \"{}\" is in a primary key", name));
    column.not_null = false;
  }

  void add_constraint(const Node& constraint) {
    std::string_view kind = constraint.text("contype");
    if (kind == "CONSTR_CHECK") {
      std::vector<std::string> before;
      for (const auto& check : table_->checks) before.push_back(check.name);
      without_place([&] { add_check(*table_, constraint, analyzer_, session_); });
      for (auto& check : table_->checks)
        if (std::ranges::find(before, check.name) == before.end()) {
          check.validated = !constraint.flag("skip_validation");
          if (check.validated) need_check(check);
        }
      return;
    }
    if (kind == "CONSTR_FOREIGN") {
      add_foreign_key(*table_, constraint, {}, session_);
      auto& key = table_->foreign_keys.back();
      key.validated = !constraint.flag("skip_validation");
      if (key.validated) check_foreign_key(table_, key, session_);
      return;
    }
    if (kind != "CONSTR_PRIMARY" && kind != "CONSTR_UNIQUE") refuse(std::string(kind.substr(7)), constraint.location());
    add_key(*table_, constraint, {.is_altering = true}, session_);
    auto& index = table_->indexes.back();
    if (index.primary)
      for (auto place : index.columns) need_no_nulls(place);
    fill(index, *table_, session_);
  }

  void validate(std::string_view name) {
    auto check = std::ranges::find(table_->checks, name, &Check::name);
    auto key = std::ranges::find(table_->foreign_keys, name, &ForeignKey::name);
    const bool is_other = std::ranges::any_of(
        table_->indexes, [&](const Index& index) { return index.is_constraint && index.name == name; });
    if (is_other)
      fail(sqlstate::wrong_object_type,
           fmt::format("constraint \"{}\" of relation \"{}\" is not a foreign key or check constraint", name,
                       table_->name));
    if (check != table_->checks.end()) {
      if (!check->validated) need_check(*check);
      check->validated = true;
    } else if (key != table_->foreign_keys.end()) {
      if (!key->validated) check_foreign_key(table_, *key, session_);
      key->validated = true;
    } else {
      fail(sqlstate::undefined_object,
           fmt::format("constraint \"{}\" of relation \"{}\" does not exist", name, table_->name));
    }
  }

  // need_no_referrers: foreign keys that need this index go first, or keep it.
  void need_no_referrers(const Index& index, const std::string& what, const std::string& on, bool cascade) {
    std::vector<Referrer> found;
    for (auto& referrer : referrers_of(*table_, session_))
      if (supports(*table_, index, referrer.key)) found.push_back(std::move(referrer));
    drop_referrers(found, what, on, cascade);
  }

  void drop_referrers(const std::vector<Referrer>& found, const std::string& what, const std::string& on,
                      bool cascade) {
    std::vector<std::string> details, notes;
    for (const auto& [other, key] : found) {
      details.push_back(fmt::format("constraint {} on {} depends on {}", key.name, described(*other, session_), on));
      notes.push_back(fmt::format("drop cascades to constraint {} on {}", key.name, described(*other, session_)));
    }
    if (!found.empty() && !cascade) cannot_drop(what, details);
    tell_cascade(notes, session_);
    for (const auto& referrer : found) {
      if (referrer.table->oid == table_->oid)
        std::erase_if(table_->foreign_keys, [&](const ForeignKey& k) { return k.oid == referrer.key.oid; });
      else
        drop_foreign_key(referrer, session_);
    }
  }

  void drop_constraint(std::string_view name, bool missing_ok, bool cascade) {
    auto key = std::ranges::find_if(table_->indexes, [&](const Index& i) { return i.is_constraint && i.name == name; });
    if (key != table_->indexes.end())
      need_no_referrers(*key, fmt::format("constraint {} on {}", name, described(*table_, session_)),
                        "index " + qualified(session_, {table_->schema, std::string(name), nullptr, nullptr}, key->oid),
                        cascade);
    auto dropped = std::erase_if(table_->foreign_keys, [&](const ForeignKey& k) { return k.name == name; }) +
                   std::erase_if(table_->checks, [&](const Check& c) { return c.name == name; }) +
                   std::erase_if(table_->indexes, [&](const Index& i) { return i.is_constraint && i.name == name; });
    if (dropped != 0) return;
    std::string text = fmt::format("constraint \"{}\" of relation \"{}\" does not exist", name, table_->name);
    if (!missing_ok) fail(sqlstate::undefined_object, text);
    session_.notice(sqlstate::successful_completion, text + ", skipping");
  }

  void set_type(std::string_view name, const Node& def) {
    if (is_system_column(name))
      fail(sqlstate::feature_not_supported, fmt::format("cannot alter system column \"{}\"", name));
    auto place = place_of(name);
    if (conversions_.contains(place))
      fail(sqlstate::feature_not_supported, fmt::format("cannot alter type of column \"{}\" twice", name));
    TableColumn old = table_->columns[place], fresh = old;
    std::tie(fresh.type, fresh.modifier) = without_place([&] { return analyzer_.column_type(def["typeName"]); });
    if (conversions_.empty()) before_ = table_->columns;
    // All of them look at the row as it was.
    const auto changed = std::exchange(table_->columns, before_);
    auto conversion = analyzer_.conversion_of(def["raw_default"], *table_, old, fresh);
    table_->columns = changed;
    for (const auto& view : readers_of(*table_, session_))
      if (reads_column(*view, *table_, name))
        fail(sqlstate::feature_not_supported, "cannot alter type of a column used by a view or rule", -1, {},
             fmt::format("rule _RETURN on {} depends on column \"{}\"", described(*view, session_), name));
    if (old.generated) refuse("ALTER … TYPE of a generated column");
    for (const auto& column : table_->columns)
      if (column.generated && !without(*column.generated, static_cast<int>(place)))
        fail(sqlstate::feature_not_supported, "cannot alter type of a column used by a generated column", -1, {},
             fmt::format("Column \"{}\" is used by generated column \"{}\".", old.name, column.name));
    const bool is_other = fresh.type != old.type;
    for (const auto& key : table_->foreign_keys)
      if (std::ranges::find(key.columns, old.number) != key.columns.end() && is_other)
        refuse("ALTER … TYPE of a column with a foreign key");
    for (const auto& [other, key] : referrers_of(*table_, session_))
      if (std::ranges::find(key.referenced_columns, old.number) != key.referenced_columns.end() &&
          key.referenced == table_->oid && is_other)
        refuse("ALTER … TYPE of a column that a foreign key refers to");
    if (old.identity != 0 && is_other) refuse("ALTER … TYPE of an identity column");
    if (old.default_value) fresh.default_value = analyzer_.default_as(*old.default_value, fresh);
    for (const auto& check : table_->checks)
      if (!without(*check.condition, static_cast<int>(place)) && is_other)
        refuse("ALTER … TYPE of a column with a check");
    for (const auto& index : table_->indexes) {
      if (!index.is_plain() && needs(index, place) && is_other)
        refuse("ALTER … TYPE of a column in an index with WHERE or an expression");
      const auto at = std::ranges::find(index.columns, place) - index.columns.begin();
      if (static_cast<std::size_t>(at) == index.columns.size() || !is_other) continue;
      if (!index.classes.empty() && !index.classes[static_cast<std::size_t>(at)].empty())
        refuse("ALTER … TYPE of a column in an index with an operator class");
      need_class(fresh.type, index.method);
    }
    table_->columns[place] = fresh;
    conversions_[place] = std::move(conversion);
  }

  std::map<std::size_t, std::shared_ptr<const Expr>> conversions_;  // of columns that get another type
  std::vector<TableColumn> before_;                                 // what those are made of
  const RawStatement& raw_;
  std::shared_ptr<Table> table_;
  SessionState& session_;
  Analyzer analyzer_;
  Context context_;
};

std::string rename_index(const Node& body, SessionState& session) {
  const Node& r = body["relation"];
  const std::string name(r.text("relname")), fresh(body.text("newname")), tag = "ALTER INDEX";
  const auto found = relation_by_oid(session, relation_by_name(session, r.text("schemaname"), name));
  if (!found) {
    const std::string text = fmt::format("relation \"{}\" does not exist", name);
    if (!body.flag("missing_ok")) fail(sqlstate::undefined_table, text);
    session.notice(sqlstate::successful_completion, text + ", skipping");
    return tag;
  }
  if (!found->index) refuse("ALTER INDEX of what is no index");
  need_no_system(*found->table);
  session.waits().lock(*found->table, LockMode::access_exclusive);
  const auto table = session.find_table(found->table->oid);
  if (!table || std::ranges::find(table->indexes, name, &Index::name) == table->indexes.end())
    fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", name));
  if (name_is_taken(table->schema, table->temporary, fresh, session))
    fail(sqlstate::duplicate_table, fmt::format("relation \"{}\" already exists", fresh));
  auto revised = revise(table, session);
  std::ranges::find(revised->indexes, name, &Index::name)->name = fresh;
  return tag;
}

}  // namespace

std::string alter_table(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  if (body.text("objtype") == "OBJECT_TYPE") return alter_composite(raw, session);
  const std::string_view about = body.text("objtype");
  const char kind = about == "OBJECT_VIEW" ? 'v' : about == "OBJECT_SEQUENCE" ? 'S' : 'r';
  if (kind == 'r' && about != "OBJECT_TABLE") refuse("this form of ALTER", raw.location());
  const std::string tag = kind == 'v' ? "ALTER VIEW" : kind == 'S' ? "ALTER SEQUENCE" : "ALTER TABLE";
  auto table = altered(body, tag, session);
  if (!table) return tag;
  if (kind != 'r' && table->kind != kind)
    fail(sqlstate::wrong_object_type, fmt::format("\"{}\" is not a {}", table->name, kind_name(kind)));
  auto revised = revise(table, session);
  Alteration alteration(raw, revised, session);
  auto commands = body.list("cmds");
  std::ranges::stable_sort(commands, {}, [](const Node* command) { return pass_of(command->body()); });
  for (const auto* command : commands) {
    if (pass_of(command->body()) != Pass::alter_type) alteration.convert();
    alteration.run(command->body());
  }
  alteration.convert();
  return tag;
}

void drop_column_of(const RawStatement& raw, const std::shared_ptr<Table>& table, std::string_view name,
                    SessionState& session) {
  Alteration(raw, revise(table, session), session).drop_column(name, false, true);
}

std::string rename(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  std::string_view what = body.text("renameType");
  std::string fresh(body.text("newname"));
  const bool of_view = what == "OBJECT_VIEW" || body.text("relationType") == "OBJECT_VIEW";
  std::string tag = of_view ? "ALTER VIEW" : what == "OBJECT_SEQUENCE" ? "ALTER SEQUENCE" : "ALTER TABLE";
  if (what == "OBJECT_DATABASE") return rename_database(raw, session);
  if (what == "OBJECT_SCHEMA") return rename_schema(raw, session);
  if (what == "OBJECT_INDEX") return rename_index(body, session);
  if (what == "OBJECT_DOMCONSTRAINT") return rename_domain_constraint(raw, session);
  if (what == "OBJECT_ATTRIBUTE") return rename_attribute(raw, session);
  if (what == "OBJECT_TYPE" || what == "OBJECT_DOMAIN") return rename_type(raw, session);
  if (what != "OBJECT_TABLE" && what != "OBJECT_COLUMN" && what != "OBJECT_TABCONSTRAINT" && what != "OBJECT_VIEW" &&
      what != "OBJECT_SEQUENCE")
    refuse("ALTER … RENAME of this", raw.location());
  auto table = renamed(body, session);
  if (!table) return tag;
  if (what == "OBJECT_COLUMN") {
    if (is_system_column(body.text("subname")))
      fail(sqlstate::feature_not_supported, fmt::format("cannot rename system column \"{}\"", body.text("subname")));
    auto column = std::ranges::find(table->columns, body.text("subname"), &TableColumn::name);
    if (column == table->columns.end())
      fail(sqlstate::undefined_column, fmt::format("column \"{}\" does not exist", body.text("subname")));
    if (std::ranges::find(table->columns, fresh, &TableColumn::name) != table->columns.end())
      fail(sqlstate::duplicate_column,
           fmt::format("column \"{}\" of relation \"{}\" already exists", fresh, table->name));
    if (is_system_column(fresh))
      fail(sqlstate::duplicate_column, fmt::format("column name \"{}\" conflicts with a system column name", fresh));
    need_no_name(*table, column->name, session);
    need_no_capture(*table, fresh, session);
    auto place = column - table->columns.begin();
    revise(table, session)->columns[static_cast<std::size_t>(place)].name = fresh;
    return tag;
  }
  if (what == "OBJECT_TABCONSTRAINT") {
    const std::string_view old = body.text("subname");
    const bool is_key = std::ranges::any_of(
        table->indexes, [&](const Index& index) { return index.is_constraint && index.name == old; });
    if (is_key && name_is_taken(table->schema, table->temporary, fresh, session))
      fail(sqlstate::duplicate_table, fmt::format("relation \"{}\" already exists", fresh));
    if (constraint_named(*table, old) != 0) need_fresh_constraint_name(*table, fresh);
    auto revised = revise(table, session);
    bool found = false;
    for (auto& check : revised->checks)
      if (check.name == body.text("subname")) check.name = fresh, found = true;
    for (auto& index : revised->indexes)
      if (index.is_constraint && index.name == body.text("subname")) index.name = fresh, found = true;
    for (auto& key : revised->foreign_keys)
      if (key.name == body.text("subname")) key.name = fresh, found = true;
    if (!found)
      fail(sqlstate::undefined_object,
           fmt::format("constraint \"{}\" for table \"{}\" does not exist", body.text("subname"), table->name));
    return tag;
  }
  if (name_is_taken(table->schema, table->temporary, fresh, session))
    fail(sqlstate::duplicate_table, fmt::format("relation \"{}\" already exists", fresh));
  if (table->kind != 'S' && !table->temporary && is_type_name_taken(table->schema, fresh, session))
    fail(sqlstate::duplicate_object, fmt::format("type \"{}\" already exists", fresh));
  need_no_reader(*table, "renaming a table that a view reads", session);
  claim_name({table->schema, fresh, table->temporary}, session);
  revise(table, session)->name = fresh;
  return tag;
}

}  // namespace pgconform::engine
