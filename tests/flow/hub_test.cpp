// Who gets what from a hub, and how what waits is handed over.
#include "flow/hub.hpp"

#include <thread>

#include <gmock/gmock.h>

#include "ports/relayed_document.hpp"
#include "tests/documents.hpp"
#include "tests/flow/stage.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const ServiceIdentifier dpe("DPE");
const std::string conversation = "7a9b2a64-1f5a-4a0e-a7a3-94c6b8d0e502";  // of make_sbd

class HubTest : public FlowStage {
 protected:
  static flow::HubSettings settings_of(const std::string& others = {}) {
    return {{{"arkiv", {dpe}, {"a-channel"}, {}, {"310709999"}},
             {"politikk", {dpe}, {}, {arkivmelding_process}, {}},
             {"other-service", {ServiceIdentifier("DPO")}, {"o-channel"}, {}, {}}},
            others};
  }
  ports::InboundDocument document(const std::string& type, const std::string& id, boost::json::object body = {},
                                  std::optional<std::string> channel = {}) const {
    ports::InboundDocument out;
    out.sbd = make_sbd(type, other_org, own_org, id, std::move(body), clock.now(), std::move(channel));
    return out;
  }
  std::string owner(const ports::InboundDocument& document, const std::string& others = {},
                    const ServiceIdentifier& service = dpe) {
    flow::Hub chosen(*database, settings_of(others), clock, log);
    return look<std::string>([&](ports::View& view) {
      const auto* satellite = chosen.owner_of(view, service, document);
      return satellite == nullptr ? std::string("-") : satellite->name;
    });
  }
  void sent_here(const std::string& id, const std::string& in_conversation) {
    ports::Conversation c;
    c.message_id = MessageId(id);
    c.conversation_id = ConversationId(in_conversation);
    c.service = dpe;
    c.last_update = c.expiry = clock.now();
    EXPECT_TRUE(database->write([&](ports::Txn& txn) { return txn.insert(c); }));
  }
  void keep(const std::string& id, const ports::InboundDocument& document) {
    ports::RemoteItem item;
    item.service = dpe;
    item.remote_id = id;
    ASSERT_TRUE(database->write(
        [&](ports::Txn& txn) { return hub.keep(txn, settings_of().satellites.front(), item, document); }));
  }
  std::vector<flow::Relayed> waiting(milliseconds patience = milliseconds(0), int limit = 10) {
    auto found = hub.waiting("arkiv", dpe, limit, patience);
    EXPECT_TRUE(found);
    return found ? std::move(*found) : std::vector<flow::Relayed>{};
  }
  flow::Hub hub{*database, settings_of(), clock, log};
};

TEST_F(HubTest, AStatusBelongsToWhoeverSentTheMessage) {
  const auto status = [&](const std::string& id, std::optional<std::string> channel = {}) {
    return document("status", id, {{"status", "MOTTATT"}}, std::move(channel));
  };
  EXPECT_EQ(owner(status("m1")), "-") << "nobody's";
  ASSERT_TRUE(hub.note_sent("politikk", dpe, MessageId("m1"), ConversationId("c1")));
  EXPECT_EQ(owner(status("M1")), "politikk");
  EXPECT_EQ(owner(status("m1", "a-channel")), "politikk") << "the message says more than a channel";
  EXPECT_EQ(owner(status("m2", "a-channel")), "arkiv");
  EXPECT_EQ(owner(status("m2", "o-channel")), "-") << "of a satellite that has no part in this service";
  EXPECT_EQ(owner(status("m1"), "", ServiceIdentifier("DPO")), "-");
  sent_here("m3", "c3");
  EXPECT_EQ(owner(status("m3", "a-channel")), "-") << "the hub's own";
  EXPECT_EQ(owner(status("m9"), "arkiv"), "-") << "nobody's answer is an orphan, whoever gets other messages";
}

TEST_F(HubTest, WhatNamesNoMessageGoesByItsConversation) {
  const auto receipt = document("einnsyn_kvittering", "k1", {{"dokumentId", "d"}});
  EXPECT_EQ(owner(receipt), "-");
  ASSERT_TRUE(hub.note_sent("arkiv", dpe, MessageId("m1"), ConversationId(conversation)));
  EXPECT_EQ(owner(receipt), "arkiv");
  EXPECT_EQ(owner(document("arkivmelding", "m2")), "arkiv") << "before the rules";
  sent_here("m3", conversation);
  EXPECT_EQ(owner(receipt), "-") << "the hub takes part itself";
}

TEST_F(HubTest, MessagesGoByRules) {
  EXPECT_EQ(owner(document("arkivmelding", "m1")), "politikk");
  auto request = document("innsynskrav", "m2", {{"orgnr", "310709999"}});
  EXPECT_EQ(owner(request), "arkiv");
  request = document("innsynskrav", "m3", {{"orgnr", "0192:310709999"}});
  EXPECT_EQ(owner(request), "arkiv");
  request = document("innsynskrav", "m4", {{"orgnr", "310708888"}}, "a-channel");
  EXPECT_EQ(owner(request), "-") << "the channel of a message is its sender's";
  EXPECT_EQ(owner(request, "arkiv"), "arkiv");
  request.damage = Error{"x", "x", Disposition::reject, {}, {}};
  EXPECT_EQ(owner(request, "arkiv"), "-") << "what cannot be read is set aside here";
}

TEST_F(HubTest, WhatTheHubHasAlreadyIsNotGivenAway) {
  ports::Conversation c;
  c.message_id = MessageId("m1");
  c.direction = ports::Direction::incoming;
  c.service = dpe;
  c.last_update = c.expiry = clock.now();
  EXPECT_TRUE(database->write([&](ports::Txn& txn) { return txn.insert(c); }));
  EXPECT_EQ(owner(document("arkivmelding", "m1")), "-") << "sent again after the rules were changed";
  EXPECT_EQ(owner(document("arkivmelding", "m2")), "politikk");
}

TEST_F(HubTest, AMessageHasOneSender) {
  ASSERT_TRUE(hub.note_sent("arkiv", dpe, MessageId("m1"), ConversationId("c1")));
  EXPECT_TRUE(hub.note_sent("arkiv", dpe, MessageId("m1"), ConversationId("c1")));
  const auto other = hub.note_sent("politikk", dpe, MessageId("m1"), ConversationId("c1"));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, "hub.other_sender");
  sent_here("m2", "c2");
  EXPECT_FALSE(hub.note_sent("arkiv", dpe, MessageId("m2"), ConversationId("c2"))) << "the hub's own";
}

TEST_F(HubTest, WhatWaitsIsThereUntilItIsStoredElsewhere) {
  keep("r1", document("innsynskrav", "m1"));
  keep("r1", document("innsynskrav", "m1"));
  clock.advance(seconds(1));
  keep("r2", document("innsynskrav", "m2"));
  const auto items = waiting();
  ASSERT_THAT(items, SizeIs(2));
  EXPECT_EQ(items[0].sender, other_org);
  EXPECT_THAT(waiting(milliseconds(0), 1), SizeIs(1));
  const auto found = hub.find("arkiv", dpe, items[0].id);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ(ports::read_relayed((*found)->payload)->sbd.message_id(), MessageId("m1"));
  EXPECT_FALSE(*hub.find("politikk", dpe, items[0].id));
  EXPECT_FALSE(*hub.find("arkiv", ServiceIdentifier("DPO"), items[0].id));
  EXPECT_EQ(hub.states()->front().waiting, 2);
  EXPECT_EQ(hub.finish("politikk", dpe, items[0].id).value_or(true), false);
  EXPECT_EQ(hub.finish("arkiv", dpe, items[0].id).value_or(false), true);
  EXPECT_EQ(hub.finish("arkiv", dpe, items[0].id).value_or(true), false);
  ASSERT_THAT(waiting(), SizeIs(1));
  EXPECT_EQ(waiting().front().id, items[1].id);
}

TEST_F(HubTest, WhatWaitsForAFormerSatelliteIsNotForgotten) {
  keep("r1", document("innsynskrav", "m1"));
  flow::Hub later(*database, {{{"politikk", {dpe}, {}, {}, {}}}, ""}, clock, log);
  const auto states = later.states();
  ASSERT_TRUE(states);
  ASSERT_THAT(*states, SizeIs(2));
  EXPECT_EQ((*states)[0].name, "politikk");
  EXPECT_EQ((*states)[0].waiting, 0);
  EXPECT_EQ((*states)[1].name, "arkiv");
  EXPECT_EQ((*states)[1].waiting, 1);
}

TEST_F(HubTest, WhoWaitsIsWokenAndLetGo) {
  std::vector<flow::Relayed> got;
  {
    const std::jthread waiter([&] { got = waiting(hours(1)); });
    keep("r1", document("innsynskrav", "m1"));
    hub.hint();
  }
  EXPECT_THAT(got, SizeIs(1));
  ASSERT_TRUE(hub.finish("arkiv", dpe, got.front().id));
  {
    const std::jthread waiter([&] { got = waiting(hours(1)); });
    hub.stop();
  }
  EXPECT_THAT(got, IsEmpty());
  EXPECT_EQ(hub.states()->front().last_seen, clock.now());
}

}  // namespace
}  // namespace kanal::testing
