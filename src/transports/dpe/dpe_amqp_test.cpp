// The queue read by AMQP 1.0: tokens, keys, links and connections that end, and locks that outlive them (dpe.md 7.2).
#include "sim/eventually_testing.hpp"
#include "transports/dpe/amqp_forms.hpp"
#include "transports/dpe/dpe_testing.hpp"

namespace kanal::transports::dpe::testing {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DpeAmqp : public DpeReading {
 protected:
  DpeAmqp() : DpeReading(true) {}

  /// Until it holds; the broker works on threads of its own.
  static bool eventually(const std::function<bool()>& holds) { return sim::testing::eventually(holds, 20s); }
  /// Rounds with time between them, until one lists so many.
  std::vector<std::string> list_in_time(std::size_t count) {
    std::vector<std::string> ids;
    EXPECT_TRUE(eventually([&] {
      const auto listed = transport_->list(inbox(), {});
      ids.clear();
      if (listed) {
        for (const auto& entry : *listed) ids.push_back(entry.remote_id);
      }
      if (ids.size() != count) clock_.advance(2s);
      return ids.size() == count;
    }));
    return ids;
  }
  std::size_t bus_audit(const std::string& action) { return audited("servicebus", action); }
  void end_connection(const std::string& fault) {
    const auto met = national_.faults().met(fault);
    arm(fault);
    ASSERT_TRUE(eventually([&] { return national_.faults().met(fault) > met; }));
  }
};

TEST_F(DpeAmqp, OneConnectionServesAllRoundsAndItsTokenIsRenewed) {
  for (int i = 0; i < 4; ++i) {
    comes_and_goes();
    clock_.advance(6min);
  }
  EXPECT_THAT(bus().messages(journal_queue), IsEmpty());
  EXPECT_EQ(national_.audit().count({.simulator = "servicebus", .action = "attach", .subject = journal_queue}), 1U);
  EXPECT_EQ(bus_audit("put-token"), 2U) << "after more than half of its life";
  EXPECT_EQ(bus_audit("complete"), 4U);
}

TEST_F(DpeAmqp, ATokenThatEndedBetweenRoundsIsNoFailure) {
  bus().change_rules([](sim::ServiceBusRules& rules) { rules.clock_skew = 0s; });
  list();
  arrives();
  clock_.advance(16min);
  const auto ids = list_in_time(1);
  ASSERT_THAT(ids, SizeIs(1));
  EXPECT_EQ(*transport_->acknowledge(item(ids[0])), ports::Acknowledged::done);
  EXPECT_TRUE(transport_->health().up) << transport_->health().detail;
}

TEST_F(DpeAmqp, AKeyThatWasChangedIsAskedForAnew) {
  list();
  national_.rotate_sas_key("YW5vdGhlciBrZXk=");
  arrives();
  clock_.advance(8min);
  EXPECT_THAT(list(), SizeIs(1));
  EXPECT_GE(bus_audit("put-token.refused"), 1U);
}

TEST_F(DpeAmqp, AKeyThatStaysRefusedIsSaidAndNotTriedAllTheTime) {
  auto settings = reading();
  settings.policy = "SomeOtherPolicy";
  transport_ = transport_of(std::move(settings));
  EXPECT_EQ(failure_of(transport_->list(inbox(), {})), "dpe.credentials retry");
  EXPECT_FALSE(transport_->health().up);
  const auto tried = bus_audit("put-token.refused");
  EXPECT_EQ(failure_of(transport_->list(inbox(), {})), "dpe.credentials retry");
  EXPECT_EQ(bus_audit("put-token.refused"), tried);
}

TEST_F(DpeAmqp, WhatALostConnectionBroughtIsCompletedByItsLock) {
  arrives();
  const auto ids = list();
  ASSERT_THAT(ids, SizeIs(1));
  const auto what = item(ids[0]);
  end_connection("servicebus.amqp.cut");
  EXPECT_EQ(*transport_->acknowledge(what), ports::Acknowledged::done);
  EXPECT_TRUE(eventually([&] { return bus().messages(journal_queue).empty(); }));
}

TEST_F(DpeAmqp, ALockThatWentWithItsLinkIsNoSignOfAnotherReader) {
  bus().change_rules([](sim::ServiceBusRules& rules) { rules.locks_end_with_link = true; });
  arrives();
  const auto ids = list();
  ASSERT_THAT(ids, SizeIs(1));
  const auto what = item(ids[0]);
  end_connection("servicebus.amqp.detach");
  EXPECT_EQ(*transport_->acknowledge(what), ports::Acknowledged::done) << "it is stored, and will come again";
  EXPECT_THAT(bus().messages(journal_queue), SizeIs(1));
  EXPECT_EQ(list_in_time(1), ids);
  EXPECT_EQ(*transport_->acknowledge(what), ports::Acknowledged::done);
  EXPECT_THAT(bus().messages(journal_queue), IsEmpty());
}

TEST_F(DpeAmqp, WhatWasLockedForAConnectionThatDiedComesAgain) {
  arrives();
  arm("servicebus.amqp.cut_after_lock");
  EXPECT_EQ(failure_of(transport_->list(inbox(), {})), "amqp10.closed retry");
  EXPECT_THAT(transport_->health().detail, HasSubstr("connection"));
  clock_.advance(61s);
  EXPECT_THAT(list_in_time(1), SizeIs(1));
  EXPECT_TRUE(transport_->health().up);
}

TEST_F(DpeAmqp, AMessageThatAnotherReaderHoldsIsNoticedAlthoughNoneFollows) {
  comes_and_goes();
  const auto held = arrives();
  ASSERT_TRUE(*bus().receive(journal_queue, 0ms));
  auto& watch = *transport_->surveillance();
  EXPECT_THAT(list(), IsEmpty());
  EXPECT_THAT(*watch.confirmed(inbox(), {}, {}), IsEmpty()) << "it may be given here yet";
  const auto mine = bus().messages(journal_queue).at(0).lock_token;
  for (int i = 0; i < 4; ++i) {
    clock_.advance(40s);
    Time until{};
    ASSERT_EQ(bus().renew(journal_queue, std::to_string(held), mine, until), sim::LockAnswer::done);
    EXPECT_THAT(list(), IsEmpty());
  }
  EXPECT_THAT(*watch.confirmed(inbox(), {}, {}), ElementsAre("unseen-number-" + std::to_string(held)));
  EXPECT_THAT(*watch.confirmed(inbox(), {}, {}), IsEmpty()) << "once";
}

TEST_F(DpeAmqp, WhatAnotherReaderGivesBackIsNoTheft) {
  list();
  const auto held = arrives();
  const auto locked = **bus().receive(journal_queue, 0ms);
  EXPECT_THAT(list(), IsEmpty());
  clock_.advance(50s);
  ASSERT_EQ(bus().unlock(journal_queue, std::to_string(held), locked.lock_token), sim::LockAnswer::done);
  EXPECT_THAT(list(), SizeIs(1));
  clock_.advance(10min);
  list();
  EXPECT_THAT(*transport_->surveillance()->confirmed(inbox(), {}, {}), IsEmpty());
}

TEST_F(DpeAmqp, ABusyBrokerIsLeftAlone) {
  arm("servicebus.amqp.busy");
  EXPECT_EQ(failure_of(transport_->list(inbox(), {})), "amqp10.busy retry");
  const auto refused = bus_audit("attach.refused");
  EXPECT_EQ(failure_of(transport_->list(inbox(), {})), "amqp10.busy retry");
  EXPECT_EQ(bus_audit("attach.refused"), refused) << "not at once";
  clock_.advance(2s);
  EXPECT_THAT(list(), IsEmpty());
}

TEST_F(DpeAmqp, AMessageWithoutItsNumberKeepsNoOtherOut) {
  arrives();
  arrives();
  arm("servicebus.amqp.no_annotations");
  EXPECT_THAT(list(), SizeIs(1));
  EXPECT_TRUE(transport_->acknowledge(item(list_in_time(1).at(0))));
  EXPECT_THAT(bus().messages(journal_queue), SizeIs(1));
}

TEST_F(DpeAmqp, TwoReadersGetDifferentMessages) {
  auto settings = reading();
  settings.read_max = 2;
  const auto first = transport_of(settings);
  const auto second = transport_of(settings);
  for (int i = 0; i < 4; ++i) arrives();
  std::set<std::string> ids;
  for (const auto* one : {&first, &second}) {
    const auto listed = (*one)->list(inbox(), {});
    ASSERT_EQ(failure_of(listed), "");
    EXPECT_THAT(*listed, SizeIs(2));
    for (const auto& entry : *listed) ids.insert(entry.remote_id);
  }
  EXPECT_THAT(ids, SizeIs(4));
}

TEST_F(DpeAmqp, AnInstallationThatOnlySendsDoesNotConnect) {
  auto settings = reading();
  settings.receives = false;
  EXPECT_THAT(transport_of(std::move(settings))->inboxes(), IsEmpty());
  EXPECT_EQ(bus_audit("put-token"), 0U);
}

TEST(AmqpForms, ALockIsTheTagsGuidAsDotNetKeepsIt) {
  const auto tag = *from_hex("d5cfa97dd540b14b8d64ec5a52e1c547");
  EXPECT_EQ(lock_of(tag), "7da9cfd5-40d5-4bb1-8d64-ec5a52e1c547");
  EXPECT_FALSE(lock_of(bytes_of("short")));
}

TEST(AmqpForms, AnAnswerIsReadInEitherSpelling) {
  net::Amqp10Message message;
  EXPECT_EQ(failure_of(read_answer(message)), "dpe.away retry");
  message.application = {{"status-code", {std::int32_t{202}}}};
  EXPECT_TRUE(read_answer(message)->ok());
  message.application = {{"statusCode", {std::int32_t{410}}},
                         {"errorCondition", {std::string("com.microsoft:message-lock-lost")}}};
  EXPECT_FALSE(read_answer(message)->ok());
  EXPECT_TRUE(read_answer(message)->lock_lost());
}

TEST(AmqpForms, TheEndOfALockIsBelievedWithinReason) {
  const Time now{hours(480'000)};
  const auto length = [&](std::optional<Duration> until) {
    net::Amqp10Delivery delivery;
    delivery.tag = Bytes(16);
    delivery.message.annotations = {{"x-opt-sequence-number", {std::int64_t{1}}}};
    if (until) delivery.message.annotations.push_back({"x-opt-locked-until", {now + *until}});
    return read_delivery(delivery, now)->locked_for;
  };
  EXPECT_EQ(length(60s), Duration(60s));
  EXPECT_EQ(length(hours(2)), Duration(5min));
  EXPECT_EQ(length(-60s), Duration(30s));
  EXPECT_EQ(length(std::nullopt), Duration(30s));
}

TEST(AmqpForms, ABodyMayBeAValue) {
  net::Amqp10Delivery delivery;
  delivery.tag = Bytes(16);
  delivery.message.delivery_count = 2;
  delivery.message.annotations = {{"x-opt-sequence-number", {std::int64_t{7}}}};
  delivery.message.value = {std::string("{}")};
  const auto message = read_delivery(delivery, {});
  ASSERT_EQ(failure_of(message), "");
  EXPECT_EQ(text_of(*message->body), "{}");
  EXPECT_EQ(message->sequence, 7U);
  EXPECT_EQ(message->delivery_count, 3);
}

}  // namespace
}  // namespace kanal::transports::dpe::testing
