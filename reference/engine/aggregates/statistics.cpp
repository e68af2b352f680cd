#include <cmath>
#include <limits>

#include "engine/aggregates/transition.hpp"
#include "engine/functions.hpp"
#include "engine/functions/numerics.hpp"
#include "engine/plan.hpp"
#include "types/form.hpp"
#include "types/numeric.hpp"

// Variances, standard deviations, correlation and linear regression. functions-aggregate-statistics; float.c and
// numeric.c add in this order.
namespace pgconform::engine {
namespace {

using types::is_null;
using types::Numeric;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

struct Spread {
  bool root, population;
};
Spread spread_of(std::string_view name) {
  return {name.starts_with("stddev"), name.ends_with("_pop")};
}

double as_double(const Value& value) {
  return std::holds_alternative<float>(value) ? static_cast<double>(std::get<float>(value)) : std::get<double>(value);
}

// Sums: of pairs, as float8_regr_accum() and float8_accum() keep them. A pair's second half is 0 where there is none.
struct Sums {
  double n = 0, x = 0, xx = 0, y = 0, yy = 0, xy = 0;

  void add(double next_x, double next_y) {
    Sums before = *this;
    n += 1;
    x += next_x;
    y += next_y;
    if (before.n == 0) {
      bool odd_x = !std::isfinite(next_x), odd_y = !std::isfinite(next_y);
      if (odd_x) xx = xy = not_a_number;
      if (odd_y) yy = xy = not_a_number;
      return;
    }
    double off_x = next_x * n - x, off_y = next_y * n - y, scale = 1.0 / (n * before.n);
    xx += off_x * off_x * scale;
    yy += off_y * off_y * scale;
    xy += off_x * off_y * scale;
    auto infinite = [](auto... each) { return (std::isinf(each) || ...); };
    if (!infinite(x, xx, y, yy, xy)) return;
    if ((infinite(x, xx) && !infinite(before.x, next_x)) || (infinite(y, yy) && !infinite(before.y, next_y)) ||
        (std::isinf(xy) && !infinite(before.x, next_x, before.y, next_y)))
      fail(sqlstate::numeric_value_out_of_range, "value out of range: overflow");
    for (double* sum : {&xx, &yy, &xy})
      if (std::isinf(*sum)) *sum = not_a_number;
  }
};

class FloatSpread : public Transition {
 public:
  explicit FloatSpread(std::string_view name) : spread_(spread_of(name)) {}
  void add(Row& args) override {
    if (is_null(args[0])) return;
    double next = as_double(args[0]), before = sum_;
    n_ += 1;
    sum_ += next;
    if (n_ == 1) {
      if (!std::isfinite(next)) squares_ = not_a_number;
      return;
    }
    double off = next * n_ - sum_;
    squares_ += off * off / (n_ * (n_ - 1));
    if (!std::isinf(sum_) && !std::isinf(squares_)) return;
    if (!std::isinf(before) && !std::isinf(next))
      fail(sqlstate::numeric_value_out_of_range, "value out of range: overflow");
    squares_ = not_a_number;
  }
  Value result() const override {
    double divisor = spread_.population ? n_ : n_ - 1;
    if (divisor <= 0) return {};
    return spread_.root ? std::sqrt(squares_ / divisor) : squares_ / divisor;
  }

 private:
  Spread spread_;
  double n_ = 0, sum_ = 0, squares_ = 0;
};

// Of integers and numerics, without loss: numeric_stddev_internal().
class ExactSpread : public Transition {
 public:
  explicit ExactSpread(const Aggregate& a, std::string_view name) : spread_(spread_of(name)), type_(a.argument) {}
  void add(Row& args) override {
    if (is_null(args[0])) return;
    auto next = *Numeric::parse(types::print_text(type_, args[0], {}));
    ++n_;
    if (next.kind() != Numeric::Kind::finite) {
      endless_ = true;
      return;
    }
    sum_ = sum_ + next;
    squares_ = squares_ + next * next;
  }
  Value result() const override {
    if (n_ <= (spread_.population ? 0 : 1)) return {};
    if (endless_) return "NaN";
    Numeric n(n_);
    Numeric dividend = n * squares_ - sum_ * sum_;
    if (dividend.is_zero() || dividend.is_negative()) return "0";
    auto variance = Numeric::divide(dividend, n * Numeric(spread_.population ? n_ : n_ - 1));
    return numeric_value(spread_.root ? Numeric::square_root(*variance, variance->scale()) : *variance);
  }

 private:
  Spread spread_;
  Oid type_;
  std::int64_t n_ = 0;
  bool endless_ = false;
  Numeric sum_, squares_;
};

using Outcome = Value (*)(const Sums&);
constexpr std::pair<std::string_view, Outcome> outcomes[] = {
    {"regr_count", [](const Sums& s) -> Value { return static_cast<std::int64_t>(s.n); }},
    {"regr_sxx", [](const Sums& s) { return s.n < 1 ? Value() : s.xx; }},
    {"regr_syy", [](const Sums& s) { return s.n < 1 ? Value() : s.yy; }},
    {"regr_sxy", [](const Sums& s) { return s.n < 1 ? Value() : s.xy; }},
    {"regr_avgx", [](const Sums& s) { return s.n < 1 ? Value() : s.x / s.n; }},
    {"regr_avgy", [](const Sums& s) { return s.n < 1 ? Value() : s.y / s.n; }},
    {"covar_pop", [](const Sums& s) { return s.n < 1 ? Value() : s.xy / s.n; }},
    {"covar_samp", [](const Sums& s) { return s.n < 2 ? Value() : s.xy / (s.n - 1); }},
    {"corr", [](const Sums& s) { return s.n < 1 || s.xx == 0 || s.yy == 0 ? Value() : s.xy / std::sqrt(s.xx * s.yy); }},
    {"regr_r2",
     [](const Sums& s) {
       if (s.n < 1 || s.xx == 0) return Value();
       return s.yy == 0 ? Value(1.0) : Value(s.xy * s.xy / (s.xx * s.yy));
     }},
    {"regr_slope", [](const Sums& s) { return s.n < 1 || s.xx == 0 ? Value() : s.xy / s.xx; }},
    {"regr_intercept", [](const Sums& s) { return s.n < 1 || s.xx == 0 ? Value() : (s.y - s.x * s.xy / s.xx) / s.n; }}};

// Its first argument is Y.
class Regression : public Transition {
 public:
  explicit Regression(Outcome outcome) : outcome_(outcome) {}
  void add(Row& args) override {
    if (!is_null(args[0]) && !is_null(args[1])) sums_.add(std::get<double>(args[1]), std::get<double>(args[0]));
  }
  Value result() const override { return outcome_(sums_); }

 private:
  Outcome outcome_;
  Sums sums_;
};

std::unique_ptr<Transition> make_spread(const Aggregate& a) {
  if (a.argument == types::float4_oid || a.argument == types::float8_oid) return std::make_unique<FloatSpread>(a.name);
  return std::make_unique<ExactSpread>(a, a.name);
}

std::unique_ptr<Transition> make_regression(const Aggregate& a) {
  const auto* found = std::ranges::find(outcomes, a.name, &std::pair<std::string_view, Outcome>::first);
  return std::make_unique<Regression>(found->second);
}

}  // namespace

MakeTransition find_statistic(std::string_view name, Oid) {
  if (name.starts_with("stddev") || name.starts_with("var")) return make_spread;
  bool known = std::ranges::find(outcomes, name, &std::pair<std::string_view, Outcome>::first) != std::end(outcomes);
  return known ? make_regression : nullptr;
}

}  // namespace pgconform::engine
