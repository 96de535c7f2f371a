// Receiving from a scripted SvarInn (dpf.md sections 7 and 8).
#include "transports/dpf/svarinn.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/asic.hpp"
#include "lookup/lookup_testing.hpp"
#include "transports/dpf/svarinn_testing.hpp"

namespace kanal::transports::dpf::testing {
namespace {

using lookup::testing::answer;
using lookup::testing::code_of;
using lookup::testing::Seen;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::string list_path = "/svarinn/mottaker/hentNyeForsendelser";
const std::string download_path = "/svarinn/forsendelse/" + std::string(inn_id);
const ports::Inbox inbox{"0192:310700002", {}, false};

class SvarInnTest : public ::testing::Test {
 protected:
  struct Said {
    int status;
    std::string body;
    net::Headers headers;
  };
  SvarInnTest() {
    settings_.enabled = true;
    settings_.root = peer_.url("/svarinn");
    settings_.accounts = {{own_number, "mottak", Secret("hemmelig"), "difi.move.fiks.inn."},
                          {other_number, "mottak-2", Secret("andre"), "difi.move.fiks.inn.paa-vegne-av.974720760."}};
    settings_.fallback_sender = "999999999";
    settings_.process = "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0";
    settings_.document_type = "urn:no:difi:arkivmelding:xsd::arkivmelding";
    settings_.keys = {DpfKeys::get().own};
    entry_["downloadUrl"] = peer_.url(download_path);
    inn_.emplace(settings_, Resources{config_, http_, directory_, identities_, clock_, log_, "6a2c"});
  }

  /// What SvarInn says, by the end of the path; the rest is fine.
  net::Response play(const Seen& request) {
    const std::scoped_lock lock(mutex_);
    for (const auto& [end, said] : says_) {
      if (request.path.ends_with(end)) return answer(said.status, said.body, said.headers);
    }
    if (request.path == list_path) return answer(200, list_text({entry_}), {{"Content-Type", "application/json"}});
    if (request.path == download_path) {
      return answer(200, content_,
                    {{"Content-Type", content_type_}, {"Content-Disposition", "attachment; filename=\"krav.pdf\""}});
    }
    return answer(request.method == "POST" ? 200 : 404);
  }
  void says(const std::string& end, int status, std::string body = {}, net::Headers headers = {}) {
    const std::scoped_lock lock(mutex_);
    says_.insert_or_assign(end, Said{status, std::move(body), std::move(headers)});
  }
  void gives(std::string content, std::string type = "application/zip;charset=UTF-8") {
    const std::scoped_lock lock(mutex_);
    content_ = std::move(content);
    content_type_ = std::move(type);
  }

  ports::RemoteItem listed() {
    const auto list = inn_->list(inbox, {});
    EXPECT_TRUE(list) << list.error().text();
    auto item = inn_->describe(inbox, inn_id);
    EXPECT_TRUE(item) << item.error().text();
    return item.value_or(ports::RemoteItem{});
  }
  Result<ports::InboundDocument> taken(const ports::RemoteItem& item) {
    auto writer = blobs_.create({});
    if (auto fetched = inn_->fetch(item, **writer, {}); !fetched) return failed(fetched);
    if (auto finished = (*writer)->finish(); !finished) return failed(finished);
    const auto raw = (*writer)->ref();
    auto document = inn_->open(item, raw, {blobs_, {}});
    EXPECT_TRUE(blobs_.remove(raw.id));
    return document;
  }
  /// Name and content of each document, verified.
  std::vector<std::string> contents(const ports::InboundDocument& document) {
    const auto zip = blobs_.content(document.package.value());
    MemorySource source(bytes_of(zip));
    const auto verified = formats::verify_asic(source, {});
    EXPECT_TRUE(verified) << verified.error().text();
    std::vector<std::string> out;
    const auto files = formats::testing::unpack(zip);
    for (const auto& file : files.value_or(std::vector<formats::testing::File>{})) {
      if (file.name == "arkivmelding.xml") arkivmelding_ = file.content;
      if (file.name == "manifest.xml" || file.name == "mimetype" || file.name.starts_with("META-INF/")) continue;
      out.push_back(file.name + (file.name == "arkivmelding.xml" ? "" : "=" + file.content));
    }
    return out;
  }
  void expect_files(const std::vector<std::string>& wanted) {
    const auto document = taken(listed());
    ASSERT_TRUE(document) << document.error().text();
    auto all = wanted;
    all.insert(all.begin(), "arkivmelding.xml");
    EXPECT_EQ(contents(*document), all);
    EXPECT_EQ(blobs_.count(), 1U) << "the container alone is left";
  }
  json::array& files() { return entry_["filmetadata"].as_array(); }

  kanal::testing::TemporaryFolder folder_;
  std::mutex mutex_;
  std::map<std::string, Said> says_;
  json::object entry_ = inn_entry();
  std::string content_ = sealed(inn_zip());
  std::string content_type_ = "application/zip;charset=UTF-8";
  std::string arkivmelding_;
  lookup::testing::Peer peer_{[this](const Seen& request) { return play(request); }};
  net::HttpClient http_{net::ClientOptions{}};
  lookup::testing::ManualClock clock_;
  lookup::testing::CaptureLog log_;
  ops::Config config_ = *ops::Config::load({folder_.path(), {}, {}});
  DpfDirectory directory_;
  std::vector<crypto::Identity> identities_{DpfKeys::get().own};
  ports::testing::MemoryBlobs blobs_;
  InnSettings settings_;
  std::optional<SvarInn> inn_;
};

TEST_F(SvarInnTest, AnInboxPerAccount) {
  const auto inboxes = inn_->inboxes();
  ASSERT_THAT(inboxes, SizeIs(2));
  EXPECT_EQ(inboxes[0].id, "0192:310700002");
  EXPECT_EQ(inboxes[1].id, "0192:974720760");
}

TEST_F(SvarInnTest, AForsendelseBecomesADocument) {
  const auto item = listed();
  EXPECT_EQ(item.service, ServiceIdentifier("DPF"));
  EXPECT_EQ(item.inbox, inbox.id);
  EXPECT_EQ(item.sender, "0192:974720760");
  EXPECT_EQ(item.created, Time(std::chrono::milliseconds(1788250000000)));
  EXPECT_EQ(item.detail, "") << "nothing of a message is kept in clear";
  const auto document = taken(item);
  ASSERT_TRUE(document) << document.error().text();
  const auto& sbd = document->sbd;
  EXPECT_THAT(domain::validate_header(sbd, clock_.now()), IsEmpty());
  EXPECT_EQ(sbd.sender_value(), "0192:974720760");
  EXPECT_EQ(sbd.receiver_value(), "0192:310701378") << "an account may serve several";
  EXPECT_EQ(sbd.message_id().str(), inn_id);
  EXPECT_EQ(sbd.conversation_id().str(), inn_id);
  EXPECT_EQ(sbd.process(), settings_.process);
  EXPECT_EQ(sbd.document.standard, settings_.document_type);
  EXPECT_EQ(sbd.document.type, "arkivmelding");
  EXPECT_EQ(sbd.find_scope(domain::scope_type::receiver_ref)->instance_identifier,
            "7c1de2b4-0f9b-4f86-9c5b-3a0e70f4e6a1");
  EXPECT_EQ(sbd.expected_response()->utc, clock_.now() + settings_.default_ttl);
  EXPECT_EQ(json::serialize(sbd.body), R"({"sikkerhetsnivaa":4})");
  EXPECT_THAT(contents(*document),
              ElementsAre("arkivmelding.xml", "krav.pdf=%PDF-1.7 krav", "kart på norsk.png=PNG kart"));
  EXPECT_THAT(arkivmelding_, HasSubstr("<offentligTittel>Innsynskrav sak 2026/44</offentligTittel>"));
  EXPECT_EQ(blobs_.count(), 1U) << "the container alone is left";
  EXPECT_TRUE(inn_->health().up);
}

TEST_F(SvarInnTest, EveryCallIsMadeAsTheAccountThatListed) {
  entry_["mottaker"].as_object()["orgnr"] = other_number;  // which has an account of its own
  const auto item = listed();
  ASSERT_TRUE(taken(item));
  ASSERT_TRUE(inn_->acknowledge(item));
  ASSERT_TRUE(inn_->refuse(item));
  for (const auto& request : peer_.seen()) {
    EXPECT_EQ(request.header("Authorization"), "Basic " + to_base64(bytes_of(std::string_view("mottak:hemmelig"))));
  }
  ASSERT_TRUE(inn_->list({"0192:974720760", {}, false}, {}));
  EXPECT_EQ(peer_.seen().back().header("Authorization"),
            "Basic " + to_base64(bytes_of(std::string_view("mottak-2:andre"))));
}

TEST_F(SvarInnTest, AnUnknownSenderIsTheFallback) {
  entry_["svarSendesTil"] = nullptr;
  entry_["mottaker"] = json::object{{"navn", "uten orgnr"}};
  const auto document = taken(listed());
  ASSERT_TRUE(document) << document.error().text();
  EXPECT_EQ(document->sbd.sender_value(), "0192:999999999");
  EXPECT_EQ(document->sbd.receiver_value(), "0192:310700002") << "the account's own";
}

TEST_F(SvarInnTest, ThePasswordGoesNowhereElse) {
  lookup::testing::Peer elsewhere([](const Seen&) { return answer(200, "mine now"); });
  for (const auto& address : {elsewhere.url("/svarinn/forsendelse/1"), std::string("/forsendelse/1"),
                              std::string("https://ks@evil.example.invalid/x"), std::string()}) {
    entry_["downloadUrl"] = address;
    EXPECT_TRUE(taken(listed())) << address;
  }
  EXPECT_THAT(elsewhere.seen(), IsEmpty());
  EXPECT_EQ(peer_.count(download_path), 4U) << "asked for where the list came from";
  EXPECT_THAT(log_.text(), HasSubstr("svarinn_download_elsewhere"));
}

TEST_F(SvarInnTest, ALoneFileComesAsItIs) {
  files().pop_back();
  gives(sealed(inn_letter), "application/pdf");
  expect_files({"krav.pdf=%PDF-1.7 krav"});
}

TEST_F(SvarInnTest, ALoneFileWithoutATypeIsKnownByItsFirstBytes) {
  files().clear();
  gives(sealed(inn_letter), "");
  expect_files({"krav.pdf=%PDF-1.7 krav"});
}

TEST_F(SvarInnTest, AZipWithoutATypeIsKnownByItsFirstBytes) {
  files().clear();
  gives(sealed(inn_zip()), "application/octet-stream");
  expect_files({"krav.pdf=%PDF-1.7 krav", "kart på norsk.png=PNG kart"});
}

TEST_F(SvarInnTest, AZipThatIsTheDocumentIsNotUnpacked) {
  files().pop_back();
  auto& file = files()[0].as_object();
  file["filnavn"] = "alt.zip";
  file["sha256hash"] = to_hex(crypto::sha256(bytes_of(inn_zip())));
  expect_files({"alt.zip=" + inn_zip()});
}

TEST_F(SvarInnTest, NamesAreFlatUniqueAndNeverThoseOfTheContainer) {
  files().clear();
  gives(sealed(formats::testing::make_zip({{"mappe/brev.pdf", "1"},
                                           {"brev.pdf", "2"},
                                           {"arkivmelding.xml", "3"},
                                           {"MANIFEST.XML", "4"},
                                           {"META-INF/manifest.xml", "5"}})));
  expect_files({"brev.pdf=1", "brev (2).pdf=2", "arkivmelding (2).xml=3", "MANIFEST (2).XML=4", "manifest (3).xml=5"});
  EXPECT_THAT(arkivmelding_, HasSubstr("<referanseDokumentfil>brev (2).pdf</referanseDokumentfil>"));
}

TEST_F(SvarInnTest, TheListTellsTypesOrderAndTitles) {
  gives(sealed(formats::testing::make_zip({{"kart på norsk.png", inn_map}, {"krav.pdf", inn_letter}})));
  expect_files({"kart på norsk.png=PNG kart", "krav.pdf=%PDF-1.7 krav"});
  EXPECT_LT(arkivmelding_.find("<referanseDokumentfil>krav.pdf"), arkivmelding_.find("<referanseDokumentfil>kart"));
}

TEST_F(SvarInnTest, ALineToldTwiceCountsOnce) {
  files().push_back(json::value(files()[0]));
  expect_files({"krav.pdf=%PDF-1.7 krav", "kart på norsk.png=PNG kart"});
  EXPECT_THAT(arkivmelding_, HasSubstr("<antallFiler>2</antallFiler>"));
}

TEST_F(SvarInnTest, OtherNamesThanListedArePairedInOrder) {
  gives(sealed(formats::testing::make_zip({{"1.pdf", inn_letter}, {"2.png", inn_map}})));
  expect_files({"1.pdf=%PDF-1.7 krav", "2.png=PNG kart"});
  EXPECT_THAT(arkivmelding_, HasSubstr("<tittel>kart på norsk.png</tittel>"));
}

TEST_F(SvarInnTest, DamageIsTriedAgainAndThenSetAside) {
  const auto whole = sealed(inn_zip());
  const std::vector<std::pair<std::string, std::string>> contents{
      {"truncated", whole.substr(0, whole.size() / 2)},
      {"no CMS", "plain text"},
      {"no zip", sealed("PK but not quite")},
      {"leads out of the folder",
       sealed(formats::testing::replaced(formats::testing::make_zip({{"@@/krav.pdf", inn_letter}}), "@@/", "../"))},
      {"a file is missing", sealed(formats::testing::make_zip({{"krav.pdf", inn_letter}}))},
      {"other content", sealed(formats::testing::make_zip({{"krav.pdf", "other"}, {"kart på norsk.png", inn_map}}))}};
  for (const auto& [what, content] : contents) {
    gives(content);
    auto item = listed();
    auto document = taken(item);
    ASSERT_FALSE(document) << what;
    EXPECT_EQ(document.error().code, "dpf.damaged") << what;
    EXPECT_EQ(document.error().disposition, Disposition::retry) << what;
    item.attempts = 2;
    document = taken(item);
    ASSERT_FALSE(document) << what;
    EXPECT_EQ(document.error().disposition, Disposition::reject) << what;
    EXPECT_EQ(blobs_.count(), 0U) << what;
  }
}

TEST_F(SvarInnTest, AWrongCertificateIsAnAlarmAndNeverTheMessagesFault) {
  gives(sealed(inn_zip(), DpfKeys::get().svarut));
  auto item = listed();
  item.attempts = 50;
  const auto document = taken(item);
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().code, "dpf.certificate");
  EXPECT_EQ(document.error().disposition, Disposition::retry);
  EXPECT_FALSE(inn_->health().up);
  EXPECT_THAT(inn_->health().detail, AllOf(HasSubstr("310700002"), HasSubstr("difi.move.fiks.keystore")));
  gives(sealed(inn_zip()));
  ASSERT_TRUE(taken(item));
  EXPECT_TRUE(inn_->health().up);
}

TEST_F(SvarInnTest, AnAccountThatIsNotLetInSaysWhatToCheck) {
  says("hentNyeForsendelser", 401, "Wrong password <secret>", {{"Content-Type", "text/html"}});
  const auto list = inn_->list(inbox, {});
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code, "dpf.credentials");
  EXPECT_THAT(list.error().text(), AllOf(HasSubstr("SvarInn answered 401"), HasSubstr("user mottak"),
                                         HasSubstr("difi.move.fiks.inn.username"), Not(HasSubstr("hemmelig"))));
  EXPECT_THAT(inn_->health().detail, HasSubstr("310700002"));
  says_.clear();
  ASSERT_TRUE(inn_->list({"0192:974720760", {}, false}, {})) << "the other account is fine";
  EXPECT_FALSE(inn_->health().up) << "and hides nothing";
}

TEST_F(SvarInnTest, AcknowledgementsByTheirAnswers) {
  const auto item = listed();
  EXPECT_EQ(inn_->acknowledge(item).value(), ports::Acknowledged::done);
  EXPECT_EQ(peer_.seen().back().path, "/svarinn/kvitterMottak/forsendelse/" + std::string(inn_id));
  EXPECT_EQ(peer_.seen().back().method, "POST");
  says("kvitterMottak/forsendelse/" + std::string(inn_id), 404);
  EXPECT_EQ(inn_->acknowledge(item).value(), ports::Acknowledged::already_done);
  says("kvitterMottak/forsendelse/" + std::string(inn_id), 503, "", {{"Retry-After", "7"}});
  const auto away = inn_->acknowledge(item);
  EXPECT_EQ(code_of(away), "dpf.away");
  EXPECT_EQ(away.error().retry_after, std::chrono::seconds(7));
}

TEST_F(SvarInnTest, AFailureIsToldAndNeverFinal) {
  auto item = listed();
  item.reason = "quarantined: the zip cannot be unpacked" + std::string(2'000, '!');
  ASSERT_TRUE(inn_->refuse(item));
  const auto told = peer_.seen().back();
  EXPECT_EQ(told.path, "/svarinn/mottakFeilet/forsendelse/" + std::string(inn_id));
  const auto body = json::parse(told.body).as_object();
  EXPECT_EQ(body.at("permanent"), false) << "KS would send it on paper";
  EXPECT_THAT(std::string(body.at("feilmelding").as_string()), HasSubstr("the zip cannot be unpacked"));
  EXPECT_LE(body.at("feilmelding").as_string().size(), 500U);
}

TEST_F(SvarInnTest, WhatIsNotListedAnyMoreWaits) {
  const auto item = listed();
  entry_["id"] = new_uuid();
  ASSERT_TRUE(inn_->list(inbox, {}));
  EXPECT_EQ(code_of(taken(item)), "dpf.not_listed");
  auto stranger = item;
  stranger.inbox = "0192:310701378";
  EXPECT_EQ(code_of(inn_->acknowledge(stranger)), "dpf.no_account");
}

TEST_F(SvarInnTest, AListThatIsCutOffIsAskedForAgain) {
  says("hentNyeForsendelser", 200, R"([{"id":)");
  EXPECT_EQ(code_of(inn_->list(inbox, {})), "dpf.answer");
}

TEST_F(SvarInnTest, AFullSpoolLeavesNothingBehind) {
  const auto item = listed();
  for (int successes = 1; successes < 6; ++successes) {
    blobs_.fail_after(successes, {"spool.full", "no room", Disposition::retry, {}, {}});
    const auto document = taken(item);
    ASSERT_FALSE(document) << successes;
    EXPECT_EQ(document.error().code, "spool.full");
    EXPECT_EQ(document.error().disposition, Disposition::retry);
    EXPECT_EQ(blobs_.count(), 0U) << successes;
  }
}

}  // namespace
}  // namespace kanal::transports::dpf::testing
