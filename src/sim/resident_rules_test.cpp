#include <gmock/gmock.h>

#include "sim/sim_testing.hpp"

namespace kanal::sim::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* info_process = "urn:no:difi:profile:digitalpost:info:ver1.0";
constexpr const char* decision_process = "urn:no:difi:profile:digitalpost:vedtak:ver1.0";
constexpr const char* person = "01817012345";

Resident with_mailbox() {
  Resident out{.id = person, .name = "Kari Nordvik"};
  out.mailbox = Mailbox{"984661185", "kari.nordvik#7QXD"};
  out.email = "kari@example.no";
  return out;
}

DigitalPostSettings post_settings() {
  DigitalPostSettings out;
  out.mailbox_certificates = {{"984661185", "mailbox PEM"}};
  out.print_supplier = "996825827";
  out.print_certificate = "print PEM";
  return out;
}

/// "service/last part of the document type" of each record.
std::vector<std::string> routes_of(const Resident& resident, const char* process, bool print = true) {
  std::vector<std::string> out;
  for (const auto& entry : route_resident(resident, *find_process(process), {}, print, post_settings(), {})) {
    const auto& record = entry.as_object();
    const auto type = std::string(record.at("documentTypes").as_array().at(0).as_string());
    out.push_back(text(record.at("service").as_object(), "identifier") + type.substr(type.rfind(':')));
    EXPECT_EQ(record.at("documentTypes").as_array().size(), 1U);
  }
  return out;
}

TEST(ResidentRules, InformationGoesToTheMailboxOfWhoeverHasOne) {
  auto resident = with_mailbox();
  EXPECT_THAT(routes_of(resident, info_process), ElementsAre("DPI:digital"));
  resident.reserved = true;
  resident.notifiable = false;
  EXPECT_THAT(routes_of(resident, info_process), ElementsAre("DPI:digital")) << "neither is looked at";
  resident.mailbox->active = false;
  EXPECT_THAT(routes_of(resident, info_process), ElementsAre("DPI:print", "DPV:digital_dpv"));
  EXPECT_THAT(routes_of(resident, info_process, false), ElementsAre("DPV:digital_dpv"));
  resident.mailbox.reset();
  resident.address.reset();
  EXPECT_THAT(routes_of(resident, info_process), ElementsAre("DPV:digital_dpv"));
}

TEST(ResidentRules, DecisionsGoOnPaperToThoseWhoCannotBeNotified) {
  auto resident = with_mailbox();
  EXPECT_THAT(routes_of(resident, decision_process), ElementsAre("DPI:digital"));
  resident.reserved = true;
  EXPECT_THAT(routes_of(resident, decision_process), ElementsAre("DPI:print"));
  EXPECT_THAT(routes_of(resident, decision_process, false), IsEmpty());
  resident.reserved = false;
  resident.notifiable = false;
  EXPECT_THAT(routes_of(resident, decision_process), ElementsAre("DPI:print"));
  resident.notifiable = true;
  resident.mailbox.reset();
  EXPECT_THAT(routes_of(resident, decision_process), ElementsAre("DPI:print", "DPV:digital_dpv"));
}

TEST(ResidentRules, KnowsSyntheticNumbers) {
  EXPECT_TRUE(is_synthetic_person(person));
  EXPECT_FALSE(is_synthetic_person("01017012345"));
  EXPECT_FALSE(is_synthetic_person("0181701234"));
  EXPECT_FALSE(is_synthetic_person("0181701234x"));
  EXPECT_EQ(masked_person(person), "018170*****");
}

class ResidentsTest : public Bench {
 protected:
  ResidentsTest() {
    national_.registry().set_post(post_settings());
    national_.register_organisation({agency, "ETATEN", {}, Keys::get().agency_identity.certificate});
    EXPECT_TRUE(national_.registry().put(with_mailbox()).has_value());
    Resident on_paper{.id = "02817012346", .name = "Ola Sørli"};
    on_paper.address = PostalAddress{{"Bakken 1", "H0201"}, "4621", "KRISTIANSAND S", {}};
    EXPECT_TRUE(national_.registry().put(on_paper).has_value());
  }
  net::ClientResponse ask(const std::string& path, const std::string& scope = "eformidling:dpi",
                          const std::string& who = agency) {
    return get(national_.registry_url() + path, {{"Authorization", "Bearer " + maskinporten_token(scope, who)}});
  }
};

TEST_F(ResidentsTest, GivesTheRecordOfAMailbox) {
  const auto answer = ask(std::string("/identifier/") + person + "/process/" + info_process + "?securityLevel=4");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto body = object_of(answer);
  EXPECT_EQ(text(body.at("infoRecord").as_object().at("entityType").as_object(), "name"), "citizen");
  const auto& record = body.at("serviceRecords").as_array().at(0).as_object();
  EXPECT_EQ(text(record, "orgnrPostkasse"), "984661185");
  EXPECT_EQ(text(record, "postkasseAdresse"), "kari.nordvik#7QXD");
  EXPECT_EQ(text(record, "epostAdresse"), "kari@example.no");
  EXPECT_TRUE(record.at("mobilnummer").is_null());
  EXPECT_TRUE(record.at("kanVarsles").as_bool());
  EXPECT_FALSE(record.at("fysiskPost").as_bool());
  EXPECT_EQ(text(record, "spraak"), "nb");
  EXPECT_EQ(text(record, "organisationNumber"), person);
}

TEST_F(ResidentsTest, GivesTheRecordOfALetter) {
  const auto body = object_of(ask(std::string("/identifier/02817012346/process/") + decision_process));
  const auto& record = body.at("serviceRecords").as_array().at(0).as_object();
  EXPECT_TRUE(record.at("fysiskPost").as_bool());
  EXPECT_TRUE(record.at("postkasseAdresse").is_null());
  const auto& address = record.at("postAddress").as_object();
  EXPECT_EQ(text(address, "name"), "Ola Sørli");
  EXPECT_EQ(text(address, "street"), "Bakken 1;H0201");
  EXPECT_EQ(text(address, "postalCode"), "4621");
  EXPECT_EQ(text(record.at("returnAddress").as_object(), "name"), "ETATEN");
  EXPECT_EQ(object_of(ask("/identifier/02817012346")).at("serviceRecords").as_array().size(), 4U);
}

TEST_F(ResidentsTest, RefusesWhatItShould) {
  const auto path = std::string("/identifier/") + person + "/process/";
  EXPECT_EQ(ask(path + info_process, "eformidling:dpo").status, 401) << "the scope of DPI is needed";
  EXPECT_EQ(ask(path + "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0").status, 404);
  EXPECT_EQ(ask(std::string("/identifier/03817012347/process/") + info_process).status, 404);
  EXPECT_EQ(ask(std::string("/identifier/") + agency + "/process/" + info_process).status, 404);
  const auto unknown_sender =
      ask(std::string("/identifier/02817012346/process/") + info_process, "eformidling:dpi", municipality);
  EXPECT_EQ(unknown_sender.status, 404) << "no return address";
  EXPECT_THAT(unknown_sender.body, HasSubstr(municipality));
  EXPECT_FALSE(national_.registry().put(Resident{.id = "01017012345", .name = "X"}).has_value());
}

TEST_F(ResidentsTest, CertificatesMayBeSpoilt) {
  const auto path = std::string("/identifier/") + person + "/process/" + info_process;
  const auto record = [&] { return object_of(ask(path)).at("serviceRecords").as_array().at(0).as_object(); };
  arm("registry.no_certificate", 1, person);
  EXPECT_TRUE(record().at("pemCertificate").is_null());
  arm("registry.expired_certificate", 1, person);
  const auto expired = crypto::Certificate::from_pem(text(record(), "pemCertificate"));
  ASSERT_TRUE(expired.has_value());
  EXPECT_LT(expired->not_after(), clock_.now());
  EXPECT_EQ(expired->organisation()->str(), "984661185");
  EXPECT_EQ(text(record(), "pemCertificate"), "mailbox PEM") << "once each";
}

TEST_F(ResidentsTest, TheAuditShowsNoPersonsNumber) {
  ask(std::string("/identifier/") + person + "/process/" + info_process);
  const auto entries = national_.audit().find({.simulator = "registry"});
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].subject, "018170*****");
  EXPECT_THAT(entries[0].detail, HasSubstr("/identifier/018170*****/process/"));
  EXPECT_THAT(json::serialize(national_.audit().json({})), Not(HasSubstr(person)));
}

TEST_F(ResidentsTest, AdminChangesThem) {
  const auto site = national_.registry().url() + "/sim/residents";
  EXPECT_EQ(admin("PUT", site + "/" + person, {{"reserved", true}, {"mobile", "+4790000001"}}).status, 204);
  auto resident = *national_.registry().find_resident(person);
  EXPECT_TRUE(resident.reserved);
  EXPECT_EQ(resident.mobile, "+4790000001");
  EXPECT_EQ(resident.email, "kari@example.no") << "what is left out stays";
  EXPECT_EQ(admin("PUT", site + "/" + person, {{"mailbox", nullptr}}).status, 204);
  EXPECT_FALSE(national_.registry().find_resident(person)->mailbox.has_value());
  EXPECT_EQ(admin("PUT", site + "/01017012345", {{"name", "Not synthetic"}}).status, 400);
  EXPECT_EQ(json::parse(get(site).body).as_array().size(), 2U);
  EXPECT_EQ(admin("DELETE", site + "/" + person).status, 204);
  EXPECT_FALSE(national_.registry().find_resident(person).has_value());
}

}  // namespace
}  // namespace kanal::sim::testing
