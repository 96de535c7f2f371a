#include "formats/journalpost.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.hpp"
#include "formats/arkivmelding.hpp"

namespace kanal::formats {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Journalpost read(const std::string& inside_journalpost, const std::string& inside_saksmappe = {}) {
  const std::string xml =
      "<arkivmelding xmlns='http://www.arkivverket.no/standarder/noark5/arkivmelding' "
      "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><mappe xsi:type='saksmappe'>" +
      inside_saksmappe + "<basisregistrering xsi:type='journalpost'>" + inside_journalpost +
      "</basisregistrering></mappe></arkivmelding>";
  const auto read = read_arkivmelding(bytes_of(xml));
  EXPECT_TRUE(read) << read.error().text();
  return read ? read->journalpost : Journalpost{};
}

std::string document(const std::string& as, const std::string& files) {
  return "<dokumentbeskrivelse><tilknyttetRegistreringSom>" + as + "</tilknyttetRegistreringSom>" + files +
         "</dokumentbeskrivelse>";
}

std::string file(const std::string& name) {
  return "<dokumentobjekt><referanseDokumentfil>" + name + "</referanseDokumentfil></dokumentobjekt>";
}

TEST(Journalpost, ReadsThePublishedExample) {
  const auto example = read_arkivmelding(
      bytes_of(kanal::testing::read_file(kanal::testing::shared_data() / "rest" / "arkivmelding_docs_example.xml")));
  ASSERT_TRUE(example) << example.error().text();
  const auto& post = example->journalpost;
  EXPECT_EQ(post.journalposttype, "Utgående dokument");
  EXPECT_EQ(post.journalstatus, "Journalført");
  EXPECT_EQ(post.journaldato, "2017-05-23");
  EXPECT_EQ(post.saksaar, std::nullopt);
  EXPECT_EQ(post.korrespondanseparter.at(0).type, "Mottaker");
  EXPECT_EQ(post.korrespondanseparter.at(0).navn, "Mottakers navn");
  EXPECT_EQ(post.virksomhetsspesifikke_metadata.size(), 6U);
  EXPECT_THAT(post.virksomhetsspesifikke_metadata.front(), Pair("forvaltningsnummer", "20050"));
  EXPECT_THAT(post.dokumenter, ElementsAre("test.pdf"));
}

TEST(Journalpost, NumbersThatAreNoneAreAbsent) {
  const auto post =
      read("<journalaar>2026</journalaar><journalpostnummer>3x</journalpostnummer><journalsekvensnummer/>",
           "<saksaar> 2025 </saksaar><sakssekvensnummer>99999999999999999999</sakssekvensnummer>");
  EXPECT_EQ(post.saksaar, 2025);
  EXPECT_EQ(post.sakssekvensnummer, std::nullopt);
  EXPECT_EQ(post.journalaar, 2026);
  EXPECT_EQ(post.journalpostnummer, std::nullopt);
  EXPECT_EQ(post.journalsekvensnummer, std::nullopt);
}

TEST(Journalpost, MainDocumentsComeFirstAndTheRestKeepsItsOrder) {
  const auto post = read(document("Vedlegg", file("a") + file("b")) + document("Vedlegg", file("c")) +
                         document("Hoveddokument", file("main")) + document("Vedlegg", file("d")));
  EXPECT_THAT(post.dokumenter, ElementsAre("main", "a", "b", "c", "d"));
}

TEST(Journalpost, MetadataAreElementsWithOneText) {
  const auto post = read(
      "<virksomhetsspesifikkeMetadata xmlns:v='urn:v'>tekst<v:objekt>Havn 7</v:objekt><tom/>"
      "<dyp> <mer>1</mer> </dyp><enkel>x</enkel></virksomhetsspesifikkeMetadata>");
  EXPECT_THAT(post.virksomhetsspesifikke_metadata, ElementsAre(Pair("v:objekt", "Havn 7"), Pair("enkel", "x")));
  EXPECT_EQ(post.skipped_metadata, 2);
}

TEST(Journalpost, AddressLinesAreJoined) {
  const auto post = read(
      "<korrespondansepart><korrespondanseparttype>Avsender</korrespondanseparttype>"
      "<korrespondansepartNavn>Havna</korrespondansepartNavn><postadresse>Kaia 1</postadresse><postadresse/>"
      "<postadresse>Pb. 2</postadresse><postnummer>4621</postnummer><poststed>Kristiansand</poststed>"
      "<saksbehandler>Ola</saksbehandler></korrespondansepart>");
  ASSERT_EQ(post.korrespondanseparter.size(), 1U);
  EXPECT_EQ(post.korrespondanseparter[0].postadresse, "Kaia 1 Pb. 2");
  EXPECT_EQ(post.korrespondanseparter[0].saksbehandler, "Ola");
}

TEST(Journalpost, NothingIsRequired) {
  const auto post = read("");
  EXPECT_THAT(post.dokumenter, IsEmpty());
  EXPECT_THAT(post.korrespondanseparter, IsEmpty());
  EXPECT_EQ(post.journaldato, "");
}

}  // namespace
}  // namespace kanal::formats
