// DPF in: what KS SvarInn holds reaches the client of the installation that receives, once (dpf.md sections 7 to 9).
#include "formats/zip_testing.hpp"
#include "sim/faults.hpp"
#include "tests/e2e/ks.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class DpfIn : public BenchTest {
 protected:
  DpfIn() { ks::set_up(national); }
  sim::SvarUtState& svarut() { return national.svarut().state(); }
  void start_receiver(const Names& more = {}, const std::string& name = "T") {
    auto settings = ks::receiving(national);
    settings.insert(settings.end(), more.begin(), more.end());
    start({name, t_org, "", settings});
  }
  /// Somebody sends a letter; gives its id at KS.
  std::string arrives(const std::string& what = "krav") { return ks::arrives(national, what, ++arrived_); }
  std::string arrives_broken() {
    sim::InjectedItem item;
    item.username = "mottak";
    item.item = boost::json::object{{"tittel", "ødelagt"}, {"date", 1'788'250'000'000 + ++arrived_}};
    item.content = "this is no zip";
    return svarut().inject(item);
  }
  bool gets(const std::string& id, const std::string& name = "T") {
    return eventually([&] {
      clock.advance(seconds(2));
      serve(name, false);
      return !receivers_of(id).empty();
    });
  }
  std::size_t told(const std::string& action, const std::string& id = {}) {
    return national.audit().count({.simulator = "svarinn", .action = action, .subject = id});
  }
  /// Rounds of the inbox, so that what must not happen has its chance.
  void let_lists_pass(std::size_t count = 3) {
    const auto before = told("list");
    ASSERT_TRUE(eventually([&] {
      clock.advance(seconds(2));
      return told("list") >= before + count;
    }));
  }

 private:
  int arrived_ = 0;
};

TEST_F(DpfIn, FromSvarUtToTheClientAndBackToTheSender) {
  start({"S", s_org, "", ks::sending(national)});
  start_receiver();
  auto out = letter(t_org);
  out.title = "Svar på høring om havneplan";
  out.files.push_back({"kart på norsk.png", "image/png", "PNG kart"});
  const auto id = client("S").send(out);
  ASSERT_TRUE(id) << id.error().text();
  std::string there;
  ASSERT_TRUE(eventually([&] {
    const auto sent = svarut().by_ekstern_ref(*id, ks::konto);
    if (sent.size() == 1) there = sent.front().id;
    return !there.empty();
  }));
  std::optional<app::Peeked> peeked;
  ASSERT_TRUE(eventually([&] {
    auto seen = client("T").peek();
    peeked = seen ? *seen : std::nullopt;
    return peeked.has_value();
  }));
  EXPECT_EQ(peeked->message_id, there);
  EXPECT_EQ(peeked->type, "arkivmelding");
  const auto package = client("T").pop(there);
  ASSERT_TRUE(package && *package) << "the container";
  const auto files = formats::testing::unpack(**package);
  ASSERT_TRUE(files) << files.error().text();
  const auto content_of = [&](const std::string& name) {
    const auto found = std::ranges::find(*files, name, &formats::testing::File::name);
    return found == files->end() ? "(none)" : found->content;
  };
  EXPECT_EQ(content_of("kart på norsk.png"), "PNG kart");
  EXPECT_THAT(content_of("arkivmelding.xml"),
              AllOf(HasSubstr("<offentligTittel>Svar på høring om havneplan</offentligTittel>"),
                    HasSubstr("<referanseDokumentfil>kart på norsk.png</referanseDokumentfil>")));
  ASSERT_TRUE(client("T").remove(there));
  EXPECT_TRUE(eventually([&] {
    clock.advance(seconds(2));
    return statuses("S", *id) == Names{"OPPRETTET", "SENDT", "LEVERT", "LEST"};
  })) << ::testing::PrintToString(statuses("S", *id));
  serve("S");
  EXPECT_THAT(receipts_for(*id), ElementsAre("S"));
  EXPECT_THAT(alarms("T"), IsEmpty());
  EXPECT_EQ(told("kvitterMottak", there), 1U);
}

TEST_F(DpfIn, SwitchedOffMeansNotOneRequest) {
  arrives();
  start_receiver({"--difi.move.feature.enableDPF=true", "--difi.move.fiks.inn.enable=false",
                  "--difi.move.fiks.ut.type=rest", "--difi.move.fiks.ut.endpointUrl=" + national.svarut_url()});
  let_rounds_pass(t_org);
  EXPECT_EQ(national.audit().count({.simulator = "svarinn"}), 0U);
}

TEST_F(DpfIn, AnswersLostAfterTheirEffectMakeNoSecondMessage) {
  start_receiver();
  for (const std::string fault : {"svarinn.kvitterMottak.lost_answer", "svarinn.kvitterMottak.500_after",
                                  "svarinn.kvitterMottak.503", "svarinn.download.reset", "svarinn.list.cut"}) {
    SCOPED_TRACE(fault);
    arm(fault);
    const auto id = arrives();
    ASSERT_TRUE(gets(id));
    let_lists_pass();
    serve("T", false);
    EXPECT_THAT(receivers_of(id), SizeIs(1));
    EXPECT_EQ(told("kvitterMottak", id), 1U);
    EXPECT_TRUE(svarut().queue("mottak").empty());
    national.faults().disarm_all();
  }
  EXPECT_THAT(alarms("T"), IsEmpty()) << "no neighbour is suspected of what we did ourselves";
}

TEST_F(DpfIn, WhatIsTakenAndDeletedIsNeverImportedAgain) {
  start_receiver();
  arm("svarinn.kvitterMottak.503", std::nullopt);
  const auto id = arrives();
  ASSERT_TRUE(gets(id));
  start_receiver();
  let_lists_pass();
  serve("T", false);
  EXPECT_THAT(receivers_of(id), SizeIs(1)) << "still listed, but done with";
  EXPECT_EQ(told("download", id), 1U);
  national.faults().disarm_all();
  EXPECT_TRUE(eventually([&] {
    clock.advance(seconds(2));
    return svarut().queue("mottak").empty();
  }));
}

TEST_F(DpfIn, EveryFlawOfAListIsMetAndTheMessageArrives) {
  start({"S", s_org, "", ks::sending(national)});
  start_receiver();
  for (const std::string flaw : {"nulls", "unknown_fields", "duplicate_names", "bad_metadata_key", "negative_dates",
                                 "no_sha256", "foreign_url", "relative_url"}) {
    SCOPED_TRACE(flaw);
    arm("svarinn.list." + flaw, 1);
    const auto id = send("S", t_org);
    ASSERT_TRUE(eventually([&] {
      clock.advance(seconds(2));
      serve("T", false);
      return has("S", id, {"LEST"});
    })) << ::testing::PrintToString(statuses("S", id));
    national.faults().disarm_all();
  }
  for (const std::string kind : {"folders", "lone_file", "no_type"}) {
    SCOPED_TRACE(kind);
    arm("svarinn.download." + kind, 1);
    const auto id = send("S", t_org);
    ASSERT_TRUE(eventually([&] {
      clock.advance(seconds(2));
      return has("S", id, {"LEST"});
    }));
    national.faults().disarm_all();
  }
}

TEST_F(DpfIn, WhatCanNeverBeReadIsToldOnceAndStopsNothing) {
  start_receiver();
  const auto broken = arrives_broken();
  const auto good = arrives();
  ASSERT_TRUE(gets(good));
  ASSERT_TRUE(eventually([&] {
    clock.advance(seconds(20));
    return told("mottakFeilet", broken) > 0;
  }));
  let_lists_pass();
  EXPECT_EQ(told("mottakFeilet", broken), 1U);
  EXPECT_EQ(told("kvitterMottak", broken), 0U) << "it stays at KS: nothing is lost";
  EXPECT_THAT(svarut().queue("mottak"), SizeIs(1));
  const auto lines = national.audit().find({.simulator = "svarinn", .action = "mottakFeilet"});
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines.front().detail, AllOf(HasSubstr("permanent=false"), HasSubstr("zip")));
}

TEST_F(DpfIn, AFirstPageOfUnreadableOnesIsAnAlarm) {
  auto rules = svarut().rules();
  rules.max_list = 200;
  svarut().set_rules(rules);
  for (int i = 0; i < 199; ++i) arrives_broken();
  const auto good = arrives("siste på listen");
  const auto behind = arrives("bak listen");
  start_receiver();
  EXPECT_TRUE(gets(good)) << "the last place of the first list";
  const auto last = arrives_broken();
  ASSERT_TRUE(gets(behind)) << "there is room again";
  EXPECT_TRUE(eventually([&] {
    clock.advance(minutes(2));
    return told("mottakFeilet", last) > 0 && health("T").find("fill the list") != std::string::npos;
  })) << health("T");
}

TEST_F(DpfIn, AWrongCertificateAtKsIsToldAndNothingIsLost) {
  start_receiver();
  arm("svarinn.download.wrong_certificate", std::nullopt);
  const auto id = arrives();
  ASSERT_TRUE(eventually([&] {
    clock.advance(seconds(2));
    return health("T").find("difi.move.fiks.keystore") != std::string::npos;
  })) << health("T");
  EXPECT_EQ(told("mottakFeilet", id), 0U);
  national.faults().disarm_all();
  clock.advance(hours(2));
  EXPECT_TRUE(gets(id));
}

TEST_F(DpfIn, AnAccountThatFailsStopsNoOther) {
  national.svarut().state().add_system(
      {"mottak-2", "andre", {r_org}, BenchKeys::get().organisations.at(t_org).certificate});
  start_receiver({"--difi.move.fiks.inn.password=feil-passord",
                  "--difi.move.fiks.inn.paa-vegne-av." + r_org + ".username=mottak-2",
                  "--difi.move.fiks.inn.paa-vegne-av." + r_org + ".password=andre"});
  sim::InjectedItem item;
  item.username = "mottak-2";
  item.item = boost::json::object{{"tittel", "til den andre"}, {"mottaker", boost::json::object{{"orgnr", r_org}}}};
  item.content = formats::testing::make_zip({{"brev.pdf", "%PDF"}});
  EXPECT_TRUE(gets(svarut().inject(item)));
  EXPECT_TRUE(eventually([&] { return health("T").find("difi.move.fiks.inn.username") != std::string::npos; }));
  EXPECT_THAT(health("T"), AllOf(HasSubstr("user mottak"), Not(HasSubstr("feil-passord"))));
}

TEST_F(DpfIn, ASecondInstallationThatEmptiesTheAccountIsFound) {
  start_receiver();
  arm("svarinn.download.503", std::nullopt);
  const auto id = arrives();
  ASSERT_TRUE(
      eventually([&] { return national.audit().count({.simulator = "svarinn", .action = "download.refused"}) > 0; }));
  ASSERT_TRUE(svarut().acknowledge("mottak", id)) << "somebody else";
  national.faults().disarm_all();
  ASSERT_TRUE(eventually([&] {
    clock.advance(seconds(2));
    return found("T", "D5 " + id);
  })) << health("T");
  EXPECT_THAT(health("T"), HasSubstr("set difi.move.fiks.inn.enable to false in all others"));
}

TEST_F(DpfIn, AnotherOneThatWasQuickerIsFoundToo) {
  start_receiver();
  std::string id;
  hooks("T").once("receive.committed", [&] { (void)svarut().acknowledge("mottak", id); });
  arm("svarinn.list.503", std::nullopt);
  id = arrives();
  national.faults().disarm_all();
  ASSERT_TRUE(gets(id));
  EXPECT_TRUE(eventually([&] { return found("T", "D8 " + id); })) << health("T");
}

}  // namespace
}  // namespace kanal::testing
