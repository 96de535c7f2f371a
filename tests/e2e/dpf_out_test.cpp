// DPF out: forsendelser to organisations that KS reaches, by REST and by SOAP (dpf.md sections 3 to 6 and 9). The
// simulator counts: whatever is lost on the way, there is one forsendelse.
#include "sim/faults.hpp"
#include "tests/e2e/ks.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using ks::integrasjon;
using ks::konto;
const Names under_way{"OPPRETTET", "SENDT", "LEVERT"};
const Names read_there{"OPPRETTET", "SENDT", "LEVERT", "LEST"};

class DpfOut : public BenchTest {
 protected:
  DpfOut() { ks::set_up(national); }
  sim::SvarUtState& svarut() { return national.svarut().state(); }

  void start_with(const std::string& type, const Names& more = {}) {
    InstallationSetup setup{"S", s_org, "", ks::sending(national, type)};
    setup.settings.insert(setup.settings.end(), more.begin(), more.end());
    start(setup);
  }
  static app::Letter letter_with_map() {
    auto out = letter(t_org);
    out.title = "Svar på høring om havneplan";
    out.files.push_back({"kart på norsk.png", "image/png", "PNG kart"});
    return out;
  }
  std::string post() {
    auto id = client("S").send(letter_with_map());
    EXPECT_TRUE(id) << id.error().text();
    return id.value_or("");
  }
  bool reaches(const std::string& id, const Names& wanted) {
    return eventually([&] {
      clock.advance(seconds(2));
      return statuses("S", id) == wanted;
    });
  }
  std::string described() {
    std::string all;
    for (const auto& one : svarut().forsendelser(100))
      all += one.ekstern_ref + " " + svarut().status_of(one).status + "\n";
    return all;
  }
  std::vector<sim::Forsendelse> sent_as(const std::string& id) { return svarut().by_ekstern_ref(id, konto); }
  std::string text_of_status(const std::string& id, const std::string& status) {
    const auto seen = client("S").statuses(id);
    for (const auto& one : seen.value_or(std::vector<app::SeenStatus>{})) {
      if (one.status == status) return one.description;
    }
    return "(none)";
  }
  /// All the way to LEST, and the receipt that the core makes.
  void expect_read(const std::string& id) {
    ASSERT_TRUE(reaches(id, under_way)) << ::testing::PrintToString(statuses("S", id)) << health("S");
    const auto sent = sent_as(id);
    ASSERT_THAT(sent, SizeIs(1));
    ASSERT_TRUE(svarut().set_status(sent[0].id, "LEST"));
    ASSERT_TRUE(reaches(id, read_there)) << ::testing::PrintToString(statuses("S", id));
    serve("S");
    EXPECT_THAT(receipts_for(id), ElementsAre("S")) << "one receipt, made here";
  }
};

TEST_F(DpfOut, RestToTheReceiversReading) {
  start_with("rest");
  const auto id = post();
  expect_read(id);
  const auto sent = sent_as(id).front();
  EXPECT_EQ(sent.tittel, "Svar på høring om havneplan");
  EXPECT_EQ(sent.mottaker, t_org);
  EXPECT_EQ(sent.svar_sendes_til, s_org);
  EXPECT_TRUE(sent.kryptert);
  ASSERT_THAT(sent.dokumenter, SizeIs(2)) << "arkivmelding.xml stays here";
  EXPECT_EQ(sent.dokumenter[0].filnavn, "brev.pdf");
  EXPECT_EQ(sent.dokumenter[1].filnavn, "kart på norsk.png");
  EXPECT_TRUE(sent.dokumenter[1].excluded_from_print);
  EXPECT_EQ(sent.dokumenter[1].size, 8U) << "what was decrypted";
  EXPECT_THAT(alarms("S"), IsEmpty());
}

TEST_F(DpfOut, SoapToTheReceiversReading) {
  start_with("ws");
  const auto id = post();
  expect_read(id);
  EXPECT_EQ(sent_as(id).front().id, id) << "here the client chooses";
  EXPECT_THAT(sent_as(id).front().dokumenter, SizeIs(2));
}

TEST_F(DpfOut, WhatSvarUtCouldNotDeliverIsAFailureWithWords) {
  start_with("rest");
  for (const auto& [fate, words] : std::map<std::string, std::string>{
           {"AVVIST", "avvist"}, {"FEILET_UNDER_MOTTAK", "feilet under mottak"}, {"IKKE_LEVERT", "ikke levere"}}) {
    const auto id = post();
    ASSERT_TRUE(reaches(id, under_way));
    ASSERT_TRUE(svarut().set_status(sent_as(id).front().id, fate));
    EXPECT_TRUE(reaches(id, {"OPPRETTET", "SENDT", "LEVERT", "FEIL"})) << fate;
    EXPECT_THAT(text_of_status(id, "FEIL"), HasSubstr(words));
  }
}

TEST_F(DpfOut, DeathAtAnyPointMakesOneForsendelse) {
  for (const std::string type : {"rest", "ws"}) {
    start_with(type);
    for (const std::string point : {"send.leased", "send.reference_stored", "send.uploaded", "send.committed"}) {
      SCOPED_TRACE(type + " " + point);
      hooks("S").die_at(point);
      const auto id = post();
      ASSERT_TRUE(eventually([&] { return hooks("S").dead(); }));
      stop("S");
      hooks("S").revive();
      start_with(type);
      EXPECT_TRUE(reaches(id, under_way)) << ::testing::PrintToString(statuses("S", id));
      EXPECT_THAT(sent_as(id), SizeIs(1));
    }
  }
}

TEST_F(DpfOut, AWrongPasswordNamesPropertyAndAccount) {
  start_with("rest", {"--difi.move.fiks.ut.rest.integrasjon-passord=feil-passord"});
  EXPECT_TRUE(eventually([&] { return health("S").find("integrasjon-passord") != std::string::npos; })) << health("S");
  EXPECT_THAT(health("S"), AllOf(HasSubstr(konto), HasSubstr(integrasjon), Not(HasSubstr("feil-passord"))));
  const auto id = post();
  start_with("rest");
  EXPECT_TRUE(reaches(id, under_way)) << "what waited is sent once the password is right";
  stop("S");
  start_with("ws", {"--difi.move.fiks.ut.password=feil-passord"});
  EXPECT_TRUE(eventually([&] { return health("S").find("difi.move.fiks.ut.password") != std::string::npos; }));
  EXPECT_THAT(health("S"), AllOf(HasSubstr("etaten"), Not(HasSubstr("feil-passord"))));
}

TEST_F(DpfOut, WhatKsWouldRefuseIsRefusedHere) {
  start_with("rest");
  const auto refusal = [&](const app::Letter& letter) {
    const auto sent = client("S").send(letter);
    return sent ? std::string() : sent.error().text();
  };
  auto spreadsheet = letter(t_org);
  spreadsheet.files.push_back({"tabell.xlsx", "application/vnd.ms-excel", "x"});
  EXPECT_THAT(refusal(spreadsheet), HasSubstr("difi.move.fiks.ut.ekskluderesFraPrint"));
  EXPECT_THAT(refusal(letter(t_org, r_org)), HasSubstr("SvarUt credentials not configured for orgnr " + r_org));
  EXPECT_THAT(svarut().forsendelser(10), IsEmpty());
}

TEST_F(DpfOut, SendersHaveAccountsOfTheirOwn) {
  sim::SvarUtAccount account;
  account.konto_id = "3b8f0a64-52b9-4b0c-9d0f-7a2f6a0b8001";
  account.integrasjon_id = "3b8f0a64-52b9-4b0c-9d0f-7a2f6a0b8002";
  account.integrasjon_passord = "annet";
  account.authorised_orgnr = s_org;
  national.svarut().add_account(account);
  start_with("rest", {"--difi.move.fiks.ut.paa-vegne-av." + r_org + ".username=dummy"});
  auto for_other = letter(t_org, r_org);
  const auto id = client("S").send(for_other);
  ASSERT_TRUE(id) << id.error().text();
  EXPECT_TRUE(reaches(*id, under_way));
  EXPECT_EQ(sent_as(*id).front().svar_sendes_til, r_org);
}

/// Of the statuses that any endpoint may answer with, one of each kind where these messages pass.
bool is_met(const std::string& fault, const std::string& type) {
  if (!fault.starts_with("svarut.")) return false;
  const auto last = fault.substr(fault.rfind('.') + 1);
  const bool by_status = last.size() == 3 && std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; });
  if (!by_status) return fault.starts_with("svarut.soap") == (type == "ws") || !fault.starts_with("svarut.soap");
  if (last != "400" && last != "401" && last != "429" && last != "503") return false;
  return fault.starts_with(type == "ws" ? "svarut.soap." : "svarut.send.") || fault.starts_with("svarut.status.");
}

TEST_F(DpfOut, EveryFaultCostsOnlyTimeOrFailsVisibly) {
  for (const std::string type : {"rest", "ws"}) {
    start_with(type);
    for (const auto& fault : sim::fault_catalogue()) {
      if (!is_met(fault.name, type)) continue;
      SCOPED_TRACE(type + " " + fault.name);
      arm(fault.name, 1);
      const std::jthread releaser([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          std::this_thread::sleep_for(milliseconds(200));
          national.faults().release();
        }
      });
      const auto id = post();
      EXPECT_TRUE(eventually([&] {
        clock.advance(seconds(30));
        const auto seen = statuses("S", id);
        return seen.back() == "LEVERT" || seen.back() == "FEIL";
      })) << ::testing::PrintToString(statuses("S", id));
      EXPECT_LE(sent_as(id).size(), 1U);
      if (statuses("S", id).back() == "FEIL") {
        EXPECT_NE(text_of_status(id, "FEIL"), "");
      }
      national.faults().disarm_all();
    }
  }
}

}  // namespace
}  // namespace kanal::testing
