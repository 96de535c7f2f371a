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

/// What holds only of REST.
class DpeReceive : public DpeReading {};

/// What holds whichever way the queue is read.
class DpeRead : public DpeReading, public ::testing::WithParamInterface<bool> {
 protected:
  DpeRead() : DpeReading(GetParam()) {}
};

std::string name_of(const ::testing::TestParamInfo<bool>& batch_read) { return batch_read.param ? "Amqp" : "Rest"; }

INSTANTIATE_TEST_SUITE_P(Both, DpeRead, ::testing::Bool(), name_of);

TEST_P(DpeRead, AMessageIsListedDescribedOpenedAndCompleted) {
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

TEST_P(DpeRead, ARoundTakesNoMoreThanIsSetAndTheNextGoesOn) {
  auto settings = reading();
  settings.read_max = 3;
  transport_ = transport_of(std::move(settings));
  for (int i = 0; i < 5; ++i) arrives();
  const auto first = list();
  EXPECT_THAT(first, SizeIs(3));
  for (const auto& id : first) EXPECT_TRUE(transport_->acknowledge(item(id)));
  EXPECT_THAT(list(), SizeIs(2));
}

TEST_P(DpeRead, LocksAreRenewedAsLongAsTheMessageIsHere) {
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

TEST_P(DpeRead, WhatNobodyTakesGoesBackAFewTimesAndThenStays) {
  arrives();
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 10; ++i) sizes.push_back(list().size());
  EXPECT_THAT(sizes, ElementsAre(1, 0, 1, 0, 1, 0, 1, 1, 1, 1));
  EXPECT_EQ(deliveries(), 4) << "far from being put away";
  EXPECT_THAT(bus().messages(journal_queue + "/$deadletterqueue"), IsEmpty());
}

TEST_P(DpeRead, AnotherReaderGetsWhatWasGivenBack) {
  arrives();
  EXPECT_THAT(list(), SizeIs(1));
  EXPECT_THAT(list(), IsEmpty());
  const auto other = bus().receive(journal_queue, milliseconds(0));
  EXPECT_TRUE(*other);
}

TEST_P(DpeRead, ALockThatEndsBringsTheMessageAgainUntilItIsCompleted) {
  arrives();
  const auto what = item(list().at(0));
  clock_.advance(minutes(2));
  EXPECT_EQ(*transport_->acknowledge(what), ports::Acknowledged::done) << "it is stored, and will come again";
  EXPECT_THAT(bus().messages(journal_queue), SizeIs(1));
  for (int i = 0; i < 4; ++i) EXPECT_THAT(list(), SizeIs(1)) << "kept for its completion";
  EXPECT_EQ(*transport_->acknowledge(what), ports::Acknowledged::done);
  EXPECT_THAT(bus().messages(journal_queue), IsEmpty());
}

TEST_P(DpeRead, ALockLostBeforeItsTimeIsASignOfAnotherReader) {
  arrives();
  const auto what = item(list().at(0));
  arm("servicebus.complete.lock_lost");
  EXPECT_EQ(*transport_->acknowledge(what), ports::Acknowledged::already_done);
  EXPECT_EQ(*transport_->surveillance()->fetches(what), 0) << "the broker counts locks, which prove nothing";
}

TEST_P(DpeRead, WhatTheBrokerHasGivenUpIsShownAndLeftWhereItIs) {
  const auto letters = journal_queue + "/$deadletterqueue";
  for (int i = 0; i < 2; ++i) {
    arrives();
    const auto locked = **bus().receive(journal_queue, milliseconds(0));
    ASSERT_EQ(bus().dead_letter(journal_queue, std::to_string(locked.sequence), locked.lock_token, "TooOften"),
              sim::LockAnswer::done);
  }
  EXPECT_THAT(list(), IsEmpty());
  const auto first = bus().messages(letters).at(0);
  const auto shown = transport_->health();
  EXPECT_FALSE(shown.up);
  for (const auto& part : {std::string("2 of this organisation's messages"), letters, first.properties.message_id,
                           std::string("UTC: TooOften")}) {
    EXPECT_THAT(shown.detail, HasSubstr(part));
  }
  for (const auto& letter : bus().messages(letters)) EXPECT_EQ(letter.lock_token, "");
  while (const auto letter = *bus().receive(letters, milliseconds(0))) {
    bus().complete(letters, std::to_string(letter->sequence), letter->lock_token);
  }
  clock_.advance(minutes(16));
  EXPECT_THAT(list(), IsEmpty());
  EXPECT_TRUE(transport_->health().up) << transport_->health().detail;
}

TEST_P(DpeRead, DeadLettersThatMayNotBeSeenAreNoTrouble) {
  arm("servicebus.head.401", {}, journal_queue + "/$deadletterqueue");
  for (int i = 0; i < 3; ++i) {
    comes_and_goes();
    clock_.advance(16min);
  }
  EXPECT_TRUE(transport_->health().up) << transport_->health().detail;
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

TEST_P(DpeRead, WhatCannotBeReadIsStillDescribed) {
  ASSERT_TRUE(bus().send(journal_queue, {}, "", "{\"sbd\":"));
  const auto ids = list();
  ASSERT_THAT(ids, SizeIs(1));
  EXPECT_EQ(item(ids[0]).sender, "");
  EXPECT_EQ(failure_of(taken(ids[0])), "dpe.envelope reject");
}

TEST_P(DpeRead, WhatIsNotLockedIsNotGivenOut) {
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

TEST_P(DpeRead, NumbersThatNeverComeAreTold) {
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

TEST_P(DpeRead, AQueueThatIsMissingIsSaid) {
  bus().remove(journal_queue);
  EXPECT_EQ(failure_of(transport_->list(inbox(), {})), "dpe.queue_missing retry");
  EXPECT_THAT(transport_->health().detail, HasSubstr(journal_queue));
}

}  // namespace
}  // namespace kanal::transports::dpe::testing
