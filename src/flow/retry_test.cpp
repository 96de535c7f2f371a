#include "flow/retry.hpp"

#include <gtest/gtest.h>

namespace kanal::flow {
namespace {

using namespace std::chrono;

const Error broken{"http.connect", "no answer", Disposition::retry, {}, {}};

// operations.md section 4: 20 s, 1, 3, 9, 27 min, then 1 h.
TEST(Retry, FollowsTheTableOfTheJavaVersion) {
  const Duration first = seconds(20);
  EXPECT_EQ(retry_delay(1, first, broken), seconds(20));
  EXPECT_EQ(retry_delay(2, first, broken), minutes(1));
  EXPECT_EQ(retry_delay(3, first, broken), minutes(3));
  EXPECT_EQ(retry_delay(4, first, broken), minutes(9));
  EXPECT_EQ(retry_delay(5, first, broken), minutes(27));
  EXPECT_EQ(retry_delay(6, first, broken), hours(1));
  EXPECT_EQ(retry_delay(105, first, broken), hours(1));
}

TEST(Retry, RespectsTheCounterpartsWish) {
  Error busy = broken;
  busy.retry_after = seconds(90);
  EXPECT_EQ(retry_delay(1, seconds(20), busy), seconds(90));
  EXPECT_EQ(retry_delay(3, seconds(20), busy), minutes(3));
}

TEST(Retry, TokensAndRegistersAreNotTheMessagesFault) {
  EXPECT_TRUE(counts_as_attempt(broken));
  EXPECT_FALSE(counts_as_attempt({"token.unavailable", "", Disposition::retry, {}, {}}));
  EXPECT_FALSE(counts_as_attempt({"directory.unavailable", "", Disposition::retry, {}, {}}));
}

TEST(Retry, FailingInboxesArePolledLessOften) {
  EXPECT_EQ(poll_delay(seconds(15), 0), seconds(15));
  EXPECT_EQ(poll_delay(seconds(15), 1), seconds(30));
  EXPECT_EQ(poll_delay(seconds(15), 3), minutes(2));
  EXPECT_EQ(poll_delay(seconds(15), 30), minutes(5));
  EXPECT_EQ(poll_delay(minutes(15), 5), minutes(15));
}

TEST(Retry, ItemsOfNobodyAreLookedAtLessAndLessOften) {
  EXPECT_EQ(look_again_delay(0), minutes(1));
  EXPECT_EQ(look_again_delay(1), minutes(5));
  EXPECT_EQ(look_again_delay(2), minutes(15));
  EXPECT_EQ(look_again_delay(50), minutes(60));
}

}  // namespace
}  // namespace kanal::flow
