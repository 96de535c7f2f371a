#include "base/time.hpp"

#include <gtest/gtest.h>

#include <random>

namespace kanal {
namespace {

using namespace std::chrono;

Time at(int y, unsigned m, unsigned d, int h = 0, int min = 0, int s = 0) {
  return sys_days(year(y) / month(m) / day(d)) + hours(h) + minutes(min) + seconds(s);
}

TEST(Time, ReadsOffsetsFractionsAndZ) {
  const auto time = parse_iso("2026-08-19T10:15:30.123456+02:00");
  ASSERT_TRUE(time);
  EXPECT_EQ(time->utc, at(2026, 8, 19, 8, 15, 30) + microseconds(123456));
  EXPECT_EQ(time->offset, minutes(120));
  EXPECT_EQ(parse_iso("2026-08-19T10:15:30Z")->utc, at(2026, 8, 19, 10, 15, 30));
  EXPECT_EQ(parse_iso("2026-08-19T10:15Z")->utc, at(2026, 8, 19, 10, 15));
  EXPECT_EQ(parse_iso("2026-08-19T10:15:30-0330")->offset, -minutes(210));
  EXPECT_EQ(parse_iso("2026-08-19T10:15:30.1234567891Z")->utc, at(2026, 8, 19, 10, 15, 30) + microseconds(123456));
}

TEST(Time, LocalTimeHasTheOffsetOfItsOwnDate) {
  EXPECT_EQ(parse_iso("2026-07-01T12:00:00")->utc, at(2026, 7, 1, 10));
  EXPECT_EQ(parse_iso("2026-12-01T12:00:00")->utc, at(2026, 12, 1, 11));
}

TEST(Time, SummerTimeChangesAtOneUtcOnLastSundays) {
  EXPECT_EQ(oslo_offset(at(2026, 3, 29, 0, 59, 59)), minutes(60));
  EXPECT_EQ(oslo_offset(at(2026, 3, 29, 1)), minutes(120));
  EXPECT_EQ(oslo_offset(at(2026, 10, 25, 0, 59, 59)), minutes(120));
  EXPECT_EQ(oslo_offset(at(2026, 10, 25, 1)), minutes(60));
}

TEST(Time, WritesWhatItRead) {
  for (const auto* text : {"2026-08-19T10:15:30.123456+02:00", "2026-08-19T10:15:30.5+02:00",
                           "2026-08-19T10:15:30+02:00", "2026-01-01T00:00:00Z", "2026-08-19T10:15:30-03:30"}) {
    EXPECT_EQ(format_iso(parse_iso(text).value()), text);
  }
}

TEST(Time, RoundTripsAnyMoment) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 2000; ++i) {
    const Time time(microseconds(static_cast<std::int64_t>(random() % 4'000'000'000'000'000)));
    const OffsetTime with{time, minutes(static_cast<int>(random() % 1440) - 720)};
    EXPECT_EQ(parse_iso(format_iso(with)), with) << format_iso(with);
    EXPECT_EQ(parse_iso(format_iso(in_oslo(time)))->utc, time);
  }
}

TEST(Time, RefusesWhatIsNoTime) {
  for (const auto* text :
       {"", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-08-19", "2026-08-19 10:15:30Z",
        "2026-08-19T24:00:00Z", "2026-08-19T10:60:00Z", "2026-08-19T10:15:61Z", "2026-08-19T10:15:30.Z",
        "2026-08-19T10:15:30+", "2026-08-19T10:15:30+2", "2026-08-19T10:15:30+02:00x", "x026-08-19T10:15:30Z"}) {
    EXPECT_FALSE(parse_iso(text)) << text;
  }
  EXPECT_FALSE(parse_date("2026-08-19T"));
  EXPECT_EQ(parse_date("2026-08-19"), sys_days(year(2026) / 8 / 19));
}

}  // namespace
}  // namespace kanal
