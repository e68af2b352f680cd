#include "compare/asynchronous.hpp"

#include <gtest/gtest.h>

#include "notation/parser.hpp"

namespace pgconform::compare {
namespace {

TEST(Asynchronous, ToleratesWhatTheCaseDoesNotNameOnThatConnection) {
  auto trace = notation::parse_trace(
      "format: 1\n\n[b] B NotificationResponse\neither\nx: B NoticeResponse\ny: B Z\nend\nF ParameterStatus\n", "t");
  ASSERT_TRUE(trace) << trace.error().text();
  Asynchronous asynchronous(trace->items);
  EXPECT_TRUE(asynchronous.tolerated("a", "NotificationResponse"));
  EXPECT_FALSE(asynchronous.tolerated("b", "NotificationResponse"));
  EXPECT_FALSE(asynchronous.tolerated("a", "NoticeResponse"));
  EXPECT_TRUE(asynchronous.tolerated("b", "NoticeResponse"));
  EXPECT_TRUE(asynchronous.tolerated("a", "ParameterStatus"));
  EXPECT_FALSE(asynchronous.tolerated("a", "ErrorResponse"));
}

}  // namespace
}  // namespace pgconform::compare
