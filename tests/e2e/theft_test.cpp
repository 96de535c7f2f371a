// Installations and others that take what is not theirs (dpo.md 8.6 (3), 9 and 12): what can be saved is saved, and the
// rest is reported.
#include "tests/e2e/bench.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const Names all_five{"OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"};
const std::string unchannelled = "5d0f9a0e-8a1b-4a43-9f5e-6a3c0e9b7c11";

class Thieves : public BenchTest {
 protected:
  /// A message to S; gives the id of its transfer too.
  std::pair<std::string, std::string> mail() {
    const auto id = new_uuid();
    const auto sbd =
        make_sbd("arkivmelding", "0192:" + r_org, "0192:" + s_org, id, {{"sikkerhetsnivaa", 3}}, clock.now());
    return {id, inject(r_org, s_org, unchannelled, sbd)};
  }
  /// The only transfer there is.
  std::string only_transfer() {
    const auto all = ledger.read();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? "" : all.front().id;
  }
  Document document(const std::string& transfer) {
    for (const auto& one : ledger.read()) {
      if (one.id == transfer) return one;
    }
    return {};
  }
};

// dpo.md 8.6 (3): X and Y both without a channel.
TEST_F(Thieves, TwoInstallationsWithoutAChannel) {
  start({"S-main", s_org});
  start({"S-B", s_org, "B"});
  start({"R-main", r_org});
  start({"S-B", s_org});
  std::map<std::string, std::string> sender;
  for (int i = 0; i < 4; ++i) {
    sender[send("S-B", r_org)] = "S-B";
    sender[send("S-main", r_org)] = "S-main";
  }
  // Whoever asks first begins to take the other's answers, but leaves them to be found.
  ASSERT_TRUE(eventually([&] {
    clock.advance(seconds(2));
    for (const auto& [name, installation] : installations) serve(name);
    return std::ranges::all_of(sender, [&](const auto& sent) {
      return has(sent.second, sent.first, all_five) && !receipts_for(sent.first).empty();
    });
  }));
  for (const auto& document : ledger.read()) {
    const auto owner = sender.find(document.about);
    if (owner == sender.end()) continue;
    EXPECT_THAT(document.confirmed_by, ElementsAre(client_of(owner->second))) << document.type << document.status;
  }
  for (const auto& [id, name] : sender) EXPECT_THAT(receipts_for(id), ElementsAre(name));
  const auto all = [&] {
    auto both = alarms("S-main");
    const auto others = alarms("S-B");
    both.insert(both.end(), others.begin(), others.end());
    return both;
  };
  EXPECT_THAT(all(), Contains(::testing::AnyOf(StartsWith("D1 "), StartsWith("D2 "))));
  // One that looks while the other fetches sees that: which round that happens in is chance.
  EXPECT_TRUE(eventually([&] {
    if (::testing::Value(all(), Contains(StartsWith("D6 ")))) return true;
    send("S-B", r_org);
    send("S-main", r_org);
    clock.advance(seconds(2));
    for (const auto& [name, installation] : installations) serve(name);
    return false;
  }));
  EXPECT_THAT(health("S-main"), HasSubstr("difi.move.dpo.message-channel"));
}

// With descriptions switched on, the same is proven before anything is taken.
TEST_F(Thieves, TwoInstallationsThatTellWhoTheyAre) {
  const Names tell{"--kanal.dpo.describe-installation=true"};
  start({"S-main", s_org, "", tell});
  start({"S-B", s_org, "", tell});
  start({"S-A", s_org, "A", tell});
  start({"S-A2", s_org, "A", tell});
  send("S-B", r_org);
  send("S-A", r_org);
  EXPECT_TRUE(eventually([&] {
    const auto main = alarms("S-main");
    const auto namesake = alarms("S-A2");
    return main.size() == 1 && main[0].starts_with("D12 ") && namesake.size() == 1 && namesake[0].starts_with("D11 ");
  }));
  EXPECT_TRUE(eventually([&] { return ::testing::Value(findings("S-main"), Contains(StartsWith("D4 "))); }))
      << "S-A is legal, and noted";
}

TEST_F(Thieves, TwoInstallationsWithTheSameChannel) {
  start({"S-A", s_org, "A"});
  start({"S-A2", s_org, "A"});
  const auto message = send("S-A", r_org);
  ASSERT_TRUE(eventually([&] { return has("S-A", message, {"SENDT"}); }));
  stop("S-A");
  start({"R-main", r_org});
  ASSERT_TRUE(eventually([&] {
    serve("R-main");
    return found("S-A2", "D11 " + message);
  }));
  for (const auto& one : ledger.read()) {
    EXPECT_THAT(one.confirmed_by, Not(Contains(client_of("S-A2"))));
  }
  start({"S-A", s_org, "A"});
  ASSERT_TRUE(eventually([&] {
    clock.advance(seconds(2));
    serve("S-A");
    return has("S-A", message, all_five);
  }));
  EXPECT_THAT(alarms("S-A"), Contains(StartsWith("D6 "))) << "begun by the namesake";
}

TEST_F(Thieves, ANamesakeThatConfirmsUnseen) {
  start({"S-A", s_org, "A"});
  let_rounds_pass(s_org, 1);
  stop("S-A");
  const auto transfer = inject(r_org, s_org, "A", status_of(new_uuid(), "MOTTATT"));
  ASSERT_TRUE(raw_peer(s_org).take(transfer));
  start({"S-A", s_org, "A"});
  EXPECT_TRUE(eventually([&] { return found("S-A", "D11 " + transfer); }));
}

// The thief was there between two polls.
TEST_F(Thieves, TakenBeforeWeSawIt) {
  start({"S-main", s_org});
  let_rounds_pass(s_org, 1);
  stop("S-main");
  const auto [message, transfer] = mail();
  ASSERT_TRUE(raw_peer(s_org).take(transfer));
  start({"S-main", s_org});
  EXPECT_TRUE(eventually([&] { return found("S-main", "D6 " + transfer); }));
  serve("S-main");
  EXPECT_THAT(receivers_of(message), IsEmpty());
}

TEST_F(Thieves, BegunBeforeWeSawIt) {
  const auto [message, transfer] = mail();
  ASSERT_TRUE(raw_peer(s_org).download(transfer));
  start({"S-main", s_org});
  EXPECT_TRUE(eventually([&] { return found("S-main", "D6 " + transfer); }));
  let_rounds_pass(s_org);
  EXPECT_THAT(document(transfer).confirmed_by, IsEmpty()) << "it may be on its way to the other one's client";
}

TEST_F(Thieves, TakenBetweenListAndDownload) {
  start({"S-main", s_org});
  auto thief = raw_peer(s_org);
  hooks("S-main").once("receive.taking_stored", [&] { thief.take_all(); });
  const auto [message, transfer] = mail();
  ASSERT_TRUE(eventually([&] { return found("S-main", "D8 " + transfer) && found("S-main", "D7 " + transfer); }));
  EXPECT_TRUE(hooks("S-main").done());
  serve("S-main");
  EXPECT_THAT(receivers_of(message), ElementsAre("S-main")) << "and marked as possibly delivered elsewhere too";
}

TEST_F(Thieves, TakenBeforeWeCouldDownload) {
  start({"S-main", s_org});
  auto thief = raw_peer(s_org);
  arm("broker.download.503", 1, s_org);
  hooks("S-main").once("receive.downloaded", [&] { EXPECT_EQ(thief.take_all().size(), 1U); });
  const auto [message, transfer] = mail();
  ASSERT_TRUE(eventually([&] { return found("S-main", "D5 " + transfer); }));
  serve("S-main");
  EXPECT_THAT(receivers_of(message), IsEmpty());
  EXPECT_THAT(alarms("S-main"), ElementsAre("D5 " + transfer));
}

TEST_F(Thieves, TakenBetweenDownloadAndConfirm) {
  start({"S-main", s_org});
  auto thief = raw_peer(s_org);
  std::string taken;
  hooks("S-main").once("receive.committed", [&] {
    taken = only_transfer();
    EXPECT_TRUE(thief.take(taken));
  });
  const auto [message, transfer] = mail();
  ASSERT_TRUE(eventually([&] { return found("S-main", "D8 " + transfer) && found("S-main", "D7 " + transfer); }));
  EXPECT_EQ(taken, transfer);
  serve("S-main");
  EXPECT_THAT(receivers_of(message), ElementsAre("S-main"));
}

// Only the confirmation was stolen: then nobody else has the content.
TEST_F(Thieves, ConfirmedOverOurHead) {
  start({"S-main", s_org});
  auto thief = raw_peer(s_org);
  hooks("S-main").once("receive.committed", [&] { EXPECT_TRUE(thief.confirm(only_transfer())); });
  const auto [message, transfer] = mail();
  ASSERT_TRUE(eventually([&] { return found("S-main", "D8 " + transfer); }));
  EXPECT_THAT(alarms("S-main"), ElementsAre("D8 " + transfer));
}

// dpo.md 8.7 case 16: the counterpart does not echo the channel.
TEST_F(Thieves, ACounterpartThatDoesNotEchoTheChannel) {
  start({"S-A", s_org, "A"});
  start({"S-main", s_org});
  const auto message = send("S-A", r_org);
  ASSERT_TRUE(eventually([&] { return has("S-A", message, {"SENDT"}); }));
  ASSERT_EQ(raw_peer(r_org).take_all().size(), 1U);
  const auto answer = inject(r_org, s_org, unchannelled, status_of(message, "MOTTATT"));
  ASSERT_TRUE(eventually([&] { return found("S-main", "D1 " + message); }));
  EXPECT_THAT(alarms("S-A"), IsEmpty());
  clock.advance(minutes(11));
  EXPECT_TRUE(eventually([&] { return found("S-A", "D3 " + message); }));
  EXPECT_THAT(document(answer).confirmed_by, IsEmpty()) << "kept for whoever sent the message";
}

}  // namespace
}  // namespace kanal::testing
