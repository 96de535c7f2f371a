// The mapping of dpf.md sections 4.3 to 4.5, and its JSON held against KS's own contract.
#include "transports/dpf/forsendelse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "base/testing.hpp"
#include "transports/dpf/dpf_testing.hpp"
#include "transports/dpf/forsendelse_json.hpp"

namespace kanal::transports::dpf::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

/// What the published contract of v3 does not allow; empty when it is valid.
std::string contract_breach(const std::string& text) {
  using Adapter = valijson::adapters::BoostJsonAdapter;
  json::value contract =
      json::parse(kanal::testing::read_file(kanal::testing::shared_data() / "dpf" / "forsendelse-send-api-v3.json"));
  contract.as_object()["$ref"] = "#/components/schemas/OrganisasjonForsendelse";
  valijson::Schema schema;
  valijson::SchemaParser().populateSchema(Adapter(contract), schema);
  const auto document = json::parse(text);
  valijson::ValidationResults results;
  if (valijson::Validator().validate(schema, Adapter(document), &results)) return {};
  std::string breach;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    for (const auto& step : error.context) breach += step;
    breach += ": " + error.description + "\n";
  }
  return breach.empty() ? "not valid" : breach;
}

class ForsendelseTest : public ::testing::Test {
 protected:
  Result<Forsendelse> make(const std::string& xml, const domain::Sbd& sbd = dpf_sbd()) {
    arkivmelding_ = formats::read_arkivmelding(bytes_of(xml));
    EXPECT_TRUE(arkivmelding_) << arkivmelding_.error().text();
    auto made =
        make_forsendelse(sbd, *arkivmelding_, {receiver_number, own_number, receiver_, sender_}, files_, settings_);
    EXPECT_EQ(made ? contract_breach(write_json(*made)) : "", "");
    return made;
  }
  Forsendelse good(const std::string& xml, const domain::Sbd& sbd = dpf_sbd()) {
    auto made = make(xml, sbd);
    EXPECT_TRUE(made) << made.error().text();
    return made ? std::move(*made) : Forsendelse{};
  }
  std::string code(const std::string& xml, const domain::Sbd& sbd = dpf_sbd()) {
    auto made = make(xml, sbd);
    EXPECT_FALSE(made);
    EXPECT_TRUE(made || made.error().disposition == Disposition::reject);
    return made ? "" : made.error().code;
  }
  static std::string part(const std::string& type, const std::string& inside) {
    return "<korrespondansepart><korrespondanseparttype>" + type +
           "</korrespondanseparttype><korrespondansepartNavn>Navn</korrespondansepartNavn>" + inside +
           "</korrespondansepart>";
  }

  ports::testing::MemoryBlobs blobs_;
  std::vector<ports::Attachment> files_ = whole_files(blobs_);
  Settings settings_ = dpf_settings();
  json::object receiver_ = info(receiver_number, "STOREVIK KOMMUNE", "Rådhusgata 4", "6800", "FØRDE");
  json::object sender_ = info(own_number, "DIREKTORATET", "Kaia 1", "4621", "KRISTIANSAND");
  Result<formats::Arkivmelding> arkivmelding_ = formats::Arkivmelding{};
};

TEST_F(ForsendelseTest, IsTheExampleOfTheSpecification) {
  settings_.not_printed = {"*"};
  const auto forsendelse =
      good(whole_arkivmelding(), dpf_sbd(R"({"sikkerhetsnivaa":3,"dpf":{"forsendelseType":"havneplan"}})"));
  EXPECT_EQ(json::parse(write_json(forsendelse)), json::parse(R"({
    "mottaker": {"navn": "STOREVIK KOMMUNE", "digitalId": "310701378",
      "adresse": {"adresselinje1": "Rådhusgata 4", "postnummer": "6800", "poststed": "FØRDE"}},
    "tittel": "Svar på høring om havneplan", "avgivendeSystem": "Kanal",
    "kunDigitalLevering": false, "kryptert": true,
    "utskriftskonfigurasjon": {"tosidig": true},
    "sikkerhetsniva": "BETYDELIG",
    "svarSendesTil": {"navn": "Direktoratet for øvelser", "type": "ORGANISASJON", "digitalId": "310700002",
      "adresse": {"adresselinje1": "Postboks 12", "postnummer": "0032", "poststed": "OSLO"}},
    "metadataFraAvleverendeSystem": {"saksaar": 2026, "sakssekvensnummer": 118, "journalaar": 2026,
      "journalsekvensnummer": 40211, "journalpostnummer": 3, "journalposttype": "U", "journalstatus": "J",
      "journaldato": "2026-09-01T00:00:00+02:00", "dokumentetsDato": "2026-01-31T00:00:00+01:00",
      "tittel": "Svar på høring om havneplan", "saksbehandler": "Ola Dunk",
      "ekstraMetadata": [{"key": "objektnavn", "value": "Havn 7"}]},
    "dokumenter": [
      {"filnavn": "brev.pdf", "mimeType": "application/pdf", "skalEkskluderesFraUtskrift": false},
      {"filnavn": "kart.png", "mimeType": "image/png", "skalEkskluderesFraUtskrift": true}],
    "forsendelsestype": "havneplan", "kanSvareViaEdialog": false, "taushetsbelagtPost": false,
    "eksternReferanse": "0c0b0f0e-6f5d-4a55-9d8f-27f6f9a6a001",
    "korrelasjonsid": "5f4b8d0e-1df9-4e53-9d7c-bb3b60c8a111"})"));
  EXPECT_THAT(forsendelse.remarks, IsEmpty());
  auto untitled = forsendelse;
  untitled.tittel.clear();
  EXPECT_NE(contract_breach(write_json(untitled)), "") << "the contract would tell";
}

TEST_F(ForsendelseTest, LevelFourIsHighestAndMustBeEncrypted) {
  const auto four = dpf_sbd(R"({"sikkerhetsnivaa":4})");
  EXPECT_THAT(write_json(good(whole_arkivmelding(), four)), HasSubstr(R"("sikkerhetsniva":"HOYESTE")"));
  settings_.encrypted = false;
  EXPECT_EQ(code(whole_arkivmelding(), four), "dpf.level");
  EXPECT_THAT(write_json(good(whole_arkivmelding())), HasSubstr(R"("kryptert":false)"));
}

TEST_F(ForsendelseTest, OnlyReferencesThatAreUuidsAreSvarUts) {
  auto sbd = dpf_sbd();
  sbd.scopes.push_back({"ReceiverRef", ks_id, {}, {}});
  EXPECT_EQ(good(whole_arkivmelding(), sbd).answers, ks_id);
  EXPECT_EQ(good(whole_arkivmelding(), sbd).id, message_id) << "the SenderRef is no UUID";
  sbd.find_scope("SenderRef")->instance_identifier = conversation_id;
  sbd.find_scope("ReceiverRef")->instance_identifier = "sak 7";
  EXPECT_EQ(good(whole_arkivmelding(), sbd).id, conversation_id);
  EXPECT_EQ(good(whole_arkivmelding(), sbd).answers, "");
}

TEST_F(ForsendelseTest, AddressesThatAreMissingHaveTheirSubstitutes) {
  receiver_ = {{"identifier", receiver_number}};
  sender_ = {};
  const auto forsendelse = good(arkivmelding_xml(""));
  EXPECT_EQ(forsendelse.mottaker.navn, receiver_number);
  EXPECT_EQ(forsendelse.mottaker.adresse->postnummer, "0192");
  EXPECT_EQ(forsendelse.mottaker.adresse->poststed, "Oslo");
  EXPECT_EQ(forsendelse.svar_sendes_til.navn, own_number);
  EXPECT_EQ(forsendelse.svar_sendes_til.adresse->adresselinje1, own_number);
  settings_.only_digital = true;
  EXPECT_FALSE(good(arkivmelding_xml("")).mottaker.adresse) << "none is better than an invented one";
  EXPECT_TRUE(good(arkivmelding_xml("")).svar_sendes_til.adresse) << "the contract requires it";
}

TEST_F(ForsendelseTest, BlankPartsOfTheSenderComeFromTheRegister) {
  const auto forsendelse =
      good(arkivmelding_xml(part("Ukjent", "") + part("Avsender", "<saksbehandler>Eva</saksbehandler>")));
  EXPECT_EQ(forsendelse.svar_sendes_til.navn, "Navn");
  EXPECT_EQ(forsendelse.svar_sendes_til.adresse->adresselinje1, "Kaia 1");
  EXPECT_EQ(forsendelse.svar_sendes_til.adresse->postnummer, "4621");
  EXPECT_EQ(forsendelse.metadata.saksbehandler, "Eva") << "one part without a known type spoils no other";
}

TEST_F(ForsendelseTest, LongTextsAreCutByCharacters) {
  std::string name;
  for (int i = 0; i < 120; ++i) name += "ø";
  receiver_ = info(receiver_number, name, name, "6800", name);
  std::string title;
  for (int i = 0; i < 1001; ++i) title += "å";
  const auto forsendelse = good(arkivmelding_xml("", "", title));
  EXPECT_THAT(forsendelse.mottaker.navn, SizeIs(200));
  EXPECT_THAT(forsendelse.mottaker.adresse->adresselinje1, SizeIs(140));
  EXPECT_THAT(forsendelse.tittel, SizeIs(2000));
  EXPECT_THAT(forsendelse.remarks, ElementsAre(HasSubstr("cut to 1000")));
}

TEST_F(ForsendelseTest, NumbersAndDatesOutOfRangeAreLeftOut) {
  const auto forsendelse =
      good(arkivmelding_xml("<journalaar>0</journalaar><journalsekvensnummer>0</journalsekvensnummer>"
                            "<journalpostnummer>-3</journalpostnummer><journaldato>2026-13-40</journaldato>"
                            "<dokumentetsDato>i går</dokumentetsDato>",
                            "<saksaar>26</saksaar><sakssekvensnummer>0</sakssekvensnummer>"));
  const auto& metadata = forsendelse.metadata;
  EXPECT_FALSE(metadata.saksaar || metadata.sakssekvensnummer || metadata.journalaar || metadata.journalsekvensnummer ||
               metadata.journalpostnummer || metadata.journaldato || metadata.dokumentets_dato);
  EXPECT_EQ(metadata.journalposttype, "I");
  EXPECT_EQ(metadata.journalstatus, "R");
  EXPECT_THAT(forsendelse.remarks, SizeIs(2));
}

TEST_F(ForsendelseTest, ADayKeepsTheZoneItIsWrittenWith) {
  const auto day = [&](const std::string& text) {
    const auto made = good(arkivmelding_xml("<journaldato>" + text + "</journaldato>"));
    return made.metadata.journaldato ? format_iso(*made.metadata.journaldato) : "";
  };
  EXPECT_EQ(day("2026-09-01Z"), "2026-09-01T00:00:00Z");
  EXPECT_EQ(day("2026-09-01+01:00"), "2026-09-01T00:00:00+01:00");
  EXPECT_EQ(day("2026-09-01T13:14:15-05:00"), "2026-09-01T00:00:00-05:00");
  EXPECT_EQ(day("2026-12-01T13:14:15"), "2026-12-01T00:00:00+01:00");
}

TEST_F(ForsendelseTest, EveryCodeOfTheTables) {
  const auto codes = [&](const std::string& type, const std::string& status) {
    const auto made = good(arkivmelding_xml("<journalposttype>" + type + "</journalposttype><journalstatus>" + status +
                                            "</journalstatus>"));
    return made.metadata.journalposttype + made.metadata.journalstatus;
  };
  EXPECT_EQ(codes("Inngående dokument", "Ferdigstilt fra saksbehandler"), "IR");
  EXPECT_EQ(codes("Utgående dokument", "Ekspedert"), "UE");
  EXPECT_EQ(codes("Saksframlegg", "Arkivert"), "SA");
  EXPECT_EQ(codes("Organinternt dokument for oppfølging", "Godkjent av leder"), "NF");
  EXPECT_EQ(codes("Organinternt dokument uten oppfølging", "Journalført"), "XJ");
  EXPECT_EQ(codes("Noe annet", "Utgår"), "IU");
}

TEST_F(ForsendelseTest, ExtraMetadataAreBounded) {
  std::string inside =
      "<virksomhetsspesifikkeMetadata><lang>" + std::string(600, 'x') + "</lang><dobbel>a</dobbel><dobbel>a</dobbel>";
  for (int i = 0; i < 30; ++i) inside += "<n" + std::to_string(i) + ">v</n" + std::to_string(i) + ">";
  const auto forsendelse = good(arkivmelding_xml(inside + "</virksomhetsspesifikkeMetadata>"));
  EXPECT_THAT(forsendelse.metadata.ekstra, SizeIs(20));
  EXPECT_THAT(forsendelse.metadata.ekstra[0].second, SizeIs(500));
  EXPECT_THAT(forsendelse.metadata.ekstra[1], Pair("dobbel", "a"));
  EXPECT_THAT(forsendelse.metadata.ekstra[2], Pair("n0", "v"));
  EXPECT_THAT(forsendelse.remarks, SizeIs(2));
  for (const auto& remark : forsendelse.remarks) EXPECT_EQ(remark.find("xxx"), std::string::npos);
}

TEST_F(ForsendelseTest, AMessageWithoutATitleIsRefused) { EXPECT_EQ(code(arkivmelding_xml("", "", "")), "dpf.title"); }

TEST_F(ForsendelseTest, NamedFilesMustBeThereAndFit) {
  EXPECT_EQ(code(arkivmelding_xml(described_file("annen.pdf"))), "dpf.document");
  files_.push_back(attachment(blobs_, "a:b.pdf", "application/pdf", "x"));
  EXPECT_EQ(code(arkivmelding_xml(described_file("a:b.pdf"))), "dpf.document");
  files_.push_back(attachment(blobs_, "c.pdf", "application/pdf\r\nX: y", "x"));
  EXPECT_EQ(code(arkivmelding_xml(described_file("c.pdf"))), "dpf.document") << "it becomes a header";
  const auto twice = good(arkivmelding_xml(described_file("brev.pdf") + described_file("brev.pdf")));
  EXPECT_THAT(twice.dokumenter, SizeIs(1));
}

TEST_F(ForsendelseTest, WhatIsPrinted) {
  EXPECT_EQ(print_of("BREV.PDF", settings_), Print::as_it_is);
  EXPECT_EQ(print_of("kart.PNG", settings_), Print::excluded);
  EXPECT_EQ(print_of("tabell.xlsx", settings_), Print::forbidden);
  EXPECT_EQ(print_of("pdf", settings_), Print::as_it_is) << "no dot: the whole name";
  settings_.not_printed = {"*"};
  EXPECT_EQ(print_of("tabell.xlsx", settings_), Print::excluded);
  EXPECT_EQ(print_of("brev.pdf", settings_), Print::as_it_is);
}

TEST_F(ForsendelseTest, NamesThatSvarUtDoesNotTake) {
  EXPECT_FALSE(wrong_name("brev på norsk.pdf"));
  EXPECT_TRUE(wrong_name(""));
  EXPECT_TRUE(wrong_name(std::string(227, 'a')));
  for (const char c : std::string(R"(*:"\/<>|?)")) EXPECT_TRUE(wrong_name(std::string("a") + c + "b.pdf")) << c;
  EXPECT_TRUE(wrong_name("a\nb.pdf"));
}

TEST_F(ForsendelseTest, SendsInTheNameOfWhomItIsOnBehalfOf) {
  EXPECT_EQ(*sender_of("iso6523-actorid-upis", "0192:310700002"), "310700002");
  EXPECT_EQ(*sender_of("iso6523-actorid-upis", "0192:310700002:974720760"), "974720760");
  EXPECT_EQ(sender_of("iso6523-actorid-upis", "Kari").error().code, "dpf.sender");
}

TEST_F(ForsendelseTest, ConfiguredProcessesAreConfidential) {
  settings_.confidential_processes = {dpf_sbd().process()};
  settings_.kontering = "K-1";
  const auto text = write_json(good(whole_arkivmelding()));
  EXPECT_THAT(text, HasSubstr(R"("taushetsbelagtPost":true)"));
  EXPECT_THAT(text, HasSubstr(R"("konteringskode":"K-1")"));
}

}  // namespace
}  // namespace kanal::transports::dpf::testing
