#include "sqlstate/sqlstate.hpp"

#include <gtest/gtest.h>

namespace pgconform::sqlstate {
namespace {

TEST(Sqlstate, NamesTheCodesThatClientsMeet) {
  EXPECT_EQ(syntax_error, "42601");
  EXPECT_EQ(in_failed_sql_transaction, "25P02");
  EXPECT_EQ(feature_not_supported, "0A000");
  EXPECT_EQ(condition_name("42P01"), "undefined_table");
  EXPECT_EQ(condition_name("00000"), "successful_completion");
}

TEST(Sqlstate, GivesNoNameToACodeThatIsNotListed) {
  EXPECT_EQ(condition_name("ZZZZZ"), "");
}

TEST(Sqlstate, HasFiveCharactersInEveryCode) {
  for (const auto& each : codes) EXPECT_EQ(each.code.size(), 5U) << each.code;
}

}  // namespace
}  // namespace pgconform::sqlstate
