#include "flow/follow.hpp"

#include <gtest/gtest.h>

namespace kanal::flow {
namespace {

using namespace std::chrono;

TEST(FollowDelay, GrowsEvenlyFromTheShortestToTheLongest) {
  ports::FollowPlan plan;
  plan.interval = minutes(1);
  plan.longest = minutes(61);
  plan.grows_over = days(30);
  EXPECT_EQ(follow_delay(plan, Duration::zero()), minutes(1));
  EXPECT_EQ(follow_delay(plan, days(15)), minutes(31));
  EXPECT_EQ(follow_delay(plan, days(30)), minutes(61));
  EXPECT_EQ(follow_delay(plan, days(300)), minutes(61)) << "never longer";
  EXPECT_EQ(follow_delay(plan, -days(1)), minutes(1)) << "a clock that was set back";
}

TEST(FollowDelay, StaysTheSameWithoutGrowth) {
  const ports::FollowPlan plan;
  EXPECT_EQ(follow_delay(plan, Duration::zero()), plan.interval);
  EXPECT_EQ(follow_delay(plan, days(9)), plan.interval);
}

TEST(Follow, ReadsWhatAJobNames) {
  ports::Job job;
  job.payload = R"({"reference":"r-1","sender":"0192:910076787"})";
  EXPECT_EQ(read_follow(job).reference, "r-1");
  EXPECT_EQ(read_follow(job).sender, "0192:910076787");
  job.payload = "damaged";
  EXPECT_EQ(read_follow(job).reference, "");
}

}  // namespace
}  // namespace kanal::flow
