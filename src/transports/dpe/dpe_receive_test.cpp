// The queue as an inbox: locks, hand-backs, completion, and what the numbers tell (dpe.md sections 7 and 8).
#include "transports/dpe/dpe_testing.hpp"

namespace kanal::transports::dpe::testing {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DpeReceive : public DpeBench {
 protected:
  /// A publication in the queue of the municipality; gives its number.
  std::uint64_t arrives() {
    EXPECT_EQ(failure_of(send(*sender_, publication_with_file())), "");
    return bus().messages(journal_queue).back().sequence;
  }
  std::vector<std::string> list() {
    const auto listed = transport_->list(inbox(), {});
    EXPECT_EQ(failure_of(listed), "");
    std::vector<std::string> ids;
    if (!listed) return ids;
    for (const auto& entry : *listed) ids.push_back(entry.remote_id);
    return ids;
  }
  ports::Inbox inbox() { return transport_->inboxes().front(); }
  ports::RemoteItem item(const std::string& id) {
    auto described = transport_->describe(inbox(), id);
    EXPECT_EQ(failure_of(described), "");
    return described.value_or(ports::RemoteItem{});
  }
  Result<ports::InboundDocument> taken(const std::string& id) {
    const auto what = item(id);
    auto writer = blobs_.create({});
    if (auto fetched = transport_->fetch(what, **writer, {}); !fetched) return failed(fetched);
    if (auto finished = (*writer)->finish(); !finished) return failed(finished);
    return transport_->open(what, (*writer)->ref(), {blobs_, {}});
  }
  int deliveries() { return bus().messages(journal_queue).front().delivery_count; }

  std::unique_ptr<DpeTransport> sender_ = sender();
  std::unique_ptr<DpeTransport> transport_ = einnsyn();
};

TEST_F(DpeReceive, AMessageIsListedDescribedOpenedAndCompleted) {
  arrives();
  const auto ids = list();
  ASSERT_THAT(ids, ElementsAre(std::string("1.") + message_id));
  const auto described = item(ids[0]);
  EXPECT_EQ(described.sender, std::string("0192:") + agency);
  EXPECT_EQ(described.created, clock_.now());
  EXPECT_FALSE(described.channel_seen);
  const auto document = taken(ids[0]);
  ASSERT_EQ(failure_of(document), "");
  EXPECT_TRUE(document->package);
  EXPECT_THAT(bus().messages(journal_queue), SizeIs(1)) << "reading takes nothing away";
  EXPECT_EQ(*transport_->acknowledge(described), ports::Acknowledged::done);
  EXPECT_THAT(bus().messages(journal_queue), IsEmpty());
  EXPECT_THAT(list(), IsEmpty());
}

TEST_F(DpeReceive, ARoundTakesNoMoreThanIsSetAndTheNextGoesOn) {
  auto settings = settings_of(municipality, Mode::data);
  settings.read_max = 3;
  transport_ = transport_of(std::move(settings));
  for (int i = 0; i < 5; ++i) arrives();
  const auto first = list();
  EXPECT_THAT(first, SizeIs(3));
  for (const auto& id : first) EXPECT_TRUE(transport_->acknowledge(item(id)));
  EXPECT_THAT(list(), SizeIs(2));
}

TEST_F(DpeReceive, LocksAreRenewedAsLongAsTheMessageIsHere) {
  arrives();
  bus().change_rules([](sim::ServiceBusRules& rules) { rules.max_delivery_count = 100; });
  for (int i = 0; i < 3; ++i) {  // given back three times
    EXPECT_THAT(list(), SizeIs(1));
    list();
  }
  const auto ids = list();
  ASSERT_THAT(ids, SizeIs(1));
  const int before = deliveries();
  for (int i = 0; i < 6; ++i) {
    clock_.advance(31s);
    EXPECT_EQ(list(), ids);
  }
  EXPECT_EQ(deliveries(), before);
  EXPECT_EQ(*transport_->acknowledge(item(ids[0])), ports::Acknowledged::done);
}

TEST_F(DpeReceive, WhatNobodyTakesGoesBackAFewTimesAndThenStays) {
  arrives();
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 10; ++i) sizes.push_back(list().size());
  EXPECT_THAT(sizes, ElementsAre(1, 0, 1, 0, 1, 0, 1, 1, 1, 1));
  EXPECT_EQ(deliveries(), 4) << "far from being put away";
  EXPECT_THAT(bus().messages(journal_queue + "/$deadletterqueue"), IsEmpty());
}

TEST_F(DpeReceive, AnotherReaderGetsWhatWasGivenBack) {
  arrives();
  EXPECT_THAT(list(), SizeIs(1));
  EXPECT_THAT(list(), IsEmpty());
  const auto other = bus().receive(journal_queue, milliseconds(0));
  EXPECT_TRUE(*other);
}

TEST_F(DpeReceive, ALockThatEndsBringsTheMessageAgainUntilItIsCompleted) {
  arrives();
  const auto what = item(list().at(0));
  clock_.advance(minutes(2));
  EXPECT_EQ(*transport_->acknowledge(what), ports::Acknowledged::done) << "it is stored, and will come again";
  EXPECT_THAT(bus().messages(journal_queue), SizeIs(1));
  for (int i = 0; i < 4; ++i) EXPECT_THAT(list(), SizeIs(1)) << "kept for its completion";
  EXPECT_EQ(*transport_->acknowledge(what), ports::Acknowledged::done);
  EXPECT_THAT(bus().messages(journal_queue), IsEmpty());
}

TEST_F(DpeReceive, ALockLostBeforeItsTimeIsASignOfAnotherReader) {
  arrives();
  const auto what = item(list().at(0));
  arm("servicebus.complete.lock_lost");
  EXPECT_EQ(*transport_->acknowledge(what), ports::Acknowledged::already_done);
  EXPECT_EQ(*transport_->surveillance()->fetches(what), 1);
}

TEST_F(DpeReceive, ACompletionWhoseAnswerIsLostIsRepeated) {
  arrives();
  const auto what = item(list().at(0));
  arm("servicebus.complete.lost_answer");
  EXPECT_EQ(failure_of(transport_->acknowledge(what)), "http.broken retry");
  EXPECT_TRUE(transport_->acknowledge(what));
  EXPECT_THAT(list(), IsEmpty());
}

TEST_F(DpeReceive, ALostAnswerLeavesTheMessageToTheEndOfItsLock) {
  arrives();
  arm("servicebus.head.lost_answer");
  EXPECT_EQ(failure_of(transport_->list(inbox(), {})), "http.broken retry");
  EXPECT_THAT(transport_->health().detail, HasSubstr("connection"));
  EXPECT_THAT(list(), IsEmpty());
  EXPECT_TRUE(transport_->health().up);
  clock_.advance(61s);
  EXPECT_THAT(list(), SizeIs(1));
}

TEST_F(DpeReceive, StrangePropertiesAreReadOrTheMessageIsLeft) {
  arrives();
  arm("servicebus.head.text_sequence");
  arm("servicebus.head.unknown_members");
  EXPECT_THAT(list(), SizeIs(1));
  transport_ = einnsyn();
  clock_.advance(61s);
  arm("servicebus.head.no_properties");
  EXPECT_EQ(failure_of(transport_->list(inbox(), {})), "dpe.properties retry");
}

TEST_F(DpeReceive, WhatCannotBeReadIsStillDescribed) {
  ASSERT_TRUE(bus().send(journal_queue, {}, "", "{\"sbd\":"));
  const auto ids = list();
  ASSERT_THAT(ids, SizeIs(1));
  EXPECT_EQ(item(ids[0]).sender, "");
  EXPECT_EQ(failure_of(taken(ids[0])), "dpe.envelope reject");
}

TEST_F(DpeReceive, WhatIsNotLockedIsNotGivenOut) {
  arrives();
  const auto what = item(list().at(0));
  list();  // given back
  auto writer = blobs_.create({});
  EXPECT_EQ(failure_of(transport_->fetch(what, **writer, {})), "dpe.not_locked retry");
  EXPECT_EQ(*transport_->surveillance()->whereabouts(what), ports::Whereabouts::waiting);
  ASSERT_TRUE(*bus().receive(journal_queue, milliseconds(0)));
  clock_.advance(minutes(11));
  EXPECT_EQ(*transport_->surveillance()->whereabouts(what), ports::Whereabouts::taken);
}

TEST_F(DpeReceive, NumbersThatNeverComeAreTold) {
  arrives();
  list();
  auto& watch = *transport_->surveillance();
  const auto stolen = arrives();
  arrives();
  const auto thief = bus().receive(journal_queue, milliseconds(0));
  ASSERT_TRUE(*thief);
  ASSERT_EQ((*thief)->sequence, stolen);
  ASSERT_EQ(bus().complete(journal_queue, std::to_string(stolen), (*thief)->lock_token), sim::LockAnswer::done);
  list();
  EXPECT_THAT(*watch.confirmed(inbox(), {}, {}), IsEmpty()) << "it may come yet";
  for (int i = 0; i < 3; ++i) {
    clock_.advance(45s);
    list();
  }
  const auto told = *watch.confirmed(inbox(), {}, {});
  ASSERT_THAT(told, ElementsAre("unseen-number-" + std::to_string(stolen)));
  EXPECT_EQ(item(told[0]).sender, "an unknown sender");
  EXPECT_THAT(*watch.confirmed(inbox(), {}, {}), IsEmpty());
}

TEST_F(DpeReceive, AnInstallationThatOnlySendsAsksForNothing) {
  auto settings = settings_of(municipality, Mode::data);
  settings.receives = false;
  const auto transport = transport_of(std::move(settings));
  EXPECT_THAT(transport->inboxes(), IsEmpty());
  EXPECT_FALSE(transport->descriptor().receives);
  EXPECT_EQ(transport->surveillance(), nullptr);
}

TEST_F(DpeReceive, AQueueThatIsMissingIsSaid) {
  bus().remove(journal_queue);
  EXPECT_EQ(failure_of(transport_->list(inbox(), {})), "dpe.queue_missing retry");
  EXPECT_THAT(transport_->health().detail, HasSubstr(journal_queue));
}

}  // namespace
}  // namespace kanal::transports::dpe::testing
