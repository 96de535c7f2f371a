// Waiting files in numbers, late, twice and in the wrong order (dpo.md 7.4, 10.1 and 12).
#include "tests/e2e/bench.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const std::string unchannelled = "5d0f9a0e-8a1b-4a43-9f5e-6a3c0e9b7c11";

class Arrivals : public BenchTest {
 protected:
  domain::Sbd mail(const std::string& id) const {
    return make_sbd("arkivmelding", "0192:" + r_org, "0192:" + s_org, id, {{"sikkerhetsnivaa", 3}}, clock.now());
  }
  bool all_confirmed() {
    return std::ranges::none_of(ledger.read(), [](const auto& document) { return document.confirmed_by.empty(); });
  }
  /// Sent by S to a counterpart that is no Kanal, and taken there.
  std::string sent_to_an_old_counterpart() {
    const auto id = send("S", r_org);
    EXPECT_TRUE(eventually([&] { return has("S", id, {"SENDT"}); }));
    EXPECT_EQ(raw_peer(r_org).take_all().size(), 1U);
    return id;
  }
};

TEST_F(Arrivals, AnOldFileIsFoundBehindADeadChannel) {
  const auto id = new_uuid();
  inject(r_org, s_org, unchannelled, mail(id));
  for (int i = 0; i < 150; ++i) {
    clock.advance(std::chrono::milliseconds(1));  // the broker cannot list more than a hundred of one instant
    inject(r_org, s_org, "dead", status_of(new_uuid(), "MOTTATT"));
  }
  const auto late = new_uuid();
  inject(r_org, s_org, unchannelled, mail(late));
  start({"S", s_org});
  ASSERT_TRUE(eventually([&] {
    serve("S", false);
    return receivers_of(id).size() == 1 && receivers_of(late).size() == 1;
  }));
  const auto described = national.broker().counts().of("overview", s_org);
  EXPECT_GE(described, 152U);
  let_rounds_pass(s_org);
  EXPECT_LE(national.broker().counts().of("overview", s_org), described + 2) << "each is described once in its life";
  for (const auto& document : ledger.read()) {
    if (document.reference != "dead") continue;
    EXPECT_THAT(document.downloaded_by, IsEmpty());
  }
  clock.advance(hours(2));
  EXPECT_TRUE(eventually([&] { return found("S", "D9 dead"); }));
}

TEST_F(Arrivals, ManyFilesAtOnceAreHandledOnceInOrder) {
  std::vector<std::string> ids;
  for (int i = 0; i < 250; ++i) {
    ids.push_back(new_uuid());
    clock.advance(std::chrono::milliseconds(1));  // order is that of creation at the broker, in milliseconds
    inject(r_org, s_org, unchannelled, mail(ids.back()));
  }
  start({"S", s_org});
  ASSERT_TRUE(eventually([&] {
    serve("S", false);
    return deliveries.size() >= ids.size();
  }));
  let_rounds_pass(s_org);
  serve("S", false);
  std::vector<std::string> got;
  for (const auto& delivery : deliveries) got.push_back(delivery.message_id);
  EXPECT_EQ(got, ids);
  for (const auto& document : ledger.read()) {
    if (document.to != s_org) continue;
    EXPECT_THAT(document.downloaded_by, ElementsAre(client_of("S")));
  }
  EXPECT_THAT(alarms("S"), IsEmpty());
}

TEST_F(Arrivals, TheSameMessageTwiceIsDeliveredOnce) {
  start({"S", s_org});
  const auto id = new_uuid();
  inject(r_org, s_org, unchannelled, mail(id));
  inject(r_org, s_org, unchannelled, mail(id));
  const auto confirmed = [&](std::ptrdiff_t count) {
    return std::ranges::count_if(ledger.read(), [&](const auto& document) {
             return document.to == s_org && document.message_id == id && document.confirmed_by.size() == 1;
           }) == count;
  };
  ASSERT_TRUE(eventually([&] { return confirmed(2); }));
  serve("S", false);
  inject(r_org, s_org, unchannelled, mail(id));
  ASSERT_TRUE(eventually([&] { return confirmed(3); }));
  serve("S", false);
  EXPECT_THAT(receivers_of(id), ElementsAre("S"));
  EXPECT_THAT(alarms("S"), IsEmpty());
}

// dpo.md 10.1 no. 3: down over a weekend.
TEST_F(Arrivals, StatusesThatComeLateAreWhatTheyAre) {
  start({"S", s_org});
  const auto id = sent_to_an_old_counterpart();
  stop("S");
  inject(r_org, s_org, unchannelled, status_of(id, "MOTTATT"));
  inject(r_org, s_org, unchannelled, status_of(id, "LEVERT"));
  clock.advance(hours(30));
  start({"S", s_org});
  ASSERT_TRUE(eventually([&] { return has("S", id, {"MOTTATT", "LEVERT"}); }));
  let_rounds_pass(s_org);
  EXPECT_THAT(statuses("S", id), ElementsAre("OPPRETTET", "SENDT", "MOTTATT", "LEVERT"));
}

TEST_F(Arrivals, StatusesThatComeAfterTheTimeToLiveAreAdded) {
  start({"S", s_org});
  const auto id = sent_to_an_old_counterpart();
  clock.advance(hours(30));
  ASSERT_TRUE(eventually([&] { return has("S", id, {"LEVETID_UTLOPT"}); }));
  inject(r_org, s_org, unchannelled, status_of(id, "MOTTATT"));
  inject(r_org, s_org, unchannelled, status_of(id, "LEVERT"));
  ASSERT_TRUE(eventually([&] { return all_confirmed(); }));
  EXPECT_THAT(statuses("S", id), ElementsAre("OPPRETTET", "SENDT", "LEVETID_UTLOPT", "MOTTATT", "LEVERT"));
}

TEST_F(Arrivals, AnAnswerThatIsFasterThanOurOwnBooks) {
  start({"S", s_org});
  start({"R", r_org});
  const auto message = letter(r_org);
  const auto id = new_uuid();
  std::atomic<bool> answered = false;
  hooks("S").once("send.uploaded", [&] { answered = eventually([&] { return has("S", id, {"MOTTATT"}); }); });
  auto given = message;
  given.message_id = id;
  ASSERT_TRUE(client("S").send(given));
  ASSERT_TRUE(eventually([&] {
    serve("R");
    return has("S", id, {"SENDT", "LEVERT", "LEST"});
  }));
  EXPECT_TRUE(answered);
  EXPECT_THAT(statuses("S", id), UnorderedElementsAre("OPPRETTET", "MOTTATT", "SENDT", "LEVERT", "LEST"));
  EXPECT_THAT(alarms("S"), IsEmpty());
}

TEST_F(Arrivals, DeliveredBeforeReceived) {
  start({"S", s_org});
  const auto id = sent_to_an_old_counterpart();
  inject(r_org, s_org, unchannelled, status_of(id, "LEVERT"));
  ASSERT_TRUE(eventually([&] { return has("S", id, {"LEVERT"}); }));
  inject(r_org, s_org, unchannelled, status_of(id, "MOTTATT"));
  ASSERT_TRUE(eventually([&] { return all_confirmed(); }));
  EXPECT_THAT(statuses("S", id), ElementsAre("OPPRETTET", "SENDT", "LEVERT", "MOTTATT"));
}

}  // namespace
}  // namespace kanal::testing
