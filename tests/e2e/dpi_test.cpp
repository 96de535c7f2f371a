// DPI over corner 2: post to residents, and the receipts that each installation gets of its own (dpi.md sections 5, 6,
// 11 and 12).
#include "sim/faults.hpp"
#include "tests/e2e/bench.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const std::string digital_resident = "21868110187";
const std::string paper_resident = "12857910093";
const Names delivered{"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"};
const Names opened{"OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"};

class Dpi : public BenchTest {
 protected:
  Dpi() {
    sim::Resident digital;
    digital.id = digital_resident;
    digital.name = "Kari Nordvik";
    digital.mailbox.emplace();
    digital.mailbox->address = "kari.nordvik#7QXD";
    digital.email = "kari.nordvik@example.no";
    EXPECT_TRUE(national.register_resident(digital));
    sim::Resident paper;
    paper.id = paper_resident;
    paper.name = "Ola Fjellstad";
    EXPECT_TRUE(national.register_resident(paper));
  }
  sim::Corner2State& corner2() { return national.corner2().state(); }

  /// An installation with DPI on these channels.
  void start_on(const std::string& name, const std::string& channels, const Names& more = {},
                const std::string& orgnr = s_org) {
    InstallationSetup setup{name, orgnr, "", {"--difi.move.feature.enableDPI=true"}};
    const bool list = channels.find(',') != std::string::npos;
    setup.settings.push_back("--difi.move.dpi." + std::string(list ? "mpcIdListe=" : "mpcId=") + channels);
    setup.settings.push_back("--difi.move.dpi.uri=" + national.corner2_url());
    setup.settings.push_back("--difi.move.dpi.krr-print-url=" + national.krr_print_url());
    setup.settings.push_back("--difi.move.dpi.pollingrate=50");
    setup.settings.insert(setup.settings.end(), more.begin(), more.end());
    start(setup);
  }
  static app::Letter letter_to(const std::string& resident) {
    return app::letter_to_resident(resident == paper_resident ? "print" : "digital", resident,
                                   {{"brev.pdf", "application/pdf", app::make_pdf("post")}});
  }
  std::string post(const std::string& name, const std::string& resident = digital_resident) {
    return post(name, letter_to(resident));
  }
  std::string post(const std::string& name, const app::Letter& letter) {
    auto id = client(name).send(letter);
    EXPECT_TRUE(id) << id.error().text();
    return id.value_or("");
  }
  void expect_statuses(const std::string& name, const std::string& id, const Names& wanted) {
    EXPECT_TRUE(eventually([&] {
      clock.advance(milliseconds(100));  // what is asked for after a while comes at once
      return statuses(name, id) == wanted;
    })) << name
        << ": " << ::testing::PrintToString(statuses(name, id));
  }
  /// Receipts that show, and that nobody has marked.
  std::size_t unread() {
    const auto all = corner2().receipts(1000);
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [&](const auto& r) { return !r->read && r->visible <= clock.now(); }));
  }
  bool all_read() {
    return eventually([&] { return unread() == 0; });
  }
  std::string description_of(const std::string& name, const std::string& id, const std::string& status) {
    const auto seen = client(name).statuses(id);
    for (const auto& one : seen.value_or(std::vector<app::SeenStatus>{})) {
      if (one.status == status) return one.description;
    }
    return "(none)";
  }
  /// A receipt of this kind about a message, as a supplier queues it.
  void queue(const std::string& message, const std::string& type, sim::ReceiptFlaw flaw = sim::ReceiptFlaw::none,
             const std::string& text = {}) {
    sim::ManualReceipt receipt;
    receipt.message_id = message;
    receipt.order.type = type;
    receipt.order.time = clock.now();
    receipt.order.flaw = flaw;
    receipt.order.text = text;
    const auto queued = corner2().queue(receipt);
    EXPECT_TRUE(queued) << queued.error().text();
  }
  /// Nothing comes by itself: every receipt is queued by the test.
  void silence_suppliers() {
    auto rules = corner2().rules();
    rules.delivery_delay = hours(24 * 365);
    corner2().set_rules(rules);
  }
};

TEST_F(Dpi, ALetterIsDeliveredAndOpened) {
  start_on("S", "kanal_s");
  auto letter = letter_to(digital_resident);
  letter.opening_receipt = true;
  letter.title = "Svar på søknad";
  letter.files.push_back({"vedlegg på norsk.txt", "text/plain", "hei"});
  const auto id = post("S", letter);
  expect_statuses("S", id, opened);
  const auto message = corner2().find(id);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->channel, "kanal_s");
  EXPECT_EQ(message->sender.organisation, s_org);
  EXPECT_TRUE(all_read());
  EXPECT_EQ(corner2().foreign_reads(), 0U);
  EXPECT_THAT(alarms("S"), IsEmpty());
}

TEST_F(Dpi, ALetterOnPaper) {
  start_on("S", "kanal_s");
  const auto id = post("S", paper_resident);
  expect_statuses("S", id, delivered);
  EXPECT_TRUE(all_read());
}

TEST_F(Dpi, DigitalPostNeedsNoPrintService) {
  start_on("S", "kanal_s");
  arm("krr.down", {});
  const auto digital = post("S");
  const auto paper = post("S", paper_resident);
  expect_statuses("S", digital, delivered);
  EXPECT_EQ(statuses("S", paper), Names{"OPPRETTET"}) << "waits for the print service";
  national.faults().disarm("krr.down");
  clock.advance(minutes(2));
  expect_statuses("S", paper, delivered);
}

TEST_F(Dpi, OnBehalfOfAnother) {
  national.maskinporten().register_client({client_of("S"), s_org, sim::National::usual_scopes(), {t_org}});
  start_on("S", "kanal_s");
  national.maskinporten().register_client({client_of("S"), s_org, sim::National::usual_scopes(), {t_org}});
  auto letter = letter_to(digital_resident);
  letter.sender = "0192:" + t_org;
  const auto id = post("S", letter);
  expect_statuses("S", id, delivered);
  EXPECT_EQ(corner2().find(id)->sender.organisation, s_org) << "receipts come to the data processor";
}

// dpi.md 6.3: what channels are for.
TEST_F(Dpi, EachInstallationGetsItsOwnReceipts) {
  start_on("S-A", "a");
  start_on("S-B", "b");
  start_on("S-C", "c-0,c-1,c-2");
  std::map<std::string, std::string> sender;
  for (int i = 0; i < 3; ++i) {
    for (const auto* name : {"S-A", "S-B", "S-C"}) sender[post(name)] = name;
  }
  for (const auto& [id, name] : sender) expect_statuses(name, id, delivered);
  EXPECT_TRUE(all_read());
  EXPECT_EQ(corner2().foreign_reads(), 0U);
  std::map<std::string, int> used;
  for (const auto& message : corner2().messages(100)) ++used[message.channel];
  EXPECT_EQ(used, (std::map<std::string, int>{{"a", 3}, {"b", 3}, {"c-0", 1}, {"c-1", 1}, {"c-2", 1}})) << "in turn";
  for (const auto* name : {"S-A", "S-B", "S-C"}) EXPECT_THAT(alarms(name), IsEmpty()) << name;
}

TEST_F(Dpi, TheTurnGoesOnAfterARestart) {
  start_on("S", "x,y,z");
  post("S");
  start_on("S", "x,y,z");
  post("S");
  start_on("S", "x,y,z");
  post("S");
  Names used;
  ASSERT_TRUE(eventually([&] { return corner2().messages(10).size() == 3; }));
  for (const auto& message : corner2().messages(10)) used.push_back(message.channel);
  EXPECT_THAT(used, ::testing::UnorderedElementsAre("x", "y", "z"));
}

// The most common mistake: two installations that set no name. The reference loses every second receipt here.
TEST_F(Dpi, TwoInstallationsOnOneChannelLoseNothing) {
  start_on("S-A", "same");
  start_on("S-B", "SAME");
  std::map<std::string, std::string> sender;
  for (int i = 0; i < 4; ++i) {
    sender[post("S-A")] = "S-A";
    sender[post("S-B")] = "S-B";
  }
  for (const auto& [id, name] : sender) expect_statuses(name, id, delivered);
  EXPECT_TRUE(all_read());
  EXPECT_EQ(corner2().foreign_reads(), 0U) << "nobody marked what the other had sent";
  // Whoever sees a receipt of the other's says so, and what to do.
  EXPECT_TRUE(eventually([&] {
    queue(sender.begin()->first, "aapningskvittering");
    auto both = alarms("S-A");
    std::ranges::copy(alarms("S-B"), std::back_inserter(both));
    return ::testing::Value(both, Contains(StartsWith("D11 ")));
  }));
  EXPECT_THAT(health("S-A") + health("S-B"), HasSubstr("difi.move.dpi.mpcId"));
}

// A client of another vendor that marks whatever it gets, as the reference does.
TEST_F(Dpi, ANeighbourThatTakesOursIsNoticed) {
  silence_suppliers();
  start_on("S", "kanal_s");
  const auto id = post("S");
  expect_statuses("S", id, {"OPPRETTET", "SENDT", "MOTTATT"});
  hooks("S").once("receive.taking_stored", [&] {
    for (const auto& receipt : corner2().receipts(10)) corner2().read(receipt->id, {s_org, "IP-neighbour"});
  });
  queue(id, "leveringskvittering");
  // It was marked while we had it in hand: it counts, and the theft shows.
  expect_statuses("S", id, delivered);
  EXPECT_TRUE(eventually([&] { return ::testing::Value(findings("S"), Contains(StartsWith("D8 "))); }));
}

// dpi.md 6.3: somebody asks without a channel and marks what he gets; no channel protects against that.
TEST_F(Dpi, AReceiptTakenBeforeWeSawItIsNoticedInTheEnd) {
  silence_suppliers();
  start_on("S", "kanal_s");
  const auto id = post("S");
  expect_statuses("S", id, {"OPPRETTET", "SENDT", "MOTTATT"});
  stop("S");
  queue(id, "leveringskvittering");
  for (const auto& receipt : corner2().receipts(10)) corner2().read(receipt->id, {s_org, "IP-neighbour"});
  start_on("S", "kanal_s");
  EXPECT_THAT(alarms("S"), IsEmpty());
  clock.advance(hours(48));
  EXPECT_TRUE(eventually([&] { return has("S", id, {"LEVETID_UTLOPT"}); }));
  EXPECT_THAT(alarms("S"), ElementsAre("D3 " + id));
  EXPECT_THAT(health("S"), HasSubstr("possibly taken by an installation that has the same difi.move.dpi.mpcId"));
}

TEST_F(Dpi, AChangedChannelLosesNothing) {
  silence_suppliers();
  start_on("S", "old");
  const auto before = post("S");
  expect_statuses("S", before, {"OPPRETTET", "SENDT", "MOTTATT"});
  start_on("S", "new");
  const auto after = post("S");
  expect_statuses("S", after, {"OPPRETTET", "SENDT", "MOTTATT"});
  queue(before, "leveringskvittering");
  queue(after, "leveringskvittering");
  expect_statuses("S", before, delivered);
  expect_statuses("S", after, delivered);
  EXPECT_TRUE(all_read());
}

TEST_F(Dpi, FewerChannelsLoseNothing) {
  silence_suppliers();
  start_on("S", "a", {"--difi.move.dpi.mpcConcurrency=3"});
  Names ids;
  for (int i = 0; i < 3; ++i) ids.push_back(post("S"));
  for (const auto& id : ids) expect_statuses("S", id, {"OPPRETTET", "SENDT", "MOTTATT"});
  start_on("S", "a");
  for (const auto& id : ids) queue(id, "leveringskvittering");
  for (const auto& id : ids) expect_statuses("S", id, delivered);
}

// dpi.md 6.3 point 5: unread items are never passed over, so what nobody can read hides what comes after it.
TEST_F(Dpi, APageFullOfUnreadableReceiptsHidesNothing) {
  silence_suppliers();
  start_on("S", "kanal_s", {"--difi.move.dpi.pageSize=3"});
  const auto id = post("S");
  expect_statuses("S", id, {"OPPRETTET", "SENDT", "MOTTATT"});
  using sim::ReceiptFlaw;
  const std::vector<ReceiptFlaw> flaws{ReceiptFlaw::forged,           ReceiptFlaw::expired_certificate,
                                       ReceiptFlaw::broken_signature, ReceiptFlaw::unsigned_jws,
                                       ReceiptFlaw::unknown_type,     ReceiptFlaw::unknown_conversation,
                                       ReceiptFlaw::null_message,     ReceiptFlaw::schema_violation};
  for (const auto flaw : flaws) queue(id, "leveringskvittering", flaw);
  queue(id, "leveringskvittering");
  expect_statuses("S", id, delivered);
  EXPECT_TRUE(eventually([&] { return unread() == flaws.size(); })) << unread();
  EXPECT_EQ(corner2().foreign_reads(), 0U);
  EXPECT_THAT(health("S"), HasSubstr("\"quarantined\" : 7")) << "and one is about a message that nobody here sent";
}

TEST_F(Dpi, PagesThatAreIgnoredAreMadeLarger) {
  silence_suppliers();
  arm("corner2.ignore_page", {});
  start_on("S", "kanal_s", {"--difi.move.dpi.pageSize=2"});
  const auto id = post("S");
  expect_statuses("S", id, {"OPPRETTET", "SENDT", "MOTTATT"});
  for (int i = 0; i < 6; ++i) queue(id, "leveringskvittering", sim::ReceiptFlaw::broken_signature);
  queue(id, "leveringskvittering");
  expect_statuses("S", id, delivered);
}

TEST_F(Dpi, UnknownMembersAndMissingTimesAreNoReason) {
  silence_suppliers();
  start_on("S", "kanal_s");
  for (const auto flaw : {sim::ReceiptFlaw::unknown_member, sim::ReceiptFlaw::missing_time}) {
    const auto id = post("S");
    expect_statuses("S", id, {"OPPRETTET", "SENDT", "MOTTATT"});
    queue(id, "leveringskvittering", flaw);
    expect_statuses("S", id, delivered);
  }
}

TEST_F(Dpi, WhatFailsSaysWhy) {
  start_on("S", "kanal_s");
  silence_suppliers();
  const auto id = post("S");
  expect_statuses("S", id, {"OPPRETTET", "SENDT", "MOTTATT"});
  queue(id, "feil", sim::ReceiptFlaw::none, "Ukjent postkasse");
  expect_statuses("S", id, {"OPPRETTET", "SENDT", "MOTTATT", "FEIL"});
  EXPECT_THAT(description_of("S", id, "FEIL"), HasSubstr("Ukjent postkasse"));
  const auto notified = post("S");
  expect_statuses("S", notified, {"OPPRETTET", "SENDT", "MOTTATT"});
  queue(notified, "leveringskvittering");
  expect_statuses("S", notified, delivered);
  queue(notified, "varslingfeiletkvittering", sim::ReceiptFlaw::none, "Ugyldig nummer");
  expect_statuses("S", notified, {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "ANNET"});
  EXPECT_THAT(description_of("S", notified, "ANNET"), HasSubstr("Ugyldig nummer"));
}

TEST_F(Dpi, CornerTwoCannotDeliver) {
  corner2().set_behaviour("kari.nordvik#7QXD", {sim::Fate::fail_at_corner2, "Hjørne 3 svarer ikke"});
  start_on("S", "kanal_s");
  const auto id = post("S");
  clock.advance(seconds(10));
  expect_statuses("S", id, {"OPPRETTET", "SENDT", "FEIL"});
  EXPECT_THAT(description_of("S", id, "FEIL"), HasSubstr("Hjørne 3 svarer ikke"));
}

// dpi.md section 11: an answer that is lost leaves it open whether the letter got there. A repeated id is refused.
TEST_F(Dpi, ALostAnswerSendsNothingTwice) {
  start_on("S", "kanal_s");
  for (const auto* fault : {"corner2.lost_answer", "corner2.503_after_store", "corner2.post.503", "corner2.reset",
                            "corner2.expired_token", "corner2.429"}) {
    arm(fault, 1);
    const auto id = post("S");
    EXPECT_TRUE(eventually([&] {
      clock.advance(seconds(1));
      return statuses("S", id) == delivered;
    })) << fault
        << ::testing::PrintToString(statuses("S", id));
    const auto& all = corner2().messages(100);
    EXPECT_EQ(std::ranges::count_if(all, [&](const auto& m) { return m.message.id == id; }), 1) << fault;
    national.faults().disarm(fault);
  }
}

TEST_F(Dpi, ReadFailsAfterTheReceiptIsStored) {
  silence_suppliers();
  start_on("S", "kanal_s");
  for (const auto* fault : {"corner2.read_fails", "corner2.read_lost_answer"}) {
    const auto id = post("S");
    expect_statuses("S", id, {"OPPRETTET", "SENDT", "MOTTATT"});
    arm(fault, 1);
    queue(id, "leveringskvittering");
    expect_statuses("S", id, delivered);
    EXPECT_TRUE(all_read()) << fault;
  }
  EXPECT_THAT(alarms("S"), IsEmpty()) << "our own lost answer is no theft";
}

TEST_F(Dpi, OddAnswersStopNothing) {
  start_on("S", "kanal_s");
  for (const auto* fault : {"corner2.empty_200", "corner2.empty_array", "corner2.single_object", "corner2.cut_array",
                            "corner2.list.400", "corner2.list.500", "corner2.ignore_channel",
                            "corner2.statuses.unknown_status", "corner2.statuses.no_timestamp"}) {
    arm(fault, 2);
    const auto id = post("S");
    EXPECT_TRUE(eventually([&] {
      clock.advance(seconds(1));
      return has("S", id, delivered);
    })) << fault
        << ::testing::PrintToString(statuses("S", id));
    national.faults().disarm(fault);
  }
}

/// Faults that keep a message from its end, that make a receipt unreadable, or that take long: each has its own test.
bool ends_otherwise(const std::string& fault) {
  const auto has = [&](std::string_view part) { return fault.find(part) != std::string::npos; };
  return has(".400") || has("html_error") || has(".receipt.") || has("hang") || has("slow") || has("drip") ||
         has("download");
}

TEST_F(Dpi, EveryFaultCostsOnlyTime) {
  start_on("S", "kanal_s");
  int met = 0;
  for (const auto& fault : sim::fault_catalogue()) {
    if (!fault.name.starts_with("corner2.") && !fault.name.starts_with("krr.")) continue;
    if (ends_otherwise(fault.name)) continue;
    SCOPED_TRACE(fault.name);
    arm(fault.name, 1);
    const auto digital = post("S");
    const auto paper = post("S", paper_resident);
    EXPECT_TRUE(eventually([&] {
      clock.advance(seconds(5));
      return has("S", digital, delivered) && has("S", paper, delivered);
    })) << ::testing::PrintToString(statuses("S", digital))
        << ::testing::PrintToString(statuses("S", paper));
    met += national.faults().any() ? 0 : 1;
    national.faults().disarm(fault.name);
  }
  EXPECT_GT(met, 20) << "most of them are on the way of these two";
  EXPECT_EQ(corner2().foreign_reads(), 0U);
}

// When the access point ignores `kanal`, everybody sees everything, and still takes only what is theirs.
TEST_F(Dpi, AnAccessPointThatIgnoresChannels) {
  arm("corner2.ignore_channel", {});
  start_on("S-A", "a");
  start_on("S-B", "b");
  std::map<std::string, std::string> sender;
  for (int i = 0; i < 3; ++i) {
    sender[post("S-A")] = "S-A";
    sender[post("S-B")] = "S-B";
  }
  for (const auto& [id, name] : sender) expect_statuses(name, id, delivered);
  EXPECT_TRUE(all_read());
  EXPECT_EQ(corner2().foreign_reads(), 0U);
}

// Only the conversation tells which message a receipt is about.
TEST_F(Dpi, TwoMessagesInOneConversation) {
  silence_suppliers();
  start_on("S", "kanal_s");
  auto letter = letter_to(digital_resident);
  letter.conversation_id = new_uuid();
  const auto first = post("S", letter);
  const auto second = post("S", letter);
  for (const auto& id : {first, second}) expect_statuses("S", id, {"OPPRETTET", "SENDT", "MOTTATT"});
  queue(first, "leveringskvittering");
  expect_statuses("S", first, delivered);
  queue(second, "leveringskvittering");
  expect_statuses("S", second, delivered);
  EXPECT_TRUE(all_read()) << "nothing is lost";
}

TEST_F(Dpi, SenderIdentifiersAreASecondSelector) {
  start_on("S", "kanal_s", {"--difi.move.dpi.avsenderidentifikatorListe=byggesak,skole"});
  auto letter = letter_to(digital_resident);
  letter.sender_identifier = "skole";
  expect_statuses("S", post("S", letter), delivered);
  letter.sender_identifier = "ukjent";
  const auto refused = client("S").send(letter);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("avsenderidentifikatorListe"));
}

TEST_F(Dpi, WhatCanNeverBeDeliveredIsRefusedAtOnce) {
  start_on("S", "kanal_s");
  const auto refusal = [&](const app::Letter& letter) {
    const auto sent = client("S").send(letter);
    return sent ? std::string("(sent)") : sent.error().text();
  };
  auto letter = letter_to(paper_resident);
  letter.files = {{"brev.docx", "application/msword", "x"}};
  EXPECT_THAT(refusal(letter), HasSubstr("only application/pdf"));
  letter = letter_to(digital_resident);
  letter.files = {{"program.exe", "application/x-msdownload", "x"}};
  EXPECT_THAT(refusal(letter), HasSubstr("is not accepted in digital post"));
  letter.files = {{"a.p", "application/pdf", "x"}};
  EXPECT_THAT(refusal(letter), HasSubstr("4 to 100 characters"));
}

TEST_F(Dpi, DeathAtAnyPointLosesNothing) {
  start_on("S", "kanal_s");
  for (const std::string point :
       {"send.leased", "send.package_stored", "send.reference_stored", "send.uploaded", "receive.taking_stored",
        "receive.downloaded", "receive.unpacked", "receive.committed"}) {
    SCOPED_TRACE(point);
    hooks("S").die_at(point);
    const auto id = post("S");
    ASSERT_TRUE(eventually([&] { return hooks("S").dead(); }));
    stop("S");
    hooks("S").revive();
    start_on("S", "kanal_s");
    EXPECT_TRUE(eventually([&] {
      clock.advance(seconds(5));
      return statuses("S", id) == delivered;
    })) << ::testing::PrintToString(statuses("S", id));
    const auto all = corner2().messages(100);
    EXPECT_EQ(std::ranges::count_if(all, [&](const auto& m) { return m.message.id == id; }), 1);
  }
  EXPECT_TRUE(all_read());
  EXPECT_EQ(corner2().foreign_reads(), 0U);
}

}  // namespace
}  // namespace kanal::testing
