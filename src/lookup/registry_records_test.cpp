#include "lookup/registry_records.hpp"

#include <gtest/gtest.h>

#include "lookup/lookup_testing.hpp"

namespace kanal::lookup {
namespace {

using namespace testing;

std::string sample(const std::string& name) {
  return kanal::testing::read_file(kanal::testing::shared_data() / "sr" / name);
}

TEST(RegistryRecords, ReadsAnOrganisation) {
  const auto records = parse_records(sample("org-dpo-dpe.json"));
  ASSERT_TRUE(records) << records.error().text();
  ASSERT_EQ(records->size(), 5u);
  const auto& dpo = records->at(0);
  EXPECT_EQ(dpo.service.str(), "DPO");
  EXPECT_EQ(dpo.process, "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0");
  EXPECT_EQ(dpo.document_types, std::vector<std::string>{"urn:no:difi:arkivmelding:xsd::arkivmelding"});
  EXPECT_EQ(dpo.endpoint_url, "https://platform.example.test");
  EXPECT_EQ(dpo.resource, "eformidling-dpo-meldingsutveksling");
  EXPECT_EQ(dpo.organisation_number, "911111111");
  EXPECT_TRUE(dpo.pem_certificate.starts_with("-----BEGIN CERTIFICATE-----\n"));
  EXPECT_EQ(dpo.raw.at("service").at("serviceCode"), "4192");
  EXPECT_EQ(records->at(1).service.str(), "DPV");
  EXPECT_EQ(records->at(1).pem_certificate, "");
  EXPECT_EQ(records->at(3).endpoint_url, "innsyn");
  EXPECT_FALSE(records->at(3).resource);
  EXPECT_EQ(ports::choose(*records, "urn:no:difi:eformidling:xsd::feil"), &records->at(2));
  EXPECT_EQ(ports::choose(*records, "urn:no:difi:eformidling:xsd::other"), nullptr);
}

TEST(RegistryRecords, ReadsTheOtherSamples) {
  EXPECT_EQ(parse_records(sample("org-dpf.json"))->at(0).raw.at("service").at("securityLevel"), 4);
  EXPECT_TRUE(parse_records(sample("info-org.json"))->empty());
  EXPECT_EQ(parse_records(sample("person-digital.json"))->at(0).raw.at("orgnrPostkasse"), "933333333");
  const auto person = parse_records(sample("person-print-dpv.json"));
  ASSERT_EQ(person->size(), 2u);
  EXPECT_EQ(person->at(0).service.str(), "DPI");
  EXPECT_EQ(person->at(1).service.str(), "DPV");
}

TEST(RegistryRecords, UnknownServicesAndMembersStopNothing) {
  const auto records = parse_records(R"({"infoRecord":{"new":1},"newer":[],"serviceRecords":[
      {"service":{"identifier":"DPX","endpointUrl":"u","novelty":{}},"process":"p","documentTypes":["d"],"fallbacks":[]},
      {"service":{"identifier":"dpo"}},{"service":{"identifier":7}},{"service":null},{},
      "text",null,
      {"service":{"identifier":"DPH","endpointUrl":null,"resource":""},"documentTypes":[1,"d",null],"process":null,"organisationNumber":5}]})");
  ASSERT_TRUE(records) << records.error().text();
  ASSERT_EQ(records->size(), 6u);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(records->at(i).service.str(), "UNKNOWN");
  EXPECT_EQ(records->at(0).raw.at("service").at("identifier"), "DPX");
  EXPECT_EQ(records->at(0).process, "p");
  EXPECT_EQ(records->at(5).service.str(), "DPH");
  EXPECT_FALSE(records->at(5).resource);
  EXPECT_EQ(records->at(5).document_types, std::vector<std::string>{"d"});
  EXPECT_EQ(records->at(5).organisation_number, "");
}

TEST(RegistryRecords, EveryServiceOfTheSpecificationIsKnown) {
  for (const std::string service : {"DPO", "DPV", "DPI", "DPF", "DPE", "DPH", "DPFIO"}) {
    EXPECT_EQ(
        parse_records(R"({"serviceRecords":[{"service":{"identifier":")" + service + R"("}}]})")->at(0).service.str(),
        service);
  }
}

TEST(RegistryRecords, AServiceOfThisProgramIsKnown) {
  const std::vector services{ServiceIdentifier("DPX")};
  const auto records = parse_records(R"({"serviceRecords":[{"service":{"identifier":"DPX"}}]})", services);
  EXPECT_EQ(records->at(0).service.str(), "DPX");
}

TEST(RegistryRecords, OtherBodiesSayNothingAboutTheReceiver) {
  std::string many = R"({"serviceRecords":[{})";
  for (int i = 0; i < 10'000; ++i) many += ",{}";
  for (const std::string& body : {std::string(), std::string("<html>"), std::string("[]"), std::string("{}"),
                                  std::string(R"({"serviceRecords":null})"), std::string(R"({"serviceRecords":[}})"),
                                  R"({"serviceRecords":)" + std::string(100'000, '['), many + "]}"}) {
    const auto records = parse_records(body);
    ASSERT_FALSE(records) << body.substr(0, 50);
    EXPECT_EQ(records.error().code, "directory.unavailable");
    EXPECT_EQ(records.error().disposition, Disposition::retry);
  }
}

TEST(RegistryRecords, CertificateWithoutLinesIsWrapped) {
  const auto& certificate = test_identity().certificate;
  const auto bare = to_base64(certificate.der());
  for (const auto& text : {bare, "\r\n" + bare + "\r\n", bare.substr(0, 76) + "\r\n" + bare.substr(76)}) {
    const auto wrapped = with_pem_lines(text);
    EXPECT_EQ(wrapped, certificate.pem());
  }
  EXPECT_EQ(with_pem_lines(certificate.pem()), certificate.pem());
  EXPECT_EQ(with_pem_lines(""), "");
  EXPECT_EQ(with_pem_lines(" \n"), "");
}

TEST(RegistryRecords, VirksertAnswerMustBeACertificate) {
  const auto& certificate = test_identity().certificate;
  EXPECT_EQ(parse_certificate(to_base64(certificate.der())).value_or(""), certificate.pem());
  for (const std::string_view body : {"", "<html>login</html>", "AAAA", "{}"}) {
    EXPECT_EQ(code_of(parse_certificate(body)), "directory.unavailable") << body;
  }
}

struct ErrorCase {
  int status;
  std::string body;
  std::string_view code;
  Disposition disposition;
  std::string_view words;
};

TEST(RegistryErrors, EachShapeKeepsItsMeaning) {
  const ManualClock clock;
  const std::vector<ErrorCase> cases = {
      {404, sample("error-not-found.json"), "directory.not_found", Disposition::reject,
       "Entity with identifier '955555555' not found."},
      {404, sample("error-person-other-shape.json"), "directory.not_found", Disposition::reject,
       "for citizen: [person]"},
      {404, R"({"error_code":"certificate_not_found","error_description":""})", "directory.not_found",
       Disposition::reject, "certificate_not_found"},
      {404, R"({"timestamp":1,"status":404,"error":"Not Found","path":"/x"})", "directory.not_found",
       Disposition::reject, "Not Found"},
      {404, "", "directory.not_found", Disposition::reject, "404"},
      {404, "<html>", "directory.not_found", Disposition::reject, "404"},
      {400, sample("error-security-level.json"), "directory.refused", Disposition::reject,
       "no mailbox at the requested level"},
      {406, "", "directory.refused", Disposition::reject, "406"},
      {401, R"({"error_code":"","error_description":"Access denied"})", "directory.denied", Disposition::retry,
       "Access denied"},
      {403, "", "directory.denied", Disposition::retry, "scopes"},
      {500, R"({"error_code":"","error_description":"SvarUt"})", "directory.unavailable", Disposition::retry, "SvarUt"},
      {503, "<html>", "directory.unavailable", Disposition::retry, "503"},
      {429, "", "directory.unavailable", Disposition::retry, "429"},
      {408, "", "directory.unavailable", Disposition::retry, "408"},
      {302, "", "directory.unavailable", Disposition::retry, "302"},
      {204, "", "directory.unavailable", Disposition::retry, "204"},
  };
  for (const auto& one : cases) {
    const auto error = registry_error({one.status, {{"Retry-After", "9"}}, one.body}, "911111111", clock.now());
    EXPECT_EQ(error.code, one.code) << one.status << one.body;
    EXPECT_EQ(error.disposition, one.disposition) << one.status << one.body;
    EXPECT_NE(error.text().find(one.words), std::string::npos) << error.text();
    EXPECT_EQ(error.retry_after.has_value(), one.code == "directory.unavailable");
    EXPECT_EQ(error.text().find("00000000000"), std::string::npos) << error.text();
  }
}

}  // namespace
}  // namespace kanal::lookup
