// What becomes of documents whose service tells only when asked.
#include <ranges>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/flow/stage.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using domain::ReceiptStatus;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Names = std::vector<std::string>;

std::string message_id(int number) { return fmt::format("0b0e9d55-6d0c-4b1c-8a8e-{:012}", number); }
const std::string id_a = message_id(1);

class Following : public FlowStage {
 protected:
  Following() {
    auto& rules = transport->rules();
    rules.follow = {minutes(1), minutes(1), hours(1), hours(24 * 30), 0, true, 1, false};
    settings.local_receipt = {true, "urn:no:difi:arkivmelding:xsd::arkivmelding", response_process,
                              "urn:no:difi:arkivmelding:xsd::arkivmelding_kvittering"};
    transport->report = {};
  }
  void send(const std::string& id) {
    submit(id);
    run_dispatcher([&] { return statuses(id).size() >= 2; });
  }
  /// Asks once about everything that is due.
  void ask_after(Duration time) {
    clock.advance(time);
    const auto before = calls();
    run_dispatcher([&] { return calls() > before && !leased(); });
  }
  int calls() {
    const std::scoped_lock lock(transport->mutex);
    return transport->status_calls;
  }
  bool leased() {
    return look<bool>([&](ports::View& view) {
      const auto next = view.next_job_time("follow");
      return view.job_count("follow") > 0 && (!next || *next <= clock.now());
    });
  }
  bool followed(const std::string& id) {
    return look<bool>([&](ports::View& view) { return view.job("follow", id).has_value(); });
  }
  ports::Conversation conversation(const std::string& id) {
    return *look<std::optional<ports::Conversation>>(
        [&](ports::View& view) { return view.conversation(MessageId(id), ports::Direction::outgoing); });
  }
  std::vector<ports::Message> receipts() {
    return look<std::vector<ports::Message>>([](ports::View& view) {
      return view.messages({ports::Direction::incoming, {}, {}, {}, {}, {}, {}}, {}).value().content;
    });
  }
};

TEST_F(Following, ManyAreAskedTogether) {
  transport->rules().follow.batch = 4;
  for (int i = 1; i <= 10; ++i) submit(message_id(i));
  run_dispatcher([&] { return statuses(message_id(10)).size() == 2 && statuses(message_id(1)).size() == 2; });
  transport->report = {{{ReceiptStatus::levert, {}, {}, {}}}, true};
  clock.advance(minutes(2));
  run_dispatcher([&] {
    return std::ranges::all_of(std::views::iota(1, 11), [&](int i) { return statuses(message_id(i)).size() == 3; });
  });
  // Several askers work at once, so the order is not given.
  EXPECT_THAT(transport->batches, UnorderedElementsAre(4U, 4U, 2U));
  for (int i = 1; i <= 10; ++i) EXPECT_FALSE(followed(message_id(i)));
}

TEST_F(Following, WhatWasRememberedIsGivenBack) {
  send(id_a);
  transport->report.remember = "404 once";
  ask_after(minutes(1));
  ask_after(minutes(2));
  ASSERT_THAT(transport->questions, SizeIs(2));
  EXPECT_EQ(transport->questions[0].remembered, "");
  EXPECT_EQ(transport->questions[1].remembered, "404 once");
}

TEST_F(Following, AFailureAfterManyAnswersIsTriedAgainSoon) {
  send(id_a);
  for (int i = 0; i < 8; ++i) ask_after(minutes(2));
  transport->status_error = Error{"http.broken", "cut", Disposition::retry, {}, {}};
  ask_after(minutes(2));
  const auto next = [&] {
    return look<Time>([&](ports::View& view) { return view.job("follow", id_a)->not_before; }) - clock.now();
  };
  EXPECT_LE(next(), minutes(1)) << "the first failure in a row, however often it was asked before";
  const auto first = next();
  ask_after(first);
  EXPECT_GT(next(), first);
  transport->status_error.reset();
  ask_after(minutes(2));
  transport->status_error = Error{"http.broken", "cut", Disposition::retry, {}, {}};
  ask_after(minutes(2));
  EXPECT_EQ(next(), first) << "an answer ends the row";
}

TEST_F(Following, AReferenceThatIsKnownLate) {
  send(id_a);
  transport->report.remote_reference = "its own name";
  ask_after(minutes(1));
  EXPECT_EQ(conversation(id_a).external_system_reference, "its own name");
  ask_after(minutes(2));
  EXPECT_EQ(transport->questions.back().remote_reference, "its own name");
}

TEST_F(Following, DeliveryIsNotTheEndWhereReadingIsToldToo) {
  transport->rules().follow.after_delivery = true;
  send(id_a);
  transport->report.statuses = {{ReceiptStatus::levert, {}, {}, {}}};
  ask_after(minutes(1));
  EXPECT_TRUE(conversation(id_a).finished);
  EXPECT_TRUE(conversation(id_a).pollable);
  ASSERT_TRUE(followed(id_a));
  transport->report = {{{ReceiptStatus::lest, {}, {}, {}}}, true};
  ask_after(minutes(2));
  EXPECT_THAT(statuses(id_a), ElementsAre("OPPRETTET", "SENDT", "LEVERT", "LEST"));
  EXPECT_FALSE(followed(id_a));
  EXPECT_FALSE(conversation(id_a).pollable);
}

TEST_F(Following, ElsewhereDeliveryIsTheEnd) {
  send(id_a);
  transport->report.statuses = {{ReceiptStatus::levert, {}, {}, {}}};
  ask_after(minutes(1));
  EXPECT_FALSE(followed(id_a));
}

TEST_F(Following, TheClientGetsAReceiptWhereTheServiceCarriesNone) {
  transport->rules().local_receipt = ReceiptStatus::levert;
  transport->rules().follow.after_delivery = true;
  send(id_a);
  transport->report.statuses = {{ReceiptStatus::levert, {}, {}, {}}};
  ask_after(minutes(1));
  ask_after(minutes(2));
  const auto waiting = receipts();
  ASSERT_THAT(waiting, SizeIs(1));
  const auto reading = domain::read_sbd(waiting[0].sbd);
  ASSERT_TRUE(reading);
  EXPECT_THAT(reading->violations, IsEmpty());
  const auto& sbd = reading->sbd;
  EXPECT_THAT(domain::validate_header(sbd, {}), IsEmpty());
  EXPECT_EQ(sbd.document.type, "arkivmelding_kvittering");
  EXPECT_EQ(sbd.sender_value(), other_org);
  EXPECT_EQ(sbd.receiver_value(), own_org);
  EXPECT_EQ(sbd.conversation_id(), conversation(id_a).conversation_id);
  EXPECT_EQ(sbd.process(), response_process);
  EXPECT_EQ(sbd.body_text("relatedToMessageId"), id_a);
  EXPECT_EQ(sbd.body_text("receiptType"), "OK");
  EXPECT_THAT(statuses(sbd.message_id().str(), ports::Direction::incoming),
              ElementsAre("OPPRETTET", "INNKOMMENDE_MOTTATT"));
}

TEST_F(Following, NoReceiptWhenNoneIsWanted) {
  transport->rules().local_receipt = ReceiptStatus::levert;
  settings.local_receipt.enabled = false;
  send(id_a);
  transport->report.statuses = {{ReceiptStatus::levert, {}, {}, {}}};
  ask_after(minutes(1));
  EXPECT_THAT(receipts(), IsEmpty());
}

TEST_F(Following, AReceiptThatTheServiceCannotCarryCountsAsRead) {
  transport->at_once = {ReceiptStatus::levert, ReceiptStatus::lest};
  send(id_a);
  EXPECT_THAT(statuses(id_a), ElementsAre("OPPRETTET", "SENDT", "LEVERT", "LEST"));
  EXPECT_FALSE(followed(id_a));
}

}  // namespace
}  // namespace kanal::testing
