// The value itself, its written form, and that both survive each other.
#include "domain/sbd.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/sbd_samples.hpp"

namespace kanal::domain {
namespace {

namespace json = boost::json;

Sbd sample() { return read_sbd(json::serialize(samples::arkivmelding())).value().sbd; }

std::size_t channel_scopes(const Sbd& sbd) {
  return static_cast<std::size_t>(std::ranges::count(sbd.scopes, scope_type::message_channel, &Scope::type));
}

TEST(Sbd, AnEmptyOneAnswersEmpty) {
  const Sbd sbd;
  EXPECT_TRUE(sbd.message_id().empty());
  EXPECT_TRUE(sbd.conversation_id().empty());
  EXPECT_EQ(sbd.process(), "");
  EXPECT_EQ(sbd.expected_response(), std::nullopt);
  EXPECT_EQ(sbd.message_channel(), std::nullopt);
  EXPECT_EQ(sbd.sender_value(), "");
  EXPECT_EQ(sbd.receiver_value(), "");
  EXPECT_EQ(sbd.body_text("status"), "");
}

// dpo.md 8.7 cases 2 and 3
TEST(Sbd, BlankChannelsAreNone) {
  auto sbd = sample();
  sbd.scopes.push_back({std::string(scope_type::message_channel), new_uuid(), std::nullopt, {}});
  EXPECT_EQ(sbd.message_channel(), std::nullopt);
  sbd.scopes.back().identifier = "";
  EXPECT_EQ(sbd.message_channel(), std::nullopt);
  sbd.scopes.back().identifier = " ";
  EXPECT_EQ(sbd.message_channel(), std::nullopt);
  sbd.scopes.back().identifier = "A";
  EXPECT_EQ(sbd.message_channel(), "A");
}

// dpo.md 8.7 case 4
TEST(Sbd, WritesExactlyOneChannel) {
  auto sbd = sample();
  sbd.scopes.push_back({std::string(scope_type::message_channel), "id-b", "B", {}});
  sbd.scopes.push_back({std::string(scope_type::message_channel), "id-a", "A", {}});
  auto changed = sbd;
  changed.set_message_channel("C");
  EXPECT_EQ(changed.message_channel(), "C");
  EXPECT_EQ(channel_scopes(changed), 1U);
  EXPECT_TRUE(is_uuid(changed.find_scope(scope_type::message_channel)->instance_identifier.value()));
  EXPECT_EQ(changed.scopes.size(), 3U);

  auto same = sbd;
  same.set_message_channel("A");
  EXPECT_EQ(channel_scopes(same), 1U);
  EXPECT_EQ(same.find_scope(scope_type::message_channel)->instance_identifier, "id-a");

  for (const std::optional<std::string>& none : {std::optional<std::string>(), std::optional<std::string>("")}) {
    auto cleared = sbd;
    cleared.set_message_channel(none);
    EXPECT_EQ(channel_scopes(cleared), 0U);
    EXPECT_EQ(cleared.scopes.size(), 2U);
  }
}

TEST(SbdWriter, HeaderComesFirstAndReadersSeeTheSameDocument) {
  const auto written = to_json(sample());
  EXPECT_EQ(written.begin()->key(), "standardBusinessDocumentHeader");
  EXPECT_EQ(json::value(written), samples::arkivmelding());
  EXPECT_EQ(json::parse(write_sbd(sample())), samples::arkivmelding());
  EXPECT_EQ(write_sbd(sample()).find('\n'), std::string::npos);
}

TEST(SbdWriter, OmitsWhatIsAbsent) {
  Sbd sbd;
  sbd.document.type = "status";
  sbd.scopes.push_back({"ConversationId", {}, {}, {}});
  EXPECT_EQ(write_sbd(sbd), R"({"standardBusinessDocumentHeader":{"documentIdentification":{"type":"status"},)"
                            R"("businessScope":{"scope":[{"type":"ConversationId"}]}},"status":{}})");
}

TEST(SbdWriter, WritesEveryOptionalMember) {
  auto document = samples::arkivmelding();
  const std::string header = "/standardBusinessDocumentHeader";
  samples::set(document, header + "/documentIdentification/multipleType", "false");
  samples::set(document, header + "/sender/0/contactInformation",
               R"([{"contact":"Ola","emailAddress":"o@example.no"}])");
  samples::set(
      document, header + "/manifest",
      R"({"numberOfItems":1,"manifestItem":[{"mimeTypeQualifierCode":"a/b","uniformResourceIdentifier":"c"}]})");
  samples::set(document, header + "/businessScope/scope/0/scopeInformation",
               R"([{"expectedResponseDateTime":"2026-09-02T09:15:00.123456+02:00",
                    "requestingDocumentCreationDateTime":"2026-09-01T09:15:00Z",
                    "requestingDocumentInstanceIdentifier":"r-1"},{}])");
  const auto reading = read_sbd(json::serialize(document));
  ASSERT_TRUE(reading) << reading.error().text();
  EXPECT_EQ(json::value(to_json(reading->sbd)), document);
}

/// Random text that JSON can carry: every ASCII character, control characters too.
rc::Gen<std::string> any_ascii() {
  return rc::gen::container<std::string>(
      rc::gen::map(rc::gen::inRange(0, 128), [](int c) { return static_cast<char>(c); }));
}

std::optional<std::string> perhaps_text() {
  return *rc::gen::arbitrary<bool>() ? std::optional(*any_ascii()) : std::nullopt;
}

OffsetTime any_time() {
  return {from_micros(*rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000'000)),
          std::chrono::minutes(*rc::gen::inRange(-18 * 60, 18 * 60))};
}

Scope any_scope() {
  Scope scope;
  scope.type = *rc::gen::element<std::string>("ConversationId", "ParentId", "SenderRef", "MessageChannel", "x");
  scope.instance_identifier = perhaps_text();
  scope.identifier = perhaps_text();
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
    ScopeInformation information;
    if (*rc::gen::arbitrary<bool>()) information.expected_response = any_time();
    if (*rc::gen::arbitrary<bool>()) information.requesting_creation = any_time();
    information.requesting_identifier = perhaps_text();
    scope.information.push_back(std::move(information));
  }
  return scope;
}

RC_GTEST_PROP(SbdProperty, WhatIsWrittenIsReadBack, ()) {
  Sbd sbd;
  sbd.header_version = *any_ascii();
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) sbd.sender.push_back({*any_ascii(), *any_ascii(), {}});
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) sbd.receiver.push_back({*any_ascii(), *any_ascii(), {}});
  sbd.document.type = *rc::gen::element<std::string>("arkivmelding", "AVTALT", "status");
  sbd.document.standard = *any_ascii();
  sbd.document.instance_identifier = *any_ascii();
  if (*rc::gen::arbitrary<bool>()) sbd.document.creation = any_time();
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) sbd.scopes.push_back(any_scope());
  sbd.body = json::object{{*any_ascii(), *any_ascii()}, {"n", *rc::gen::arbitrary<std::int64_t>()}};

  const auto written = write_sbd(sbd);
  const auto reading = read_sbd(written);
  RC_ASSERT(reading.has_value());
  RC_ASSERT(write_sbd(reading->sbd) == written);
  RC_ASSERT(reading->sbd.body == sbd.body);
  RC_ASSERT(reading->sbd.document.creation == sbd.document.creation);
  RC_ASSERT(reading->sbd.scopes.size() == sbd.scopes.size());
}

RC_GTEST_PROP(SbdProperty, DamagedTextNeverReadsAsSomethingElseThanJson, ()) {
  auto text = json::serialize(samples::arkivmelding());
  text[static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(text.size())))] =
      static_cast<char>(*rc::gen::inRange(-128, 128));
  const auto reading = read_sbd(text);
  if (!reading) RC_ASSERT(reading.error().code.starts_with("sbd."));
  if (reading) RC_ASSERT(read_sbd(write_sbd(reading->sbd)).has_value());
}

}  // namespace
}  // namespace kanal::domain
