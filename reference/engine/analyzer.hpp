#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/analyze/scope.hpp"
#include "engine/plan.hpp"
#include "engine/resolve.hpp"
#include "engine/session_state.hpp"

namespace pgconform::engine {

// Analyzer: from parse tree to typed statement: parse_analyze(). One for each statement.
class Analyzer {
 public:
  Analyzer(SessionState& session, std::optional<std::span<const Oid>> parameter_types);

  // analyze: the whole statement; `without_into`: SELECT INTO as if it were only a SELECT.
  std::shared_ptr<Prepared> analyze(std::shared_ptr<const RawStatement> raw, bool without_into = false);

  // default_of: a column's DEFAULT, made to fit the column.
  std::shared_ptr<const Expr> default_of(const Node& node, const TableColumn& column);
  // argument: of EXECUTE, for the parameter of that number and type.
  ExprPtr argument(const Node& node, Oid type, int number);
  // default_as: a column's default when the column gets another type; 42804.
  std::shared_ptr<const Expr> default_as(const Expr& value, const TableColumn& column);
  // index_expression_of · index_predicate_of: what an index is of, and its WHERE; ON CONFLICT names indexes by both.
  std::shared_ptr<const Expr> index_expression_of(const Node& node, const Table& table);
  std::shared_ptr<const Expr> index_predicate_of(const Node& node, const Table& table);
  // generation_of: what a generated column is made of.
  std::shared_ptr<const Expr> generation_of(const Node& node, const TableColumn& column, const Table& table);
  // condition_of: a condition on a row of the table, for CHECK.
  std::shared_ptr<const Expr> condition_of(const Node& node, const Table& table);
  // conversion_of: ALTER … TYPE … USING; without an expression, the old value.
  ExprPtr conversion_of(const Node& node, const Table& table, const TableColumn& from, const TableColumn& to);
  // need_schema: a schema that does not exist is an error of its own, before anything is looked up in it.
  void need_schema(const std::vector<const Node*>& names, int location);
  // column_type: type and modifier of a TypeName node.
  std::pair<Oid, std::int32_t> column_type(const Node& type_name);
  // constant: a literal, with the sign that libpg_query drops read from the text.
  ExprPtr constant(const Node& body);
  // set_source: where literals of the tree come from, for use without analyze().
  void set_source(const RawStatement& raw) { raw_ = &raw; }
  // set_for_cursor: the query's rows are to tell their places, for WHERE CURRENT OF.
  void set_for_cursor() { for_cursor_ = true; }

 private:
  enum class Clause : std::uint8_t {
    select_list,
    from,
    join,
    where,
    having,
    group_by,
    order_by,
    distinct_on,
    limit,
    offset,
    values,
    returning,
    set,
    merge_when,
    filter,
    window,
    frame_range,
    frame_rows,
    frame_groups,
    check,
    conversion,
    generation,
    index_expression,
    index_predicate,
    default_value,
    execute
  };

  // What is set aside while a query inside another is analysed.
  class Inside;

  // queries (select.cpp, group.cpp, order.cpp, set_operation.cpp, with.cpp)
  std::unique_ptr<Query> query(const Node& select, bool resolve_unknowns);
  std::unique_ptr<Query> inner_query(const Node& select, Scope::Border border, bool resolve_unknowns,
                                     int* escape = nullptr);
  void refuse_clauses(const Node& select);
  void plain_select(const Node& select, Query& query, bool resolve_unknowns);
  void values_query(const Node& select, Query& query, bool resolve_unknowns);
  void set_operation(const Node& select, Query& query);
  void with(const Node& clause, std::vector<std::unique_ptr<CommonTable>>& tables);
  std::unique_ptr<CommonTable> common_table(const Node& node, bool recursive);
  void add_search_and_cycle(const Node& node, CommonTable& table);
  void search_and_cycle(const Node& node, CommonTable& table);
  std::pair<ExprPtr, ExprPtr> cycle_marks(const Node& cycle);
  std::vector<ScopeColumn> scope_columns(const Query& query) const;
  std::unique_ptr<CommonTable> common_change(const Node& node);
  void group_by(const Node& select, Query& query);
  std::size_t group_key(const Node& node, Query& query);
  using Sets = std::vector<std::vector<std::size_t>>;
  Sets grouping_sets(const Node& node, Query& query);
  ExprPtr grouping(const Node& body);
  void distinct(const Node& select, Query& query);
  void regroup(Query& query);
  void order_by(const Node& select, Query& query);
  void limits(const Node& select, Query& query);
  void lock_rows(const Node& select, Query& query);
  void refuse_locking(const Node& select);
  void keep_place(Query& query) const;
  void lock_item(FromItem& item, const Node& clause, bool is_named, Query& query, int location);
  ExprPtr without_variables(ExprPtr expr, std::string_view clause);
  ExprPtr to_bigint(ExprPtr expr, std::string_view clause);
  int listed_target(const Node& node, Query& query, std::string_view clause);
  int find_or_add(ExprPtr expr, Query& query);

  // FROM (from.cpp, join.cpp)
  std::unique_ptr<FromItem> from_item(const Node& node);
  void from_list(const std::vector<const Node*>& list, std::unique_ptr<FromItem>& from);
  std::unique_ptr<FromItem> from_table(const Node& range_var);
  std::unique_ptr<FromItem> from_function(const Node& node);
  std::vector<ExprPtr> table_functions(const Node& call);
  void function_columns(TableFunction& function, const Node& call, const std::vector<const Node*>& definitions,
                        const std::string& only_name, ScopeItem& names);
  std::shared_ptr<const RowShape> defined_shape(const std::vector<const Node*>& definitions);
  ExprPtr call_of(std::string_view name, std::vector<ExprPtr> args, int location);
  std::unique_ptr<FromItem> from_query(const Node& node);
  std::unique_ptr<FromItem> from_view(std::shared_ptr<Table> view, const Node& alias);
  void fit_system_view(Query& query, const Table& view);
  std::unique_ptr<FromItem> from_common(const Node& range_var);
  std::unique_ptr<FromItem> join(const Node& body);
  ExprPtr join_using(const std::vector<std::string_view>& names, FromItem& item, std::size_t before, std::size_t middle,
                     ScopeItem& result);
  void add_to_scope(FromItem& item, ScopeItem names, const Node& alias);
  ScopeItem names_of(const std::shared_ptr<Table>& table, std::string alias);
  std::shared_ptr<Table> find_table(const Node& range_var);
  std::shared_ptr<Table> meant_by_view(const Node& range_var);

  // INSERT, UPDATE, DELETE (change.cpp)
  bool change_of_rows(const Node& node, Plan& plan, std::optional<std::vector<session::Column>>& columns);
  std::unique_ptr<Insert> insert(const Node& node, std::optional<std::vector<session::Column>>& columns);
  std::unique_ptr<Change> change(const Node& node, bool is_delete,
                                 std::optional<std::vector<session::Column>>& columns);
  ExprPtr assign(ExprPtr expr, const TableColumn& column);
  ExprPtr assigned_to(ExprPtr expr, const TableColumn& column, std::string_view what);
  std::shared_ptr<Table> table_for_change(const Node& range_var, std::string_view verb);

  // rows of one table (row_conditions.cpp)
  void conflict(const Node& clause, Insert& insert);
  void insert_targets(const std::vector<const Node*>& cols, const Table& table, std::vector<int>& places,
                      std::vector<const Node*>& nodes) const;
  void assignments(const std::vector<const Node*>& list, const Table& table,
                   std::vector<std::pair<int, ExprPtr>>& result);
  ExprPtr one_of_many(const Node& reference);
  ExprPtr element_assigned(const Node& target, ExprPtr value, const TableColumn& column, ExprPtr before);
  void check_given(const Insert& insert, const Node& node) const;

  // MERGE (merge.cpp)
  std::unique_ptr<Merge> merge(const Node& node);
  Merge::When merge_when(const Node& node, Merge& merge);
  void merge_values(const Node& node, const Merge& merge, Merge::When& when);

  // rows as values (rows.cpp, row_comparison.cpp)
  ExprPtr row_constructor(const Node& body);
  std::vector<ExprPtr> row_members(const std::vector<const Node*>& list);
  ExprPtr whole_row(const ScopeItem& item, int level, int location);
  ExprPtr find_whole_row(std::string_view name, int location);
  ExprPtr field(ExprPtr record, std::string_view name, int location);
  std::vector<ExprPtr> fields_of(ExprPtr record, int location, std::vector<std::string>& names);
  std::shared_ptr<const RowShape> shape_of(const Expr& expr) const;
  ExprPtr selected(ExprPtr record, std::size_t number, const RowShape& shape);
  std::shared_ptr<const RowShape> named_shape(const Node& type_name);
  ExprPtr as_row(ExprPtr expr, std::shared_ptr<const RowShape> shape, int location);
  ExprPtr compare_rows(std::string_view name, std::vector<ExprPtr> left, std::vector<ExprPtr> right, int location);
  ExprPtr binary(std::string_view name, const Node& left, const Node& right, int location);
  ExprPtr row_link(const Node& link, std::vector<ExprPtr> left, std::string_view name, bool scalar, int location);

  // lists of results (targets.cpp)
  void targets(const std::vector<const Node*>& list, std::vector<ExprPtr>& exprs, std::vector<session::Column>& columns,
               bool resolve_unknowns, Clause clause);
  void expand_star(const Node& column_ref, std::vector<ExprPtr>& exprs, std::vector<session::Column>& columns);

  // expressions
  ExprPtr expression(const Node& node);
  ExprPtr column_ref(const Node& body);
  ExprPtr table_oid(const Scope& scope, const ScopeItem* item, int location) const;
  [[noreturn]] void missing_table(std::string_view qualifier, int location);
  ExprPtr parameter(const Node& body);
  ExprPtr operation(const Node& body);
  ExprPtr distinct_rows(const Node& body, std::string_view kind);
  ExprPtr in_list(const Node& body, std::string_view op);
  ExprPtr between(const Node& body);
  ExprPtr call(const Node& body);
  ExprPtr set_returning(ExprPtr call, int location);
  ExprPtr aggregate(const Node& body, const Found& found, std::vector<ExprPtr> args);
  Aggregate make_aggregate(const Node& body, const Found& found, std::vector<ExprPtr> args);
  std::string_view clause_without_aggregates() const;
  void forbid_aggregate(int location);

  // calls with OVER (window.cpp)
  ExprPtr window_call(const Node& body, const Found& found, Oid type, std::vector<ExprPtr> args);
  void forbid_window(int location);
  std::size_t find_window(const Node& over);
  void windows(Query& query);
  Window window(const Node& definition);
  void window_keys(const Node& definition, Window& window);
  void frame(const Node& definition, Window& window);
  void frame_edge(const Node& offset, const Node& definition, const Window& window, std::string_view unit,
                  bool is_start, Frame::Edge& edge);
  void place_window_calls(Query& query);
  void order_aggregate(const Node& body, Aggregate& aggregate);
  void order_within(const Node& body, Aggregate& aggregate);
  void check_within(const Node& body, const FunctionFact& fact, std::string_view shown);
  ExprPtr subquery(const Node& body);
  ExprPtr array_constructor(const Node& body, Oid given = 0, int cast_location = -1);
  ExprPtr indirection(const Node& body);
  ExprPtr subscripted(ExprPtr expr, const std::vector<const Node*>& indices);
  ExprPtr json_subscripted(ExprPtr expr, const std::vector<const Node*>& indices);
  ExprPtr array_comparison(const Node& body, std::string_view name, bool all);
  ExprPtr coerce_elements(ExprPtr expr, Oid target, CastContext context);
  ExprPtr type_cast(const Node& body);
  ExprPtr choice(const Node& body);
  ExprPtr collated(const Node& body);
  ExprPtr value_function(const Node& body);
  ExprPtr apply_operator(std::string_view name, ExprPtr left, ExprPtr right, int location);
  ExprPtr equality(ExprKind kind, ExprPtr left, ExprPtr right, int location);
  ExprPtr make_common(ExprKind kind, const std::vector<const Node*>& args, std::string_view construct, int location);

  // coercion (coerce.cpp)
  ExprPtr coerce(ExprPtr expr, Oid target, CastContext context);
  ExprPtr to_domain(ExprPtr expr, Oid domain, CastContext context);
  ExprPtr to_composite(ExprPtr expr, Oid target, CastContext context);
  ExprPtr fit(ExprPtr expr, std::int32_t modifier, CastContext context);
  ExprPtr coerce_or_fail(ExprPtr expr, Oid target, std::int32_t modifier, CastContext context, int location);
  ExprPtr to_boolean(ExprPtr expr, std::string_view construct);
  void resolve_unknown(ExprPtr& expr);
  void note_loose(const Expr& expr);
  void finish_parameters(Prepared& prepared);

  std::vector<Oid> inferred(const Node& infer, const Table& table);
  // fail_in_planning: an error that PostgreSQL finds when it plans, so that the statement can be prepared, but not
  // bound.
  void fail_in_planning(std::string_view sqlstate, std::string message);

  const RawStatement* raw_ = nullptr;
  const Node* into_ = nullptr;  // of this statement, which its caller takes care of
  std::optional<SqlError> planning_failure_;
  std::vector<std::shared_ptr<Table>> tables_, written_, locked_;
  std::vector<std::shared_ptr<const UserType>> types_;
  std::string locking_;  // FOR UPDATE, as the first that asks for it
  SessionState& session_;
  std::vector<Oid> parameters_;  // 0: not used yet; unknown_oid: used, type still open
  bool takes_parameters_ = false;
  std::vector<std::pair<int, int>> loose_parameters_;  // number and location, where the context gave no type
  Scope* scope_ = nullptr;
  // The queries of WITH that can be seen from here, the innermost last, and how far out each was defined.
  struct VisibleCommon {
    const CommonTable* table;
    const Scope* home;
    bool working;
  };
  std::vector<VisibleCommon> visible_common_;
  Query* query_ = nullptr;     // whose aggregates and set-returning functions are collected
  bool wants_places_ = false;  // of the tables in FROM, so that their rows can be locked
  bool for_cursor_ = false;
  bool in_aggregate_ = false, in_window_ = false;
  std::string_view in_construct_;  // CASE or COALESCE, in which no set may stand
  int operands_ = 0;               // in use around here
  Clause clause_ = Clause::select_list;
};

// sort_key: the direction of a SortBy node.
SortKey sort_key(const Node& sort, int target);

// column_name: what a select-list expression without AS is called: FigureColname().
std::string column_name(const Node& node);
// expression_name: the same of an expression in an index: FigureIndexColname().
std::string expression_name(const Node& node);
// need_immutable: 42P17 with that message.
void need_immutable(const Expr& expr, const std::string& otherwise);

}  // namespace pgconform::engine
