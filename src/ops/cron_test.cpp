#include "ops/cron.hpp"

#include <gmock/gmock.h>

namespace kanal::ops {
namespace {

/// The next moment as Norwegian clocks show it; `-` for never.
std::string after(std::string_view cron, std::string_view moment) {
  const auto parsed = Cron::parse(cron);
  if (!parsed) return parsed.error().message;
  const auto following = next(*parsed, parse_iso(moment)->utc);
  return following ? format_iso(in_oslo(*following)) : "-";
}

TEST(Cron, FindsTheNextMoment) {
  struct Row {
    std::string_view cron;
    std::string_view from;
    std::string_view expected;
  };
  const std::vector<Row> rows{
      {"0 * * * * *", "2026-09-01T10:00:00+02:00", "2026-09-01T10:01:00+02:00"},
      {"0 * * * * *", "2026-09-01T10:00:59.999+02:00", "2026-09-01T10:01:00+02:00"},
      {"* * * * * *", "2026-09-01T10:00:00.5+02:00", "2026-09-01T10:00:01+02:00"},
      {"*/15 * * * * *", "2026-09-01T10:00:46+02:00", "2026-09-01T10:01:00+02:00"},
      {"5/20 * * * * *", "2026-09-01T10:00:06+02:00", "2026-09-01T10:00:25+02:00"},
      {"0 10-20/5 * * * *", "2026-09-01T10:16:00+02:00", "2026-09-01T10:20:00+02:00"},
      {"0 0 8,12 * * *", "2026-09-01T08:00:00+02:00", "2026-09-01T12:00:00+02:00"},
      {"0 0 8 * * MON-FRI", "2026-09-04T09:00:00+02:00", "2026-09-07T08:00:00+02:00"},
      {"0 0 8 ? * 0", "2026-09-01T09:00:00+02:00", "2026-09-06T08:00:00+02:00"},
      {"0 0 8 ? * 7", "2026-09-01T09:00:00+02:00", "2026-09-06T08:00:00+02:00"},
      {"0 0 8 ? * sun-tue", "2026-09-02T09:00:00+02:00", "2026-09-06T08:00:00+02:00"},
      {"0 0 0 1 JAN *", "2026-09-01T09:00:00+02:00", "2027-01-01T00:00:00+01:00"},
      {"0 0 0 29 2 *", "2026-09-01T09:00:00+02:00", "2028-02-29T00:00:00+01:00"},
      {"0 0 0 31 * *", "2026-09-01T09:00:00+02:00", "2026-10-31T00:00:00+01:00"},
      // Day and weekday must both hold.
      {"0 0 0 13 * FRI", "2026-09-01T09:00:00+02:00", "2026-11-13T00:00:00+01:00"},
      {"0 0 0 30 2 *", "2026-09-01T09:00:00+02:00", "-"},
      {"-", "2026-09-01T09:00:00+02:00", "-"},
      {"@hourly", "2026-09-01T09:00:00+02:00", "2026-09-01T10:00:00+02:00"},
      {"@daily", "2026-09-01T09:00:00+02:00", "2026-09-02T00:00:00+02:00"},
      {"@midnight", "2026-09-01T09:00:00+02:00", "2026-09-02T00:00:00+02:00"},
      {"@weekly", "2026-09-01T09:00:00+02:00", "2026-09-06T00:00:00+02:00"},
      {"@monthly", "2026-09-01T09:00:00+02:00", "2026-10-01T00:00:00+02:00"},
      {"@yearly", "2026-09-01T09:00:00+02:00", "2027-01-01T00:00:00+01:00"},
      {"@annually", "2026-09-01T09:00:00+02:00", "2027-01-01T00:00:00+01:00"},
  };
  for (const Row& row : rows) EXPECT_EQ(after(row.cron, row.from), row.expected) << row.cron;
}

TEST(Cron, FollowsTheClocksOverTheChangesOfSummerTime) {
  // 29 March 2026: 01:59:59 is followed by 03:00:00.
  EXPECT_EQ(after("0 30 2 * * *", "2026-03-28T12:00:00+01:00"), "2026-03-30T02:30:00+02:00");
  EXPECT_EQ(after("0 * * * * *", "2026-03-29T01:59:00+01:00"), "2026-03-29T03:00:00+02:00");
  EXPECT_EQ(after("0 0 0 * * *", "2026-03-29T12:00:00+02:00"), "2026-03-30T00:00:00+02:00");
  // 25 October 2026: 02:59:59 is followed by 02:00:00.
  EXPECT_EQ(after("0 30 2 * * *", "2026-10-25T01:00:00+02:00"), "2026-10-25T02:30:00+02:00");
  EXPECT_EQ(after("0 30 2 * * *", "2026-10-25T02:30:00+02:00"), "2026-10-25T02:30:00+01:00");
  EXPECT_EQ(after("0 0 0 * * *", "2026-10-25T12:00:00+01:00"), "2026-10-26T00:00:00+01:00");
}

TEST(Cron, GivesNothingForTimesFarAway) {
  const auto cron = Cron::parse("* * * * * *");
  ASSERT_TRUE(cron);
  EXPECT_EQ(next(*cron, Time::max()), std::nullopt);
  EXPECT_EQ(next(*cron, Time::min()), std::nullopt);
}

TEST(Cron, RefusesWhatItDoesNotUnderstand) {
  struct Row {
    std::string text;
    std::string_view part;
  };
  const std::vector<Row> rows{
      {"", "it has 0"},
      {"* * * * *", "it has 5"},
      {"* * * * * * *", "it has 7"},
      {"60 * * * * *", "second \"60\" must lie in 0-59"},
      {"* * 24 * * *", "must lie in 0-23"},
      {"* * * 0 * *", "must lie in 1-31"},
      {"* * * * 13 *", "must lie in 1-12"},
      {"* * * * * 8", "must lie in 0-7"},
      {"20-10 * * * * *", "must lie in"},
      {"*/0 * * * * *", "no step"},
      {"*/ * * * * *", "no step"},
      {"a * * * * *", "not understood"},
      {"1, * * * * *", "not understood"},
      {"-1 * * * * *", "not understood"},
      {"0 0 0 L * *", "L, W and # are not supported"},
      {"0 0 0 ? * MON#1", "not supported"},
      {"@never", "it has 1"},
      {std::string(600, '*'), "too long"},
  };
  for (const Row& row : rows) {
    const auto cron = Cron::parse(row.text);
    ASSERT_FALSE(cron) << row.text;
    EXPECT_EQ(cron.error().code, "cron.syntax");
    EXPECT_THAT(cron.error().message, ::testing::HasSubstr(std::string(row.part)));
  }
}

}  // namespace
}  // namespace kanal::ops
