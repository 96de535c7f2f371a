// What the reception notices of other installations that take or leave what they should not (dpo.md 9: D1, D2, D5 to
// D9, D11).
#include <gmock/gmock.h>

#include "tests/flow/inbound_stage.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using Names = std::vector<std::string>;
using State = ports::RemoteItem::State;

class Theft : public Inbound {};

// Detection D1: not confirmed, kept, explained.
TEST_F(Theft, AStatusForAMessageWeNeverSentIsLeftAndKept) {
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
  EXPECT_NE(orphans[0].cause.find("scripted.channel"), std::string::npos);
}

// Where a queue counts how often something is handed back.
TEST_F(Theft, AtAServiceOfOneInstallationAnOrphanIsCompletedBeforeItIsPutAway) {
  transport->rules().isolation = domain::Isolation::single_installation;
  put("s1", status(id_b, "MOTTATT"), "fagsys-b");
  poll();
  clock.advance(minutes(2));
  poll();
  EXPECT_EQ(transport->acknowledged["s1"], 0) << "its owner may find it yet";
  clock.advance(hours(2));
  poll();
  EXPECT_EQ(transport->acknowledged["s1"], 1);
  EXPECT_EQ(item("s1")->state, State::acknowledged);
  EXPECT_EQ(item("s1")->verdict, domain::Verdict::unknown);
  EXPECT_EQ(detections(), (Names{"D1"}));
  const auto orphans =
      look<std::vector<ports::Orphan>>([](ports::View& view) { return view.orphans(ServiceIdentifier("DPO"), 10); });
  ASSERT_EQ(orphans.size(), 1U);
  EXPECT_NE(orphans[0].cause.find("channel 'fagsys-b'"), std::string::npos) << orphans[0].cause;
}

// It cannot be told whose it is, and nobody else may receive.
TEST_F(Theft, AReceiptThatNamesNoMessageIsHandedToTheClient) {
  transport->rules().isolation = domain::Isolation::single_installation;
  put("k1", make_sbd("einnsyn_kvittering", other_org, own_org, id_a,
                     {{"dokumentId", "1"}, {"status", "{}"}, {"referanseType", "publisering"}}, clock.now()));
  poll();
  EXPECT_EQ(waiting_for_client(), 1U);
  EXPECT_EQ(transport->acknowledged["k1"], 1);
  EXPECT_TRUE(detections().empty());
}

TEST_F(Theft, AnOrphanWhoseMessageTurnsUpIsTaken) {
  put("s1", status(id_b, "MOTTATT"));
  poll();
  sent(id_b);
  clock.advance(hours(2));
  poll();
  EXPECT_EQ(statuses(id_b), (Names{"OPPRETTET", "SENDT", "MOTTATT"}));
  EXPECT_EQ(transport->acknowledged["s1"], 1);
}

// Detection D11: same channel name in two installations.
TEST_F(Theft, AStatusOnOurChannelForAnUnknownMessageIsACollision) {
  transport->inbox.channels.own = "fagsys-a";
  put("s1", status(id_b, "MOTTATT"), "fagsys-a");
  poll();
  EXPECT_EQ(detections(), (Names{"D11"}));
  EXPECT_EQ(transport->acknowledged["s1"], 0);
}

// Detection D2.
TEST_F(Theft, AReceiptForAnUnknownMessageIsLeft) {
  put("k1", make_sbd("arkivmelding_kvittering", other_org, own_org, id_b,
                     {{"receiptType", "OK"}, {"relatedToMessageId", id_a}}, clock.now()));
  poll();
  EXPECT_EQ(waiting_for_client(), 0U);
  EXPECT_EQ(transport->acknowledged["k1"], 0);
  EXPECT_EQ(detections(), (Names{"D2"}));
}

// Detection D6.
TEST_F(Theft, AnItemSomebodyElseHasBegunIsLeft) {
  put("r1", message(id_a));
  transport->waiting.at("r1").touched = true;
  poll();
  EXPECT_EQ(transport->fetched["r1"], 0);
  EXPECT_EQ(detections(), (Names{"D6"}));
}

// Another installation began to take an answer to us, and left it: what is ours is ours.
TEST_F(Theft, AnAnswerToUsThatSomebodyElseHasBegunIsTaken) {
  sent(id_a);
  put("s1", status(id_a, "MOTTATT"));
  transport->waiting.at("s1").touched = true;
  poll();
  EXPECT_EQ(transport->fetched["s1"], 0) << "the other one gets its time";
  clock.advance(minutes(2));
  poll();
  EXPECT_EQ(statuses(id_a), (Names{"OPPRETTET", "SENDT", "MOTTATT"}));
  EXPECT_EQ(transport->acknowledged["s1"], 1);
}

TEST_F(Theft, AMessageThatSomebodyElseHasBegunIsNeverTaken) {
  put("r1", message(id_a));
  put("bad", message(id_b));
  for (const auto* id : {"r1", "bad"}) transport->waiting.at(id).touched = true;
  transport->waiting.at("bad").open_error = Error{"zip.not_zip", "no zip", Disposition::reject, {}, {}};
  for (int i = 0; i < 3; ++i) {
    poll();
    clock.advance(hours(2));
  }
  EXPECT_EQ(transport->fetched["r1"], 1) << "read once to see whether it is an answer";
  EXPECT_TRUE(transport->acknowledged.empty());
  EXPECT_EQ(waiting_for_client(), 0U);
  EXPECT_TRUE(look<bool>([](ports::View& view) { return view.quarantined(10).empty(); }));
}

// The channel was removed here, and the installation it belonged to has begun to take the item.
TEST_F(Theft, AnItemThatBecomesOursWhileSomebodyTakesItIsLeft) {
  transport->inbox.channels.own = "fagsys-a";
  put("r1", message(id_a));
  poll();
  transport->inbox.channels.own.reset();
  transport->waiting.at("r1").touched = true;
  poll();
  EXPECT_EQ(transport->fetched["r1"], 0);
  EXPECT_EQ(detections(), (Names{"D6"}));
}

// Detection D5.
TEST_F(Theft, AnItemThatVanishesBeforeWeTookItWasStolen) {
  put("r1", message(id_a));
  transport->fetch_error = Error{"http.broken", "cut", Disposition::retry, {}, {}};
  poll();
  transport->waiting.clear();
  clock.advance(seconds(10));
  poll();
  EXPECT_EQ(item("r1")->state, State::gone);
  EXPECT_EQ(detections(), (Names{"D5"}));
}

TEST_F(Theft, AnItemThatIsStillThereIsNoTheft) {
  put("r1", message(id_a));
  transport->fetch_error = Error{"http.broken", "cut", Disposition::retry, {}, {}};
  poll();
  auto hidden = transport->waiting.extract("r1");
  transport->traffic.where = ports::Whereabouts::waiting;
  clock.advance(seconds(10));
  poll();
  EXPECT_EQ(item("r1")->state, State::taking) << "an incomplete list proves nothing";
  transport->fetch_error.reset();
  transport->waiting.insert(std::move(hidden));
  poll();
  EXPECT_EQ(waiting_for_client(), 1U);
  EXPECT_TRUE(detections().empty());
}

TEST_F(Theft, BeyondAFullListNothingIsKnown) {
  transport->rules().list_window = 2;
  put("r1", message(id_a));
  transport->fetch_error = Error{"http.broken", "cut", Disposition::retry, {}, {}};
  poll();
  auto hidden = transport->waiting.extract("r1");
  put("r2", message(id_b), "other");
  put("r3", message("0b0e9d55-6d0c-4b1c-8a8e-3f2f0f6a1c03"), "other");
  clock.advance(seconds(10));
  poll();
  EXPECT_EQ(item("r1")->state, State::taking);
  EXPECT_TRUE(detections().empty());
  transport->waiting.erase("r2");
  poll();
  EXPECT_EQ(detections(), (Names{"D5"})) << "a list with room in it would have shown the item";
}

TEST_F(Theft, AnItemThatIsBackIsTaken) {
  put("r1", message(id_a));
  transport->fetch_error = Error{"http.broken", "cut", Disposition::retry, {}, {}};
  poll();
  auto hidden = transport->waiting.extract("r1");
  clock.advance(seconds(10));
  poll();
  EXPECT_EQ(item("r1")->state, State::gone);
  hidden.mapped().touched = true;
  transport->waiting.insert(std::move(hidden));
  transport->fetch_error.reset();
  poll();
  EXPECT_EQ(waiting_for_client(), 0U) << "somebody has begun to take it";
  transport->waiting.at("r1").touched = false;
  poll();
  EXPECT_EQ(waiting_for_client(), 1U);
  EXPECT_EQ(item("r1")->state, State::acknowledged);
}

// An account that several installations empty has no channels to set.
TEST_F(Theft, AnAccountIsForOneInstallation) {
  transport->rules().isolation = domain::Isolation::by_switch;
  put("r1", message(id_a));
  transport->fetch_error = Error{"http.broken", "cut", Disposition::retry, {}, {}};
  poll();
  transport->waiting.clear();
  clock.advance(seconds(10));
  poll();
  EXPECT_EQ(detections(), (Names{"D5"}));
  EXPECT_THAT(item("r1")->reason, ::testing::HasSubstr("empties the same account; only one may: set scripted.channel "
                                                       "to false in all others"));
}

TEST_F(Theft, AnItemThatExpiredIsNoTheft) {
  put("r1", message(id_a));
  transport->fetch_error = Error{"http.broken", "cut", Disposition::retry, {}, {}};
  poll();
  transport->waiting.clear();
  transport->traffic.where = ports::Whereabouts::gone;
  clock.advance(seconds(10));
  poll();
  EXPECT_EQ(item("r1")->state, State::gone);
  EXPECT_TRUE(detections().empty());
}

TEST_F(Theft, AListThatWasBrokenOffIsNotTakenForTheft) {
  put("r1", message(id_a));
  transport->fetch_error = Error{"http.broken", "cut", Disposition::retry, {}, {}};
  poll();
  transport->waiting.clear();
  clock.advance(seconds(10));
  std::stop_source stopping;
  stopping.request_stop();
  poll(stopping.get_token());
  EXPECT_EQ(item("r1")->state, State::taking);
}

// Detection D7: fetched more often than from here.
TEST_F(Theft, FetchedByAnotherToo) {
  put("r1", message(id_a));
  transport->fetch_error = Error{"http.broken", "cut", Disposition::retry, {}, {}};
  poll();
  transport->fetch_error.reset();
  clock.advance(minutes(1));
  transport->acknowledge_error = Error{"http.broken", "answer lost", Disposition::retry, {}, {}};
  poll();
  EXPECT_EQ(item("r1")->fetches, 2);
  transport->acknowledge_error.reset();
  transport->acknowledge_answer = ports::Acknowledged::already_done;
  transport->traffic.fetch_count = 3;
  poll();
  EXPECT_EQ(detections(), (Names{"D7"})) << "two of the three were ours, and so was perhaps the first confirmation";
}

TEST_F(Theft, OurOwnRepeatedFetchesAreNoTheft) {
  put("r1", message(id_a));
  transport->fetch_error = Error{"http.broken", "cut", Disposition::retry, {}, {}};
  poll();
  transport->fetch_error.reset();
  clock.advance(minutes(1));
  transport->acknowledge_answer = ports::Acknowledged::already_done;
  transport->traffic.fetch_count = 2;
  poll();
  EXPECT_EQ(detections(), (Names{"D8"}));
}

// Detection D8.
TEST_F(Theft, ConfirmedByAnotherWhileWeTookItIsReported) {
  put("r1", message(id_a));
  transport->acknowledge_answer = ports::Acknowledged::already_done;
  poll();
  EXPECT_EQ(detections(), (Names{"D8"}));
}

// Detection D9.
TEST_F(Theft, AChannelNobodyListensToIsReportedAfterAnHour) {
  put("s1", status(id_a, "MOTTATT"), "fagsys-x");
  poll();
  poll();
  EXPECT_TRUE(detections().empty());
  clock.advance(hours(2));
  poll();
  EXPECT_EQ(detections(), (Names{"D9"}));
}

TEST_F(Theft, MailWithoutAChannelWaitsForOneInstallation) {
  transport->inbox.channels.own = "fagsys-a";
  put("r1", message(id_a), "5d0f9a0e-8a1b-4a43-9f5e-6a3c0e9b7c11");
  put("r2", message(id_b), "5d0f9a0e-8a1b-4a43-9f5e-6a3c0e9b7c12");
  poll();
  clock.advance(hours(2));
  poll();
  EXPECT_EQ(detections(), (Names{"D9"})) << "one finding, not one per reference";
}

TEST_F(Theft, UnknownStatusNamesOfOthersAreLeftLikeAnyOther) {
  put("s1", status(id_b, "FLYTTET"));
  poll();
  EXPECT_EQ(transport->acknowledged["s1"], 0);
  EXPECT_EQ(detections(), (Names{"D1"}));
}

}  // namespace
}  // namespace kanal::testing
