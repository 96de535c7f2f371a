#include "sim/dpi_sbd.hpp"

#include <gmock/gmock.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/testing.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

json::value sample(const std::string& name) {
  return json::parse(kanal::testing::read_file(kanal::testing::shared_data() / "dpi/samples/complete" /
                                               (name + "-forretningsmelding.json")));
}

/// Why the sample is refused when the member at `path` (below standardBusinessDocument; `-` adds to
/// a list) is set, or erased for nothing.
std::string refusal(const std::string& name, const std::string& path, const std::optional<json::value>& value) {
  auto sbd = sample(name);
  const auto slash = path.rfind('/');
  auto& parent = sbd.at_pointer("/standardBusinessDocument" + path.substr(0, slash));
  const auto member = path.substr(slash + 1);
  if (parent.is_array()) {
    parent.as_array().push_back(*value);
  } else if (value) {
    parent.as_object()[member] = *value;
  } else {
    parent.as_object().erase(member);
  }
  const auto read = read_dpi_message(json::serialize(sbd));
  return read ? "accepted" : read.error().message;
}

json::value letters(std::size_t count) { return json::value(std::string(count, 'x')); }

TEST(DpiSbd, ReadsThePublishedMessages) {
  const auto digital = read_dpi_message(json::serialize(sample("digital-pa-vegne-av")));
  ASSERT_TRUE(digital.has_value()) << digital.error().message;
  EXPECT_EQ(digital->type, DpiType::digital);
  EXPECT_EQ(digital->id, "6f4b19ee-1af0-44c4-8606-4b29d7ec1596");
  EXPECT_EQ(digital->conversation, "e65c8044-4fe9-49bb-b52f-697674d695d8");
  EXPECT_EQ(digital->sender, "810969342");
  EXPECT_EQ(digital->organisation, "910076787");
  EXPECT_EQ(digital->receiver, "984661185");
  EXPECT_EQ(digital->mailbox, "test.testesen#8HC7");
  EXPECT_FALSE(digital->sender_unit.has_value());
  const auto unit = read_dpi_message(json::serialize(sample("digital-avsenderidentifikator")));
  ASSERT_TRUE(unit.has_value()) << unit.error().message;
  EXPECT_TRUE(unit->sender_unit.has_value());
  const auto print = read_dpi_message(json::serialize(sample("utskrift")));
  ASSERT_TRUE(print.has_value()) << print.error().message;
  EXPECT_EQ(print->type, DpiType::utskrift);
  EXPECT_FALSE(print->addressee.empty());
  EXPECT_TRUE(read_dpi_message(json::serialize(sample("digital"))).has_value());
}

TEST(DpiSbd, RefusesWrongHeaders) {
  const std::string head = "/standardBusinessDocumentHeader";
  EXPECT_THAT(refusal("digital", head + "/sender", std::nullopt), HasSubstr("sender is missing"));
  EXPECT_THAT(refusal("digital", head + "/sender/-", json::object{}), HasSubstr("list of one"));
  EXPECT_THAT(refusal("digital", head + "/receiver/0/identifier/value", "984661185"), HasSubstr("organisation"));
  EXPECT_THAT(refusal("digital", head + "/documentIdentification/instanceIdentifier", "7"), HasSubstr("UUID"));
  EXPECT_THAT(refusal("digital", head + "/documentIdentification/creationDateAndTime", "2026-03-02T09:11:01"),
              HasSubstr("date-time"));
  EXPECT_THAT(refusal("digital", head + "/documentIdentification/type", "utskrift"), HasSubstr("standard must be"));
  EXPECT_THAT(refusal("digital", head + "/documentIdentification/type", "feil"), HasSubstr("neither digital"));
  EXPECT_THAT(refusal("digital", head + "/documentIdentification/multipleType", false), HasSubstr("not allowed"));
  EXPECT_THAT(
      refusal("digital", head + "/businessScope/scope/0/identifier", "urn:no:difi:profile:digitalpost:info:ver1.0"),
      HasSubstr("identifier must be"));
  EXPECT_THAT(refusal("digital", head + "/businessScope/scope", json::array{}), HasSubstr("no ConversationId"));
  EXPECT_THAT(refusal("digital", head + "/businessScope/scope/0/instanceIdentifier", "my-case-12"), HasSubstr("UUID"));
  EXPECT_THAT(refusal("digital", head + "/businessScope/scope/0/scopeInformation/0/expectedResponseDateTime", "soon"),
              HasSubstr("date-time"));
  EXPECT_THAT(refusal("digital", "/vedlegg", json::object{}), HasSubstr("not allowed"));
}

TEST(DpiSbd, RefusesWrongDigitalBodies) {
  EXPECT_THAT(refusal("digital", "/digital/avsender/fakturaReferanse", letters(41)), HasSubstr("too long"));
  EXPECT_THAT(refusal("digital", "/digital/avsender/avsenderidentifikator", nullptr), HasSubstr("no text"));
  EXPECT_THAT(refusal("digital", "/digital/mottaker/person", "x"), HasSubstr("not allowed"));
  EXPECT_THAT(refusal("digital", "/digital/dokumentpakkefingeravtrykk/digestMethod", "sha256"), HasSubstr("must be"));
  EXPECT_THAT(refusal("digital", "/digital/dokumentpakkefingeravtrykk/digestValue", "YWJj"), HasSubstr("SHA-256"));
  EXPECT_THAT(refusal("digital", "/digital/maskinportentoken", std::nullopt), HasSubstr("is missing"));
  EXPECT_THAT(refusal("digital", "/digital/sikkerhetsnivaa", "4"), HasSubstr("no integer"));
  EXPECT_THAT(refusal("digital", "/digital/sikkerhetsnivaa", 2), HasSubstr("neither 3 nor 4"));
  EXPECT_THAT(refusal("digital", "/digital/sikkerhetsnivaa", std::nullopt), HasSubstr("is missing"));
  EXPECT_THAT(refusal("digital", "/digital/aapningskvittering", "false"), HasSubstr("neither true nor false"));
  EXPECT_THAT(refusal("digital", "/digital/ikkesensitivtittel", ""), HasSubstr("too short"));
  EXPECT_THAT(refusal("digital", "/digital/ikkesensitivtittel", letters(256)), HasSubstr("too long"));
  EXPECT_THAT(refusal("digital", "/digital/spraak", "nob"), HasSubstr("too long"));
  EXPECT_THAT(refusal("digital", "/digital/virkningstidspunkt", "2026-03-03"), HasSubstr("date-time"));
  EXPECT_THAT(refusal("digital", "/digital/virkningsdato", "03.03.2026"), HasSubstr("no date"));
  const json::object sms{
      {"mobiltelefonnummer", "+4790000001"}, {"varslingstekst", "x"}, {"repetisjoner", json::array{0, 7}}};
  EXPECT_EQ(refusal("digital", "/digital/varsler/smsvarsel", sms), "accepted");
  auto wrong = sms;
  wrong["repetisjoner"] = json::array{26};
  EXPECT_THAT(refusal("digital", "/digital/varsler/smsvarsel", wrong), HasSubstr("repetisjoner"));
  wrong = sms;
  wrong["mobiltelefonnummer"] = "call me";
  EXPECT_THAT(refusal("digital", "/digital/varsler/smsvarsel", wrong), HasSubstr("mobiltelefonnummer"));
  const json::object email{{"epostadresse", "kari"}, {"varslingstekst", "x"}, {"repetisjoner", json::array{0}}};
  EXPECT_THAT(refusal("digital", "/digital/varsler/epostvarsel", email), HasSubstr("e-mail address"));
}

TEST(DpiSbd, CountsCharactersAndNotBytes) {
  std::string title;
  for (int i = 0; i < 255; ++i) title += "å";
  EXPECT_EQ(refusal("digital", "/digital/ikkesensitivtittel", json::value(title)), "accepted");
}

TEST(DpiSbd, RefusesWrongLetters) {
  const std::string to = "/utskrift/mottaker";
  const json::object norwegian{
      {"navn", "A"}, {"adresselinje1", "B 1"}, {"postnummer", "4621"}, {"poststed", "Kristiansand S"}};
  const json::object foreign{{"navn", "A"}, {"adresselinje1", "B 1"}, {"land", "Frankrike"}};
  EXPECT_EQ(refusal("utskrift", to, norwegian), "accepted");
  EXPECT_EQ(refusal("utskrift", to, foreign), "accepted");
  auto both = norwegian;
  both["land"] = "Norge";
  EXPECT_THAT(refusal("utskrift", to, both), HasSubstr("either postnummer and poststed"));
  auto two = foreign;
  two["landkode"] = "FR";
  EXPECT_THAT(refusal("utskrift", to, two), HasSubstr("either postnummer and poststed"));
  EXPECT_THAT(refusal("utskrift", to, json::object{{"navn", "A"}, {"adresselinje1", "B"}}), HasSubstr("either"));
  auto code = norwegian;
  code["postnummer"] = "0 21";
  EXPECT_THAT(refusal("utskrift", to, code), HasSubstr("four digits"));
  EXPECT_THAT(refusal("utskrift", to + "/adresselinje1", letters(101)), HasSubstr("too long"));
  EXPECT_THAT(refusal("utskrift", "/utskrift/utskriftstype", "GUL"), HasSubstr("unknown value"));
  EXPECT_THAT(refusal("utskrift", "/utskrift/posttype", "A_PRIORITERT"), HasSubstr("unknown value"));
  EXPECT_THAT(refusal("utskrift", "/utskrift/retur/returposthaandtering", std::nullopt), HasSubstr("is missing"));
  EXPECT_THAT(refusal("utskrift", "/utskrift/retur", std::nullopt), HasSubstr("is missing"));
  EXPECT_THAT(refusal("utskrift", "/utskrift/spraak", "nb"), HasSubstr("not allowed"));
}

TEST(DpiSbd, RefusesWhatIsNoSbd) {
  EXPECT_FALSE(read_dpi_message("").has_value());
  EXPECT_FALSE(read_dpi_message("[]").has_value());
  EXPECT_FALSE(read_dpi_message("{}").has_value());
  const auto invalid = kanal::testing::shared_data() / "dpi/samples/sbd/feil-sbd-INVALID.json";
  EXPECT_FALSE(read_dpi_message(kanal::testing::read_file(invalid)).has_value());
}

}  // namespace
}  // namespace kanal::sim
