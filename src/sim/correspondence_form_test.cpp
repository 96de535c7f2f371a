// How the parts of the form are named and bound, and what the model's attributes object to (dpv.md 5.1, 6.1).
#include "sim/correspondence_form.hpp"

#include <gmock/gmock.h>

#include "base/testing.hpp"

namespace kanal::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* person = "urn:altinn:person:identifier-no:21868110187";

CorrespondenceForm good_form() {
  CorrespondenceForm out;
  out.add("correspondence.resourceId", "eformidling-dpv-administrasjon");
  out.add("correspondence.sendersReference", "ref");
  out.add("recipients[0]", "urn:altinn:organization:identifier-no:310701378");
  return out;
}

ModelErrors errors_of(const CorrespondenceForm& form, bool synthetic = true) {
  ModelErrors errors;
  static_cast<void>(form.read(synthetic, errors));
  return errors;
}

/// The fields that are objected to when this part is added to a good form.
std::vector<std::string> objections(const std::string& name, const std::string& value) {
  auto form = good_form();
  EXPECT_TRUE(form.add(name, value));
  std::vector<std::string> out;
  for (const auto& [field, text] : errors_of(form)) out.push_back(field);
  return out;
}

TEST(FormPath, UnderstandsDotsAndBrackets) {
  EXPECT_THAT(*form_path("correspondence.propertyList.senderOrgNumber"),
              ElementsAre("correspondence", "propertyList", "senderOrgNumber"));
  EXPECT_THAT(*form_path("correspondence.propertyList[senderOrgNumber]"),
              ElementsAre("correspondence", "propertyList", "senderOrgNumber"));
  EXPECT_THAT(*form_path("correspondence[content][attachments][0].fileName"),
              ElementsAre("correspondence", "content", "attachments", "0", "fileName"));
  EXPECT_THAT(*form_path("recipients[0]"), ElementsAre("recipients", "0"));
  EXPECT_THAT(*form_path("idempotentKey"), ElementsAre("idempotentKey"));
}

TEST(FormPath, RefusesWhatIsNone) {
  for (const auto* name : {"", ".", "a.", "a..b", "a[", "a[]", "a[0", "a[0]b", "a.[0]", "]", "a.b.c.d.e.f.g.h.i"}) {
    EXPECT_FALSE(form_path(name).has_value()) << name;
  }
  EXPECT_FALSE(form_path(std::string(257, 'a')).has_value());
}

TEST(CorrespondenceForm, BindsWithoutRegardToCase) {
  auto form = good_form();
  form.add("CORRESPONDENCE.Content.MessageTitle", "Tittel");
  form.add("correspondence.isConfidential", "True");
  form.add("correspondence.propertyList[senderOrgNumber]", "310700002");
  form.add("correspondence.content.attachments[0].fileName", "a.pdf");
  form.add("correspondence.content.attachments[1].fileName", "b.pdf");
  form.add("correspondence.content.attachments[3].fileName", "d.pdf");
  form.add("correspondence.requestedPublishTime", "2026-08-14T09:12:33.120+02:00");
  form.add("correspondence.nobodyKnowsThis", "x");
  ModelErrors errors;
  const auto request = form.read(true, errors);
  EXPECT_THAT(errors, IsEmpty());
  EXPECT_TRUE(request.has_content);
  EXPECT_EQ(request.title, "Tittel");
  EXPECT_TRUE(request.confidential);
  EXPECT_EQ(request.properties.at("senderOrgNumber"), "310700002");
  // The binder stops at the first number that is missing.
  ASSERT_EQ(request.attachments.size(), 2U);
  EXPECT_EQ(request.attachments[1].file_name, "b.pdf");
  EXPECT_EQ(request.requested_publish, parse_iso("2026-08-14T07:12:33.12Z")->utc);
  EXPECT_EQ(request.fields.at("correspondence.nobodyKnowsThis"), "x");
  EXPECT_FALSE(request.notification.has_value());
}

TEST(CorrespondenceForm, TakesRepeatedRecipients) {
  CorrespondenceForm form = good_form();
  form.add("recipients", person);
  form.add("recipients[0]", "ignored: the first counts");
  ModelErrors errors;
  EXPECT_THAT(form.read(true, errors).recipients,
              ElementsAre("urn:altinn:organization:identifier-no:310701378", person));
  EXPECT_THAT(errors, IsEmpty());
}

TEST(CorrespondenceForm, WantsItsRequiredMembers) {
  std::vector<std::string> fields;
  for (const auto& [field, text] : errors_of({})) fields.push_back(field);
  EXPECT_THAT(fields, ElementsAre("correspondence.resourceId", "correspondence.sendersReference", "Recipients"));
}

TEST(CorrespondenceForm, ObjectsToMalformedValues) {
  const std::string content = "correspondence.content.";
  EXPECT_THAT(objections("correspondence.isConfidential", "ja"), ElementsAre("correspondence.isConfidential"));
  EXPECT_THAT(objections("correspondence.dueDateTime", "2026-08-14T09:12:33"),
              ElementsAre("correspondence.dueDateTime"));
  EXPECT_THAT(objections("correspondence.dueDateTime", "tomorrow"), ElementsAre("correspondence.dueDateTime"));
  EXPECT_THAT(objections("correspondence.messageSender", std::string(256, 'x')),
              ElementsAre("correspondence.messageSender"));
  EXPECT_THAT(objections("idempotentKey", "17"), ElementsAre("idempotentKey"));
  EXPECT_THAT(objections("correspondence.notification.notificationTemplate", "Fancy"),
              ElementsAre("correspondence.notification.notificationTemplate"));
  EXPECT_THAT(objections("correspondence.propertyList.x", std::string(301, 'x')),
              ElementsAre("Correspondence.PropertyList"));
  EXPECT_THAT(objections(content + "attachments[0].displayName", std::string(256, 'x')),
              ElementsAre(content + "attachments.0.displayName"));
  // Characters count, not bytes.
  std::string norwegian;
  for (int i = 0; i < 255; ++i) norwegian += "ø";
  EXPECT_THAT(objections("correspondence.messageSender", norwegian), IsEmpty());
}

TEST(CorrespondenceForm, KnowsRecipients) {
  for (const auto* good : {"urn:altinn:organization:identifier-no:310701378", "0192:310701378", person}) {
    EXPECT_THAT(objections("recipients[1]", good), IsEmpty()) << good;
  }
  for (const auto* bad : {"310701378", "urn:altinn:organization:identifier-no:31070137", "0192:310701378:1", "",
                          "urn:altinn:person:identifier-no:21868110188", "urn:altinn:person:identifier-no:310701378"}) {
    EXPECT_THAT(objections("recipients[1]", bad), ElementsAre("Recipients")) << bad;
  }
  auto form = good_form();
  form.add("recipients[1]", person);
  EXPECT_EQ(errors_of(form, false).size(), 1U);
}

}  // namespace
}  // namespace kanal::sim
