#include <cmath>
#include <numbers>

#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/functions/numerics.hpp"

// Trigonometric functions in degrees, which are exact where it can be seen, and hyperbolic ones. functions-math.
namespace pgconform::engine {
namespace {

constexpr double radians = std::numbers::pi / 180;

double number(Call& c, std::size_t i) {
  return std::get<double>(c.args[i]);
}

[[noreturn]] void out_of_range() {
  fail(sqlstate::numeric_value_out_of_range, "input is out of range");
}

// Sines and cosines are scaled so that sin 30° and cos 60° are one half.
double sine_to_30(double degrees) {
  static const double sine_30 = std::sin(30 * radians);
  return std::sin(degrees * radians) / sine_30 / 2;
}
double cosine_to_60(double degrees) {
  static const double rest_60 = 1 - std::cos(60 * radians);
  return 1 - (1 - std::cos(degrees * radians)) / rest_60 / 2;
}
double sine_to_90(double degrees) {
  return degrees <= 30 ? sine_to_30(degrees) : cosine_to_60(90 - degrees);
}
double cosine_to_90(double degrees) {
  return degrees <= 60 ? cosine_to_60(degrees) : sine_to_30(90 - degrees);
}

// Quadrant: an angle brought between 0 and 90 degrees, and which of its functions have changed their signs.
struct Quadrant {
  explicit Quadrant(double degrees) : angle(std::fmod(degrees, 360)) {
    if (std::isinf(degrees)) out_of_range();
    if (angle < 0) {
      angle = -angle;
      sine = -sine;
    }
    if (angle > 180) {
      angle = 360 - angle;
      sine = -sine;
    }
    if (angle > 90) {
      angle = 180 - angle;
      cosine = -cosine;
    }
  }
  double angle;
  int sine = 1, cosine = 1;
};

Value sine(Call& c) {
  if (std::isnan(number(c, 0))) return number(c, 0);
  const Quadrant q(number(c, 0));
  return q.sine * sine_to_90(q.angle);
}
Value cosine(Call& c) {
  if (std::isnan(number(c, 0))) return number(c, 0);
  const Quadrant q(number(c, 0));
  return q.cosine * cosine_to_90(q.angle);
}
Value tangent(Call& c) {
  if (std::isnan(number(c, 0))) return number(c, 0);
  static const double of_45 = sine_to_90(45) / cosine_to_90(45);
  const Quadrant q(number(c, 0));
  const double result = q.sine * q.cosine * (sine_to_90(q.angle) / cosine_to_90(q.angle) / of_45);
  return result == 0 ? 0.0 : result;
}
Value cotangent(Call& c) {
  if (std::isnan(number(c, 0))) return number(c, 0);
  static const double of_45 = cosine_to_90(45) / sine_to_90(45);
  const Quadrant q(number(c, 0));
  const double result = q.sine * q.cosine * (cosine_to_90(q.angle) / sine_to_90(q.angle) / of_45);
  return result == 0 ? 0.0 : result;
}

double inverse_sine(double x) {  // 0 … 1
  static const double of_half = std::asin(0.5), cosine_of_half = std::acos(0.5);
  return x <= 0.5 ? std::asin(x) / of_half * 30 : 90 - std::acos(x) / cosine_of_half * 60;
}
double inverse_cosine(double x) {
  static const double sine_of_half = std::asin(0.5), of_half = std::acos(0.5);
  return x <= 0.5 ? 90 - std::asin(x) / sine_of_half * 30 : std::acos(x) / of_half * 60;
}

Value inverse(Call& c, bool of_sine) {
  const double x = number(c, 0);
  if (std::isnan(x)) return x;
  if (x < -1 || x > 1) out_of_range();
  if (of_sine) return x >= 0 ? inverse_sine(x) : -inverse_sine(-x);
  return x >= 0 ? inverse_cosine(x) : 90 + inverse_sine(-x);
}

double of_tangent(double radian) {
  static const double of_one = std::atan(1.0);
  return radian / of_one * 45;
}

Value checked(double result, double x) {
  if (std::isinf(result) && !std::isinf(x)) fail(sqlstate::numeric_value_out_of_range, "value out of range: overflow");
  return result;
}

}  // namespace

void add_trigonometry(Registry& r) {
  r.add({{"dsind", sine},
         {"dcosd", cosine},
         {"dtand", tangent},
         {"dcotd", cotangent},
         {"dasind", [](Call& c) { return inverse(c, true); }},
         {"dacosd", [](Call& c) { return inverse(c, false); }},
         {"datand", [](Call& c) -> Value { return of_tangent(std::atan(number(c, 0))); }},
         {"datan2d", [](Call& c) -> Value { return of_tangent(std::atan2(number(c, 0), number(c, 1))); }},
         {"dcot",
          [](Call& c) -> Value {
            if (std::isinf(number(c, 0))) out_of_range();
            return 1 / std::tan(number(c, 0));
          }},
         {"dsinh", [](Call& c) -> Value { return std::sinh(number(c, 0)); }},
         {"dcosh", [](Call& c) -> Value { return std::cosh(number(c, 0)); }},
         {"dtanh", [](Call& c) { return checked(std::tanh(number(c, 0)), number(c, 0)); }},
         {"dasinh", [](Call& c) -> Value { return std::asinh(number(c, 0)); }},
         {"dacosh",
          [](Call& c) -> Value {
            if (number(c, 0) < 1) out_of_range();
            return std::acosh(number(c, 0));
          }},
         {"datanh", [](Call& c) -> Value {
            const double x = number(c, 0);
            if (x < -1 || x > 1) out_of_range();
            return std::atanh(x);
          }}});
}

}  // namespace pgconform::engine
