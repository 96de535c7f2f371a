// The table of channels (channels.md, "The rule, service by service") for an installation that runs, and answers that
// go from the installation that kept them to the one they belong to.
#include <gmock/gmock.h>

#include "flow/channel_report.hpp"
#include "flow/orphan_exchange.hpp"
#include "tests/flow/inbound_stage.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using flow::ChannelVerdict;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Names = std::vector<std::string>;

class Channels : public Inbound {
 protected:
  flow::ServiceChannels row() {
    auto rows = flow::report_channels(*database, services, guard, board, clock.now());
    EXPECT_TRUE(rows) << rows.error().text();
    if (!rows || rows->size() != 1) {
      ADD_FAILURE() << "one service, one row";
      return {};
    }
    const auto counted = flow::count_open_messages(*database, services, *rows);
    EXPECT_TRUE(counted) << counted.error().text();
    return rows->front();
  }
  void report(const std::string& detection, const std::string& subject = "x") {
    ASSERT_TRUE(database->write([&](ports::Txn& txn) {
      return txn.report({ServiceIdentifier("DPO"), detection, subject, "what was seen", clock.now(), clock.now(), 1});
    }));
  }
};

TEST_F(Channels, AMainInstallationAloneIsGood) {
  const auto table = row();
  EXPECT_EQ(table.verdict, ChannelVerdict::good);
  EXPECT_THAT(table.text, HasSubstr("the main installation"));
  EXPECT_EQ(table.change, "");
  ASSERT_EQ(table.channels.size(), 1U);
  EXPECT_EQ(table.channels[0].name, "");
  EXPECT_FALSE(table.channels[0].retired);
  EXPECT_EQ(table.channels[0].open_messages, 0);
}

TEST_F(Channels, WhatProvesASecondOneIsAConflictWithItsEvidence) {
  for (const auto* detection : {"D5", "D6", "D7", "D8", "D11", "D12"}) {
    report(detection);
    const auto table = row();
    EXPECT_EQ(table.verdict, ChannelVerdict::conflict) << detection;
    EXPECT_THAT(table.text, HasSubstr("a second installation"));
    EXPECT_THAT(table.change, HasSubstr("scripted.channel"));
    EXPECT_EQ(table.evidence.front().detection, detection);
    clock.advance(flow::evidence_counts_for + minutes(1));
    EXPECT_EQ(row().verdict, ChannelVerdict::good) << detection << " is history by now";
    EXPECT_FALSE(row().evidence.empty()) << "but still shown";
  }
}

TEST_F(Channels, ThatOthersSendIsNoConflict) {
  report("D4");
  EXPECT_EQ(row().verdict, ChannelVerdict::good);
  EXPECT_EQ(row().evidence.size(), 1U);
}

TEST_F(Channels, ADeadChannelIsANotice) {
  report("D9", "skrivefeil");
  const auto table = row();
  EXPECT_EQ(table.verdict, ChannelVerdict::notice);
  EXPECT_THAT(table.text, HasSubstr("nobody listens to"));
  EXPECT_THAT(table.change, HasSubstr("correct the name"));
  report("D1");
  EXPECT_THAT(row().change, HasSubstr("in every other installation")) << "not only dead channels any more";
}

TEST_F(Channels, ANamesakeIsToldToTakeAnotherName) {
  transport->inbox.channels.own = "fagsys-a";
  EXPECT_EQ(row().verdict, ChannelVerdict::good);
  EXPECT_THAT(row().text, HasSubstr("fagsys-a"));
  report("D11");
  EXPECT_THAT(row().text, HasSubstr("uses fagsys-a too"));
  EXPECT_THAT(row().change, HasSubstr("of its own"));
}

TEST_F(Channels, ARetiredChannelIsNamedUntilItIsDropped) {
  transport->inbox.channels.own = "old";
  submit(id_a, clock.now() + hours(5), "old");
  run_dispatcher([&] { return statuses(id_a).size() == 2; });
  transport->inbox.channels.own = "new";
  const auto table = row();
  ASSERT_EQ(table.channels.size(), 2U);
  EXPECT_EQ(table.channels[0].name, "new");
  EXPECT_EQ(table.channels[0].open_messages, 0);
  EXPECT_EQ(table.channels[1].name, "old");
  EXPECT_TRUE(table.channels[1].retired);
  EXPECT_EQ(table.channels[1].open_messages, 1);
  ASSERT_TRUE(table.channels[1].heard_until);
  EXPECT_GE(*table.channels[1].heard_until, clock.now() + hours(24)) << "receipts may follow for the default time";
  EXPECT_THAT(table.text, HasSubstr("still listens to old (until " + format_iso(*table.channels[1].heard_until)));
  EXPECT_EQ(table.verdict, ChannelVerdict::good);
}

TEST_F(Channels, CountsWhatWaitsForOthersAndWhatIsKeptForThem) {
  put("x", message(id_a), "another");
  put("s1", status(id_b, "MOTTATT"));
  poll();
  const auto table = row();
  EXPECT_EQ(table.waiting_for_other_channels, 1);
  EXPECT_EQ(table.orphans, 1U);
  EXPECT_EQ(table.quarantined, 0U);
}

class OrphansMove : public Channels {
 protected:
  ports::Orphan kept(const std::string& about, const std::string& remote_id = "s1") {
    ports::Orphan orphan;
    orphan.service = ServiceIdentifier("DPO");
    orphan.remote_id = remote_id;
    orphan.sbd = domain::write_sbd(status(about, "MOTTATT"));
    return orphan;
  }
  flow::OrphanOutcome take(const ports::Orphan& orphan) {
    flow::OrphanExchange exchange(*database, services, intake, clock, log);
    auto outcome = exchange.take(orphan);
    EXPECT_TRUE(outcome) << outcome.error().text();
    return outcome.value_or(flow::OrphanOutcome{});
  }
};

TEST_F(OrphansMove, AnAnswerToAMessageOfOursIsAppliedOnce) {
  sent(id_b);
  EXPECT_TRUE(take(kept(id_b)).taken);
  EXPECT_EQ(statuses(id_b), (Names{"OPPRETTET", "SENDT", "MOTTATT"}));
  const auto again = take(kept(id_b));
  EXPECT_FALSE(again.taken);
  EXPECT_THAT(again.text, HasSubstr("already"));
  EXPECT_EQ(statuses(id_b), (Names{"OPPRETTET", "SENDT", "MOTTATT"}));
  put("s1", status(id_b, "MOTTATT"));
  poll();
  EXPECT_EQ(transport->acknowledged["s1"], 1) << "by its owner now";
  EXPECT_EQ(transport->fetched["s1"], 0) << "its content is here";
}

TEST_F(OrphansMove, OneThatOnlySendsTakesWhatItsReceivingNeighbourKept) {
  transport->sends_only = true;
  sent(id_b);
  EXPECT_TRUE(take(kept(id_b)).taken);
  EXPECT_EQ(statuses(id_b), (Names{"OPPRETTET", "SENDT", "MOTTATT"}));
  EXPECT_FALSE(take(kept(id_b)).taken) << "once";
  const auto known = item("s1");
  ASSERT_TRUE(known);
  EXPECT_EQ(known->state, ports::RemoteItem::State::acknowledged) << "there is no inbox to acknowledge it in";
}

TEST_F(OrphansMove, WhatIsNotOursIsRefusedWithAReason) {
  const auto foreign = take(kept(id_b));
  EXPECT_FALSE(foreign.taken);
  EXPECT_THAT(foreign.text, HasSubstr("not sent from here"));
  EXPECT_FALSE(item("s1")) << "nothing is remembered of it";
  sent(id_b);
  EXPECT_TRUE(take(kept(id_b)).taken) << "an earlier refusal does not count";
}

TEST_F(OrphansMove, WhatCannotBeUsedIsRefused) {
  auto orphan = kept(id_b);
  orphan.service = ServiceIdentifier("DPE");
  EXPECT_THAT(take(orphan).text, HasSubstr("not enabled"));
  orphan = kept(id_b);
  orphan.remote_id.clear();
  EXPECT_THAT(take(orphan).text, HasSubstr("names no item"));
  orphan = kept(id_b);
  orphan.sbd = "{]";
  EXPECT_THAT(take(orphan).text, HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace kanal::testing
