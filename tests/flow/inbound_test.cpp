#include "store/sqlite/sqlite.hpp"
#include "tests/flow/inbound_stage.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using Names = std::vector<std::string>;
using State = ports::RemoteItem::State;

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

TEST_F(Inbound, WhatIsListedAfterItsAcknowledgementIsAcknowledgedAgain) {
  put("r1", message(id_a));
  transport->before_acknowledge = [&](const ports::RemoteItem& one) {
    transport->waiting.insert_or_assign("again", transport->waiting.at(one.remote_id));
  };
  const auto still_listed = [&] {
    auto entry = transport->waiting.extract("again");
    entry.key() = "r1";
    transport->waiting.insert(std::move(entry));
  };
  poll();
  still_listed();
  poll();
  EXPECT_EQ(transport->acknowledged["r1"], 1) << "lists may lag behind";
  clock.advance(std::chrono::minutes(2));
  poll();
  EXPECT_EQ(transport->acknowledged["r1"], 2);
  EXPECT_EQ(transport->fetched["r1"], 1);
  EXPECT_EQ(waiting_for_client(), 1U);
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
  submit(id_a, {}, "old-name");
  transport->inbox.channels.own = "new-name";
  flow::Housekeeping housekeeping(*database, services, board, settings, clock, log);
  EXPECT_TRUE(housekeeping.find_left_channels());
  EXPECT_EQ(detections(), (Names{"D10"}));
  put("s1", status(id_a, "LEVERT"), "old-name");
  poll();
  EXPECT_EQ(transport->fetched["s1"], 1);
  put("k1",
      make_sbd("arkivmelding_kvittering", other_org, own_org, id_b,
               {{"receiptType", "OK"}, {"relatedToMessageId", id_a}}, clock.now()),
      "old-name");
  poll();
  EXPECT_EQ(transport->fetched["k1"], 1) << "a receipt follows a delivered message";
  clock.advance(hours(25));
  put("s2", status(id_a, "LEST"), "old-name");
  poll();
  EXPECT_EQ(transport->fetched["s2"], 0) << "final, and past its time: nobody listens to the old name any more";
}

// dpo.md 8.7 case 8: each organisation of an installation has its own channels.
TEST_F(Inbound, AChannelOfOneInboxIsNotListenedToByAnother) {
  submit(id_a, {}, "of-agency");
  transport->inbox.id = "0192:987464291";
  put("s1", status(id_a, "MOTTATT"), "of-agency");
  poll();
  EXPECT_EQ(transport->fetched["s1"], 0);
}

// dpo.md 8.7 case 12: nobody can tell whose unchannelled answers are without taking them.
TEST_F(Inbound, AnswersFromBeforeTheChannelAreLeftAndExplained) {
  submit(id_a);
  transport->inbox.channels.own = "fagsys-a";
  put("s1", status(id_a, "MOTTATT"));
  flow::Housekeeping housekeeping(*database, services, board, settings, clock, log);
  EXPECT_TRUE(housekeeping.find_left_channels());
  poll();
  EXPECT_EQ(transport->fetched["s1"], 0);
  EXPECT_EQ(detections(), (Names{"D10"}));
  transport->inbox.channels.own.reset();
  poll();
  EXPECT_EQ(transport->acknowledged["s1"], 1) << "nothing was lost";
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

TEST_F(Inbound, WhatIsLeftUnreadIsRefusedOnce) {
  transport->rules().leaves_unreadable = true;
  put("bad", message(id_a));
  transport->waiting.at("bad").open_error = Error{"zip.not_zip", "no zip", Disposition::reject, {}, {}};
  poll();
  EXPECT_EQ(item("bad")->state, State::quarantined);
  transport->refuse_error = Error{"http.broken", "cut", Disposition::retry, {}, {}};
  poll();
  poll();
  EXPECT_EQ(transport->refused["bad"], 1) << "again, but not at once";
  transport->refuse_error.reset();
  clock.advance(hours(1));
  poll();
  poll();
  EXPECT_EQ(transport->refused["bad"], 2);
  EXPECT_EQ(item("bad")->state, State::refused);
  EXPECT_EQ(transport->acknowledged["bad"], 0);
  EXPECT_EQ(transport->fetched["bad"], 1);
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

TEST_F(Inbound, UnknownStatusNamesAreSetAside) {
  sent(id_a);
  put("s1", status(id_a, "FLYTTET"));
  poll();
  EXPECT_EQ(statuses(id_a), (Names{"OPPRETTET", "SENDT"}));
  EXPECT_EQ(transport->acknowledged["s1"], 1);
}

// A client may remove the history of a message that still waits for it.
TEST_F(Inbound, ADuplicateOfAMessageWithoutHistoryIsAbsorbed) {
  put("r1", message(id_a));
  poll();
  ASSERT_TRUE(database->write([&](ports::Txn& txn) -> Result<void> {
    const auto known = txn.conversation(MessageId(id_a), ports::Direction::incoming);
    return txn.remove_conversation(known->id) ? Result<void>{} : Result<void>(reject("test", "not removed"));
  }));
  put("r2", message(id_a));
  put("r3", message(id_b));
  poll();
  EXPECT_EQ(waiting_for_client(), 2U);
  EXPECT_EQ(transport->acknowledged["r2"], 1);
  EXPECT_EQ(transport->acknowledged["r3"], 1);
}

// A document that the store never takes must not keep the others of its slice out.
TEST_F(Inbound, OneImpossibleDocumentDoesNotBlockTheOthers) {
  put("bad", message(id_a));
  transport->waiting.at("bad").package = "zip";
  auto connection = store::Database::open(folder.path() / "kanal.db", store::Database::Access::read_write);
  ASSERT_TRUE(connection);
  ASSERT_TRUE((*connection)
                  ->script("CREATE TRIGGER refuse BEFORE INSERT ON message WHEN new.message_id = '" + id_a +
                           "' BEGIN SELECT RAISE(ABORT, 'impossible'); END"));
  put("good", message(id_b));
  poll();
  EXPECT_EQ(statuses(id_b, ports::Direction::incoming), (Names{"OPPRETTET", "INNKOMMENDE_MOTTATT"}));
  EXPECT_EQ(transport->acknowledged["good"], 1);
  const auto kept = look<std::vector<ports::Quarantined>>([](ports::View& view) { return view.quarantined(10); });
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].remote_id, "bad");
  EXPECT_TRUE(kept[0].package);
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
  flow::Housekeeping housekeeping(*database, services, board, settings, clock, log);
  EXPECT_EQ(housekeeping.expire().value(), 0);
  clock.advance(minutes(4));
  EXPECT_EQ(housekeeping.expire().value(), 1);
  EXPECT_EQ(waiting_for_client(), 0U);
}

}  // namespace
}  // namespace kanal::testing
