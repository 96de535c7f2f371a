#include "formats/arkivmelding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.hpp"

namespace kanal::formats {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Result<Arkivmelding> sample(const std::string& name) {
  return read_arkivmelding(bytes_of(kanal::testing::read_file(kanal::testing::shared_data() / "rest" / name)));
}

Result<Arkivmelding> read(std::string_view inside_journalpost, std::string_view inside_saksmappe = {}) {
  const std::string xml =
      "<arkivmelding xmlns='http://www.arkivverket.no/standarder/noark5/arkivmelding' "
      "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><mappe xsi:type='saksmappe'>" +
      std::string(inside_saksmappe) + "<basisregistrering xsi:type='journalpost'>" + std::string(inside_journalpost) +
      "</basisregistrering></mappe></arkivmelding>";
  return read_arkivmelding(bytes_of(xml));
}

std::string document(std::string_view number, std::string_view file) {
  const std::string element = number.empty() ? "" : "<dokumentnummer>" + std::string(number) + "</dokumentnummer>";
  return "<dokumentbeskrivelse>" + element + "<dokumentobjekt><referanseDokumentfil>" + std::string(file) +
         "</referanseDokumentfil></dokumentobjekt></dokumentbeskrivelse>";
}

TEST(ReadArkivmelding, ReadsThePublishedExamples) {
  const auto example = sample("arkivmelding_docs_example.xml");
  ASSERT_TRUE(example) << example.error().text();
  EXPECT_EQ(example->offentlig_tittel, "En offentlig tittel");
  EXPECT_EQ(example->message_reference, std::nullopt) << "no journalpostnummer";
  EXPECT_THAT(example->referenced_files, ElementsAre("test.pdf"));
  const auto ok = sample("arkivmelding_ok.xml");
  ASSERT_TRUE(ok) << ok.error().text();
  EXPECT_THAT(ok->referenced_files, ElementsAre("test.pdf"));
}

TEST(ReadArkivmelding, DoesNotApplyTheSchema) {
  const auto lenient = sample("arkivmelding_error.xml");
  ASSERT_TRUE(lenient) << lenient.error().text();
  EXPECT_THAT(lenient->referenced_files, ElementsAre("test.pdf"));
}

TEST(ReadArkivmelding, JoinsSystemIdAndNumberToTheReference) {
  const auto both = read("<journalpostnummer>7</journalpostnummer>", "<systemID>abc</systemID>");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->message_reference, "abc-7");
  EXPECT_EQ(read("<journalpostnummer>7</journalpostnummer>")->message_reference, std::nullopt);
  EXPECT_EQ(read("", "<systemID>abc</systemID>")->message_reference, std::nullopt);
}

TEST(ReadArkivmelding, SortsFilesByDocumentNumber) {
  const auto sorted = read(document("10", "ten") + document("", "none-1") + document("2", "two") +
                           document("x", "none-2") + document("2", "two-again"));
  ASSERT_TRUE(sorted);
  EXPECT_THAT(sorted->referenced_files, ElementsAre("two", "two-again", "ten", "none-1", "none-2"));
}

TEST(ReadArkivmelding, TakesEveryObjectOfADescriptionAndNoOther) {
  const auto files = read(
      "<dokumentobjekt><referanseDokumentfil>direct</referanseDokumentfil></dokumentobjekt>"
      "<dokumentbeskrivelse><dokumentobjekt><referanseDokumentfil>a</referanseDokumentfil></dokumentobjekt>"
      "<dokumentobjekt/><dokumentobjekt><referanseDokumentfil> b "
      "</referanseDokumentfil></dokumentobjekt></dokumentbeskrivelse>");
  ASSERT_TRUE(files);
  EXPECT_THAT(files->referenced_files, ElementsAre("a", "b"));
}

TEST(ReadArkivmelding, LooksAtTheFirstOfEachKindOnly) {
  const std::string xml =
      "<n:arkivmelding xmlns:n='http://www.arkivverket.no/standarder/noark5/arkivmelding' "
      "xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><n:mappe i:type='n:mappe'/><n:mappe i:type='n:saksmappe'>"
      "<n:basisregistrering "
      "i:type='n:moeteregistrering'><n:offentligTittel>no</n:offentligTittel></n:basisregistrering>"
      "<n:basisregistrering i:type='n:journalpost'><n:offentligTittel>yes</n:offentligTittel></n:basisregistrering>"
      "<n:basisregistrering i:type='n:journalpost'><n:offentligTittel>second</n:offentligTittel></n:basisregistrering>"
      "</n:mappe></n:arkivmelding>";
  const auto read = read_arkivmelding(bytes_of(xml));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->offentlig_tittel, "yes");
  EXPECT_THAT(read->referenced_files, IsEmpty());
}

TEST(ReadArkivmelding, SaysWhatIsMissing) {
  const auto code_of = [](std::string_view xml) { return read_arkivmelding(bytes_of(xml)).error().code; };
  EXPECT_EQ(code_of("<arkivmelding/>"), "arkivmelding.no_saksmappe");
  EXPECT_EQ(code_of("<arkivmelding><mappe/></arkivmelding>"), "arkivmelding.no_saksmappe");
  EXPECT_EQ(code_of("<a xmlns:x='http://www.w3.org/2001/XMLSchema-instance'><mappe x:type='saksmappe'/></a>"),
            "arkivmelding.no_journalpost");
  EXPECT_EQ(code_of("<arkivmelding>"), "xml.malformed");
  EXPECT_EQ(code_of("<!DOCTYPE arkivmelding SYSTEM 'x.dtd'><arkivmelding/>"), "xml.doctype");
}

}  // namespace
}  // namespace kanal::formats
