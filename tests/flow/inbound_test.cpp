#include "tests/flow/stage.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using Names = std::vector<std::string>;
using State = ports::RemoteItem::State;

const std::string id_a = "0b0e9d55-6d0c-4b1c-8a8e-3f2f0f6a1c01";
const std::string id_b = "0b0e9d55-6d0c-4b1c-8a8e-3f2f0f6a1c02";

class Inbound : public FlowStage {
 protected:
  void put(const std::string& remote_id, domain::Sbd sbd,
           std::optional<std::string> reference = "5d0f9a0e-8a1b-4a43-9f5e-6a3c0e9b7c11") {
    transport->waiting.insert_or_assign(
        remote_id, ScriptedTransport::Waiting{std::move(sbd), std::move(reference), false, {}, {}, {}});
  }
  domain::Sbd message(const std::string& id, std::optional<std::string> channel = {}, std::optional<Time> ttl = {}) {
    return make_sbd("arkivmelding", other_org, own_org, id, {}, clock.now(), std::move(channel), ttl);
  }
  domain::Sbd status(const std::string& id, const std::string& name) {
    return make_sbd("status", other_org, own_org, id, {{"status", name}}, clock.now());
  }
  std::optional<ports::Job> answer_job(const std::string& id, const std::string& name) {
    return look<std::optional<ports::Job>>([&](ports::View& view) { return view.job("answer", id + "/" + name); });
  }
  std::size_t waiting_for_client() {
    return look<std::size_t>([&](ports::View& view) {
      return view.messages({ports::Direction::incoming, {}, {}, {}, {}, {}, {}}, {}).value().content.size();
    });
  }
  void sent(const std::string& id) {
    submit(id);
    run_dispatcher([&] { return statuses(id).size() == 2; });
    transport->sent.clear();
  }
  flow::ClientInbox client() {
    return {*database, *spool, services, settings, points, clock, log, [] {}};
  }
};

TEST_F(Inbound, MessagesAreStoredBeforeTheyAreAcknowledged) {
  put("r1", message(id_a));
  transport->waiting.at("r1").package = "zip";
  transport->before_acknowledge = [&](const ports::RemoteItem&) {
    EXPECT_EQ(waiting_for_client(), 1U);
    EXPECT_EQ(item("r1")->state, State::stored);
  };
  EXPECT_EQ(poll(), 1);
  EXPECT_EQ(statuses(id_a, ports::Direction::incoming), (Names{"OPPRETTET", "INNKOMMENDE_MOTTATT"}));
  EXPECT_TRUE(answer_job(id_a, "MOTTATT"));
  EXPECT_EQ(item("r1")->state, State::acknowledged);
  EXPECT_EQ(transport->acknowledged["r1"], 1);
}

TEST_F(Inbound, ALostAcknowledgementIsRepeatedWithoutASecondDownload) {
  put("r1", message(id_a));
  transport->acknowledge_error = Error{"http.broken", "answer lost", Disposition::retry, {}, {}};
  poll();
  EXPECT_EQ(item("r1")->state, State::stored);
  transport->acknowledge_error.reset();
  transport->acknowledge_answer = ports::Acknowledged::already_done;
  poll();
  EXPECT_EQ(item("r1")->state, State::acknowledged);
  EXPECT_EQ(transport->fetched["r1"], 1);
  EXPECT_EQ(waiting_for_client(), 1U);
  EXPECT_TRUE(detections().empty()) << "our own earlier confirmation is no theft";
}

TEST_F(Inbound, OtherChannelsAreDescribedOnceAndNeverTouched) {
  put("r1", status(id_a, "MOTTATT"), "fagsys-b");
  poll();
  poll();
  EXPECT_EQ(transport->described["r1"], 1);
  EXPECT_EQ(transport->fetched["r1"], 0);
  EXPECT_EQ(transport->acknowledged["r1"], 0);
  EXPECT_EQ(item("r1")->verdict, domain::Verdict::other_channel);
}

TEST_F(Inbound, AChannelledInstallationTakesOnlyItsChannel) {
  transport->inbox.channels.own = "fagsys-a";
  sent(id_a);
  put("ours", status(id_a, "MOTTATT"), "fagsys-a");
  put("mail", message(id_b));
  put("theirs", status(id_b, "MOTTATT"), "fagsys-b");
  poll();
  EXPECT_EQ(transport->fetched["ours"], 1);
  EXPECT_EQ(transport->fetched["mail"], 0);
  EXPECT_EQ(transport->fetched["theirs"], 0);
  EXPECT_EQ(statuses(id_a), (Names{"OPPRETTET", "SENDT", "MOTTATT"}));
}

// channels.md point 4.
TEST_F(Inbound, ARetiredChannelIsHeardUntilItsMessagesAreFinal) {
  flow::Submit submit(parts(), [] {});
  ASSERT_TRUE(submit.create(make_sbd("arkivmelding", own_org, other_org, id_a, {}, clock.now(), "old-name")));
  transport->inbox.channels.own = "new-name";
  put("s1", status(id_a, "LEVERT"), "old-name");
  poll();
  EXPECT_EQ(transport->fetched["s1"], 1);
  flow::Housekeeping housekeeping(*database, services, settings, clock, log);
  EXPECT_TRUE(housekeeping.find_left_channels());
  put("s2", status(id_a, "LEST"), "old-name");
  poll();
  EXPECT_EQ(transport->fetched["s2"], 0) << "the conversation is finished: nobody listens to the old name any more";
}

TEST_F(Inbound, StatusesAreRegisteredOnceAndNeverExpire) {
  sent(id_a);
  clock.advance(hours(30));
  auto late = status(id_a, "LEVERT");
  late.scopes.front().information.front().expected_response = OffsetTime{clock.now() - hours(5), minutes(0)};
  put("s1", late);
  put("s2", late);
  poll();
  EXPECT_EQ(statuses(id_a), (Names{"OPPRETTET", "SENDT", "LEVERT"}));
  EXPECT_EQ(transport->acknowledged["s1"], 1);
  EXPECT_EQ(transport->acknowledged["s2"], 1);
}

// Detection D1: not confirmed, kept, explained.
TEST_F(Inbound, AStatusForAMessageWeNeverSentIsLeftAndKept) {
  put("s1", status(id_b, "MOTTATT"));
  poll();
  poll();
  EXPECT_EQ(transport->fetched["s1"], 1);
  EXPECT_EQ(transport->acknowledged["s1"], 0);
  EXPECT_EQ(item("s1")->verdict, domain::Verdict::unknown);
  EXPECT_EQ(detections(), (Names{"D1"}));
  const auto orphans =
      look<std::vector<ports::Orphan>>([](ports::View& view) { return view.orphans(ServiceIdentifier("DPO"), 10); });
  ASSERT_EQ(orphans.size(), 1U);
  EXPECT_EQ(orphans[0].message_id.str(), id_b);
  EXPECT_NE(orphans[0].cause.find("difi.move.dpo.message-channel"), std::string::npos);
}

TEST_F(Inbound, AnOrphanWhoseMessageTurnsUpIsTaken) {
  put("s1", status(id_b, "MOTTATT"));
  poll();
  sent(id_b);
  clock.advance(hours(2));
  poll();
  EXPECT_EQ(statuses(id_b), (Names{"OPPRETTET", "SENDT", "MOTTATT"}));
  EXPECT_EQ(transport->acknowledged["s1"], 1);
}

// Detection D11: same channel name in two installations.
TEST_F(Inbound, AStatusOnOurChannelForAnUnknownMessageIsACollision) {
  transport->inbox.channels.own = "fagsys-a";
  put("s1", status(id_b, "MOTTATT"), "fagsys-a");
  poll();
  EXPECT_EQ(detections(), (Names{"D11"}));
  EXPECT_EQ(transport->acknowledged["s1"], 0);
}

TEST_F(Inbound, ReceiptsMarkTheMessageAndReachTheClient) {
  sent(id_a);
  put("k1", make_sbd("arkivmelding_kvittering", other_org, own_org, id_b,
                     {{"receiptType", "OK"}, {"relatedToMessageId", id_a}}, clock.now()));
  poll();
  EXPECT_EQ(statuses(id_a), (Names{"OPPRETTET", "SENDT", "LEST"}));
  EXPECT_EQ(waiting_for_client(), 1U);
  EXPECT_TRUE(answer_job(id_b, "MOTTATT"));
}

TEST_F(Inbound, ErrorReceiptsGiveFeil) {
  sent(id_a);
  put("k1", make_sbd("arkivmelding_kvittering", other_org, own_org, id_b,
                     {{"receiptType", "ERROR"}, {"relatedToMessageId", id_a}}, clock.now()));
  poll();
  EXPECT_EQ(statuses(id_a), (Names{"OPPRETTET", "SENDT", "FEIL"}));
}

// Detection D2.
TEST_F(Inbound, AReceiptForAnUnknownMessageIsLeft) {
  put("k1", make_sbd("arkivmelding_kvittering", other_org, own_org, id_b,
                     {{"receiptType", "OK"}, {"relatedToMessageId", id_a}}, clock.now()));
  poll();
  EXPECT_EQ(waiting_for_client(), 0U);
  EXPECT_EQ(transport->acknowledged["k1"], 0);
  EXPECT_EQ(detections(), (Names{"D2"}));
}

TEST_F(Inbound, TheSameMessageTwiceIsDeliveredOnce) {
  put("r1", message(id_a));
  poll();
  put("r2", message(id_a));
  poll();
  EXPECT_EQ(waiting_for_client(), 1U);
  EXPECT_EQ(transport->acknowledged["r2"], 1);
  auto inbox = client();
  ASSERT_TRUE(inbox.peek({ports::Direction::incoming, {}, {}, {}, {}, {}, {}}).value());
  ASSERT_TRUE(inbox.remove(MessageId(id_a)));
  put("r3", message(id_a));
  poll();
  EXPECT_EQ(waiting_for_client(), 0U) << "also after the client has taken it";
  EXPECT_EQ(transport->acknowledged["r3"], 1);
  EXPECT_TRUE(answer_job(id_a, "LEVERT"));
}

TEST_F(Inbound, ExpiredMessagesAreNotHandedOut) {
  put("r1", message(id_a, {}, clock.now() - minutes(1)));
  poll();
  EXPECT_EQ(waiting_for_client(), 0U);
  EXPECT_EQ(statuses(id_a, ports::Direction::incoming), (Names{"OPPRETTET", "LEVETID_UTLOPT"}));
  EXPECT_FALSE(answer_job(id_a, "MOTTATT"));
  EXPECT_EQ(transport->acknowledged["r1"], 1);
}

TEST_F(Inbound, UnreadablePackagesAreQuarantinedAndReceptionGoesOn) {
  put("bad", message(id_a));
  transport->waiting.at("bad").open_error = Error{"zip.not_zip", "no zip", Disposition::reject, {}, {}};
  put("good", message(id_b));
  poll();
  EXPECT_EQ(waiting_for_client(), 1U);
  EXPECT_EQ(transport->acknowledged["bad"], 1);
  const auto kept = look<std::vector<ports::Quarantined>>([](ports::View& view) { return view.quarantined(10); });
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].code, "zip.not_zip");
  ASSERT_TRUE(kept[0].package);
  EXPECT_EQ(text_of(read_all(**spool->open(*kept[0].package), 100).value()), "bad");
}

TEST_F(Inbound, ADamagedContainerGivesFeilAndIsNeverHandedOut) {
  put("r1", message(id_a));
  transport->waiting.at("r1").damage = Error{"asic.digest", "a digest differs", Disposition::reject, {}, {}};
  poll();
  EXPECT_EQ(waiting_for_client(), 0U);
  EXPECT_EQ(statuses(id_a, ports::Direction::incoming), (Names{"OPPRETTET", "FEIL"}));
  EXPECT_EQ(transport->acknowledged["r1"], 1);
}

TEST_F(Inbound, TemporaryFailuresLeaveTheItemForLater) {
  put("r1", message(id_a));
  transport->fetch_error = Error{"http.broken", "cut", Disposition::retry, {}, {}};
  poll();
  EXPECT_EQ(item("r1")->state, State::taking);
  EXPECT_EQ(item("r1")->attempts, 1);
  transport->fetch_error.reset();
  poll();
  EXPECT_EQ(transport->fetched["r1"], 1) << "not before its time";
  clock.advance(seconds(10));
  poll();
  EXPECT_EQ(waiting_for_client(), 1U);
}

// dpo.md 7.3: a crash between download and confirm.
TEST_F(Inbound, AJournalledItemThatIsTouchedIsOursToFinish) {
  put("r1", message(id_a));
  transport->fetch_error = Error{"http.broken", "cut", Disposition::retry, {}, {}};
  poll();
  transport->fetch_error.reset();
  transport->waiting.at("r1").touched = true;
  clock.advance(minutes(1));
  EXPECT_EQ(poll(), 1);
}

// Detection D6.
TEST_F(Inbound, AnItemSomebodyElseHasBegunIsLeft) {
  put("r1", message(id_a));
  transport->waiting.at("r1").touched = true;
  poll();
  EXPECT_EQ(transport->fetched["r1"], 0);
  EXPECT_EQ(detections(), (Names{"D6"}));
}

// Detection D5.
TEST_F(Inbound, AnItemThatVanishesBeforeWeTookItWasStolen) {
  put("r1", message(id_a));
  transport->fetch_error = Error{"http.broken", "cut", Disposition::retry, {}, {}};
  poll();
  transport->waiting.clear();
  clock.advance(seconds(10));
  poll();
  EXPECT_EQ(item("r1")->state, State::gone);
  EXPECT_EQ(detections(), (Names{"D5"}));
}

// Detection D8.
TEST_F(Inbound, ConfirmedByAnotherWhileWeTookItIsReported) {
  put("r1", message(id_a));
  transport->acknowledge_answer = ports::Acknowledged::already_done;
  poll();
  EXPECT_EQ(detections(), (Names{"D8"}));
}

// Detection D9.
TEST_F(Inbound, AChannelNobodyListensToIsReportedAfterAnHour) {
  put("s1", status(id_a, "MOTTATT"), "fagsys-x");
  poll();
  poll();
  EXPECT_TRUE(detections().empty());
  clock.advance(hours(2));
  poll();
  EXPECT_EQ(detections(), (Names{"D9"}));
}

TEST_F(Inbound, UnknownStatusNamesAreSetAside) {
  sent(id_a);
  put("s1", status(id_a, "FLYTTET"));
  poll();
  EXPECT_EQ(statuses(id_a), (Names{"OPPRETTET", "SENDT"}));
  EXPECT_EQ(transport->acknowledged["s1"], 1);
}

TEST_F(Inbound, ManyItemsAreHandledInOrderOfCreation) {
  for (int i = 0; i < 70; ++i) {
    auto sbd = make_sbd("arkivmelding", other_org, own_org, new_uuid(), {}, clock.now() + seconds(100 - i));
    put("r" + std::to_string(1000 + i), sbd);
  }
  EXPECT_EQ(poll(), 70);
  const auto order = look<std::vector<ports::Message>>([](ports::View& view) {
    ports::PageRequest all;
    all.size = 100;
    return view.messages({ports::Direction::incoming, {}, {}, {}, {}, {}, {}}, all).value().content;
  });
  ASSERT_EQ(order.size(), 70U);
  for (std::size_t i = 1; i < order.size(); ++i) {
    const auto before = domain::read_sbd(order[i - 1].sbd)->sbd.document.creation->utc;
    EXPECT_LT(before, domain::read_sbd(order[i].sbd)->sbd.document.creation->utc);
  }
}

TEST_F(Inbound, PeekLocksPopReadsDeleteConfirms) {
  put("r1", message(id_a, "fagsys-a"));
  transport->waiting.at("r1").package = "zip bytes";
  poll();
  auto inbox = client();
  EXPECT_EQ(inbox.pop(MessageId(id_a)).error().code, "inbox.not_locked");
  EXPECT_EQ(inbox.remove(MessageId(id_a)).error().code, "inbox.not_locked");
  const ports::MessageQuery any{ports::Direction::incoming, {}, {}, {}, {}, {}, {}};
  ASSERT_TRUE(inbox.peek(any).value());
  EXPECT_FALSE(inbox.peek(any).value()) << "locked";
  auto popped = inbox.pop(MessageId(id_a));
  ASSERT_TRUE(popped);
  EXPECT_EQ(text_of(read_all(*popped->content, 100).value()), "zip bytes");
  clock.advance(minutes(6));
  EXPECT_EQ(inbox.remove(MessageId(id_a)).error().code, "inbox.not_locked") << "the lock has run out";
  ASSERT_TRUE(inbox.peek(any).value());
  ASSERT_TRUE(inbox.remove(MessageId(id_a)));
  EXPECT_EQ(inbox.remove(MessageId(id_a)).error().code, "inbox.not_found");
  EXPECT_EQ(statuses(id_a, ports::Direction::incoming),
            (Names{"OPPRETTET", "INNKOMMENDE_MOTTATT", "INNKOMMENDE_LEVERT"}));
  const auto job = answer_job(id_a, "LEVERT");
  ASSERT_TRUE(job);
  const auto answer = flow::read_answer(job->payload);
  EXPECT_EQ(answer->channel, "fagsys-a");
  EXPECT_EQ(answer->role, domain::DocumentRole::answer_to_message);
}

TEST_F(Inbound, ExpiryLeavesWhatAClientIsFetching) {
  put("r1", message(id_a, {}, clock.now() + minutes(3)));
  poll();
  auto inbox = client();
  ASSERT_TRUE(inbox.peek({ports::Direction::incoming, {}, {}, {}, {}, {}, {}}).value());
  clock.advance(minutes(4));
  flow::Housekeeping housekeeping(*database, services, settings, clock, log);
  EXPECT_EQ(housekeeping.expire().value(), 0);
  clock.advance(minutes(4));
  EXPECT_EQ(housekeeping.expire().value(), 1);
  EXPECT_EQ(waiting_for_client(), 0U);
}

}  // namespace
}  // namespace kanal::testing
