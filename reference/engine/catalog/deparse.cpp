#include "engine/catalog/deparse.hpp"

#include <algorithm>
#include <cstring>

#include "engine/facts.hpp"
#include "engine/quoting.hpp"
#include "engine/session_state.hpp"
#include "engine/stack.hpp"
#include "types/bits.hpp"
#include "types/form.hpp"

namespace pgconform::engine {
namespace {

// Form: what an expression is for the rules of parentheses: ruleutils.c's node tags, as far as they differ there.
enum class Form : std::uint8_t { value, function, cast, op, test, boolean, other };

bool is_cast(const Expr& e) {
  switch (e.kind) {
    case ExprKind::relabel:
    case ExprKind::to_domain:
    case ExprKind::input:
    case ExprKind::output:
    case ExprKind::modifier:
    case ExprKind::array_coerce:
      return true;
    case ExprKind::call:
      return !e.op && !e.function && e.args.size() == 1 && e.text.empty();
    default:
      return false;
  }
}

bool is_in_list(const Expr& e) {
  return (e.kind == ExprKind::either || e.kind == ExprKind::both) && e.text == "IN" && e.args.size() > 1;
}

Form form_of(const Expr& e) {
  if (is_cast(e)) return Form::cast;
  if (is_in_list(e)) return Form::other;
  switch (e.kind) {
    case ExprKind::constant:
    case ExprKind::column:
      return Form::value;
    case ExprKind::call:
      return e.op ? Form::op : Form::function;
    case ExprKind::both:
    case ExprKind::either:
    case ExprKind::negation:
      return Form::boolean;
    case ExprKind::is_null:
    case ExprKind::is_not_null:
    case ExprKind::is_true:
    case ExprKind::is_not_true:
    case ExprKind::is_false:
    case ExprKind::is_not_false:
    case ExprKind::is_unknown:
    case ExprKind::is_not_unknown:
    case ExprKind::distinct:
    case ExprKind::not_distinct:
      return Form::test;
    case ExprKind::any_of:
    case ExprKind::all_of:
      return Form::other;
    default:
      return Form::function;
  }
}

// Only a cast by a function counts as a call for the parentheses around its argument.
bool is_function_cast(const Expr& e) {
  return e.kind == ExprKind::call || e.kind == ExprKind::modifier;
}

class Deparser {
 public:
  explicit Deparser(const Deparsing& how) : how_(how) {}

  void write(const Expr& e, bool show_implicit) {
    StackBase::check();
    if (is_cast(e)) return cast(e, show_implicit);
    if (is_in_list(e)) return in_list(e);
    switch (e.kind) {
      case ExprKind::constant:
        return constant(e, true);
      case ExprKind::column:
        if (e.level != 0) refuse("deparsing a column of another query");
        if (how_.table.kind == 'D') {
          out_ += "VALUE";  // of a domain
          return;
        }
        out_ += quoted_name(how_.table.columns[static_cast<std::size_t>(e.number)].name);
        return;
      case ExprKind::call:
        if (e.op) return operation(e);
        if (e.function) return call(e);
        break;
      case ExprKind::both:
      case ExprKind::either:
        return parenthesised([&] {
          const char* word = e.kind == ExprKind::both ? " AND " : " OR ";
          for (std::size_t i = 0; i < e.args.size(); ++i) {
            if (i > 0) out_ += word;
            inner(*e.args[i], false, e);
          }
        });
      case ExprKind::negation:
        return parenthesised([&] {
          out_ += "NOT ";
          inner(*e.args[0], false, e);
        });
      case ExprKind::is_null:
      case ExprKind::is_not_null:
        return test(e, e.kind == ExprKind::is_null ? " IS NULL" : " IS NOT NULL", true);
      case ExprKind::is_true:
        return test(e, " IS TRUE", false);
      case ExprKind::is_not_true:
        return test(e, " IS NOT TRUE", false);
      case ExprKind::is_false:
        return test(e, " IS FALSE", false);
      case ExprKind::is_not_false:
        return test(e, " IS NOT FALSE", false);
      case ExprKind::is_unknown:
        return test(e, " IS UNKNOWN", false);
      case ExprKind::is_not_unknown:
        return test(e, " IS NOT UNKNOWN", false);
      case ExprKind::distinct:
        return parenthesised([&] {
          inner(*e.args[0], true, e);
          out_ += " IS DISTINCT FROM ";
          inner(*e.args[1], true, e);
        });
      case ExprKind::null_if:
        return list("NULLIF(", e, ")");
      case ExprKind::coalesce:
        return list("COALESCE(", e, ")");
      case ExprKind::greatest:
        return list("GREATEST(", e, ")");
      case ExprKind::least:
        return list("LEAST(", e, ")");
      case ExprKind::array:
        if (e.number != 0) break;
        list("ARRAY[", e, "]");
        if (e.args.empty()) out_ += "::" + types::type_name(e.type);
        return;
      case ExprKind::any_of:
      case ExprKind::all_of:
        return parenthesised([&] {
          inner(*e.args[0], true, e);
          out_ += fmt::format(" {} {} (", e.op->name, e.kind == ExprKind::any_of ? "ANY" : "ALL");
          inner(*e.args[2], true, e);
          out_ += ')';
        });
      case ExprKind::choice:
        return choice(e, nullptr);
      case ExprKind::with_operand:
        if (e.args[1]->kind == ExprKind::choice) return choice(*e.args[1], e.args[0].get());
        break;
      case ExprKind::current: {
        for (char c : e.text) out_ += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        if (e.modifier >= 0) out_ += fmt::format("({})", e.modifier);
        return;
      }
      default:
        break;
    }
    refuse("deparsing this expression");
  }

  std::string take() { return std::move(out_); }

 private:
  template <class Body>
  void parenthesised(Body body) {
    if (!how_.pretty) out_ += '(';
    body();
    if (!how_.pretty) out_ += ')';
  }

  // inner: get_rule_expr_paren().
  void inner(const Expr& e, bool show_implicit, const Expr& parent) {
    bool need = how_.pretty && !is_simple(shown(e, show_implicit), parent);
    if (need) out_ += '(';
    write(e, show_implicit);
    if (need) out_ += ')';
  }
  // The same node PostgreSQL looks at: a hidden cast is looked at as the cast that it is.
  static const Expr& shown(const Expr& e, bool) { return e; }

  // is_simple: isSimpleNode().
  bool is_simple(const Expr& e, const Expr& parent) const {
    StackBase::check();
    Form form = form_of(e), outer = form_of(parent);
    auto beside_others = [&] {
      if (outer == Form::function) return true;
      return outer == Form::cast ? false : outer == Form::boolean && form != Form::boolean;
    };
    switch (form) {
      case Form::value:
      case Form::function:
        return true;
      case Form::cast:
        return is_function_cast(e) || is_simple(*e.args[0], e);
      case Form::op:
        if (outer == Form::op) return binds_tighter(e, parent);
        return beside_others();
      case Form::test:
        return beside_others();
      case Form::boolean:
        if (outer != Form::boolean) return beside_others();
        if (e.kind == ExprKind::either) return parent.kind == ExprKind::either;
        return parent.kind == ExprKind::both || parent.kind == ExprKind::either;
      case Form::other:
        return false;
    }
    return false;
  }

  static bool binds_tighter(const Expr& e, const Expr& parent) {
    if (e.args.size() != 2 || parent.args.size() != 2) return false;
    auto level = [](const Expr& x) {
      if (x.op->name.size() != 1) return 0;
      return std::strchr("+-", x.op->name[0]) ? 1 : std::strchr("*/%", x.op->name[0]) ? 2 : 0;
    };
    int mine = level(e), outer = level(parent);
    if (mine == 0 || outer == 0) return false;
    return mine != outer ? mine > outer : &e == parent.args[0].get();
  }

  void constant(const Expr& e, bool with_type) {
    std::string type = types::type_name(e.type, e.modifier);
    if (types::is_null(e.value)) {
      out_ += "NULL";
      if (with_type) out_ += "::" + type;
      return;
    }
    std::string text = types::print_text(e.type, e.value, how_.session.style());
    bool digit = !text.empty() && text[0] >= '0' && text[0] <= '9';
    bool plain = false, label = true;
    if (e.type == types::int4_oid) {
      plain = digit;
      label = !plain;
    } else if (e.type == types::numeric_oid) {
      plain = digit && text.find_first_of("eE.") != text.npos;
      label = !plain || e.modifier >= 0;
    } else if (e.type == types::bool_oid) {
      out_ += std::get<bool>(e.value) ? "true" : "false";
      return;
    }
    if (e.type == types::unknown_oid) label = false;
    // Without a length in parentheses the word alone would mean bit(1).
    const bool is_bits = e.type == types::bit_oid || e.type == types::varbit_oid;
    if (e.type == types::bit_oid && e.modifier < 0) type = "\"bit\"";
    if (is_bits) out_ += 'B';
    if (plain)
      out_ += text;
    else
      out_ += simple_literal(text);
    if (label && with_type) out_ += "::" + type;
  }

  static std::string simple_literal(std::string_view text) { return quoted_literal(text); }

  void operation(const Expr& e) {
    parenthesised([&] {
      if (e.args.size() == 2) {
        inner(*e.args[0], true, e);
        out_ += fmt::format(" {} ", e.op->name);
        inner(*e.args[1], true, e);
      } else {
        out_ += fmt::format("{} ", e.op->name);
        inner(*e.args[0], true, e);
      }
    });
  }

  void call(const Expr& e) {
    out_ += quoted_name(e.function->name);
    list("(", e, ")");
  }

  void list(const char* open, const Expr& e, const char* close) {
    out_ += open;
    for (std::size_t i = 0; i < e.args.size(); ++i) {
      if (i > 0) out_ += ", ";
      write(*e.args[i], true);
    }
    out_ += close;
  }

  void test(const Expr& e, const char* words, bool show_implicit) {
    parenthesised([&] {
      inner(*e.args[0], show_implicit, e);
      out_ += words;
    });
  }

  // cast: get_coercion_expr().
  void cast(const Expr& e, bool show_implicit) {
    const Expr* arg = e.args[0].get();
    if (e.kind == ExprKind::input && arg->kind == ExprKind::output) arg = arg->args[0].get();
    // A length is a cast of its own only where no cast of the type stands before it.
    if (e.kind == ExprKind::modifier && is_cast(*arg)) arg = arg->args[0].get();
    if (e.is_implicit && !show_implicit) return inner(*arg, false, e);
    if (arg->kind == ExprKind::constant && arg->type == e.type && arg->modifier == -1) {
      constant(*arg, false);
    } else {
      if (!how_.pretty) out_ += '(';
      inner(*arg, false, e);
      if (!how_.pretty) out_ += ')';
    }
    out_ += "::" + types::type_name(e.type, e.kind == ExprKind::modifier ? e.modifier : -1);
  }

  // x IN (…) is kept by PostgreSQL as x = ANY (ARRAY[…]).
  void in_list(const Expr& e) {
    const Expr& first = *e.args[0];
    bool relabelled = std::ranges::all_of(e.args, [](const auto& each) { return is_cast(*each->args[1]); });
    for (const auto& each : e.args) {
      const Expr* value = each->args[1].get();
      while (is_cast(*value)) value = value->args[0].get();
      if (value->kind != ExprKind::constant) refuse("deparsing IN with anything but constants");
    }
    parenthesised([&] {
      inner(*first.args[0], true, e);
      out_ += e.kind == ExprKind::either ? fmt::format(" {} ANY (", first.op->name)
                                         : fmt::format(" {} ALL (", first.op->name);
      bool brackets = relabelled && !how_.pretty;
      if (brackets) out_ += '(';
      out_ += "ARRAY[";
      for (std::size_t i = 0; i < e.args.size(); ++i) {
        if (i > 0) out_ += ", ";
        const Expr& value = *e.args[i]->args[1];
        write(relabelled ? *value.args[0] : value, true);
      }
      out_ += ']';
      if (brackets) out_ += ')';
      if (relabelled) out_ += "::" + types::type_name(types::array_of(first.args[1]->type));
      out_ += ')';
    });
  }

  void choice(const Expr& e, const Expr* operand) {
    line("CASE");
    indent_ += 4;
    if (operand) {
      out_ += ' ';
      write(*operand, true);
    }
    for (std::size_t i = 0; i + 1 < e.args.size(); i += 2) {
      line("WHEN ");
      const Expr& condition = *e.args[i];
      if (operand) {
        if (condition.kind != ExprKind::call || condition.args.size() != 2) refuse("deparsing this CASE");
        write(*condition.args[1], false);
      } else {
        write(condition, false);
      }
      out_ += " THEN ";
      write(*e.args[i + 1], true);
    }
    line("ELSE ");
    write(*e.args.back(), true);
    indent_ -= 4;
    line("END");
  }

  // line: appendContextKeyword(): on a line of its own, as all functions that show definitions have it.
  void line(const char* word) {
    while (out_.ends_with(' ')) out_.pop_back();
    out_ += '\n' + std::string(static_cast<std::size_t>(indent_), ' ');
    out_ += word;
  }

  const Deparsing& how_;
  std::string out_;
  int indent_ = 0;
};

}  // namespace

bool is_written_as_call(const Expr& e) {
  return (e.kind == ExprKind::call && e.function && !e.op) || e.kind == ExprKind::null_if ||
         e.kind == ExprKind::coalesce || e.kind == ExprKind::greatest || e.kind == ExprKind::least;
}

std::string deparse(const Expr& expr, const Deparsing& how) {
  Deparser deparser(how);
  deparser.write(expr, false);
  return deparser.take();
}

}  // namespace pgconform::engine
