#include "transports/dpe/canary.hpp"

#include <gmock/gmock.h>

namespace kanal::transports::dpe {
namespace {

using namespace std::chrono;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CanaryTest : public ::testing::Test {
 protected:
  CanaryTest() {
    settings_.organisation = "310700002";
    settings_.status_document_type = "urn:no:difi:eformidling:xsd::status";
    settings_.status_process = "urn:no:difi:profile:einnsyn:response:ver1.0";
    settings_.canary_interval = hours(1);
  }
  Settings settings_;
  Time now_ = sys_days(year(2026) / 9 / 1) + hours(8) + milliseconds(123);
  Canary canary_{settings_, "installation"};
};

TEST_F(CanaryTest, IsAStatusThatEveryReaderUnderstands) {
  const auto sbd = canary_.next(now_);
  ASSERT_TRUE(sbd);
  const auto read = domain::read_sbd(domain::write_sbd(*sbd));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_THAT(read->violations, IsEmpty());
  EXPECT_THAT(domain::validate_header(read->sbd, now_), IsEmpty());
  EXPECT_EQ(read->sbd.sender_value(), "0192:310700002");
  EXPECT_EQ(read->sbd.receiver_value(), "0192:310700002");
  EXPECT_EQ(read->sbd.body_text("status"), "MOTTATT");
  EXPECT_TRUE(canary_.is_own(read->sbd)) << "also after it was written and read";
}

TEST_F(CanaryTest, FliesOnceInAWhileOrNever) {
  EXPECT_TRUE(canary_.next(now_));
  EXPECT_FALSE(canary_.next(now_ + minutes(59)));
  EXPECT_TRUE(canary_.next(now_ + hours(1)));
  settings_.canary_interval = milliseconds(0);
  EXPECT_FALSE(canary_.next(now_ + hours(9)));
}

TEST_F(CanaryTest, IsKnownInALaterRunAndToNobodyElse) {
  auto sbd = *canary_.next(now_);
  EXPECT_TRUE(Canary(settings_, "installation").is_own(sbd));
  EXPECT_FALSE(Canary(settings_, "another").is_own(sbd));
  sbd.document.instance_identifier = new_uuid();
  EXPECT_FALSE(canary_.is_own(sbd));
}

TEST_F(CanaryTest, OneThatDoesNotComeBackIsTold) {
  const auto one = *canary_.next(now_);
  canary_.sent(one, now_);
  const auto other = *canary_.next(now_ + hours(1));
  canary_.sent(other, now_ + hours(1));
  canary_.returned(other);
  EXPECT_THAT(canary_.lost(now_ + minutes(14)), IsEmpty());
  EXPECT_THAT(canary_.lost(now_ + hours(2)), ElementsAre(one.document.instance_identifier));
  EXPECT_THAT(canary_.lost(now_ + hours(9)), IsEmpty());
}

}  // namespace
}  // namespace kanal::transports::dpe
