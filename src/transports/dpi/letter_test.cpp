#include "transports/dpi/letter.hpp"

#include <gmock/gmock.h>
#include <boost/json/serialize.hpp>

#include "transports/dpi/letter_testing.hpp"
#include "transports/dpi/schema_testing.hpp"

namespace kanal::transports::dpi::testing {
namespace {

namespace json = boost::json;

const Time now = parse_iso("2026-03-02T09:11:01.42+01:00")->utc;

json::value letter(const domain::Sbd& sbd, const Recipient& recipient) {
  Seal seal;
  seal.token = "eyJhbGciOiJSUzI1NiJ9.e30.AA";
  return write_letter(sbd, *sender_of(sbd), recipient, seal, now);
}
json::value digital() { return letter(digital_sbd(), digital_recipient()); }
json::value print() { return letter(print_sbd(), print_recipient()); }

std::string at(const json::value& value, const std::string& pointer) {
  boost::system::error_code error;
  const auto* found = value.find_pointer("/standardBusinessDocument" + pointer, error);
  return found == nullptr ? "(absent)" : json::serialize(*found);
}

TEST(Letter, KeepsToTheSchemas) {
  EXPECT_EQ(schema_breach(digital(), "digital"), "");
  EXPECT_EQ(schema_breach(print(), "utskrift"), "");
  auto plain = digital_sbd();
  plain.body.as_object().erase("varsler");
  plain.body.as_object().erase("avsenderId");
  plain.body.as_object().erase("fakturaReferanse");
  EXPECT_EQ(schema_breach(letter(plain, digital_recipient()), "digital"), "");
  EXPECT_NE(schema_breach(print(), "digital"), "") << "the schema can say no";
}

TEST(Letter, HasTheHeaderOfTheAccessPoint) {
  const auto value = digital();
  const std::string header = "/standardBusinessDocumentHeader";
  EXPECT_EQ(at(value, header + "/sender/0/identifier/value"), "\"0192:310700002\"");
  EXPECT_EQ(at(value, header + "/receiver/0/identifier/value"), "\"0192:984661185\"") << "never the resident";
  EXPECT_EQ(at(value, header + "/documentIdentification/instanceIdentifier"), "\"" + std::string(message_id) + "\"");
  EXPECT_EQ(at(value, header + "/documentIdentification/creationDateAndTime"), "\"2026-03-02T09:11:01.42+01:00\"");
  EXPECT_EQ(at(value, header + "/businessScope/scope/0/instanceIdentifier"),
            "\"" + std::string(conversation_id) + "\"");
  EXPECT_EQ(at(value, header + "/businessScope/scope/0/identifier"),
            "\"urn:fdc:digdir.no:2020:profile:egovernment:innbyggerpost:digital:ver1.0\"");
  EXPECT_EQ(at(value, header + "/businessScope/scope/0/scopeInformation/0/expectedResponseDateTime"),
            "\"2026-09-02T09:15:00+02:00\"");
  EXPECT_EQ(at(value, header + "/businessScope/scope/1"), "(absent)") << "other scopes are not sent";
  EXPECT_EQ(json::serialize(value).find(resident), std::string::npos) << "the resident is named nowhere";
}

TEST(Letter, SaysWhatADigitalMessageSays) {
  const auto value = digital();
  EXPECT_EQ(at(value, "/digital/avsender/avsenderidentifikator"), "\"byggesak\"");
  EXPECT_EQ(at(value, "/digital/avsender/fakturaReferanse"), "\"BS-2026-17\"");
  EXPECT_EQ(at(value, "/digital/mottaker/postkasseadresse"), "\"kari.nordvik#7QXD\"");
  EXPECT_EQ(at(value, "/digital/sikkerhetsnivaa"), "4");
  EXPECT_EQ(at(value, "/digital/virkningstidspunkt"), "\"2026-07-03T00:00:00+02:00\"") << "midnight in Norway";
  EXPECT_EQ(at(value, "/digital/aapningskvittering"), "true") << "also from a text";
  EXPECT_EQ(at(value, "/digital/ikkesensitivtittel"), "\"Svar på søknad\"");
  EXPECT_EQ(at(value, "/digital/varsler/epostvarsel/epostadresse"), "\"kari@example.no\"");
  EXPECT_EQ(at(value, "/digital/varsler/smsvarsel/repetisjoner"), "[0,7]");
  EXPECT_EQ(at(value, "/digital/dokumentpakkefingeravtrykk/digestMethod"),
            "\"http://www.w3.org/2001/04/xmlenc#sha256\"");
}

TEST(Letter, NotifiesOnlyWithAddressAndText) {
  auto recipient = digital_recipient();
  recipient.email.clear();
  EXPECT_EQ(at(letter(digital_sbd(), recipient), "/digital/varsler/epostvarsel"), "(absent)");
  auto sbd = digital_sbd();
  sbd.body.as_object()["varsler"] = json::object{{"epostTekst", ""}};
  EXPECT_EQ(at(letter(sbd, digital_recipient()), "/digital/varsler"), "{}");
}

TEST(Letter, IsSentOnBehalfOfAPart) {
  auto sbd = digital_sbd();
  sbd.sender[0].value = "0192:310700002:987654325";
  const auto value = letter(sbd, digital_recipient());
  EXPECT_EQ(at(value, "/standardBusinessDocumentHeader/sender/0/identifier/value"), "\"0192:310700002\"");
  EXPECT_EQ(at(value, "/digital/avsender/virksomhetsidentifikator/value"), "\"0192:987654325\"");
  EXPECT_EQ(sender_of(sbd)->number, "987654325");
  EXPECT_EQ(schema_breach(value, "digital"), "");
}

TEST(Letter, PutsAForeignPlaceIntoALine) {
  const auto value = print();
  EXPECT_EQ(at(value, "/utskrift/mottaker/adresselinje2"), "\"13002 Marseille\"");
  EXPECT_EQ(at(value, "/utskrift/mottaker/land"), "\"Frankrike\"");
  EXPECT_EQ(at(value, "/utskrift/mottaker/postnummer"), "(absent)");
  EXPECT_EQ(at(value, "/utskrift/retur/mottaker/postnummer"), "\"4621\"");
  EXPECT_EQ(at(value, "/utskrift/retur/mottaker/land"), "(absent)") << "a Norwegian one names no country";
  EXPECT_EQ(at(value, "/utskrift/utskriftstype"), "\"FARGE\"");
  EXPECT_EQ(at(value, "/utskrift/posttype"), "\"A\"");
  EXPECT_EQ(at(value, "/utskrift/retur/returposthaandtering"), "\"MAKULERING_MED_MELDING\"");
  auto full = print_sbd();
  for (const auto* line : {"adresselinje2", "adresselinje3", "adresselinje4"}) {
    full.body.at("mottaker").as_object()[line] = line;
  }
  EXPECT_EQ(at(letter(full, print_recipient()), "/utskrift/mottaker/adresselinje4"),
            "\"adresselinje4 13002 Marseille\"");
}

TEST(Letter, HasALanguage) {
  EXPECT_EQ(language_of(digital_sbd(), digital_recipient(), "EN"), "NO") << "the message's own";
  EXPECT_EQ(language_of(print_sbd(), digital_recipient(), "EN"), "NN") << "the resident's";
  EXPECT_EQ(language_of(print_sbd(), print_recipient(), "EN"), "EN");
}

TEST(Letter, NeedsAnOrganisationAsSender) {
  auto sbd = digital_sbd();
  sbd.sender[0].value = "nonsense";
  EXPECT_EQ(sender_of(sbd).error().code, "dpi.sender");
  sbd.sender.clear();
  EXPECT_EQ(sender_of(sbd).error().code, "dpi.sender");
}

}  // namespace
}  // namespace kanal::transports::dpi::testing
