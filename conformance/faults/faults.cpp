#include "faults/faults.hpp"

#include <algorithm>

#include "wire/bytes.hpp"

namespace pgconform::faults {

namespace {

using relay::Passed;

std::string whole(const Passed& passed) {
  return std::string(passed.frame.whole);
}

// message: a frame of that type.
std::string message(char tag, std::string_view body = {}) {
  const auto length = static_cast<std::uint32_t>(body.size() + 4);
  std::string frame{tag};
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(length >> shift);
  return frame.append(body);
}

template <char tag>
std::string dropped(const Passed& passed) {
  return passed.frame.tag == tag ? "" : whole(passed);
}

template <char tag>
std::string doubled(const Passed& passed) {
  return passed.frame.tag == tag ? whole(passed) + whole(passed) : whole(passed);
}

std::string empty_parameters(const Passed& passed) {
  return passed.frame.tag == 't' ? message('t', std::string_view("\0\0", 2)) : whole(passed);
}

std::string never_suspended(const Passed& passed) {
  return passed.frame.tag == 's' ? message('C', std::string_view("SELECT 1\0", 9)) : whole(passed);
}

std::string wrong_status(const Passed& passed) {
  if (passed.frame.tag != 'Z') return whole(passed);
  return message('Z', passed.frame.body == "I" ? "T" : "I");
}

// One column more than there is, which is NULL.
std::string wider_rows(const Passed& passed) {
  if (passed.frame.tag != 'D') return whole(passed);
  std::string body(passed.frame.body);
  const auto count = wire::load_16(body.data()) + 1;
  body[0] = static_cast<char>(count >> 8);
  body[1] = static_cast<char>(count);
  return message('D', body + "\xff\xff\xff\xff");
}

std::string other_error(const Passed& passed) {
  auto bytes = whole(passed);
  const std::string_view code("\0C", 2);
  if (const auto at = bytes.find(code); passed.frame.tag == 'E' && at != bytes.npos) bytes.replace(at + 2, 5, "XX000");
  return bytes;
}

constexpr Fault table[] = {
    {"no-data-dropped", "NoData is left out", dropped<'n'>},
    {"bind-complete-dropped", "BindComplete is left out", dropped<'2'>},
    {"row-description-dropped", "RowDescription is left out", dropped<'T'>},
    {"parameters-empty", "ParameterDescription lists no parameters", empty_parameters},
    {"never-suspended", "CommandComplete stands where PortalSuspended should", never_suspended},
    {"status-wrong", "ReadyForQuery tells another transaction status", wrong_status},
    {"ready-doubled", "ReadyForQuery comes twice", doubled<'Z'>},
    {"complete-doubled", "CommandComplete comes twice", doubled<'C'>},
    {"complete-dropped", "CommandComplete is left out", dropped<'C'>},
    {"row-doubled", "each DataRow comes twice", doubled<'D'>},
    {"rows-wider", "each DataRow has a column too many", wider_rows},
    {"error-code-wrong", "every error has the same SQLSTATE", other_error},
};

}  // namespace

std::span<const Fault> faults() {
  return table;
}

const Fault* find(std::string_view name) {
  const auto found = std::ranges::find(table, name, &Fault::name);
  return found == std::end(table) ? nullptr : found;
}

}  // namespace pgconform::faults
