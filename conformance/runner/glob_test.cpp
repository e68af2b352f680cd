#include "runner/glob.hpp"

#include <gtest/gtest.h>

namespace pgconform::runner {
namespace {

TEST(Glob, NamesOneCase) {
  EXPECT_TRUE(glob_matches("startup/login/ready", "startup/login/ready"));
  EXPECT_FALSE(glob_matches("startup/login/ready", "startup/login/ready-late"));
  EXPECT_FALSE(glob_matches("startup/login/ready", "startup/login"));
}

TEST(Glob, StarStaysWithinItsSegment) {
  EXPECT_TRUE(glob_matches("startup/*/ready", "startup/login/ready"));
  EXPECT_TRUE(glob_matches("startup/login/r*d*", "startup/login/ready"));
  EXPECT_FALSE(glob_matches("startup/*ready", "startup/login/ready"));
  EXPECT_TRUE(glob_matches("a/*b*c", "a/xbxbc"));
}

TEST(Glob, DoubleStarCrossesSegments) {
  EXPECT_TRUE(glob_matches("**/ready", "startup/login/ready"));
  EXPECT_TRUE(glob_matches("startup/**/ready", "startup/ready"));
  EXPECT_TRUE(glob_matches("startup/**", "startup/login/ready"));
  EXPECT_FALSE(glob_matches("**/ready", "startup/login/late"));
}

TEST(Glob, FolderNamesEverythingBelow) {
  EXPECT_TRUE(glob_matches("startup", "startup/login/ready"));
  EXPECT_TRUE(glob_matches("startup/", "startup/login/ready"));
  EXPECT_TRUE(glob_matches("startup/log*", "startup/login/ready"));
  EXPECT_FALSE(glob_matches("start", "startup/login/ready"));
  EXPECT_FALSE(glob_matches("", "startup/login/ready"));
}

}  // namespace
}  // namespace pgconform::runner
