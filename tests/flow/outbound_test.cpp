#include "tests/flow/stage.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using Names = std::vector<std::string>;

const std::string id_a = "0b0e9d55-6d0c-4b1c-8a8e-3f2f0f6a1c01";
const std::string id_b = "0b0e9d55-6d0c-4b1c-8a8e-3f2f0f6a1c02";

class Outbound : public FlowStage {
 protected:
  bool in_hand(const std::string& id) {
    return look<bool>(
        [&](ports::View& view) { return view.message(MessageId(id), ports::Direction::outgoing).has_value(); });
  }
};

TEST_F(Outbound, SentMessagesGetSendtAndLeaveOurHands) {
  submit(id_a);
  EXPECT_EQ(statuses(id_a), (Names{"OPPRETTET"}));
  run_dispatcher([&] { return !in_hand(id_a); });
  EXPECT_EQ(statuses(id_a), (Names{"OPPRETTET", "SENDT"}));
  ASSERT_EQ(transport->sent.size(), 1U);
  EXPECT_EQ(transport->sent[0].role, domain::DocumentRole::message);
  EXPECT_EQ(transport->sent[0].files, 1U);
  const auto reference = look<std::optional<std::string>>([&](ports::View& view) {
    return view.conversation(MessageId(id_a), ports::Direction::outgoing)->external_system_reference;
  });
  EXPECT_EQ(reference, "remote-" + id_a);
}

TEST_F(Outbound, TemporaryFailuresAreTriedAgainLater) {
  transport->send_errors = {{"http.connect", "down", Disposition::retry, {}, {}}};
  submit(id_a);
  run_dispatcher([&] {
    return look<int>([&](ports::View& view) { return view.job("send", id_a).value_or(ports::Job{}).attempt; }) == 1;
  });
  const auto job = look<std::optional<ports::Job>>([&](ports::View& view) { return view.job("send", id_a); });
  ASSERT_TRUE(job);
  EXPECT_EQ(job->not_before, clock.now() + seconds(20));
  EXPECT_NE(job->last_error.find("down"), std::string::npos);
  clock.advance(seconds(21));
  run_dispatcher([&] { return !in_hand(id_a); });
  EXPECT_EQ(transport->sent.size(), 2U);
  EXPECT_EQ(statuses(id_a), (Names{"OPPRETTET", "SENDT"}));
}

TEST_F(Outbound, HopelessFailuresGiveFeilAtOnceWithTheCause) {
  transport->send_errors = {{"dpo.BRO-00016", "too big", Disposition::reject, {}, {}}};
  submit(id_a);
  run_dispatcher([&] { return !in_hand(id_a); });
  EXPECT_EQ(statuses(id_a), (Names{"OPPRETTET", "FEIL"}));
  const auto conversation = look<std::optional<ports::Conversation>>(
      [&](ports::View& view) { return view.conversation(MessageId(id_a), ports::Direction::outgoing); });
  EXPECT_EQ(conversation->statuses[1].description, "Failed to deliver message - check raw receipt");
  EXPECT_EQ(conversation->statuses[1].raw_receipt, "too big");
  EXPECT_TRUE(conversation->finished);
}

TEST_F(Outbound, AttemptsRunOut) {
  settings.max_attempts = 2;
  transport->send_errors.assign(2, {"http.connect", "down", Disposition::retry, {}, {}});
  submit(id_a);
  run_dispatcher([&] { return transport->sent.size() == 1; });
  clock.advance(minutes(2));
  run_dispatcher([&] { return !in_hand(id_a); });
  EXPECT_EQ(statuses(id_a), (Names{"OPPRETTET", "FEIL"}));
}

TEST_F(Outbound, TokenTroubleUsesNoAttempt) {
  transport->send_errors = {{"token.unavailable", "Maskinporten is away", Disposition::retry, {}, {}}};
  submit(id_a);
  run_dispatcher([&] {
    return look<std::string>(
               [&](ports::View& view) { return view.job("send", id_a).value_or(ports::Job{}).last_error; }) != "";
  });
  EXPECT_EQ(look<int>([&](ports::View& view) { return view.job("send", id_a)->attempt; }), 0);
}

TEST_F(Outbound, ExpiredMessagesAreNotSent) {
  submit(id_a, clock.now() + minutes(5));
  clock.advance(minutes(6));
  run_dispatcher([&] { return !in_hand(id_a); });
  EXPECT_TRUE(transport->sent.empty());
  EXPECT_EQ(statuses(id_a), (Names{"OPPRETTET", "LEVETID_UTLOPT"}));
}

// The service may have it: it is asked, whatever the clock says (dpo.md 6.4).
TEST_F(Outbound, WhatMayHaveReachedTheServiceIsNotDeclaredExpired) {
  transport->remember = R"({"id":"t-1"})";
  transport->send_errors = {{"http.broken", "answer lost", Disposition::retry, {}, {}}};
  submit(id_a, clock.now() + minutes(5));
  run_dispatcher([&] { return transport->sent.size() == 1; });
  clock.advance(minutes(10));
  flow::Housekeeping housekeeping(*database, services, board, settings, clock, log);
  EXPECT_EQ(housekeeping.expire().value(), 0);
  run_dispatcher([&] { return !in_hand(id_a); });
  ASSERT_EQ(transport->sent.size(), 2U);
  EXPECT_EQ(transport->sent[1].remembered, R"({"id":"t-1"})");
  EXPECT_EQ(statuses(id_a), (Names{"OPPRETTET", "SENDT"}));
}

TEST_F(Outbound, SendingTwiceQueuesOnce) {
  submit(id_a);
  flow::Submit again(parts(), [] {});
  EXPECT_TRUE(again.send(MessageId(id_a)));
  run_dispatcher([&] { return !in_hand(id_a); });
  EXPECT_EQ(transport->sent.size(), 1U);
}

TEST_F(Outbound, UsedIdsAreRefusedInEitherCase) {
  submit(id_a);
  flow::Submit submit(parts(), [] {});
  std::string upper = id_a;
  for (auto& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const auto again = submit.create(make_sbd("arkivmelding", own_org, other_org, upper, {}, clock.now()));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, "submit.exists");
}

TEST_F(Outbound, CancellingTakesTheQueueEntryToo) {
  submit(id_a);
  flow::Submit submit(parts(), [] {});
  EXPECT_TRUE(submit.remove(MessageId(id_a)));
  EXPECT_FALSE(in_hand(id_a));
  EXPECT_FALSE(look<bool>([&](ports::View& view) { return view.job("send", id_a).has_value(); }));
  EXPECT_TRUE(submit.remove(MessageId(id_a)));
}

// dpo.md 8.5 and 8.7 case 4: the channel that came in goes back, by role.
TEST_F(Outbound, ReceiptsCarryTheRememberedChannel) {
  transport->waiting.emplace(
      "r1", ScriptedTransport::Waiting{make_sbd("arkivmelding", other_org, own_org, id_a, {}, clock.now(), "fagsys-a"),
                                       new_uuid()});
  EXPECT_EQ(poll(), 1);
  flow::Submit submit(parts(), [] {});
  auto receipt = make_sbd("arkivmelding_kvittering", own_org, other_org, id_b,
                          {{"receiptType", "OK"}, {"relatedToMessageId", id_a}}, clock.now());
  ASSERT_TRUE(submit.create(receipt));
  ASSERT_TRUE(submit.send(MessageId(id_b)));
  run_dispatcher([&] { return !in_hand(id_b) && transport->sent.size() >= 2; });
  for (const auto& document : transport->sent) {
    EXPECT_EQ(document.role, domain::DocumentRole::answer_to_message) << document.sbd.document.type;
    EXPECT_EQ(document.channel, "fagsys-a") << document.sbd.document.type;
  }
}

TEST_F(Outbound, MalwareFoundLaterGivesFeil) {
  submit(id_a);
  run_dispatcher([&] { return !in_hand(id_a); });
  transport->report = {{{domain::ReceiptStatus::feil, {}, "Malware scan failed: EICAR", {}}}, true, false};
  clock.advance(minutes(1));
  run_dispatcher([&] { return statuses(id_a).size() == 3; });
  EXPECT_EQ(statuses(id_a), (Names{"OPPRETTET", "SENDT", "FEIL"}));
}

TEST_F(Outbound, AnAnswerEndsTheFollowUp) {
  submit(id_a);
  run_dispatcher([&] { return !in_hand(id_a); });
  EXPECT_TRUE(look<bool>([&](ports::View& view) { return view.job("follow", id_a).has_value(); }));
  transport->waiting.emplace(
      "s1", ScriptedTransport::Waiting{
                make_sbd("status", other_org, own_org, id_a, {{"status", "MOTTATT"}}, clock.now()), new_uuid()});
  poll();
  EXPECT_FALSE(look<bool>([&](ports::View& view) { return view.job("follow", id_a).has_value(); }));
}

// Detection D3.
TEST_F(Outbound, ConfirmedButUnansweredMessagesAreReportedOnce) {
  submit(id_a);
  run_dispatcher([&] { return !in_hand(id_a); });
  transport->report.taken_by_receiver = true;
  flow::Housekeeping housekeeping(*database, services, board, settings, clock, log);
  EXPECT_TRUE(housekeeping.find_unanswered());
  EXPECT_TRUE(detections().empty());
  clock.advance(minutes(11));
  EXPECT_TRUE(housekeeping.find_unanswered());
  EXPECT_TRUE(housekeeping.find_unanswered());
  EXPECT_EQ(detections(), (Names{"D3"}));
  EXPECT_EQ(transport->status_calls, 1);
}

// dpo.md 10.1 no. 3: the answer may have come while the installation was down.
TEST_F(Outbound, SentMessagesExpireOnlyAfterTheirInboxWasRead) {
  submit(id_a);
  run_dispatcher([&] { return !in_hand(id_a); });
  clock.advance(hours(30));
  flow::Housekeeping housekeeping(*database, services, board, settings, clock, log);
  EXPECT_EQ(housekeeping.expire().value(), 0);
  poll();
  EXPECT_EQ(housekeeping.expire().value(), 1);
  EXPECT_EQ(statuses(id_a), (Names{"OPPRETTET", "SENDT", "LEVETID_UTLOPT"}));
}

TEST_F(Outbound, SentMessagesExpireThoughTheServiceStaysAway) {
  submit(id_a);
  run_dispatcher([&] { return !in_hand(id_a); });
  clock.advance(hours(30));
  flow::Housekeeping housekeeping(*database, services, board, settings, clock, log);
  clock.advance(minutes(11));
  EXPECT_EQ(housekeeping.expire().value(), 1);
}

TEST_F(Outbound, UnsentMessagesExpireWithTheirFiles) {
  flow::Submit submit(parts(), [] {});
  ASSERT_TRUE(
      submit.create(make_sbd("arkivmelding", own_org, other_org, id_a, {}, clock.now(), {}, clock.now() + minutes(1))));
  clock.advance(minutes(2));
  flow::Housekeeping housekeeping(*database, services, board, settings, clock, log);
  EXPECT_EQ(housekeeping.expire().value(), 1);
  EXPECT_FALSE(in_hand(id_a));
  EXPECT_EQ(statuses(id_a), (Names{"OPPRETTET", "LEVETID_UTLOPT"}));
  EXPECT_EQ(housekeeping.expire().value(), 0);
}

TEST_F(Outbound, AnUnavailableRegisterStoresNothing) {
  directory.error = Error{"directory.unavailable", "away", Disposition::retry, {}, {}};
  flow::Submit submit(parts(), [] {});
  const auto created = submit.create(make_sbd("arkivmelding", own_org, other_org, id_a, {}, clock.now()));
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, "directory.unavailable");
  EXPECT_TRUE(statuses(id_a).empty());
}

}  // namespace
}  // namespace kanal::testing
