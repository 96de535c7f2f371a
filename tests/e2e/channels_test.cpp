// Several installations of one organisation, each with what is its own (dpo.md 8.6 and 8.7).
#include "tests/e2e/bench.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Names all_five{"OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"};
const Names one_alarm_less{"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"};

class Channels : public BenchTest {
 protected:
  void start_main(const std::string& name, const std::string& orgnr) { start({name, orgnr}); }
  void start_on(const std::string& name, const std::string& channel, const std::string& orgnr = s_org) {
    start({name, orgnr, channel});
  }
  /// Every document so far was fetched and confirmed once, by the installation that `owner` names.
  void expect_taken_by(const std::function<std::string(const Document&)>& owner) {
    for (const auto& document : ledger.read()) {
      const Names right{client_of(owner(document))};
      const auto what =
          document.type + " " + document.status + " about " + document.about + " on " + document.reference;
      EXPECT_EQ(document.downloaded_by, right) << what;
      EXPECT_EQ(document.confirmed_by, right) << what;
    }
  }
  bool all_confirmed() {
    return std::ranges::none_of(ledger.read(), [](const auto& document) { return document.confirmed_by.empty(); });
  }
};

// dpo.md 8.6 (2).
TEST_F(Channels, EveryDocumentIsTakenByItsInstallation) {
  start_on("S-A", "A");
  start_on("S-B", "B");
  start_main("S-main", s_org);
  start_main("R-main", r_org);
  std::map<std::string, std::string> sender;
  for (const auto* name : {"S-A", "S-B", "S-main"}) sender[send(name, r_org)] = name;
  const auto mail = send("R-main", s_org);
  sender[mail] = "R-main";
  ASSERT_TRUE(eventually([&] {
    for (const auto& [name, installation] : installations) serve(name);
    return std::ranges::all_of(sender, [&](const auto& sent) {
      return has(sent.second, sent.first, all_five) && receipts_for(sent.first).size() == 1;
    });
  }));
  ASSERT_TRUE(eventually([&] { return ledger.read().size() == 24 && all_confirmed(); }))
      << "4 messages, 4 receipts, and 2 statuses about each";
  for (const auto& [id, name] : sender) {
    EXPECT_THAT(receivers_of(id), ElementsAre(name == "R-main" ? "S-main" : "R-main"));
    EXPECT_THAT(receipts_for(id), ElementsAre(name));
  }
  for (const auto& delivery : deliveries) {
    if (!delivery.related_to.empty()) sender[delivery.message_id] = delivery.related_to == mail ? "S-main" : "R-main";
  }
  expect_taken_by([&](const Document& document) -> std::string {
    if (!document.about.empty()) return sender[document.about];
    return document.to == s_org ? "S-main" : "R-main";
  });
  for (const auto& [name, installation] : installations) EXPECT_THAT(alarms(name), IsEmpty()) << name;
}

// dpo.md 8.6 (1), step by step.
TEST_F(Channels, ConversationOfAChannelledSender) {
  start_on("S-A", "A");
  start_main("S-main", s_org);
  start_main("R-main", r_org);
  const auto message = send("S-A", r_org);
  ASSERT_TRUE(eventually([&] { return has("S-A", message, {"SENDT", "MOTTATT"}); }));
  serve("R-main");
  ASSERT_TRUE(eventually([&] { return has("S-A", message, all_five); }));
  serve("S-main");
  serve("S-A");
  ASSERT_THAT(receipts_for(message), ElementsAre("S-A"));
  const auto receipt = deliveries.back().message_id;
  ASSERT_TRUE(eventually([&] { return has("R-main", receipt, one_alarm_less) && all_confirmed(); }));

  std::vector<std::string> steps;
  for (const auto& document : ledger.read()) {
    const auto taker = document.confirmed_by.front().substr(3);
    const bool random = document.reference.size() == 36;
    steps.push_back(document.type + (document.status.empty() ? "" : "/" + document.status) + " " +
                    (random ? "U" : document.reference) + " " + taker);
  }
  // MOTTATT and LEVERT of one side may be uploaded in either order with the receipt.
  EXPECT_THAT(steps, ::testing::UnorderedElementsAre("arkivmelding U R-main", "status/MOTTATT A S-A",
                                                     "status/LEVERT A S-A", "arkivmelding_kvittering A S-A",
                                                     "status/MOTTATT U R-main", "status/LEVERT U R-main"));
  EXPECT_EQ(steps.front(), "arkivmelding U R-main");
}

// dpo.md 8.7 cases 4 and 7: the answer goes back by role, whatever our own channel is called by now.
TEST_F(Channels, AnswersCarryTheSendersChannelEvenIfItIsOursToo) {
  start_on("S-A", "same");
  start_main("S-main", s_org);
  start_main("R", r_org);
  const auto message = send("S-A", r_org);
  std::optional<app::Peeked> peeked;
  ASSERT_TRUE(eventually([&] {
    peeked = client("R").peek().value_or(std::nullopt);
    return peeked.has_value();
  }));
  start({"R", r_org, "same"});
  ASSERT_TRUE(client("R").remove(message));
  ASSERT_TRUE(client("R").send_receipt(*peeked, "OK"));
  EXPECT_TRUE(eventually([&] { return has("S-A", message, all_five); }));
  EXPECT_THAT(alarms("S-main"), IsEmpty());
}

// dpo.md 8.7 case 10.
TEST_F(Channels, ARenamedChannelLosesNothing) {
  start_on("S-A", "old");
  start_main("S-main", s_org);
  const auto message = send("S-A", r_org);
  ASSERT_TRUE(eventually([&] { return has("S-A", message, {"SENDT"}); }));
  start_on("S-A", "new");
  start_main("R-main", r_org);
  const auto later = send("S-A", r_org);
  ASSERT_TRUE(eventually([&] {
    for (const auto& [name, installation] : installations) serve(name);
    return has("S-A", message, all_five) && has("S-A", later, all_five) && receipts_for(message).size() == 1;
  }));
  EXPECT_THAT(receipts_for(message), ElementsAre("S-A"));
  EXPECT_THAT(alarms("S-A"), ElementsAre("D10 old"));
  EXPECT_THAT(alarms("S-main"), IsEmpty());
}

// dpo.md 8.7 case 11.
TEST_F(Channels, ARemovedChannelLosesNothing) {
  start_on("S", "old");
  const auto message = send("S", r_org);
  ASSERT_TRUE(eventually([&] { return has("S", message, {"SENDT"}); }));
  start_main("S", s_org);
  start_main("R", r_org);
  const auto mail = send("R", s_org);
  ASSERT_TRUE(eventually([&] {
    for (const auto* name : {"R", "S"}) serve(name);
    return has("S", message, all_five) && has("R", mail, all_five);
  }));
  EXPECT_THAT(alarms("S"), ElementsAre("D10 old"));
}

// dpo.md 8.7 case 12: answers without a channel wait, and nobody takes them for his own.
TEST_F(Channels, AnAddedChannelLosesNothing) {
  start_main("S-A", s_org);
  const auto message = send("S-A", r_org);
  ASSERT_TRUE(eventually([&] { return has("S-A", message, {"SENDT"}); }));
  start_on("S-A", "A");
  start_main("S-main", s_org);
  start_main("R-main", r_org);
  ASSERT_TRUE(eventually([&] {
    serve("R-main");
    return receivers_of(message).size() == 1 && found("S-main", "D1 " + message);
  }));
  let_rounds_pass(s_org);
  EXPECT_EQ(statuses("S-A", message), (Names{"OPPRETTET", "SENDT"}));
  EXPECT_TRUE(found("S-A", "D10 -"));
  for (const auto& document : ledger.read()) {
    if (document.about != message) continue;
    EXPECT_THAT(document.confirmed_by, IsEmpty()) << "left for its owner";
  }
  stop("S-main");
  start_main("S-A", s_org);
  EXPECT_TRUE(eventually([&] {
    clock.advance(seconds(5));
    serve("S-A");
    return has("S-A", message, all_five);
  }));
}

// dpo.md 8.7 case 8: one installation for two organisations, each with its own channel.
TEST_F(Channels, EachOrganisationOfAnInstallationHasItsChannel) {
  national.approve_system_user(client_of("P"), t_org, "of-t");
  const Names for_t{"--difi.move.dpo.reportees[0].orgId=0192:" + t_org, "--difi.move.dpo.reportees[0].name=of-t",
                    "--difi.move.dpo.reportees[0].message-channel=T-vendor"};
  start({"P", s_org, "S-vendor", for_t});
  start_main("S-main", s_org);
  start_main("T-main", t_org);
  start({"R-main", r_org, "", {"--kanal.asic.processors=" + s_org}});
  const auto of_s = send("P", r_org);
  const auto of_t = send("P", r_org, t_org);
  const auto mail = send("R-main", t_org);
  ASSERT_TRUE(eventually([&] {
    for (const auto& [name, installation] : installations) serve(name);
    // A receipt makes its status before its client gets it.
    return has("P", of_s, all_five) && has("P", of_t, all_five) && has("R-main", mail, all_five) &&
           !receipts_for(of_t).empty();
  }));
  EXPECT_THAT(receivers_of(mail), ElementsAre("T-main"));
  EXPECT_THAT(receipts_for(of_t), ElementsAre("P"));
  for (const auto& document : ledger.read()) {
    const auto owner = document.about == of_s ? "S-vendor" : document.about == of_t ? "T-vendor" : document.reference;
    EXPECT_EQ(document.reference, owner);
  }
  for (const auto& [name, installation] : installations) EXPECT_THAT(alarms(name), IsEmpty()) << name;
}

TEST_F(Channels, OneOrganisationWithoutApprovalDoesNotStopTheOthers) {
  start({"P",
         s_org,
         "",
         {"--difi.move.dpo.reportees[0].orgId=0192:" + t_org, "--difi.move.dpo.reportees[0].name=never-approved"}});
  start_main("R-main", r_org);
  const auto out = send("P", r_org);
  const auto in = send("R-main", s_org);
  ASSERT_TRUE(eventually([&] {
    for (const auto* name : {"P", "R-main"}) serve(name);
    return has("P", out, all_five) && has("R-main", in, all_five);
  }));
  const auto text = health("P");
  const auto state = boost::json::parse(text).at_pointer("/components/DPO/details");
  EXPECT_THAT(std::string(state.at("problem").as_string()), HasSubstr("0192:" + t_org)) << text;
  for (const auto& inbox : state.at("inboxes").as_array()) {
    const bool broken = inbox.at("inbox").as_string() == "0192:" + t_org;
    EXPECT_EQ(inbox.as_object().contains("lastError"), broken) << text;
  }
}

}  // namespace
}  // namespace kanal::testing
