// Every document type of messages.md section 4 is read, routed by the registry's answer and refused by the right name
// while its service is off; the members it declares are only logged unless bodies are strict.
#include "api/testing_stage.hpp"
#include "domain/message_type.hpp"

namespace kanal::api::testing {
namespace {

const std::string path = "/api/messages/out";

json::value of_type(const std::string& type, const std::string& standard, json::value body) {
  auto document = with(sbd(message_1, type), at::document + "/standard", standard);
  document.as_object()[type] = std::move(body);
  return document;
}

struct Routed {
  std::string type, service;
  std::string standard{};  ///< empty: that of the catalogue
};

class DocumentTypes : public ApiStage, public ::testing::WithParamInterface<Routed> {};

TEST_P(DocumentTypes, AreRoutedByTheRegistry) {
  const auto& row = GetParam();
  const auto* type = domain::find_message_type(row.type);
  ASSERT_NE(type, nullptr);
  const std::string standard = row.standard.empty() ? std::string(type->document_type) : row.standard;
  directory.records[0].service = ServiceIdentifier(row.service);
  directory.records[0].document_types = {standard};
  const auto refused = refusal("ServiceNotEnabledException", "Service " + row.service + " is not enabled", path);
  expect_error(post_json(of_type(row.type, standard, json::object{})), refused);
}

INSTANTIATE_TEST_SUITE_P(Catalogue, DocumentTypes,
                         ::testing::Values(Routed{"arkivmelding", "DPF"}, Routed{"arkivmelding_kvittering", "DPV"},
                                           Routed{"avtalt", "DPE"}, Routed{"digital", "DPI"},
                                           Routed{"digital_dpv", "DPV"}, Routed{"print", "DPI"},
                                           Routed{"innsynskrav", "DPE"}, Routed{"publisering", "DPE"},
                                           Routed{"einnsyn_kvittering", "DPE"}, Routed{"status", "DPE"},
                                           Routed{"fiksio", "DPFIO", "no.example.byggesak.v1"},
                                           Routed{"dialogmelding", "DPH"}, Routed{"dialogmelding_kvittering", "DPH"}),
                         [](const auto& row) { return row.param.type; });

class Bodies : public ApiStage {
 protected:
  const std::string standard = "urn:no:difi:einnsyn:xsd::innsynskrav";
  Bodies() { directory.records[0].document_types = {standard}; }
};

TEST_F(Bodies, AreLoggedWhenIncompleteAndRefusedWhenStrict) {
  EXPECT_EQ(post_json(of_type("innsynskrav", standard, json::object{})).status, 200);
  EXPECT_EQ(std::ranges::count(log.events(), "business_message_incomplete"), 1);
  ApiSettings strict;
  strict.strict_bodies = true;
  serve(std::move(strict));
  const auto document =
      with(of_type("innsynskrav", standard, {{"orgnr", own}}), at::document + "/instanceIdentifier", message_2);
  const auto reply = post_json(document);
  EXPECT_EQ(reply.status, 400);
  ASSERT_EQ(reply.at("/errors").as_array().size(), 1U) << reply.text;
  EXPECT_EQ(reply.text_at("/errors/0/field"), "innsynskrav.epost");
  EXPECT_EQ(reply.text_at("/errors/0/code"), "NotNull");
}

TEST_F(Bodies, AreUnreadableWithAWrongValueAlsoWhenLenient) {
  const auto reply = post_json(with(sbd(), "/arkivmelding/sikkerhetsnivaa", "three"));
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.text_at("/message"), "JSON parse error: arkivmelding.sikkerhetsnivaa must be a whole number");
}

TEST_F(Bodies, ThatNoTypeHasAreRefused) {
  const auto reply = post_json(of_type("feil", "urn:no:difi:eformidling:xsd::feil", json::object{}));
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.text_at("/exception"), own_exceptions + "UnknownMessageTypeException");
}

}  // namespace
}  // namespace kanal::api::testing
