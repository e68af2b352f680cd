#include "engine/analyze/parts.hpp"
#include "engine/analyzer.hpp"
#include "engine/stack.hpp"

// What a column of a select list is called: FigureColname().
namespace pgconform::engine {

namespace {

std::string figured(const Node& node, std::string_view otherwise) {
  // The name, and whether it is a strong one; a type's name only stands in for a missing one.
  auto figure = [](auto& self, const Node& n) -> std::pair<std::string, bool> {
    StackBase::check();
    const Node& body = n.body();
    std::string_view kind = n.kind();
    if (kind == "ColumnRef") {
      const Node& last = *body.list("fields").back();
      return {std::string(last.string_of()), true};
    }
    if (kind == "FuncCall") return {std::string(body.list("funcname").back()->string_of()), true};
    if (kind == "A_Expr" && body.text("kind") == "AEXPR_NULLIF") return {"nullif", true};
    if (kind == "TypeCast") {
      auto inner = self(self, body["arg"]);
      if (inner.second) return inner;
      return {std::string(body["typeName"].list("names").back()->string_of()), false};
    }
    if (kind == "A_Indirection")
      if (const Node& last = *body.list("indirection").back(); last.is("String"))
        return {std::string(last.string_of()), true};
    if (kind == "RowExpr") return {"row", true};
    if (kind == "GroupingFunc") return {"grouping", true};
    if (kind == "CollateClause" || kind == "A_Indirection") return self(self, body["arg"]);
    if (kind == "A_ArrayExpr") return {"array", true};
    if (kind == "CaseExpr") {
      auto inner = self(self, body["defresult"]);
      if (inner.second) return inner;
      return {"case", false};
    }
    if (kind == "SubLink") {
      std::string_view link = body.text("subLinkType");
      if (link == "EXISTS_SUBLINK") return {"exists", true};
      if (link == "ARRAY_SUBLINK") return {"array", true};
      if (link != "EXPR_SUBLINK") return {};
      const Node* select = &body["subselect"].body();
      while (select->has("larg")) select = &(*select)["larg"];
      // A list of values has no names; its columns are called so all the same.
      if (!select->list("valuesLists").empty()) return {"column1", true};
      const auto& list = select->list("targetList");
      if (list.empty()) return {};
      const Node& target = list[0]->body();
      if (target.has("name")) return {std::string(target.text("name")), true};
      std::string name = self(self, target["val"]).first;
      return {name.empty() ? "?column?" : name, true};
    }
    if (kind == "CoalesceExpr") return {"coalesce", true};
    if (kind == "MinMaxExpr") return {body.text("op") == "IS_GREATEST" ? "greatest" : "least", true};
    if (kind == "SQLValueFunction") {
      std::string name(body.text("op").substr(6));
      if (name.ends_with("_N")) name.resize(name.size() - 2);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      return {name, true};
    }
    return {};
  };
  auto name = figure(figure, node).first;
  return name.empty() ? std::string(otherwise) : name;
}

}  // namespace

std::string column_name(const Node& node) {
  return figured(node, "?column?");
}

std::string expression_name(const Node& node) {
  return figured(node, "expr");
}

}  // namespace pgconform::engine
