#include "decoder.hpp"

// A stream from a backend, read as if all of it were said at one stage; at each in turn.
namespace pgconform::fuzz {

void check(std::string_view input) {
  using enum protocol::Stage;
  for (const auto stage : {ssl_answer, gssenc_answer, normal}) check_stream(protocol::Sender::backend, stage, input);
}

}  // namespace pgconform::fuzz
