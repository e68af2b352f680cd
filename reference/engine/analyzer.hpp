#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/plan.hpp"
#include "engine/resolve.hpp"
#include "engine/session_state.hpp"

namespace pgconform::engine {

// Analyzer: from parse tree to typed statement: parse_analyze(). One for each statement.
class Analyzer {
 public:
  Analyzer(SessionState& session, std::optional<std::span<const Oid>> parameter_types);

  // analyze: the whole statement.
  std::shared_ptr<Prepared> analyze(std::shared_ptr<const RawStatement> raw);

  // default_of: a column's DEFAULT, made to fit the column.
  std::shared_ptr<const Expr> default_of(const Node& node, const TableColumn& column);
  // argument: of EXECUTE, for the parameter of that number and type.
  ExprPtr argument(const Node& node, Oid type, int number);
  // condition_of: a condition on a row of the table, for CHECK.
  std::shared_ptr<const Expr> condition_of(const Node& node, const Table& table);
  // conversion_of: ALTER … TYPE … USING; without an expression, the old value.
  ExprPtr conversion_of(const Node& node, const Table& table, const TableColumn& from, const TableColumn& to);
  // column_type: type and modifier of a TypeName node.
  std::pair<Oid, std::int32_t> column_type(const Node& type_name);
  // constant: a literal, with the sign that libpg_query drops read from the text.
  ExprPtr constant(const Node& body);
  // set_source: where literals of the tree come from, for use without analyze().
  void set_source(const RawStatement& raw) { raw_ = &raw; }

 private:
  enum class Clause : std::uint8_t {
    select_list,
    from,
    where,
    order_by,
    limit,
    offset,
    values,
    returning,
    set,
    default_value
  };

  // statements (analyze_statements.cpp)
  std::unique_ptr<Query> query(const Node& select, bool resolve_unknowns);
  std::unique_ptr<Query> values_query(const Node& select, bool resolve_unknowns);
  std::unique_ptr<Insert> insert(const Node& node, std::optional<std::vector<session::Column>>& columns);
  std::unique_ptr<Change> change(const Node& node, bool is_delete,
                                 std::optional<std::vector<session::Column>>& columns);
  void refuse_clauses(const Node& select);
  void from_item(const Node& node, Query& query, std::vector<ExprPtr>& conditions);
  void from_table(const Node& range_var, Query& query);
  void from_function(const Node& node, Query& query);
  void name_columns(FromItem& item, const Node& alias);
  void targets(const std::vector<const Node*>& list, std::vector<ExprPtr>& exprs, std::vector<session::Column>& columns,
               bool resolve_unknowns, Clause clause);
  void expand_star(const Node& column_ref, std::vector<ExprPtr>& exprs, std::vector<session::Column>& columns);
  void order_by(const Node& select, Query& query);
  void limits(const Node& select, Query& query);
  // (analyze_writes.cpp)
  void conflict(const Node& clause, Insert& insert);
  void assignments(const std::vector<const Node*>& list, const Table& table,
                   std::vector<std::pair<int, ExprPtr>>& result);
  void check_identity(const Insert& insert, const Node& node) const;
  std::shared_ptr<Table> table_for_change(const Node& range_var, std::string_view verb);
  FromItem item_of(const std::shared_ptr<Table>& table, std::string alias);
  ExprPtr assign(ExprPtr expr, const TableColumn& column);

  // expressions (analyze_expressions.cpp)
  ExprPtr expression(const Node& node);
  ExprPtr column_ref(const Node& body);
  ExprPtr parameter(const Node& body);
  ExprPtr operation(const Node& body);
  ExprPtr in_list(const Node& body, std::string_view op);
  ExprPtr between(const Node& body);
  ExprPtr call(const Node& body);
  ExprPtr aggregate(const Node& body, const Found& found, std::vector<ExprPtr> args);
  ExprPtr type_cast(const Node& body);
  ExprPtr choice(const Node& body);
  ExprPtr value_function(const Node& body);
  ExprPtr apply_operator(std::string_view name, ExprPtr left, ExprPtr right, int location);
  ExprPtr equality(ExprKind kind, ExprPtr left, ExprPtr right, int location);
  ExprPtr make_common(ExprKind kind, const std::vector<const Node*>& args, std::string_view construct, int location);

  // coercion (coerce.cpp)
  ExprPtr coerce(ExprPtr expr, Oid target, CastContext context);
  ExprPtr fit(ExprPtr expr, std::int32_t modifier, CastContext context);
  ExprPtr coerce_or_fail(ExprPtr expr, Oid target, std::int32_t modifier, CastContext context, int location);
  ExprPtr to_boolean(ExprPtr expr, std::string_view construct);
  void resolve_unknown(ExprPtr& expr);
  void note_loose(const Expr& expr);
  void finish_parameters(Prepared& prepared);

  const RawStatement* raw_ = nullptr;
  std::vector<std::shared_ptr<Table>> tables_;
  SessionState& session_;
  std::vector<Oid> parameters_;  // 0: not used yet; unknown_oid: used, type still open
  bool takes_parameters_ = false;
  std::vector<std::pair<int, int>> loose_parameters_;  // number and location, where the context gave no type
  std::vector<FromItem>* scope_ = nullptr;
  std::vector<Aggregate>* aggregates_ = nullptr;
  bool in_aggregate_ = false, saw_plain_column_ = false;
  const Expr* plain_column_ = nullptr;
  std::string plain_column_name_;
  int plain_column_location_ = -1;
  Clause clause_ = Clause::select_list;
};

// column_name: what a select-list expression without AS is called: FigureColname().
std::string column_name(const Node& node);

}  // namespace pgconform::engine
