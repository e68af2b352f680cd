#include "engine/commands/plan_text.hpp"

#include <fmt/format.h>

#include "engine/facts.hpp"
#include "engine/nodes/conditions.hpp"
#include "engine/stack.hpp"

// A plan in words: PostgreSQL's names for the nodes, with figures that are the same for all of them, since nothing here
// is estimated.
namespace pgconform::engine {
namespace {

struct Shape {
  std::string name, suffix{};  // "Seq Scan", " on t"
  std::vector<Shape> below{};
};

Shape over(std::string name, Shape below) {
  Shape shape{std::move(name)};
  shape.below.push_back(std::move(below));
  return shape;
}

Shape shape_of(const Query& query);

Shape shape_of(const FromItem& item, const Expr* where = nullptr) {
  StackBase::check();
  using Kind = FromItem::Kind;
  const std::string alias = item.alias.empty() ? "" : " " + item.alias;
  switch (item.kind) {
    case Kind::table: {
      const std::string& name = item.table->name;
      const std::string on = " on " + name + (item.alias == name ? "" : alias);
      if (const auto key = index_key(item, where); key.index) return {"Index Scan", " using " + key.index->name + on};
      return {"Seq Scan", on};
    }
    case Kind::function: {
      const Expr& function = *item.functions[0].call;
      return {"Function Scan", " on" + (function.function ? " " + std::string(function.function->name) : "") + alias};
    }
    case Kind::query: {
      Shape shape{"Subquery Scan", " on" + alias};
      shape.below.push_back(shape_of(*item.query));
      return shape;
    }
    case Kind::common:
      return {"CTE Scan", " on " + item.common->name + (item.alias == item.common->name ? "" : alias)};
    case Kind::join:
      break;
  }
  static constexpr std::string_view names[] = {"Nested Loop", "Nested Loop Left Join", "Nested Loop Right Join",
                                               "Hash Full Join"};
  Shape shape{std::string(names[static_cast<std::size_t>(item.join_kind)])};
  shape.below.push_back(shape_of(*item.left));
  shape.below.push_back(shape_of(*item.right));
  return shape;
}

Shape shape_of(const Query& query) {
  StackBase::check();
  Shape shape{"Result"};
  if (query.operation != Query::Operation::none) {
    shape.name = query.operation == Query::Operation::unite ? "Append" : "HashSetOp";
    shape.below.push_back(shape_of(*query.left));
    shape.below.push_back(shape_of(*query.right));
    if (!query.all) shape = over("HashAggregate", std::move(shape));
  } else if (!query.values.empty()) {
    shape = query.values.size() == 1 ? Shape{"Result"} : Shape{"Values Scan", " on \"*VALUES*\""};
  } else if (query.from) {
    shape = shape_of(*query.from, query.where.get());
  }
  if (query.is_grouped) shape = over(query.keys.empty() ? "Aggregate" : "HashAggregate", std::move(shape));
  for (std::size_t i = 0; i < query.windows.size(); ++i) shape = over("WindowAgg", std::move(shape));
  if (!query.series.empty()) shape = over("ProjectSet", std::move(shape));
  if (query.distinct) shape = over("HashAggregate", std::move(shape));
  if (!query.order.empty()) shape = over("Sort", std::move(shape));
  if (!query.distinct_on.empty()) shape = over("Unique", std::move(shape));
  if (!query.locks.empty()) shape = over("LockRows", std::move(shape));
  if (query.limit || query.offset) shape = over("Limit", std::move(shape));
  return shape;
}

Shape shape_of(const Plan& plan) {
  if (plan.query) return shape_of(*plan.query);
  const Write& write = plan.insert  ? static_cast<const Write&>(*plan.insert)
                       : plan.merge ? static_cast<const Write&>(*plan.merge)
                                    : *plan.change;
  Shape shape{plan.insert              ? "Insert"
              : plan.merge             ? "Merge"
              : plan.change->is_delete ? "Delete"
                                       : "Update",
              " on " + write.table->name};
  if (plan.merge)
    shape.below.push_back(shape_of(*plan.merge->from));
  else if (plan.change)
    shape.below.push_back(shape_of(*plan.change->from, plan.change->where.get()));
  else if (plan.insert->source)
    shape.below.push_back(shape_of(*plan.insert->source));
  else
    shape.below.push_back({"Result"});
  return shape;
}

class Writer {
 public:
  Writer(const ExplainOptions& options, std::int64_t rows, double milliseconds)
      : options_(options), rows_(rows), milliseconds_(milliseconds) {}

  void text(const Shape& shape, std::size_t depth, std::vector<std::string>& lines) const {
    StackBase::check();
    std::string line = depth == 0 ? "" : std::string(6 * depth - 4, ' ') + "->  ";
    line += shape.name + shape.suffix;
    if (options_.costs) line += fmt::format("  (cost=0.00..0.01 rows=1 width=0)");
    if (options_.analyze) {
      const std::string time = options_.timing ? fmt::format("time=0.000..{:.3f} ", milliseconds_) : "";
      line += fmt::format(" (actual {}rows={} loops=1)", time, rows_);
    }
    lines.push_back(std::move(line));
    for (const auto& below : shape.below) text(below, depth + 1, lines);
  }

  void json(const Shape& shape, std::size_t indent, bool is_outer, std::string& out) const {
    StackBase::check();
    const std::string margin(indent, ' ');
    std::vector<std::string> members{fmt::format("\"Node Type\": \"{}\"", shape.name)};
    if (indent > 6) members.push_back(fmt::format("\"Parent Relationship\": \"{}\"", is_outer ? "Outer" : "Inner"));
    members.emplace_back("\"Parallel Aware\": false");
    members.emplace_back("\"Async Capable\": false");
    if (options_.costs)
      for (const char* member :
           {"\"Startup Cost\": 0.00", "\"Total Cost\": 0.01", "\"Plan Rows\": 1", "\"Plan Width\": 0"})
        members.emplace_back(member);
    if (options_.analyze) {
      if (options_.timing) {
        members.emplace_back("\"Actual Startup Time\": 0.000");
        members.push_back(fmt::format("\"Actual Total Time\": {:.3f}", milliseconds_));
      }
      members.push_back(fmt::format("\"Actual Rows\": {}", rows_));
      members.emplace_back("\"Actual Loops\": 1");
    }
    for (std::size_t i = 0; i < members.size(); ++i) out += (i == 0 ? "" : ",\n") + margin + members[i];
    if (shape.below.empty()) return;
    out += ",\n" + margin + "\"Plans\": [\n";
    for (std::size_t i = 0; i < shape.below.size(); ++i) {
      out += margin + "  {\n";
      json(shape.below[i], indent + 4, i == 0, out);
      out += "\n" + margin + "  }" + (i + 1 < shape.below.size() ? ",\n" : "\n");
    }
    out += margin + "]";
  }

 private:
  const ExplainOptions& options_;
  std::int64_t rows_;
  double milliseconds_;
};

}  // namespace

std::vector<std::string> plan_lines(const Plan& plan, const ExplainOptions& options, std::int64_t rows,
                                    double milliseconds) {
  const Shape shape = shape_of(plan);
  const Writer writer(options, rows, milliseconds);
  std::vector<std::string> lines;
  if (!options.json) {
    writer.text(shape, 0, lines);
    if (options.summary) lines.emplace_back("Planning Time: 0.001 ms");
    if (options.summary && options.analyze) lines.push_back(fmt::format("Execution Time: {:.3f} ms", milliseconds));
    return lines;
  }
  std::string json = "[\n  {\n    \"Plan\": {\n";
  writer.json(shape, 6, true, json);
  json += "\n    }";
  if (options.summary) json += ",\n    \"Planning Time\": 0.001";
  if (options.analyze) json += ",\n    \"Triggers\": [\n    ]";
  if (options.summary && options.analyze) json += fmt::format(",\n    \"Execution Time\": {:.3f}", milliseconds);
  lines.push_back(json + "\n  }\n]");
  return lines;
}

}  // namespace pgconform::engine
