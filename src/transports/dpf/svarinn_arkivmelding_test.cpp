#include "transports/dpf/svarinn_arkivmelding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.hpp"
#include "formats/arkivmelding.hpp"
#include "formats/xml_schema.hpp"
#include "transports/dpf/svarinn_testing.hpp"

namespace kanal::transports::dpf::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

const Time now = parse_iso("2026-09-02T10:00:00+02:00")->utc;
const std::vector<ArchivedFile> two{{"krav.pdf", "krav.pdf", "Brev"}, {"kart (2).png", "kart.png", ""}};

/// Valid against the schema that the archives use.
void expect_valid(const std::string& xml) {
  static const auto schema = formats::XmlSchema::load(kanal::testing::shared_data() / "rest" / "arkivmelding.xsd");
  ASSERT_TRUE(schema) << schema.error().text();
  const auto breach = schema->validate(bytes_of(xml));
  ASSERT_TRUE(breach) << breach.error().text() << xml;
  EXPECT_FALSE(*breach) << (*breach)->text << "\n" << xml;
}

TEST(InnArkivmelding, EveryMappedElement) {
  const auto xml = write_arkivmelding(inn_forsendelse(), two, now);
  expect_valid(xml);
  for (const char* part :
       {"<system>Integrasjonspunkt</system><meldingId>3b8f0a64-52b9-4b0c-9d0f-7a2f6a0b8001</meldingId>",
        "<tidspunkt>2026-08-31T00:00:00+02:00</tidspunkt><antallFiler>2</antallFiler>",
        "<tittel>Innsynskrav (intern)</tittel><offentligTittel>Innsynskrav sak 2026/44</offentligTittel>",
        "<virksomhetsspesifikkeMetadata><prioritet>lav &amp; fin</prioritet></virksomhetsspesifikkeMetadata>",
        "<journalaar>2025</journalaar><journalsekvensnummer>910</journalsekvensnummer>"
        "<journalpostnummer>1</journalpostnummer><journalposttype>Utgående dokument</journalposttype>"
        "<journalstatus>Ekspedert</journalstatus><journaldato>2026-09-01+02:00</journaldato>"
        "<dokumentetsDato>2026-08-31+02:00</dokumentetsDato>",
        "<korrespondanseparttype>Avsender</korrespondanseparttype>"
        "<korrespondansepartNavn>Prøvevik kommune</korrespondansepartNavn>"
        "<postadresse>Torget 1, Inngang B</postadresse><postnummer>6900</postnummer><poststed>FLORØ</poststed>",
        "<saksaar>2026</saksaar><sakssekvensnummer>44</sakssekvensnummer>", "<saksansvarlig>Eva Nor</saksansvarlig>",
        "<opprettetAv>Sak &amp; arkiv</opprettetAv>",
        "<tilknyttetRegistreringSom>Hoveddokument</tilknyttetRegistreringSom><dokumentnummer>1</dokumentnummer>",
        "<tittel>kart.png</tittel>", "<referanseDokumentfil>kart (2).png</referanseDokumentfil>"}) {
    EXPECT_THAT(xml, HasSubstr(part));
  }
  EXPECT_THAT(xml, Not(HasSubstr("<land>")));
}

TEST(InnArkivmelding, IsReadAsWhatItMeans) {
  const auto reading = formats::read_arkivmelding(bytes_of(write_arkivmelding(inn_forsendelse(), two, now)));
  ASSERT_TRUE(reading) << reading.error().text();
  EXPECT_EQ(reading->offentlig_tittel, "Innsynskrav sak 2026/44");
  EXPECT_THAT(reading->referenced_files, ElementsAre("krav.pdf", "kart (2).png"));
  EXPECT_EQ(reading->journalpost.journalposttype, "Utgående dokument");
  EXPECT_EQ(reading->journalpost.saksaar, 2026);
  EXPECT_THAT(reading->journalpost.virksomhetsspesifikke_metadata, ElementsAre(Pair("prioritet", "lav & fin")));
  ASSERT_THAT(reading->journalpost.korrespondanseparter, SizeIs(1));
  EXPECT_EQ(reading->journalpost.korrespondanseparter[0].navn, "Prøvevik kommune");
}

TEST(InnArkivmelding, IsTheSameEachTime) {
  EXPECT_EQ(write_arkivmelding(inn_forsendelse(), two, now), write_arkivmelding(inn_forsendelse(), two, now));
}

TEST(InnArkivmelding, WhatIsMissingGetsTheDefaults) {
  const auto bare = inn_forsendelse({{"id", inn_id}});
  const auto xml = write_arkivmelding(bare, {}, now);
  expect_valid(xml);
  for (const char* part : {"<tidspunkt>2026-09-02T10:00:00+02:00</tidspunkt><antallFiler>0</antallFiler>",
                           "<journalaar>2026</journalaar><journalsekvensnummer>0</journalsekvensnummer>",
                           "<journalposttype>Inngående dokument</journalposttype>"
                           "<journalstatus>Ferdigstilt fra saksbehandler</journalstatus>"
                           "<journaldato>2026-09-02+02:00</journaldato><korrespondansepart>",
                           "<saksaar>0</saksaar><sakssekvensnummer>0</sakssekvensnummer>"}) {
    EXPECT_THAT(xml, HasSubstr(part));
  }
  EXPECT_THAT(xml, Not(HasSubstr("virksomhetsspesifikkeMetadata")));
}

TEST(InnArkivmelding, APersonIsNamedInTheTitle) {
  auto entry = inn_entry();
  entry["svarSendesTil"].as_object()["fnr"] = "21868110187";
  EXPECT_THAT(write_arkivmelding(inn_forsendelse(entry), two, now),
              HasSubstr("<tittel>Innsynskrav (intern) (eDialog fra 21868110187)</tittel>"));
}

TEST(InnArkivmelding, DatesBeforeOurEraAreItsFirstDay) {
  auto entry = inn_entry();
  auto& noark = entry["metadataFraAvleverendeSystem"].as_object();
  noark["journaldato"] = -62'135'596'800'001;
  noark["dokumentetsDato"] = 999'999'999'999'999;
  const auto xml = write_arkivmelding(inn_forsendelse(entry), two, now);
  expect_valid(xml);
  EXPECT_THAT(xml, HasSubstr("<journaldato>0001-01-01"));
  EXPECT_THAT(xml, HasSubstr("<dokumentetsDato>9999-12-31"));
}

TEST(InnArkivmelding, KeysBecomeNamesOfElements) {
  EXPECT_EQ(element_name("prioritet"), "prioritet");
  EXPECT_EQ(element_name("nøkkel-2.0"), "nøkkel-2.0");
  EXPECT_EQ(element_name("1 ugyldig <nøkkel>"), "_1_ugyldig__nøkkel_");
  EXPECT_EQ(element_name("ns:navn"), "ns_navn") << "nobody has declared a prefix";
  EXPECT_EQ(element_name(""), "_");
  EXPECT_EQ(element_name("\xff\xfe"), "__");
  auto entry = inn_entry();
  entry["metadataFraAvleverendeSystem"].as_object()["ekstraMetadata"] = json::array{
      json::object{{"key", "</x>"}, {"value", "]]>\x01 & <"}}, json::object{{"key", "-"}, {"value", nullptr}}};
  expect_valid(write_arkivmelding(inn_forsendelse(entry), two, now));
}

}  // namespace
}  // namespace kanal::transports::dpf::testing
