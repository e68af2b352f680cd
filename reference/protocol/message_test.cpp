#include <gtest/gtest.h>

#include "protocol/encode.hpp"
#include "protocol/golden/golden.hpp"

namespace pgconform::protocol {
namespace {

using namespace std::string_literals;

template <class M>
DecodeError error_of(const std::string& body) {
  Exact bytes(body);
  auto decoded = decode_as<M>(bytes);
  EXPECT_FALSE(decoded) << "decoded although it is broken";
  return decoded ? DecodeError{} : decoded.error();
}

TEST(Parse, HandsOutViewsIntoTheFrame) {
  Exact body("s\0SELECT $1\0\0\1\0\0\0\x17"s);
  auto parse = decode_as<Parse>(body);
  ASSERT_TRUE(parse);
  EXPECT_EQ(parse->statement, "s");
  EXPECT_EQ(parse->query, "SELECT $1");
  ASSERT_EQ(parse->parameter_types.size(), 1u);
  EXPECT_EQ(parse->parameter_types.begin()->value, 23u);
}

TEST(Parse, RejectsTruncatedParameterTypes) {
  const auto error = error_of<Parse>("s\0SELECT $1\0\0\2\0\0\0\x17"s);
  EXPECT_EQ(error.code, DecodeCode::truncated);
  EXPECT_EQ(error.message, "Parse");
  EXPECT_EQ(error.field, "parameter_types");
  EXPECT_EQ(error.offset, 14u);
}

TEST(Query, RejectsAMissingTerminatorAndBytesAfterIt) {
  EXPECT_EQ(error_of<Query>("SELECT 1").code, DecodeCode::unterminated);
  EXPECT_EQ(error_of<Query>("").code, DecodeCode::unterminated);
  const auto error = error_of<Query>("SELECT 1\0x"s);
  EXPECT_EQ(error.code, DecodeCode::trailing_bytes);
  EXPECT_EQ(error.offset, 9u);
}

TEST(Bind, TakesMinusOneForNullAndNothingLess) {
  Exact body("\0\0\0\0\0\2\xff\xff\xff\xff\0\0\0\0\0\0"s);
  auto bind = decode_as<Bind>(body);
  ASSERT_TRUE(bind);
  auto value = bind->parameters.begin();
  EXPECT_TRUE(value->value.is_null);
  ++value;
  EXPECT_FALSE(value->value.is_null);
  EXPECT_EQ(value->value.bytes, "");
  EXPECT_EQ(error_of<Bind>("\0\0\0\0\0\1\xff\xff\xff\xfe\0\0"s).code, DecodeCode::invalid_length);
  EXPECT_EQ(error_of<Bind>("\0\0\0\0\0\1\0\0\0\x09zz\0\0"s).code, DecodeCode::invalid_length);
}

TEST(ErrorResponse, NeedsItsZeroByte) {
  EXPECT_EQ(error_of<ErrorResponse>("SERROR\0"s).code, DecodeCode::unterminated);
  Exact body("SERROR\0C42601\0\0"s);
  auto error = decode_as<ErrorResponse>(body);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->fields.size(), 2u);
  EXPECT_EQ(error->fields.begin()->code, 'S');
}

// The name under which a frame is recognized, or the error.
std::string recognized(Sender sender, Stage stage, const std::string& bytes) {
  Exact exact(bytes);
  auto frame = wire::next_frame(exact, frame_kind(sender, stage));
  if (!frame || !*frame) return "no frame";
  std::string name;
  auto decoded = decode(sender, stage, **frame, [&](MessageType type, const auto&) { name = name_of(type); });
  return decoded ? name : describe(decoded.error());
}

TEST(Dispatch, TellsTheFourMeaningsOfP) {
  EXPECT_EQ(recognized(Sender::frontend, Stage::password, "p\0\0\0\7ab\0"s), "PasswordMessage");
  EXPECT_EQ(recognized(Sender::frontend, Stage::gss, "p\0\0\0\7ab\0"s), "GSSResponse");
  EXPECT_EQ(recognized(Sender::frontend, Stage::sasl, "p\0\0\0\7ab\0"s), "SASLResponse");
  EXPECT_EQ(recognized(Sender::frontend, Stage::sasl_initial, "p\0\0\0\x0bX\0\xff\xff\xff\xff\0"s),
            "SASLInitialResponse: bytes are left over after the last field, at byte 6 of the body");
  EXPECT_EQ(recognized(Sender::frontend, Stage::normal, "p\0\0\0\7ab\0"s), "no such message here");
}

TEST(Dispatch, TellsRequestsFromStartupMessages) {
  EXPECT_EQ(recognized(Sender::frontend, Stage::startup, "\0\0\0\x08\x04\xd2\x16\x2f"s), "SSLRequest");
  EXPECT_EQ(recognized(Sender::frontend, Stage::startup, "\0\0\0\x08\x04\xd2\x16\x30"s), "GSSENCRequest");
  EXPECT_EQ(recognized(Sender::frontend, Stage::startup, "\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\1abcd"s), "CancelRequest");
  EXPECT_EQ(recognized(Sender::frontend, Stage::startup, "\0\0\0\x09\0\3\0\0\0"s), "StartupMessage");
}

TEST(Dispatch, TellsAuthenticationMessagesByTheirCode) {
  EXPECT_EQ(recognized(Sender::backend, Stage::normal, "R\0\0\0\x08\0\0\0\0"s), "AuthenticationOk");
  EXPECT_EQ(recognized(Sender::backend, Stage::normal, "R\0\0\0\x0c\0\0\0\x05salt"s), "AuthenticationMD5Password");
  EXPECT_EQ(recognized(Sender::backend, Stage::normal, "R\0\0\0\x08\0\0\0\x63"s), "no such message here");
}

TEST(Dispatch, TakesTheBareAnswersOnlyWhereTheyAreDue) {
  EXPECT_EQ(recognized(Sender::backend, Stage::ssl_answer, "S"), "SSLResponse");
  EXPECT_EQ(recognized(Sender::backend, Stage::gssenc_answer, "N"), "GSSENCResponse");
}

TEST(Encode, ComputesLengthAndCounts) {
  ListBuilder<ValueList> values;
  values.add({{false, "42"}});
  values.add({{true, {}}});
  std::string out;
  ASSERT_TRUE(encode(out, DataRow{values.view()}));
  EXPECT_EQ(out, "D\0\0\0\x10\0\2\0\0\0\2"s + "42\xff\xff\xff\xff");
}

TEST(Encode, LeavesNothingBehindWhenItFails) {
  std::string out = "before";
  auto encoded = encode(out, Query{"a\0b"s});
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().message, "Query");
  EXPECT_EQ(out, "before");
}

}  // namespace
}  // namespace pgconform::protocol
