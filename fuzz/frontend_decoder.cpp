#include "decoder.hpp"

// A stream from a frontend, read as if all of it were said at one stage; at each in turn.
namespace pgconform::fuzz {

void check(std::string_view input) {
  using enum protocol::Stage;
  for (const auto stage : {startup, password, gss, sasl_initial, sasl, normal})
    check_stream(protocol::Sender::frontend, stage, input);
}

}  // namespace pgconform::fuzz
