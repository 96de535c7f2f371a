#include "net/door.hpp"

#include <gtest/gtest.h>

#include "base/testing.hpp"

namespace kanal::net {
namespace {

class Counting final : public Log {
 public:
  int lines = 0;
  void write(LogLevel, std::string_view, std::initializer_list<LogField>) override { ++lines; }
};

AddressRules rules(const std::vector<std::string>& entries) {
  auto parsed = AddressRules::parse(entries);
  EXPECT_TRUE(parsed.has_value());
  return parsed ? std::move(*parsed) : AddressRules{};
}

TEST(Door, IsOpenWithoutRules) {
  const kanal::testing::ManualClock clock;
  Counting log;
  Door door(rules({}), clock, log);
  EXPECT_TRUE(door.admits("203.0.113.7"));
  EXPECT_TRUE(door.admits(""));
  EXPECT_EQ(door.refused(), 0U);
}

TEST(Door, AdmitsWhomTheRulesName) {
  const kanal::testing::ManualClock clock;
  Counting log;
  Door door(rules({"10.0.0.0/8", "2001:db8::/32"}), clock, log);
  EXPECT_TRUE(door.admits("10.200.3.4"));
  EXPECT_TRUE(door.admits("::ffff:10.200.3.4"));
  EXPECT_TRUE(door.admits("2001:db8::9"));
  EXPECT_FALSE(door.admits("11.0.0.1"));
  EXPECT_FALSE(door.admits("2001:db9::9"));
  EXPECT_FALSE(door.admits("")) << "who cannot be named is not let in";
  EXPECT_EQ(door.refused(), 3U);
}

TEST(Door, LogsAnAddressOnceAnHourAndCountsAlways) {
  kanal::testing::ManualClock clock;
  Counting log;
  Door door(rules({"loopback"}), clock, log);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(door.admits("203.0.113.7"));
  EXPECT_EQ(log.lines, 1);
  clock.advance(std::chrono::minutes(59));
  EXPECT_FALSE(door.admits("203.0.113.7"));
  EXPECT_EQ(log.lines, 1);
  clock.advance(std::chrono::minutes(2));
  EXPECT_FALSE(door.admits("203.0.113.7"));
  EXPECT_EQ(log.lines, 2);
  EXPECT_EQ(door.refused(), 102U);
}

TEST(Door, ManyAddressesFillNeitherLogNorMemory) {
  const kanal::testing::ManualClock clock;
  Counting log;
  Door door(rules({"loopback"}), clock, log);
  for (int i = 0; i < 5'000; ++i)
    EXPECT_FALSE(door.admits("10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250)));
  EXPECT_EQ(log.lines, 1'000);
  EXPECT_EQ(door.refused(), 5'000U);
}

}  // namespace
}  // namespace kanal::net
