// History goes after its time and not before; a full disk takes nothing new and loses nothing.
#include "flow/retention.hpp"

#include <gmock/gmock.h>

#include "flow/room.hpp"
#include "tests/flow/stage.hpp"

namespace kanal::testing {
namespace {

using std::chrono::days;

class RetentionTest : public FlowStage {
 protected:
  std::int64_t finished(int number) {
    ports::Conversation c;
    c.message_id = MessageId("m" + std::to_string(number));
    c.service = ServiceIdentifier("DPO");
    c.last_update = c.expiry = clock.now();
    EXPECT_TRUE(database->write([&](ports::Txn& txn) -> Result<void> {
      if (auto inserted = txn.insert(c); !inserted) return inserted;
      auto added = txn.add_status(c.id, domain::ReceiptStatus::feil, clock.now());
      return added ? Result<void>{} : Result<void>(failed(added));
    }));
    return c.id;
  }
  std::int64_t conversations() {
    return look<std::int64_t>([](ports::View& view) { return view.counts().conversations; });
  }
};

TEST_F(RetentionTest, ForEverIsForEver) {
  finished(1);
  clock.advance(days(4000));
  flow::RetentionSettings keep;
  flow::Retention retention(*database, keep, clock, log);
  EXPECT_EQ(retention.run({}).value_or(-1), 0);
  EXPECT_EQ(conversations(), 1);
}

TEST_F(RetentionTest, GoesThroughEverythingThatIsDueInBatches) {
  for (int i = 0; i < 1203; ++i) finished(i);
  clock.advance(days(30));
  finished(9999);
  flow::RetentionSettings keep;
  keep.conversations = days(30);
  flow::Retention retention(*database, keep, clock, log);
  EXPECT_EQ(retention.run({}).value_or(-1), 0);  // just not older
  clock.advance(std::chrono::seconds(1));
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_EQ(retention.run(stopped.get_token()).value_or(-1), 0);
  EXPECT_EQ(retention.run({}).value_or(-1), 1203);
  EXPECT_EQ(conversations(), 1);
}

TEST_F(RetentionTest, RunsOnceAnHour) {
  flow::RetentionSettings keep;
  flow::Retention retention(*database, keep, clock, log);
  EXPECT_TRUE(retention.due());
  ASSERT_TRUE(retention.run({}));
  EXPECT_FALSE(retention.due());
  clock.advance(std::chrono::minutes(59));
  EXPECT_FALSE(retention.due());
  clock.advance(std::chrono::minutes(1));
  EXPECT_TRUE(retention.due());
}

TEST_F(RetentionTest, AFullDiskTakesNothingNewAndSendsWhatIsThere) {
  const auto sent_before = submit("0c0b0f0e-6f5d-4a55-9d8f-27f6f9a6a001");
  settings.disk_reserve = std::uint64_t{1} << 60;
  flow::Submit full(parts(), [] {});
  const auto refused = full.create(
      make_sbd("arkivmelding", own_org, other_org, new_uuid(), {}, clock.now(), std::nullopt, std::nullopt));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "spool.full");
  EXPECT_EQ(refused.error().disposition, Disposition::retry);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("kanal.disk.reserve"));
  WorkerPool pool(1);
  flow::Reception reception(*transport, *database, *spool, guard, intake, pool, board, settings, points, clock, log,
                            [] {});
  const auto polled = reception.poll_once(transport->inbox, {});
  ASSERT_FALSE(polled);
  EXPECT_EQ(polled.error().code, "spool.full");
  run_dispatcher([&] { return statuses(sent_before).size() == 2; });
}

TEST_F(RetentionTest, WhatIsAnnouncedMustFit) {
  settings.disk_reserve = 1;
  EXPECT_TRUE(flow::room_for(1, *spool, settings));
  EXPECT_FALSE(flow::room_for(std::uint64_t{1} << 60, *spool, settings));
  EXPECT_FALSE(flow::room_for(~std::uint64_t{0}, *spool, settings));
  settings.disk_reserve = 0;
  EXPECT_TRUE(flow::room_for(~std::uint64_t{0}, *spool, settings));
}

}  // namespace
}  // namespace kanal::testing
