// Every mapped field of dpv.md section 4.
#include "transports/dpv/correspondence.hpp"

#include <gmock/gmock.h>

#include "domain/sbd_samples.hpp"

namespace kanal::transports::dpv::testing {
namespace {

namespace json = boost::json;
using namespace std::chrono;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* message_id = "0c0b0f0e-6f5d-4a55-9d8f-27f6f9a6a001";

domain::Sbd sbd_of(const std::string& type, const std::string& body, const std::string& receiver = "0192:310701378",
                   const std::string& sender = "0192:310700002", const std::string& process = {}) {
  auto value = domain::samples::arkivmelding();
  const std::string header = "/standardBusinessDocumentHeader";
  domain::samples::set(value, header + "/sender/0/identifier/value", "\"" + sender + "\"");
  domain::samples::set(value, header + "/receiver/0/identifier/value", "\"" + receiver + "\"");
  const auto reading = domain::read_sbd(json::serialize(value));
  EXPECT_TRUE(reading);
  auto sbd = reading ? reading->sbd : domain::Sbd{};
  sbd.document.instance_identifier = message_id;
  sbd.document.type = type;
  sbd.body = json::parse(body);
  if (!process.empty()) sbd.find_scope(domain::scope_type::conversation_id)->identifier = process;
  return sbd;
}

const std::string digital = R"({"tittel":"Vedtak","sammendrag":"Kort","innhold":"Langt","dpv":{}})";

ports::Attachment file(int number, const std::string& name, std::optional<std::string> title = {}) {
  ports::Attachment out;
  out.number = number;
  out.filename = name;
  out.mimetype = "application/pdf";
  out.title = std::move(title);
  return out;
}

class CorrespondenceForm : public ::testing::Test {
 protected:
  CorrespondenceForm() {
    settings.sensitive_resource = "eformidling-dpv-taushetsbelagt";
    settings.notification_text = "$correspondenceRecipientName$: melding fra $reporterName$.";
    settings.sensitive_notification_text = "Taushetsbelagt fra $reporterName$.";
    settings.email_subject = "Melding mottatt i Altinn";
    arkivmelding.offentlig_tittel = "Svar på søknad";
    arkivmelding.journalpost.tittel = "Svar på søknad om skjenkebevilling";
    arkivmelding.referenced_files = {"svar.pdf", "kart.pdf"};
  }
  Correspondence make(const domain::Sbd& sbd, const std::vector<ports::Attachment>& files = {}) {
    auto made = make_correspondence(sbd, around(sbd), files, settings, now);
    EXPECT_TRUE(made) << made.error().text();
    return made.value_or(Correspondence{});
  }
  Surroundings around(const domain::Sbd& sbd) const {
    return {resource, "FJELLBYGDA KOMMUNE", is_digital_dpv(sbd) ? nullptr : &arkivmelding};
  }
  static std::string field(const Correspondence& made, const std::string& name) {
    for (const auto& [key, text] : made.fields) {
      if (key == name || key == "correspondence." + name) return text;
    }
    return "(none)";
  }
  std::string refusal(const domain::Sbd& sbd, const std::vector<ports::Attachment>& files = {}) {
    const auto made = make_correspondence(sbd, around(sbd), files, settings, now);
    return made ? "(none)" : made.error().code;
  }

  Settings settings;
  formats::Arkivmelding arkivmelding;
  std::string resource = "eformidling-dpv-administrasjon";
  Time now = parse_iso("2026-08-14T09:12:33.120+02:00")->utc;
};

TEST_F(CorrespondenceForm, AnArkivmeldingToAnOrganisation) {
  const std::vector files{file(3, "kart.pdf"), file(1, "arkivmelding.xml"), file(2, "svar.pdf", "Svarbrev"),
                          file(4, "unevnt.pdf")};
  const auto made = make(sbd_of("arkivmelding", R"({"sikkerhetsnivaa":3})"), files);
  EXPECT_EQ(made.title, "Svar på søknad");
  EXPECT_EQ(field(made, "resourceId"), resource);
  EXPECT_EQ(field(made, "sender"), "0192:310700002");
  EXPECT_EQ(field(made, "sendersReference"), message_id);
  EXPECT_EQ(field(made, "messageSender"), "FJELLBYGDA KOMMUNE");
  EXPECT_EQ(field(made, "content.language"), "nb");
  EXPECT_EQ(field(made, "content.messageTitle"), "Svar på søknad");
  EXPECT_EQ(field(made, "content.messageSummary"), "Svar på søknad");
  EXPECT_EQ(field(made, "content.messageBody"), "Svar på søknad om skjenkebevilling");
  EXPECT_EQ(field(made, "content.attachments[0].fileName"), "svar.pdf");
  EXPECT_EQ(field(made, "content.attachments[0].displayName"), "Svarbrev");
  EXPECT_EQ(field(made, "content.attachments[1].fileName"), "kart.pdf");
  EXPECT_EQ(field(made, "content.attachments[1].displayName"), "(none)");
  EXPECT_EQ(field(made, "content.attachments[1].isEncrypted"), "false");
  EXPECT_EQ(field(made, "content.attachments[1].sendersReference"), "AttachmentReference_as123452");
  EXPECT_EQ(field(made, "content.attachments[2].fileName"), "(none)") << "only what arkivmelding.xml names";
  EXPECT_EQ(field(made, "requestedPublishTime"), "2026-08-14T09:12:33.12+02:00");
  EXPECT_EQ(field(made, "dueDateTime"), "2026-08-21T09:12:33.12+02:00");
  EXPECT_EQ(field(made, "isConfidential"), "false");
  EXPECT_EQ(field(made, "ignoreReservation"), "false");
  EXPECT_EQ(field(made, "isConfirmationNeeded"), "false");
  EXPECT_EQ(field(made, "propertyList.senderOrgNumber"), "310700002");
  EXPECT_EQ(field(made, "recipients[0]"), "urn:altinn:organization:identifier-no:310701378");
  EXPECT_EQ(field(made, "idempotentKey"), message_id);
  ASSERT_THAT(made.files, SizeIs(2));
  EXPECT_EQ(made.files[0]->filename, "svar.pdf");
  EXPECT_EQ(made.files[1]->filename, "kart.pdf");
}

TEST_F(CorrespondenceForm, BlankTitlesHaveTheirSubstitutes) {
  arkivmelding.offentlig_tittel = " ";
  const std::vector files{file(1, "svar.pdf"), file(2, "kart.pdf")};
  EXPECT_EQ(make(sbd_of("arkivmelding", "{}"), files).title, "Svar på søknad om skjenkebevilling");
  arkivmelding.journalpost.tittel.clear();
  EXPECT_EQ(refusal(sbd_of("arkivmelding", "{}"), files), "dpv.content");
  EXPECT_EQ(
      field(make(sbd_of("digital_dpv", R"({"tittel":"T","sammendrag":"S","innhold":" "})")), "content.messageBody"),
      "Ingen innhold");
}

TEST_F(CorrespondenceForm, LongTitlesAreCut) {
  std::string title;
  for (int i = 0; i < 300; ++i) title += "å";
  arkivmelding.offentlig_tittel = title;
  const auto made = make(sbd_of("arkivmelding", "{}"), {file(1, "svar.pdf"), file(2, "kart.pdf")});
  EXPECT_EQ(field(made, "content.messageTitle"), title.substr(0, 254 * 2) + "…");
  EXPECT_THAT(made.remarks, SizeIs(2));
}

TEST_F(CorrespondenceForm, ALetterToAResident) {
  const auto info =
      sbd_of("digital_dpv", digital, "21868110187", "0192:310700002", "urn:no:difi:profile:digitalpost:info:ver1.0");
  const std::vector files{file(2, "b.pdf"), file(1, "a.pdf")};  // what is made refers to them
  const auto made = make(info, files);
  EXPECT_EQ(field(made, "recipients[0]"), "urn:altinn:person:identifier-no:21868110187");
  EXPECT_EQ(field(made, "ignoreReservation"), "true");
  EXPECT_EQ(field(made, "content.messageTitle"), "Vedtak");
  EXPECT_EQ(field(made, "content.messageSummary"), "Kort");
  EXPECT_EQ(field(made, "content.messageBody"), "Langt");
  EXPECT_EQ(made.files[0]->filename, "a.pdf");
  EXPECT_EQ(made.files[1]->filename, "b.pdf");
  const auto vedtak =
      sbd_of("digital_dpv", digital, "21868110187", "0192:310700002", "urn:no:difi:profile:digitalpost:vedtak:ver1.0");
  EXPECT_EQ(field(make(vedtak), "ignoreReservation"), "false") << "decisions heed the reservation";
}

TEST_F(CorrespondenceForm, OnBehalfOfAnother) {
  const auto made = make(sbd_of("digital_dpv", digital, "0192:310701378", "0192:310700002:987464291"));
  EXPECT_EQ(field(made, "propertyList.senderOrgNumber"), "987464291");
  EXPECT_EQ(field(made, "sender"), "0192:310700002:987464291");
}

TEST_F(CorrespondenceForm, AllChannelsOfNotifications) {
  const std::map<std::string, std::string> given{{"Epost", "Email"}, {"SMS", "Sms"}, {"EpostOgSMS", "EmailAndSms"}};
  for (const bool email : {true, false}) {
    for (const bool sms : {true, false}) {
      settings.notify_email = email;
      settings.notify_sms = sms;
      for (const auto& [type, channel] : given) {
        const auto sbd =
            sbd_of("digital_dpv", R"({"tittel":"T","sammendrag":"S","dpv":{"varselTransportType":")" + type + "\"}}");
        EXPECT_EQ(field(make(sbd), "notification.notificationChannel"), channel);
      }
      const auto usual = field(make(sbd_of("digital_dpv", digital)), "notification.notificationChannel");
      EXPECT_EQ(usual, email == sms ? "EmailAndSms" : email ? "Email" : "Sms");
    }
  }
}

TEST_F(CorrespondenceForm, TextsOfNotifications) {
  auto made = make(sbd_of("digital_dpv", digital));
  EXPECT_EQ(field(made, "notification.emailBody"), "$correspondenceRecipientName$: melding fra FJELLBYGDA KOMMUNE.");
  EXPECT_EQ(field(made, "notification.smsBody"), field(made, "notification.emailBody"));
  EXPECT_EQ(field(made, "notification.emailSubject"), "Melding mottatt i Altinn");
  EXPECT_EQ(field(made, "notification.sendReminder"), "true");
  EXPECT_EQ(field(made, "notification.reminderSmsBody"), field(made, "notification.smsBody"));
  made = make(sbd_of("digital_dpv", R"({"tittel":"T","sammendrag":"S",
      "dpv":{"varselTekst":"Fra $reporterName$!","varselType":"VarselDPVUtenRevarsel"}})"));
  EXPECT_EQ(field(made, "notification.smsBody"), "Fra FJELLBYGDA KOMMUNE!");
  EXPECT_EQ(field(made, "notification.sendReminder"), "false");
  EXPECT_EQ(field(made, "notification.reminderSmsBody"), "(none)");
  made = make(sbd_of("digital_dpv", R"({"tittel":"T","sammendrag":"S","dpv":{"varselTekst":""}})"));
  EXPECT_THAT(field(made, "notification.smsBody"), HasSubstr("melding fra")) << "empty counts as absent";
}

TEST_F(CorrespondenceForm, ConfidentialByItsResource) {
  resource = settings.sensitive_resource;
  auto made = make(sbd_of("digital_dpv", R"({"tittel":"T","sammendrag":"S","dpv":{"varselTekst":"nei"}})"));
  EXPECT_EQ(field(made, "isConfidential"), "true");
  EXPECT_EQ(field(made, "notification.smsBody"), "Taushetsbelagt fra FJELLBYGDA KOMMUNE.");
  made = make(sbd_of("digital_dpv", R"({"tittel":"T","sammendrag":"S","dpv":{"taushetsbelagtVarselTekst":"ja"}})"));
  EXPECT_EQ(field(made, "notification.smsBody"), "ja");
}

TEST_F(CorrespondenceForm, DaysToAnswerIn) {
  const auto due = [&](const std::string& days) {
    return field(
        make(sbd_of("digital_dpv", R"({"tittel":"T","sammendrag":"S","dpv":{"dagerTilSvarfrist":)" + days + "}}")),
        "dueDateTime");
  };
  for (const bool usual : {true, false}) {
    settings.due_date = usual;
    EXPECT_EQ(due("-1"), "(none)");
    EXPECT_EQ(due("0"), "(none)");
    EXPECT_EQ(due("1"), "2026-08-15T09:12:33.12+02:00");
  }
  EXPECT_EQ(field(make(sbd_of("digital_dpv", digital)), "dueDateTime"), "(none)");
  EXPECT_EQ(due("90"), "2026-11-12T09:12:33.12+01:00") << "the same time on the clock in winter";
}

TEST_F(CorrespondenceForm, WithoutAResourceNothingIsSent) {
  resource = " ";
  EXPECT_EQ(refusal(sbd_of("digital_dpv", digital)), "dpv.resource");
}

TEST_F(CorrespondenceForm, AFileThatIsNotThere) {
  EXPECT_EQ(refusal(sbd_of("arkivmelding", "{}"), {file(1, "svar.pdf")}), "dpv.document");
}

TEST(CorrespondenceLimits, NamesAndExtensions) {
  for (const auto* good : {"brev.pdf", "Brev på norsk.PDF", "a.dicom", "x.JPEG"}) {
    EXPECT_FALSE(wrong_name(good)) << good;
    EXPECT_FALSE(wrong_extension(good)) << good;
  }
  for (const auto* bad : {"", "a/b.pdf", "a\"b.pdf", "a:b.pdf", "a\nb.pdf", "con.pdf", "LPT1"}) {
    EXPECT_TRUE(wrong_name(bad)) << bad;
  }
  EXPECT_TRUE(wrong_name(std::string(252, 'a') + ".pdf"));
  for (const auto* bad : {"a.exe", "a", "a.pdf.p7m", ".odt"}) EXPECT_TRUE(wrong_extension(bad)) << bad;
}

TEST(CorrespondenceLimits, Texts) {
  EXPECT_TRUE(check_texts(sbd_of("digital_dpv", digital)));
  const auto refused = [](const std::string& body) { return check_texts(sbd_of("digital_dpv", body)).error().code; };
  EXPECT_EQ(refused(R"({"tittel":" ","sammendrag":"S","innhold":""})"), "submit.document");
  EXPECT_EQ(refused(R"({"tittel":")" + std::string(256, 'x') + R"(","sammendrag":"S","innhold":""})"),
            "submit.document");
  EXPECT_EQ(refused(R"({"tittel":"T","sammendrag":"S","innhold":")" + std::string(30'001, 'x') + "\"}"),
            "submit.document");
}

}  // namespace
}  // namespace kanal::transports::dpv::testing
