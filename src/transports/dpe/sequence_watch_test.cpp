#include "transports/dpe/sequence_watch.hpp"

#include <gmock/gmock.h>

namespace kanal::transports::dpe {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SequenceWatch, TellsOnceOfNumbersThatNeverCame) {
  SequenceWatch watch;
  for (const auto number : {100U, 101U, 105U}) watch.met(number, seconds(1));
  watch.met(103, seconds(2));
  EXPECT_THAT(watch.missing_since(seconds(0)), IsEmpty()) << "they may come yet";
  EXPECT_THAT(watch.missing_since(seconds(1)), ElementsAre(102, 104));
  EXPECT_THAT(watch.missing_since(seconds(9)), IsEmpty());
}

TEST(SequenceWatch, WhatIsSeenAndNotGivenIsMissingUntilItIsMet) {
  SequenceWatch watch;
  EXPECT_THAT(watch.frontiers(), ElementsAre(0));
  watch.withheld(7, seconds(1));
  EXPECT_THAT(watch.frontiers(), ElementsAre(8));
  watch.withheld(7, seconds(5));
  EXPECT_THAT(watch.missing_since(seconds(1)), ElementsAre(7)) << "since it was first seen";
  watch.withheld(7, seconds(6));
  EXPECT_THAT(watch.missing_since(seconds(9)), IsEmpty()) << "told once";
  watch.withheld(10, seconds(9));
  watch.met(10, seconds(10));
  EXPECT_THAT(watch.missing_since(seconds(10)), ElementsAre(8, 9));
}

TEST(SequenceWatch, EachPartitionHasItsOwnNumbers) {
  SequenceWatch watch;
  constexpr std::uint64_t other = std::uint64_t{5} << 48U;
  watch.met(10, seconds(1));
  watch.met(other + 900, seconds(1));
  watch.met(11, seconds(1));
  watch.met(other + 902, seconds(1));
  EXPECT_THAT(watch.missing_since(seconds(1)), ElementsAre(other + 901));
}

TEST(SequenceWatch, ABeginningALeapAndABreakProveNothing) {
  SequenceWatch watch;
  watch.met(500, seconds(1));
  watch.met(400, seconds(1));
  watch.met(5000, seconds(1));
  EXPECT_THAT(watch.missing_since(seconds(1)), IsEmpty());
  watch.met(5002, seconds(1));
  watch.forget();
  watch.met(5100, seconds(1));
  EXPECT_THAT(watch.missing_since(seconds(1)), IsEmpty());
}

TEST(SequenceWatch, GoesOnWhereAnEarlierRunEnded) {
  SequenceWatch before;
  constexpr std::uint64_t other = std::uint64_t{5} << 48U;
  for (const auto number : {std::uint64_t{10}, std::uint64_t{12}, other + 7}) before.met(number, seconds(1));
  SequenceWatch after;
  after.recall(before.marks());
  EXPECT_EQ(after.marks(), before.marks());
  after.met(14, seconds(2));
  after.met(other + 8, seconds(2));
  EXPECT_THAT(after.missing_since(seconds(2)), ElementsAre(13)) << "taken while nobody read here";
  SequenceWatch fresh;
  fresh.recall(" x 3y 99999999999999999999 ");
  EXPECT_EQ(fresh.marks(), "");
}

}  // namespace
}  // namespace kanal::transports::dpe
