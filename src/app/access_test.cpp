// Where the API listens, and for whom: safe unless the operator says otherwise.
#include "app/access.hpp"

#include <gmock/gmock.h>

#include "app/preflight.hpp"
#include "app/testing_config.hpp"
#include "base/testing.hpp"

namespace kanal::app {
namespace {

using ::testing::HasSubstr;

TEST(Access, ListensEverywhereOnlyWhenSomethingProtectsIt) {
  struct Row {
    std::vector<std::string> settings;
    std::string address;
    bool held_back;
  };
  const std::vector<Row> rows{
      {{}, "*", false},  // basic authentication is on by default
      {{"--difi.security.enable=true"}, "*", false},
      {{"--difi.security.enable=false"}, "127.0.0.1", true},
      {{"--difi.move.feature.enable-auth=false"}, "127.0.0.1", true},
      {{"--difi.security.enable=false", "--kanal.http.allow=10.0.0.0/8"}, "*", false},
      {{"--difi.security.enable=false", "--kanal.http.address=0.0.0.0"}, "0.0.0.0", false},
      {{"--difi.security.enable=true", "--kanal.http.address=192.0.2.7"}, "192.0.2.7", false},
  };
  for (const auto& row : rows) {
    const auto where = listening(config_of(row.settings));
    ASSERT_TRUE(where.has_value()) << where.error().text();
    EXPECT_EQ(where->address, row.address) << ::testing::PrintToString(row.settings);
    EXPECT_EQ(where->held_back, row.held_back) << ::testing::PrintToString(row.settings);
  }
}

TEST(Access, BadRulesAreFaultsNotOpenDoors) {
  EXPECT_FALSE(listening(config_of({"--difi.security.enable=false", "--kanal.http.allow=10.0.0.0/99"})).has_value());
  const auto faults = preflight(config_of({"--kanal.http.allow=10.0.0.0/99", "--kanal.manage.allow=localhost.local"}));
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_EQ(faults[0].key, "kanal.http.allow");
  EXPECT_THAT(faults[0].text, HasSubstr("10.0.0.0/99"));
  EXPECT_EQ(faults[1].key, "kanal.manage.allow");
}

}  // namespace
}  // namespace kanal::app
