#include "transports/dpe/queues.hpp"

#include <gtest/gtest.h>

#include "transports/dpe/package_testing.hpp"

namespace kanal::transports::dpe {
namespace {

TEST(DpeQueues, AreNamedByOrganisationAndMode) {
  EXPECT_EQ(queue_name("910077473", name_of(Mode::innsyn)), "nextbestqueue910077473innsyn");
  EXPECT_EQ(mode_of("Meeting"), Mode::meeting);
  EXPECT_EQ(mode_of("DATA"), Mode::data);
  EXPECT_FALSE(mode_of("journal"));
}

TEST(DpeQueues, AStatusGoesByTheOwnMode) {
  const auto status = testing::status_of("310700002", "991825827", "LEVERT");
  EXPECT_TRUE(has_fixed_queue(status));
  EXPECT_EQ(*answer_suffix(status, Mode::innsyn, ""), "data");
  EXPECT_EQ(*answer_suffix(status, Mode::data, ""), "innsyn");
  EXPECT_EQ(*answer_suffix(status, Mode::meeting, ""), "innsyn");
  EXPECT_EQ(*answer_suffix(status, Mode::data, "kvittering"), "kvittering");
}

TEST(DpeQueues, AKvitteringGoesByWhatItIsAbout) {
  const auto about = [](const std::string& type) {
    return testing::document("einnsyn_kvittering", testing::response_process,
                             R"({"dokumentId":"d","status":"{}","referanseType":")" + type + "\"}", "991825827",
                             "310700002");
  };
  EXPECT_EQ(*answer_suffix(about("innsynskrav"), Mode::data, ""), "data");
  EXPECT_EQ(*answer_suffix(about("publisering"), Mode::data, ""), "innsyn");
  EXPECT_EQ(*answer_suffix(about("noe"), Mode::data, "egen"), "egen");
  const auto wrong = answer_suffix(about("noe"), Mode::data, "");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, "dpe.reference_type");
  EXPECT_FALSE(has_fixed_queue(testing::publication("310700002", "991825827")));
}

}  // namespace
}  // namespace kanal::transports::dpe
