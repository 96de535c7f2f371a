// Uploads to Correspondence: what is stored, in which order it is refused, and that a key is used once.
#include <gmock/gmock.h>

#include <thread>

#include "sim/correspondence_testing.hpp"

namespace kanal::sim::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class CorrespondenceUploadTest : public CorrespondenceBench {
 protected:
  void change_rules(const std::function<void(CorrespondenceRules&)>& how) {
    auto rules = state().rules();
    how(rules);
    state().set_rules(std::move(rules));
  }
};

TEST_F(CorrespondenceUploadTest, StoresWhatWasSent) {
  Mailing mailing;
  const std::string large(3'000'000, 'x');
  mailing.files = {{"svar på søknad.pdf", "%PDF-1.7 svar"}, {"kart.xml", large}};
  const auto answer = upload(mailing);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto body = object_of(answer);
  const auto& first = body.at("correspondences").as_array().front().as_object();
  EXPECT_EQ(text(first, "status"), "Initialized");
  EXPECT_EQ(text(first, "recipient"), mailing.recipient);
  EXPECT_THAT(body.at("attachmentIds").as_array(), SizeIs(2));

  const auto stored = state().find(text(first, "correspondenceId"));
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ(stored->recipient, municipality);
  EXPECT_EQ(stored->caller.organisation, agency);
  EXPECT_EQ(stored->caller.vendor, std::string("MOVE_IP_") + agency);
  const auto& request = *stored->request;
  EXPECT_EQ(request.title, "Svar på søknad");
  EXPECT_EQ(request.properties.at("senderOrgNumber"), agency);
  EXPECT_EQ(request.due, clock_.now() + std::chrono::days(7));
  EXPECT_EQ(request.notification->channel, "EmailAndSms");
  EXPECT_EQ(request.fields.at("correspondence.sender"), std::string("0192:") + agency);
  ASSERT_THAT(stored->files, SizeIs(2));
  EXPECT_EQ(stored->files[0].name, "svar på søknad.pdf");
  EXPECT_EQ(stored->files[0].content_type, "application/pdf");
  EXPECT_EQ(stored->files[1].size, large.size());
  EXPECT_EQ(stored->files[1].sha256, to_hex(crypto::sha256(bytes_of(large))));
  auto source = Content::open(stored->files[1].content, 0, stored->files[1].size);
  ASSERT_TRUE(source.has_value());
  EXPECT_EQ(text_of(*read_all(**source, large.size())), large);

  const auto created = national_.audit().find({.simulator = "correspondence", .action = "create"});
  ASSERT_THAT(created, SizeIs(1));
  EXPECT_EQ(created.front().organisation, agency);
  EXPECT_EQ(created.front().subject, stored->id);
  EXPECT_THAT(created.front().detail, HasSubstr(mailing.id));
}

TEST_F(CorrespondenceUploadTest, TakesOneWithoutFiles) {
  Mailing mailing;
  mailing.files.clear();
  const auto id = uploaded(mailing);
  EXPECT_THAT(state().find(id)->files, IsEmpty());
}

TEST_F(CorrespondenceUploadTest, NoAuditHasAPersonsNumber) {
  Mailing mailing;
  mailing.recipient = person_urn(a_person);
  uploaded(mailing);
  state().set_behaviour(another_person, {CorrespondenceFate::reserved_in_register, {}});
  Mailing reserved;
  reserved.recipient = person_urn(another_person);
  EXPECT_EQ(refusal(reserved), "422 1030");
  for (const auto& entry : national_.audit().find({.simulator = "correspondence"})) {
    for (const auto* person : {a_person, another_person}) {
      EXPECT_THAT(entry.detail, Not(HasSubstr(person)));
      EXPECT_THAT(entry.subject, Not(HasSubstr(person)));
    }
  }
  EXPECT_THAT(get(national_.correspondence().url() + "/sim/correspondences").body, Not(HasSubstr(a_person)));
}

TEST_F(CorrespondenceUploadTest, WantsAnAltinnTokenWithTheScope) {
  const Mailing mailing;
  auto request = request_for(mailing);
  const auto with = [&](const std::string& authorization) {
    request.headers.erase(request.headers.begin());
    request.headers.insert(request.headers.begin(), {"Authorization", authorization});
    return send(request);
  };
  ASSERT_EQ(request.headers.front().first, "Authorization");
  EXPECT_EQ(with("").status, 401);
  EXPECT_EQ(with("Bearer nonsense").status, 401);
  // A token of Maskinporten is not exchanged.
  EXPECT_EQ(with("Bearer " + maskinporten_token("eformidling:dpv")).status, 401);
  const auto other = altinn_token(agency, "eformidling:dpo");
  EXPECT_EQ(with(other.front().second).status, 403);
  const auto good = bearer().front().second;
  clock_.advance(std::chrono::minutes(31));
  EXPECT_EQ(with(good).status, 401);
  EXPECT_EQ(state().last_authorization(), good);
  EXPECT_EQ(state().size(), 0U);
  EXPECT_EQ(state().counters().at("upload"), 5U);
}

TEST_F(CorrespondenceUploadTest, TheProxyHasAnAccessListForEachResource) {
  change_rules([](CorrespondenceRules& rules) { rules.resources[default_resource].access_list = {municipality}; });
  const auto answer = upload({});
  EXPECT_EQ(answer.status, 403);
  EXPECT_TRUE(object_of(answer).empty());
  Mailing other;
  other.organisation = municipality;
  uploaded(other);
  Mailing elsewhere;
  elsewhere.resource = "eformidling-dpv-naturOgMiljoe";
  uploaded(elsewhere);
}

TEST_F(CorrespondenceUploadTest, WantsAWholeForm) {
  auto request = request_for({});
  request.body.resize(request.body.size() - 10);
  EXPECT_THAT(problem_of(send(request)), HasSubstr("400 validation"));
  EXPECT_EQ(send(post_request(at("/correspondence/upload"), "{}", "application/json", bearer())).status, 415);
  EXPECT_EQ(send(post_request(at("/correspondence/upload"), "", "multipart/form-data", bearer())).status, 400);
  Mailing huge;
  huge.changed["correspondence.content.messageBody"] = std::string(600'000, 'x');
  EXPECT_THAT(refusal(huge), HasSubstr("400 validation"));
  EXPECT_EQ(refusal("correspondence.resourceId", std::nullopt), "400 validation correspondence.resourceId");
  EXPECT_EQ(refusal("recipients[0]", "310701378"), "400 validation Recipients");
  EXPECT_EQ(state().size(), 0U);
}

TEST_F(CorrespondenceUploadTest, AKeyIsUsedOnce) {
  Mailing mailing;
  uploaded(mailing);
  EXPECT_EQ(refusal(mailing), "409 1034");
  // Before anything else is looked at.
  mailing.changed["correspondence.content.messageTitle"] = "";
  mailing.resource = "nobody-knows-this";
  EXPECT_EQ(refusal(mailing), "409 1034");
  std::string upper = mailing.id;
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  EXPECT_EQ(refusal("idempotentKey", upper), "409 1034");
  EXPECT_EQ(state().size(), 1U);
  EXPECT_EQ(refusal("idempotentKey", "00000000-0000-0000-0000-000000000000"), "400 1033");
}

TEST_F(CorrespondenceUploadTest, ARefusalUsesNoKey) {
  Mailing mailing;
  mailing.changed["correspondence.content.messageTitle"] = "<b>Svar</b>";
  EXPECT_EQ(refusal(mailing), "400 1002");
  mailing.changed.clear();
  uploaded(mailing);
}

TEST_F(CorrespondenceUploadTest, OneOfManyAtTheSameTimeWins) {
  const Mailing mailing;
  const auto request = request_for(mailing);
  // All are past the check of the key before the first one is stored.
  arm("correspondence.upload.race", std::nullopt);
  std::vector<int> statuses(4);
  {
    std::vector<std::jthread> threads;
    for (auto& status : statuses) {
      threads.emplace_back([&request, &status] {
        net::HttpClient client(client_options());
        auto mine = request;
        const auto answer = client.send(mine);
        status = answer ? answer->status : 0;
      });
    }
  }
  std::ranges::sort(statuses);
  EXPECT_THAT(statuses, ElementsAre(200, 409, 409, 409));
  EXPECT_EQ(state().size(), 1U);
}

TEST_F(CorrespondenceUploadTest, KnowsItsResources) {
  change_rules([](CorrespondenceRules& rules) {
    rules.resources["of-somebody-else"].owner = agency;
    rules.resources["of-another-type"].type = "AltinnApp";
  });
  EXPECT_EQ(refusal("correspondence.resourceId", "nobody-knows-this"), "400 1036");
  EXPECT_EQ(refusal("correspondence.resourceId", "of-somebody-else"), "401 4001");
  EXPECT_EQ(refusal("correspondence.resourceId", "of-another-type"), "400 4009");
  Mailing secret;
  secret.resource = secret_resource;
  EXPECT_EQ(refusal(secret), "400 1060");
  secret.confidential = true;
  uploaded(secret);
  EXPECT_EQ(refusal("correspondence.isConfidential", "true"), "400 1061");
  EXPECT_EQ(refusal("correspondence.allowForwarding", "true"), "400 1068");
}

TEST_F(CorrespondenceUploadTest, KnowsItsRecipients) {
  Mailing twice;
  twice.changed["idempotentKey"] = std::nullopt;
  twice.changed["recipients[1]"] = std::string("0192:") + municipality;
  EXPECT_EQ(refusal(twice), "400 1006");
  twice.changed["recipients[1]"] = person_urn(a_person);
  EXPECT_THAT(object_of(upload(twice)).at("correspondences").as_array(), SizeIs(2));
  twice.changed.erase("idempotentKey");
  EXPECT_EQ(refusal(twice), "400 1047");

  state().set_behaviour(municipality, {CorrespondenceFate::unknown, {}});
  EXPECT_EQ(refusal(Mailing{}), "404 1029");
  state().set_behaviour(municipality, {CorrespondenceFate::no_roles, {}});
  Mailing secret;
  secret.resource = secret_resource;
  secret.confidential = true;
  EXPECT_EQ(refusal(secret), "400 1044");
  uploaded({});
}

TEST_F(CorrespondenceUploadTest, AsksTheContactRegister) {
  ASSERT_TRUE(national_.register_resident({.id = a_person, .name = "Kari Nordvik", .reserved = true}).has_value());
  Mailing mailing;
  mailing.recipient = person_urn(a_person);
  EXPECT_EQ(refusal(mailing), "422 1030");
  mailing.changed["correspondence.ignoreReservation"] = "true";
  uploaded(mailing);
  Mailing other;
  other.recipient = person_urn(another_person);
  uploaded(other);
}

TEST_F(CorrespondenceUploadTest, ChecksDates) {
  const auto yesterday = format_iso(clock_.now() - std::chrono::days(1));
  const auto next_month = format_iso(clock_.now() + std::chrono::days(30));
  EXPECT_EQ(refusal("correspondence.dueDateTime", yesterday), "400 1008");
  EXPECT_EQ(refusal("correspondence.requestedPublishTime", next_month), "400 1009");
  Mailing confirmed;
  confirmed.changed = {{"correspondence.isConfirmationNeeded", "true"}, {"correspondence.dueDateTime", std::nullopt}};
  EXPECT_EQ(refusal(confirmed), "400 1016");
  arm("correspondence.clock_ahead");
  EXPECT_EQ(refusal(Mailing{}), "400 1008");
}

TEST_F(CorrespondenceUploadTest, ChecksTexts) {
  const std::string at = "correspondence.content.";
  EXPECT_EQ(refusal(at + "messageTitle", ""), "400 1020");
  EXPECT_EQ(refusal(at + "messageTitle", std::nullopt), "400 1020");
  EXPECT_EQ(refusal(at + "messageTitle", "# Svar"), "400 1002");
  EXPECT_EQ(refusal(at + "messageTitle", std::string(256, 'x')), "400 1037");
  EXPECT_EQ(refusal(at + "messageSummary", std::string(256, 'x')), "400 1042");
  EXPECT_EQ(refusal(at + "messageBody", "<p>Svar</p>"), "400 1003");
  EXPECT_EQ(refusal(at + "messageBody", " "), "400 1021");
  EXPECT_EQ(refusal(at + "messageBody", std::string(30'001, 'x')), "400 1022");
  EXPECT_EQ(refusal(at + "language", "sv"), "400 1023");
  EXPECT_EQ(refusal("correspondence.messageSender", "<b>X</b>"), "400 1039");
  Mailing summary;
  summary.changed[at + "messageSummary"] = "**Svar**";
  uploaded(summary);
  change_rules([](CorrespondenceRules& rules) { rules.check_summary = true; });
  summary.id = new_uuid();
  EXPECT_EQ(refusal(summary), "400 1004");
  Mailing nothing;
  nothing.files.clear();
  for (const auto* name : {"language", "messageTitle", "messageSummary", "messageBody"}) {
    nothing.changed[at + name] = std::nullopt;
  }
  EXPECT_EQ(refusal(nothing), "400 1019");
}

TEST_F(CorrespondenceUploadTest, ChecksFiles) {
  const std::string first = "correspondence.content.attachments[0].";
  EXPECT_EQ(refusal(first + "fileName", "annet.pdf"), "400 1005");
  EXPECT_EQ(refusal(first + "fileName", ""), "400 2010");
  EXPECT_EQ(refusal("correspondence.content.attachments[1].fileName", "savnet.pdf"), "400 1005");
  EXPECT_EQ(refusal(first + "checksum", "00000000000000000000000000000000"), "400 2008");
  EXPECT_EQ(refusal("existingAttachments[0]", new_uuid()), "400 1007");
  Mailing named;
  named.files = {{"svar.exe", "x"}};
  EXPECT_EQ(refusal(named), "400 2013");
  named.files = {{"svar.pdf", ""}};
  EXPECT_EQ(refusal(named), "400 2004");
  change_rules([](CorrespondenceRules& rules) { rules.max_file = 100; });
  named.files = {{"svar.pdf", std::string(101, 'x')}};
  EXPECT_EQ(refusal(named), "400 2004");
  // In another order, but with names of their own.
  Mailing swapped;
  swapped.files = {{"a.pdf", "a"}, {"b.pdf", "b"}};
  swapped.changed = {{first + "fileName", "b.pdf"}, {"correspondence.content.attachments[1].fileName", "a.pdf"}};
  uploaded(swapped);
  Mailing many;
  for (int i = 0; i < 101; ++i) many.files.emplace_back("nr" + std::to_string(i) + ".txt", "x");
  EXPECT_EQ(refusal(many), "400 1038");
}

TEST_F(CorrespondenceUploadTest, ChecksNotifications) {
  const std::string at = "correspondence.notification.";
  const auto without = [&](const std::string& channel, const std::string& member, bool reminder) {
    Mailing mailing;
    mailing.changed[at + "notificationChannel"] = channel;
    if (reminder) {
      mailing.changed[at + "sendReminder"] = "true";
      mailing.changed[at + "reminderEmailSubject"] = "Melding";
      mailing.changed[at + "reminderEmailBody"] = "Melding";
      mailing.changed[at + "reminderSmsBody"] = "Melding";
    }
    mailing.changed[at + member] = std::nullopt;
    return refusal(mailing);
  };
  EXPECT_EQ(without("Email", "emailBody", false), "400 3002");
  EXPECT_EQ(without("Email", "reminderEmailSubject", true), "400 3003");
  EXPECT_EQ(without("Sms", "smsBody", false), "400 3004");
  EXPECT_EQ(without("Sms", "reminderSmsBody", true), "400 3005");
  EXPECT_EQ(without("EmailPreferred", "smsBody", false), "400 3006");
  EXPECT_EQ(without("SmsPreferred", "reminderEmailBody", true), "400 3007");
  EXPECT_EQ(without("EmailAndSms", "emailSubject", false), "400 3024");
  EXPECT_EQ(without("EmailAndSms", "reminderSmsBody", true), "400 3025");
}

TEST_F(CorrespondenceUploadTest, RefusesInTheRealOrder) {
  state().set_behaviour(a_person, {CorrespondenceFate::reserved_in_register, {}});
  Mailing mailing;
  mailing.resource = "nobody-knows-this";
  mailing.recipient = person_urn(a_person);
  mailing.files = {{"svar.exe", ""}};
  mailing.changed = {{"correspondence.isConfidential", "true"},
                     {"correspondence.dueDateTime", format_iso(clock_.now() - std::chrono::days(1))},
                     {"correspondence.content.messageTitle", ""},
                     {"correspondence.messageSender", "<b>X</b>"},
                     {"correspondence.notification.smsBody", ""}};
  EXPECT_EQ(refusal(mailing), "400 1036");
  mailing.resource = default_resource;
  EXPECT_EQ(refusal(mailing), "400 1061");
  mailing.changed.erase("correspondence.isConfidential");
  EXPECT_EQ(refusal(mailing), "422 1030");
  mailing.changed["correspondence.ignoreReservation"] = "true";
  EXPECT_EQ(refusal(mailing), "400 1008");
  mailing.changed.erase("correspondence.dueDateTime");
  EXPECT_EQ(refusal(mailing), "400 1020");
  mailing.changed.erase("correspondence.content.messageTitle");
  EXPECT_EQ(refusal(mailing), "400 1039");
  mailing.changed.erase("correspondence.messageSender");
  EXPECT_EQ(refusal(mailing), "400 2013");
  mailing.files = {{"svar.pdf", ""}};
  EXPECT_EQ(refusal(mailing), "400 3024");
  mailing.changed.erase("correspondence.notification.smsBody");
  EXPECT_EQ(refusal(mailing), "400 2004");
  mailing.files = {{"svar.pdf", "x"}};
  uploaded(mailing);
}

TEST_F(CorrespondenceUploadTest, EveryErrorCanBeOrdered) {
  for (const auto& error : correspondence_errors()) {
    if (!is_upload_error(error.code)) continue;
    arm("correspondence.upload." + std::to_string(error.code));
    Mailing mailing;
    mailing.recipient = person_urn(a_person);
    mailing.changed = {{"correspondence.notification.sendReminder", "true"},
                       {"correspondence.notification.reminderEmailSubject", "Melding"},
                       {"correspondence.notification.reminderEmailBody", "Melding"},
                       {"correspondence.notification.reminderSmsBody", "Melding"}};
    EXPECT_EQ(refusal(mailing), std::to_string(error.status) + " " + std::to_string(error.code));
    EXPECT_FALSE(national_.faults().any()) << error.code;
    national_.faults().disarm_all();
  }
  EXPECT_EQ(state().size(), 0U);
}

TEST_F(CorrespondenceUploadTest, AnswersGetLost) {
  const Mailing mailing;
  for (const auto* fault :
       {"correspondence.upload.lost_answer", "correspondence.upload.503_after_store", "correspondence.upload.null_list",
        "correspondence.upload.empty_list", "correspondence.empty_body"}) {
    Mailing one;
    arm(fault, 1);
    auto request = request_for(one);
    const auto answer = http_.send(request);
    if (answer && answer->status == 200) {
      const auto body = object_of(*answer);
      const auto* list = body.if_contains("correspondences");
      EXPECT_TRUE(list == nullptr || list->is_null() || list->as_array().empty()) << fault;
    } else if (answer) {
      EXPECT_EQ(answer->status, 503) << fault;
    }
    EXPECT_EQ(national_.faults().met(fault), 1U);
    EXPECT_EQ(refusal(one), "409 1034") << fault;
    EXPECT_THAT(ids("sendersReference=" + one.id), SizeIs(1)) << fault;
  }
  arm("correspondence.upload.twice");
  uploaded(mailing);
  EXPECT_THAT(ids("sendersReference=" + mailing.id), SizeIs(2));
}

TEST_F(CorrespondenceUploadTest, ForgetsTheBytesOfOldOnes) {
  change_rules([](CorrespondenceRules& rules) { rules.keep_contents = 1; });
  const auto first = uploaded({});
  const auto second = uploaded({});
  EXPECT_EQ(state().find(first)->files.front().content, nullptr);
  EXPECT_FALSE(state().find(first)->files.front().sha256.empty());
  EXPECT_NE(state().find(second)->files.front().content, nullptr);
}

}  // namespace
}  // namespace kanal::sim::testing
