// What the lookout sees of other installations (dpo.md 9: D4, D6, D11, D12).
#include "flow/lookout.hpp"

#include "tests/flow/stage.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using Names = std::vector<std::string>;
using State = ports::RemoteItem::State;

const std::string id_a = "0b0e9d55-6d0c-4b1c-8a8e-3f2f0f6a1c01";
const std::string random_reference = "5d0f9a0e-8a1b-4a43-9f5e-6a3c0e9b7c11";

class LookoutTest : public FlowStage {
 protected:
  LookoutTest() { transport->remember = R"({"id":"x"})"; }

  int departures() {
    auto found = lookout.look_at_departures(*transport, transport->inbox, {});
    EXPECT_TRUE(found) << found.error().text();
    return found.value_or(-1);
  }
  int arrivals() {
    auto found = lookout.look_at_arrivals(*transport, transport->inbox, {});
    EXPECT_TRUE(found) << found.error().text();
    return found.value_or(-1);
  }
  void left(const std::string& id, const std::string& installation = {}, std::optional<std::string> channel = {}) {
    transport->traffic.left.push_back({id, other_org, clock.now(), installation, std::move(channel)});
  }
  /// Somebody has confirmed an item that was never listed here.
  void confirmed(const std::string& id, std::optional<std::string> reference) {
    transport->waiting.insert_or_assign(
        id, ScriptedTransport::Waiting{make_sbd("arkivmelding", other_org, own_org, new_uuid(), {}, clock.now()),
                                       std::move(reference)});
    transport->traffic.confirmed_ids.push_back(id);
  }
  std::vector<ports::Finding> findings() {
    return look<std::vector<ports::Finding>>([](ports::View& view) { return view.findings(); });
  }

  flow::Lookout lookout{*database, services, guard, settings, clock, log};
};

TEST_F(LookoutTest, WhatLeftFromHereIsNoFinding) {
  departures();
  submit(id_a);
  run_dispatcher([&] { return statuses(id_a).size() == 2; });
  clock.advance(minutes(1));
  left("remote-" + id_a);
  EXPECT_EQ(departures(), 0);
  EXPECT_TRUE(findings().empty());
  EXPECT_EQ(transport->traffic.described["remote-" + id_a], 0) << "known without a request";
}

// Detection D4.
TEST_F(LookoutTest, DocumentsOfOthersAreReportedOnce) {
  departures();
  clock.advance(minutes(1));
  left("foreign-1");
  left("foreign-2");
  EXPECT_EQ(departures(), 2);
  EXPECT_EQ(departures(), 0) << "the looks overlap";
  const auto all = findings();
  ASSERT_EQ(all.size(), 1U) << "one per organisation, not one per document";
  EXPECT_EQ(all[0].detection, "D4");
  EXPECT_EQ(all[0].subject, own_org);
  EXPECT_EQ(all[0].count, 2);
  EXPECT_NE(all[0].text.find("scripted.channel"), std::string::npos) << "the service's own property";
}

TEST_F(LookoutTest, WhatNeverLeftIsNoFinding) {
  departures();
  clock.advance(minutes(1));
  left("begun");
  transport->traffic.never_left.insert("begun");
  EXPECT_EQ(departures(), 0);
  transport->traffic.never_left.clear();
  EXPECT_EQ(departures(), 1) << "it is asked for again as long as the looks overlap";
}

TEST_F(LookoutTest, OnlyWhatLeftSinceTheFirstStartCounts) {
  left("before");
  clock.advance(minutes(1));
  EXPECT_EQ(departures(), 0);
  clock.advance(hours(1));
  EXPECT_EQ(departures(), 0);
  const auto& asked = transport->traffic.asked_since;
  EXPECT_LT(asked.front(), asked.back() + seconds(1));
  clock.advance(hours(1));
  departures();
  EXPECT_GT(asked.back(), asked.front()) << "each look begins where the last one ended";
}

TEST_F(LookoutTest, ABusyNeighbourIsLookedAtPieceByPiece) {
  departures();
  for (int i = 0; i < 150; ++i) {
    clock.advance(seconds(1));
    left("foreign-" + std::to_string(i));
  }
  EXPECT_EQ(departures(), 100);
  EXPECT_EQ(departures(), 50);
  EXPECT_EQ(departures(), 0);
}

// Detection D12: two that say that they have no channel.
TEST_F(LookoutTest, ASecondInstallationWithoutAChannelIsProven) {
  departures();
  clock.advance(minutes(1));
  left("foreign", "other-installation");
  departures();
  EXPECT_EQ(detections(), (Names{"D12"}));
  EXPECT_EQ(findings()[0].subject, "other-installation");
}

// Detection D11, before anything is taken.
TEST_F(LookoutTest, ASecondInstallationWithOurChannelIsProven) {
  transport->inbox.channels.own = "fagsys-a";
  departures();
  clock.advance(minutes(1));
  left("foreign", "other-installation", "fagsys-a");
  left("legal", "third-installation", "fagsys-b");
  departures();
  auto names = detections();
  std::ranges::sort(names);
  EXPECT_EQ(names, (Names{"D11", "D4"}));
}

// Detection D6, the poll gap.
TEST_F(LookoutTest, WhatWasConfirmedUnseenWasTaken) {
  arrivals();
  clock.advance(minutes(1));
  confirmed("ours", random_reference);
  confirmed("theirs", "fagsys-b");
  EXPECT_EQ(arrivals(), 1);
  EXPECT_EQ(arrivals(), 0);
  EXPECT_EQ(detections(), (Names{"D6"}));
  EXPECT_EQ(item("ours")->state, State::gone);
  EXPECT_EQ(transport->described["theirs"], 1) << "described once in its life";
  EXPECT_EQ(transport->fetched.size(), 0U) << "looking touches nothing";
}

TEST_F(LookoutTest, OurChannelInOtherHandsIsACollision) {
  transport->inbox.channels.own = "fagsys-a";
  arrivals();
  clock.advance(minutes(1));
  confirmed("ours", "fagsys-a");
  EXPECT_EQ(arrivals(), 1);
  EXPECT_EQ(detections(), (Names{"D11"}));
}

TEST_F(LookoutTest, WhatWeTookOurselvesIsNoFinding) {
  arrivals();
  clock.advance(minutes(1));
  confirmed("r1", random_reference);
  EXPECT_EQ(poll(), 1);
  EXPECT_EQ(arrivals(), 0);
  EXPECT_TRUE(findings().empty());
}

TEST_F(LookoutTest, MessagesFromBeforeTheFirstStartWereSomebodysToTake) {
  confirmed("old", random_reference);
  clock.advance(minutes(1));
  EXPECT_EQ(arrivals(), 0);
  EXPECT_TRUE(findings().empty());
}

TEST_F(LookoutTest, LooksByItselfAndStops) {
  settings.departures_interval = settings.arrivals_interval = milliseconds(1);
  transport->traffic.left.push_back({"foreign", other_org, clock.now() + seconds(1), {}, {}});
  lookout.start();
  const auto limit = steady_clock::now() + seconds(20);
  while (findings().empty() && steady_clock::now() < limit) std::this_thread::yield();
  lookout.stop();
  EXPECT_EQ(detections(), (Names{"D4"}));
}

TEST_F(LookoutTest, AServiceThatShowsNothingIsNotAsked) {
  transport->shows_traffic = false;
  settings.departures_interval = settings.arrivals_interval = milliseconds(1);
  lookout.start();
  std::this_thread::sleep_for(milliseconds(20));
  lookout.stop();
  EXPECT_TRUE(transport->traffic.asked_since.empty());
}

}  // namespace
}  // namespace kanal::testing
