// DPV: letters in Altinn's inbox (dpv.md). The simulator counts: whatever is lost on the way, there is one letter.
#include "sim/faults.hpp"
#include "tests/e2e/bench.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string in_altinn = "03867941257";
const Names delivered{"OPPRETTET", "SENDT", "LEVERT"};
const Names read_there{"OPPRETTET", "SENDT", "LEVERT", "LEST"};

class Dpv : public BenchTest {
 protected:
  Dpv() {
    national.register_organisation({t_org, "HAVNA BYGG AS", std::set<std::string>{}, {}});
    sim::Resident resident;
    resident.id = in_altinn;
    resident.name = "Siri Haugland";
    resident.address.reset();
    EXPECT_TRUE(national.register_resident(resident));
  }
  sim::CorrespondenceState& altinn() { return national.correspondence().state(); }

  void start_with(const std::string& name, const Names& more = {}) {
    InstallationSetup setup{
        name,
        s_org,
        "",
        {"--difi.move.feature.enableDPV=true",
         "--difi.move.dpv.correspondenceServiceUrl=" + national.correspondence_url(),
         "--difi.move.dpv.altinnTokenExchangeUrl=" + national.exchange_url(),
         "--difi.move.dpv.health-check-url=" +
             national.correspondence_health_url(),  // The Service Registry tells of residents only whom it lets use DPI
                                                    // (service-registry.md 5.4).
         "--difi.move.feature.enableDPI=true", "--difi.move.dpi.mpcId=" + name,
         "--difi.move.dpi.uri=" + national.corner2_url(), "--difi.move.dpi.krr-print-url=" + national.krr_print_url(),
         "--kanal.status.interval=1000"}};
    setup.settings.insert(setup.settings.end(), more.begin(), more.end());
    start(setup);
  }
  static app::Letter letter_to_resident() {
    auto letter =
        app::letter_to_resident("digital_dpv", in_altinn, {{"brev.pdf", "application/pdf", app::make_pdf("post")}});
    letter.title = "Vedtak i saken din";
    return letter;
  }
  std::string post(const std::string& name, const app::Letter& letter) {
    auto id = client(name).send(letter);
    EXPECT_TRUE(id) << id.error().text();
    return id.value_or("");
  }
  std::string post(const std::string& name = "S") { return post(name, letter(t_org)); }
  void expect_statuses(const std::string& id, const Names& wanted, const std::string& name = "S") {
    EXPECT_TRUE(eventually([&] {
      clock.advance(milliseconds(500));
      return statuses(name, id) == wanted;
    })) << name
        << ": " << ::testing::PrintToString(statuses(name, id)) << health(name);
  }
  std::string text_of_status(const std::string& id, const std::string& status) {
    const auto seen = client("S").statuses(id);
    for (const auto& one : seen.value_or(std::vector<app::SeenStatus>{})) {
      if (one.status == status) return one.description;
    }
    return "(none)";
  }
  void expect_one_letter(const std::string& id) { EXPECT_THAT(altinn().find_by_reference(id), SizeIs(1)) << id; }
  /// Nobody reads by himself.
  void let_nobody_read() { altinn().set_behaviour(t_org, {sim::CorrespondenceFate::unread, {}}); }
};

TEST_F(Dpv, ToAnOrganisationUntilItIsRead) {
  start_with("S");
  auto sent = letter(t_org);
  sent.title = "Svar på søknad";
  sent.files.push_back({"kart på norsk.png", "image/png", "PNG kart"});
  const auto id = post("S", sent);
  expect_statuses(id, read_there);
  const auto there = altinn().find_by_reference(id);
  ASSERT_THAT(there, SizeIs(1));
  const auto& request = *there[0].request;
  EXPECT_EQ(request.resource, "eformidling-dpv-administrasjon");
  EXPECT_EQ(request.title, "Svar på søknad");
  EXPECT_EQ(request.message_sender, "Org " + s_org);
  EXPECT_EQ(request.properties.at("senderOrgNumber"), s_org);
  EXPECT_THAT(request.recipients, ElementsAre("urn:altinn:organization:identifier-no:" + t_org));
  ASSERT_THAT(there[0].files, SizeIs(2)) << "arkivmelding.xml stays here";
  EXPECT_EQ(there[0].files[0].name, "brev.pdf");
  EXPECT_EQ(there[0].files[1].name, "kart på norsk.png");
  EXPECT_EQ(there[0].files[1].size, 8U);
  serve("S");
  EXPECT_THAT(receipts_for(id), ElementsAre("S")) << "one receipt, made here";
  EXPECT_THAT(alarms("S"), IsEmpty());
}

TEST_F(Dpv, ToAResident) {
  start_with("S");
  const auto id = post("S", letter_to_resident());
  expect_statuses(id, read_there);
  const auto there = altinn().find_by_reference(id);
  ASSERT_THAT(there, SizeIs(1));
  EXPECT_THAT(there[0].request->recipients, ElementsAre("urn:altinn:person:identifier-no:" + in_altinn));
  EXPECT_TRUE(there[0].request->ignore_reservation) << "information";
  EXPECT_EQ(there[0].request->title, "Vedtak i saken din");
  serve("S");
  EXPECT_THAT(receipts_for(id), IsEmpty()) << "only archives get one";
}

TEST_F(Dpv, WhatIsDeliveredIsAskedAboutUntilItIsRead) {
  let_nobody_read();
  start_with("S");
  const auto id = post();
  expect_statuses(id, delivered);
  clock.advance(hours(24 * 40));
  ASSERT_TRUE(altinn().read(altinn().find_by_reference(id)[0].id));
  expect_statuses(id, read_there);
  const auto asked = altinn().counters()["overview"];
  clock.advance(hours(10));
  std::this_thread::sleep_for(milliseconds(1500));
  EXPECT_EQ(altinn().counters()["overview"], asked) << "nothing more to learn";
}

TEST_F(Dpv, TwoInstallationsAskForTheirOwnOnly) {
  start_with("S");
  start_with("S-B");
  std::map<std::string, std::string> sender;
  for (int i = 0; i < 3; ++i) {
    sender[post("S")] = "S";
    sender[post("S-B")] = "S-B";
  }
  for (const auto& [id, name] : sender) {
    expect_statuses(id, read_there, name);
    EXPECT_THAT(statuses(name == "S" ? "S-B" : "S", id), IsEmpty());
    expect_one_letter(id);
  }
}

TEST_F(Dpv, WhatAltinnCannotDeliverSaysWhy) {
  start_with("S");
  altinn().set_behaviour(t_org, {sim::CorrespondenceFate::failed, "virus"});
  const auto failed_there = post();
  expect_statuses(failed_there, {"OPPRETTET", "SENDT", "FEIL"});
  EXPECT_THAT(text_of_status(failed_there, "FEIL"), HasSubstr("virus"));
  altinn().set_behaviour(t_org, {sim::CorrespondenceFate::unknown, {}});
  const auto unknown = post();
  expect_statuses(unknown, {"OPPRETTET", "FEIL"});
  altinn().set_behaviour(t_org, {sim::CorrespondenceFate::purged_by_recipient, {}});
  const auto purged = post();
  expect_statuses(purged, {"OPPRETTET", "SENDT", "ANNET"});
  EXPECT_THAT(text_of_status(purged, "ANNET"), HasSubstr("slettet"));
}

TEST_F(Dpv, WithoutAResourceNothingLeaves) {
  start_with("S");
  arm("registry.no_dpv_resource", {}, t_org);
  const auto id = post();
  expect_statuses(id, {"OPPRETTET", "FEIL"});
  EXPECT_EQ(altinn().size(), 0U);
}

TEST_F(Dpv, WhatAltinnNeverTakesIsRefusedAtOnce) {
  start_with("S");
  auto odd = letter(t_org);
  odd.files = {{"program.exe", "application/octet-stream", "MZ"}};
  const auto refused = client("S").send(odd);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr(".pdf"));
  auto long_title = letter_to_resident();
  long_title.title = std::string(256, 'x');
  const auto too_long = client("S").send(long_title);
  ASSERT_FALSE(too_long);
  EXPECT_THAT(too_long.error().text(), HasSubstr("255"));
}

TEST_F(Dpv, DeathAtAnyPointMakesOneLetter) {
  start_with("S");
  for (const std::string point : {"send.leased", "send.reference_stored", "send.uploaded", "send.committed"}) {
    SCOPED_TRACE(point);
    hooks("S").die_at(point);
    const auto id = post();
    ASSERT_TRUE(eventually([&] { return hooks("S").dead(); }));
    stop("S");
    hooks("S").revive();
    start_with("S");
    clock.advance(minutes(3));  // the lease of the dead
    expect_statuses(id, read_there);
    expect_one_letter(id);
  }
}

/// Of the statuses that any endpoint may answer with, and of the codes of an upload, one of each kind: what each means
/// is in the unit tests. Hangs have time-outs of minutes; the health check is made at start only.
bool is_met(const std::string& fault) {
  if (!fault.starts_with("correspondence.")) return false;
  static const std::set<std::string> left{"correspondence.health.503", "correspondence.hang", "correspondence.endless",
                                          "correspondence.drip"};
  static const std::set<std::string> of_each_kind{"correspondence.upload.400",   "correspondence.upload.401",
                                                  "correspondence.upload.403",   "correspondence.upload.429",
                                                  "correspondence.upload.503",   "correspondence.upload.1030",
                                                  "correspondence.upload.2002",  "correspondence.upload.2008",
                                                  "correspondence.overview.401", "correspondence.overview.500"};
  const auto last = fault.substr(fault.rfind('.') + 1);
  const bool number = std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; });
  return number ? of_each_kind.contains(fault) : !left.contains(fault);
}

/// Every fault on the way costs only time, or fails visibly; and there is one letter, or none.
TEST_F(Dpv, EveryFaultHasItsEnd) {
  start_with("S");
  for (const auto& fault : sim::fault_catalogue()) {
    if (!is_met(fault.name)) continue;
    SCOPED_TRACE(fault.name);
    clock.advance(hours(2));
    // A look-up is only made after a letter whose answer was lost.
    if (fault.name.starts_with("correspondence.lookup.")) arm("correspondence.upload.lost_answer");
    arm(fault.name);
    const auto id = post();
    ASSERT_TRUE(eventually([&] {
      clock.advance(seconds(20));
      const auto seen = statuses("S", id);
      return seen.back() == "LEST" || seen.back() == "FEIL" || seen.back() == "ANNET";
    })) << ::testing::PrintToString(statuses("S", id));
    national.faults().disarm_all();
    if (fault.name == "correspondence.upload.twice") continue;  // the simulator's own doing
    if (statuses("S", id).back() == "FEIL") {
      EXPECT_THAT(altinn().find_by_reference(id), IsEmpty());
      EXPECT_NE(text_of_status(id, "FEIL"), "");
    } else {
      expect_one_letter(id);
    }
  }
}

}  // namespace
}  // namespace kanal::testing
