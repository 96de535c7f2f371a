// /manage/channels and what is done with answers that are nobody's here.
#include <gmock/gmock.h>

#include "api/testing_stage.hpp"

namespace kanal::api::testing {
namespace {

using ::testing::HasSubstr;

class ManageChannels : public ApiStage {
 protected:
  void report(const std::string& detection, Time last) {
    ASSERT_TRUE(database->write([&](ports::Txn& txn) {
      return txn.report({ServiceIdentifier("DPO"), detection, "subject", "what was seen", last, last, 1});
    }));
  }
  std::string verdict() { return get("/manage/channels").text_at("/services/0/verdict"); }
};

TEST_F(ManageChannels, SaysHowItIsSetUp) {
  const auto reply = get("/manage/channels");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.text_at("/services/0/service"), "DPO");
  EXPECT_EQ(reply.text_at("/services/0/verdict"), "good");
  EXPECT_EQ(reply.text_at("/installation/version"), "1.2.3");
}

TEST_F(ManageChannels, TheWorstEvidenceOfTheDayDecides) {
  report("D4", clock.now());
  EXPECT_EQ(verdict(), "good") << "others may send";
  report("D1", clock.now());
  EXPECT_EQ(verdict(), "notice");
  report("D8", clock.now() - std::chrono::hours(25));
  EXPECT_EQ(verdict(), "notice") << "what is older than a day is history";
  report("D6", clock.now());
  const auto reply = get("/manage/channels");
  EXPECT_EQ(reply.text_at("/services/0/verdict"), "conflict");
  EXPECT_THAT(reply.text_at("/services/0/text"), HasSubstr("a second installation"));
  EXPECT_EQ(reply.body().at_pointer("/services/0/evidence").as_array().size(), 4U);
}

TEST_F(ManageChannels, HandsOverWhatIsNobodys) {
  ASSERT_TRUE(database->write([&](ports::Txn& txn) -> Result<void> {
    ports::Orphan orphan;
    orphan.service = ServiceIdentifier("DPO");
    orphan.remote_id = "remote-1";
    orphan.message_id = MessageId(message_3);
    orphan.kind = "status";
    orphan.sbd = "{}";
    orphan.at = clock.now();
    return txn.insert(orphan);
  }));
  const auto reply = get("/manage/channels/orphans");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.text_at("/0/remoteId"), "remote-1");
  EXPECT_EQ(reply.text_at("/0/document"), "{}");
}

TEST_F(ManageChannels, TakesOnlyWhatIsAList) {
  const auto post = [&](const std::string& body) { return call("POST", "/manage/channels/orphans", body); };
  EXPECT_EQ(post("{}").status, 400);
  EXPECT_EQ(post("nonsense").status, 400);
  const auto unknown = post(R"([{"service":"XYZ","remoteId":"1","document":"{}"}, 7])");
  EXPECT_EQ(unknown.status, 200);
  EXPECT_THAT(unknown.text_at("/0/text"), HasSubstr("not enabled"));
  EXPECT_THAT(unknown.text_at("/1/text"), HasSubstr("not enabled"));
}

}  // namespace
}  // namespace kanal::api::testing
