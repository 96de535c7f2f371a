#include "sim/faults.hpp"

#include <gmock/gmock.h>

#include "sim/sim_testing.hpp"

namespace kanal::sim::testing {
namespace {

using ::testing::HasSubstr;

TEST(Faults, HappenAsOftenAsArmed) {
  Faults faults;
  EXPECT_FALSE(faults.consume("broker.401"));
  ASSERT_TRUE(faults.arm("broker.401", 2).has_value());
  EXPECT_TRUE(faults.consume("broker.401"));
  EXPECT_FALSE(faults.consume("broker.slow"));
  EXPECT_TRUE(faults.consume("broker.401"));
  EXPECT_FALSE(faults.consume("broker.401"));
  EXPECT_FALSE(faults.any());
}

TEST(Faults, HappenForTheirSubjectUntilDisarmed) {
  Faults faults;
  ASSERT_TRUE(faults.arm("broker.overview.500", std::nullopt, "id").has_value());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(faults.consume("broker.overview.500", "id"));
  EXPECT_TRUE(faults.consume("broker.overview.500", "x", "id"));
  EXPECT_FALSE(faults.consume("broker.overview.500", "other"));
  faults.disarm("broker.overview.500");
  EXPECT_FALSE(faults.consume("broker.overview.500", "id"));
  EXPECT_EQ(faults.met("broker.overview.500"), 4U);
  EXPECT_EQ(faults.met("broker.401"), 0U);
}

TEST(Faults, AreKnownByName) {
  Faults faults;
  const auto unknown = faults.arm("exchange.nonsense");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, "fault.unknown");
  EXPECT_THAT(unknown.error().message, HasSubstr("exchange.quoted"));
  EXPECT_EQ(faults.arm("broker.401", 0).error().code, "fault.times");
  for (const auto& fault : fault_catalogue()) {
    EXPECT_TRUE(faults.arm(fault.name).has_value()) << fault.name;
    EXPECT_FALSE(fault.description.empty()) << fault.name;
  }
}

TEST(AuditTrail, ForgetsTheOldestAndFilters) {
  kanal::testing::ManualClock clock;
  AuditTrail trail(clock, 3);
  for (const char* subject : {"a", "b", "c", "d"}) {
    trail.record(
        {.simulator = "s", .organisation = "o", .vendor = "v", .action = "download", .subject = subject, .detail = {}});
  }
  const auto all = trail.find({});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].subject, "b");
  EXPECT_EQ(all[0].number, 2U);
  EXPECT_EQ(trail.count({.subject = "c"}), 1U);
  EXPECT_EQ(trail.count({.action = "confirm"}), 0U);
  EXPECT_EQ(trail.find({.after = 3}).size(), 1U);
  EXPECT_EQ(trail.find({.limit = 2}).size(), 2U);
  EXPECT_EQ(trail.count({.vendor = "w"}), 0U);
}

class AdminTest : public Bench {};

TEST_F(AdminTest, ArmsAndShowsFaults) {
  const auto base = national_.exchange().url();
  EXPECT_EQ(admin("POST", base + "/sim/faults/broker.401", {{"times", nullptr}, {"subject", agency}}).status, 204);
  EXPECT_EQ(admin("POST", base + "/sim/faults/broker.nonsense").status, 404);
  EXPECT_EQ(admin("POST", base + "/sim/faults/broker.401", {{"times", 0}}).status, 400);
  EXPECT_EQ(post(base + "/sim/faults/broker.401", "no json", "application/json").status, 400);
  const auto shown = object_of(get(base + "/sim/faults"));
  ASSERT_EQ(shown.at("armed").as_array().size(), 1U);
  EXPECT_EQ(text(shown.at("armed").as_array()[0].as_object(), "subject"), agency);
  EXPECT_EQ(shown.at("known").as_array().size(), fault_catalogue().size());
  EXPECT_TRUE(national_.faults().consume("broker.401", agency));
  EXPECT_EQ(admin("DELETE", base + "/sim/faults/broker.401").status, 204);
  EXPECT_FALSE(national_.faults().any());
  arm("broker.slow");
  EXPECT_EQ(admin("DELETE", base + "/sim/faults").status, 204);
  EXPECT_FALSE(national_.faults().any());
}

TEST_F(AdminTest, ShowsTheAuditTrail) {
  maskinporten_token("eformidling:dpo");
  const auto shown = get(national_.broker().url() + "/sim/audit?action=token&limit=5");
  EXPECT_EQ(shown.status, 200);
  EXPECT_THAT(shown.body, HasSubstr("MOVE_IP_310700002"));
  EXPECT_EQ(get(national_.broker().url() + "/sim/audit?action=none").body, "[]");
  EXPECT_EQ(admin("DELETE", national_.broker().url() + "/sim/audit").status, 204);
  EXPECT_EQ(national_.audit().count({}), 0U);
  EXPECT_EQ(get(national_.broker().url() + "/nothing/here").status, 404);
}

}  // namespace
}  // namespace kanal::sim::testing
