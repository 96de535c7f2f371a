// The life of a correspondence as its sender sees it, the look-up, faults and admin.
#include <gmock/gmock.h>

#include "sim/correspondence_testing.hpp"

namespace kanal::sim::testing {
namespace {

using namespace std::chrono;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

class CorrespondenceStatusTest : public CorrespondenceBench {
 protected:
  void set_delays(milliseconds scan, milliseconds publish, milliseconds read) {
    auto rules = state().rules();
    rules.scan_delay = scan;
    rules.publish_delay = publish;
    rules.read_delay = read;
    state().set_rules(std::move(rules));
  }
  /// Uploaded to a recipient that has this fate.
  std::string with_fate(CorrespondenceFate fate, const std::string& text = {}) {
    state().set_behaviour(municipality, {fate, text});
    return uploaded({});
  }
  json::object shown(const std::string& id) { return object_of(overview(id)); }
  std::string admin_url(const std::string& path) { return national_.correspondence().url() + "/sim/" + path; }
};

TEST_F(CorrespondenceStatusTest, GoesThroughItsLife) {
  set_delays(minutes(1), minutes(2), hours(1));
  Mailing mailing;
  const auto id = uploaded(mailing);
  auto first = shown(id);
  EXPECT_EQ(text(first, "status"), "Initialized");
  EXPECT_EQ(text(first, "correspondenceId"), id);
  EXPECT_EQ(text(first, "created"), format_iso(clock_.now()));
  EXPECT_TRUE(first.at("published").is_null());
  EXPECT_TRUE(first.at("read").is_null());
  EXPECT_EQ(text(first, "sendersReference"), mailing.id);
  EXPECT_EQ(text(first, "recipient"), mailing.recipient);
  EXPECT_EQ(text(first.at("content").as_object(), "messageTitle"), "Svar på søknad");
  clock_.advance(minutes(1));
  EXPECT_EQ(status(id), "ReadyForPublish --");
  clock_.advance(minutes(1));
  EXPECT_EQ(status(id), "Published P-");
  EXPECT_TRUE(shown(id).at("content").is_null());
  clock_.advance(hours(1));
  EXPECT_EQ(status(id), "Read PR");
  EXPECT_EQ(text(shown(id), "published"), format_iso(clock_.now() - hours(1)));
  EXPECT_EQ(state().find(id)->overviews, 6U);
  EXPECT_EQ(state().counters().at("overview"), 6U);
  EXPECT_EQ(national_.audit().count({.simulator = "correspondence",
                                     .vendor = std::string("MOVE_IP_") + agency,
                                     .action = "overview",
                                     .subject = id}),
            6U);
}

TEST_F(CorrespondenceStatusTest, IsNotPublishedBeforeItShouldBe) {
  Mailing mailing;
  mailing.changed["correspondence.requestedPublishTime"] = format_iso(clock_.now() + days(1));
  const auto id = uploaded(mailing);
  EXPECT_EQ(status(id), "ReadyForPublish --");
  clock_.advance(days(1));
  EXPECT_EQ(status(id), "Read PR");
}

TEST_F(CorrespondenceStatusTest, EveryFateShows) {
  EXPECT_EQ(status(with_fate(CorrespondenceFate::read)), "Read PR");
  EXPECT_EQ(status(with_fate(CorrespondenceFate::unread)), "Published P-");
  EXPECT_EQ(status(with_fate(CorrespondenceFate::downloaded)), "AttachmentsDownloaded PR");
  EXPECT_EQ(status(with_fate(CorrespondenceFate::held)), "ReadyForPublish --");
  EXPECT_EQ(status(with_fate(CorrespondenceFate::reserved)), "Reserved --");
  const auto failed = shown(with_fate(CorrespondenceFate::failed, "Vedlegget er infisert"));
  EXPECT_EQ(text(failed, "status"), "Failed");
  EXPECT_EQ(text(failed, "statusText"), "Vedlegget er infisert");
  for (const auto fate : {CorrespondenceFate::purged_by_recipient, CorrespondenceFate::purged_by_altinn,
                          CorrespondenceFate::purged_unpublished}) {
    EXPECT_EQ(problem_of(overview(with_fate(fate))), "404 1001");
  }
}

TEST_F(CorrespondenceStatusTest, HooksAreTheRecipientsHands) {
  const auto id = with_fate(CorrespondenceFate::held);
  EXPECT_TRUE(state().publish(id));
  EXPECT_EQ(status(id), "Published P-");
  clock_.advance(minutes(1));
  EXPECT_TRUE(state().read(id));
  const auto read = text(shown(id), "read");
  clock_.advance(minutes(1));
  EXPECT_TRUE(state().read(id));
  EXPECT_EQ(text(shown(id), "read"), read);
  EXPECT_TRUE(state().download(id));
  EXPECT_EQ(status(id), "AttachmentsDownloaded PR");
  EXPECT_TRUE(state().purge(id, Purger::recipient));
  EXPECT_EQ(problem_of(overview(id)), "404 1001");
  for (const bool done : {state().publish("x"), state().read("x"), state().download("x"),
                          state().purge("x", Purger::altinn), state().fail("x"), state().reserve("x")}) {
    EXPECT_FALSE(done);
  }
}

TEST_F(CorrespondenceStatusTest, NothingFollowsAFailure) {
  set_delays({}, minutes(5), {});
  const auto failed = uploaded({});
  const auto reserved = uploaded({});
  EXPECT_TRUE(state().fail(failed, "nei"));
  EXPECT_TRUE(state().reserve(reserved));
  clock_.advance(hours(1));
  EXPECT_EQ(status(failed), "Failed --");
  EXPECT_EQ(status(reserved), "Reserved --");
}

TEST_F(CorrespondenceStatusTest, PurgedOnesComeInThreeWays) {
  const auto id = with_fate(CorrespondenceFate::purged_by_altinn);
  auto rules = state().rules();
  rules.purged = PurgedMode::gone;
  state().set_rules(rules);
  EXPECT_EQ(problem_of(overview(id)), "410");
  rules.purged = PurgedMode::legacy;
  state().set_rules(rules);
  EXPECT_EQ(status(id), "PurgedByAltinn P-");
}

TEST_F(CorrespondenceStatusTest, IsNobodyElses) {
  const Mailing mailing;
  const auto id = uploaded(mailing);
  EXPECT_EQ(problem_of(overview(id, municipality)), "404 1001");
  EXPECT_EQ(problem_of(overview(new_uuid())), "404 1001");
  EXPECT_EQ(problem_of(overview("17")), "400 validation correspondenceId");
  EXPECT_THAT(ids("sendersReference=" + mailing.id, municipality), IsEmpty());
  EXPECT_THAT(ids("role=Recipient&sendersReference=" + mailing.id, municipality), ElementsAre(id));
  EXPECT_EQ(get(at("/correspondence/" + id)).status, 401);
  EXPECT_EQ(get(at("/correspondence/" + id), altinn_token(agency, "eformidling:dpo")).status, 403);
}

TEST_F(CorrespondenceStatusTest, IsFoundByItsReference) {
  const Mailing mailing;
  const auto id = uploaded(mailing);
  uploaded({});
  EXPECT_THAT(ids("sendersReference=" + mailing.id), ElementsAre(id));
  EXPECT_THAT(ids("sendersReference=nobody"), IsEmpty());
  EXPECT_THAT(ids("idempotentKey=" + mailing.id + "&role=Sender"), ElementsAre(id));
  EXPECT_THAT(ids("resourceId=other&role=Sender&sendersReference=" + mailing.id), IsEmpty());
  const auto lookup = [&](const std::string& query) {
    return problem_of(get(at("/correspondence?" + query), bearer()));
  };
  EXPECT_EQ(lookup("role=Owner&sendersReference=x"), "400 validation role");
  EXPECT_EQ(lookup("idempotentKey=17"), "400 validation idempotentKey");
  auto rules = state().rules();
  rules.lookup = LookupMode::strict;
  state().set_rules(rules);
  EXPECT_EQ(lookup("sendersReference=" + mailing.id), "400 validation resourceId role");
  EXPECT_THAT(ids("resourceId=" + mailing.resource + "&role=Sender&sendersReference=" + mailing.id), ElementsAre(id));
  state().purge(id, Purger::altinn);
  EXPECT_THAT(ids("resourceId=" + mailing.resource + "&role=Sender&sendersReference=" + mailing.id), IsEmpty());
}

TEST_F(CorrespondenceStatusTest, OverviewsGetBroken) {
  const auto id = uploaded({});
  arm("correspondence.overview.unknown_status");
  EXPECT_EQ(status(id), "Forwarded PR");
  arm("correspondence.overview.unknown_members", 1, id);
  EXPECT_TRUE(shown(id).contains("somethingNew"));
  arm("correspondence.overview.no_offset");
  EXPECT_THAT(text(shown(id), "read"), MatchesRegex(".*:[0-9][0-9](\\.[0-9]+)?"));
  arm("correspondence.overview.seven_digits");
  EXPECT_THAT(text(shown(id), "read"), MatchesRegex(".*:[0-9][0-9]\\.[0-9]{7}"));
  EXPECT_FALSE(national_.faults().any());
  EXPECT_EQ(status(id), "Read PR");
}

TEST_F(CorrespondenceStatusTest, LivesGoWrong) {
  set_delays({}, {}, hours(1));
  arm("correspondence.straight_to_read");
  EXPECT_EQ(status(uploaded({})), "Read PR");
  arm("correspondence.purge_unpublished");
  EXPECT_EQ(problem_of(overview(uploaded({}))), "404 1001");
  arm("correspondence.read_unpublished");
  const auto id = uploaded({});
  clock_.advance(hours(1));
  EXPECT_EQ(status(id), "Read -R");
}

TEST_F(CorrespondenceStatusTest, TheWayThereGetsBroken) {
  const auto id = uploaded({});
  for (const int code : {400, 401, 403, 408, 429, 500, 502, 503}) {
    arm("correspondence." + std::to_string(code));
    const auto any = overview(id);
    EXPECT_EQ(any.status, code);
    EXPECT_EQ(any.header("Retry-After").empty(), code != 429 && code != 503);
    arm("correspondence.lookup." + std::to_string(code), 1, agency);
    EXPECT_EQ(overview(id).status, 200);
    EXPECT_EQ(get(at("/correspondence?sendersReference=x"), bearer()).status, code);
  }
  for (const int code : {500, 502, 503}) {
    arm("correspondence.html_" + std::to_string(code));
    const auto answer = overview(id);
    EXPECT_EQ(answer.status, code);
    EXPECT_THAT(answer.body, HasSubstr("<html>"));
  }
  arm("correspondence.outage");
  const auto outage = overview(id);
  EXPECT_EQ(outage.status, 404);
  EXPECT_TRUE(object_of(outage).empty());
  arm("correspondence.empty_body");
  EXPECT_EQ(overview(id).body, "");
  arm("correspondence.lookup.empty");
  EXPECT_THAT(ids("sendersReference=" + state().find(id)->request->senders_reference), IsEmpty());
  net::ClientRequest request;
  request.url = at("/correspondence/" + id);
  request.headers = bearer();
  arm("correspondence.reset");
  EXPECT_FALSE(http_.send(request).has_value());
  for (const auto* fault : {"correspondence.drip", "correspondence.endless", "correspondence.hang"}) {
    arm(fault);
    request.total_timeout = milliseconds(700);
    EXPECT_FALSE(http_.send(request).has_value()) << fault;
    EXPECT_EQ(national_.faults().met(fault), 1U) << fault;
  }
  EXPECT_FALSE(national_.faults().any());
  EXPECT_EQ(overview(id).status, 200);
}

TEST_F(CorrespondenceStatusTest, ARevokedTokenStaysRevoked) {
  const auto id = uploaded({});
  arm("correspondence.revoked_token");
  EXPECT_EQ(overview(id).status, 401);
  EXPECT_EQ(overview(id).status, 401);
  tokens_.clear();
  EXPECT_EQ(overview(id).status, 200);
}

TEST_F(CorrespondenceStatusTest, HasAHealthProbe) {
  EXPECT_EQ(get(national_.correspondence_health_url()).status, 200);
  arm("correspondence.health.503");
  EXPECT_EQ(get(national_.correspondence_health_url()).status, 503);
  EXPECT_EQ(state().counters().at("health"), 2U);
}

TEST_F(CorrespondenceStatusTest, AnAdministratorMaySteerIt) {
  EXPECT_EQ(admin("PUT", admin_url("behaviours"), {{"recipient", municipality}, {"fate", "held"}}).status, 204);
  EXPECT_EQ(admin("PUT", admin_url("behaviours"), {{"recipient", municipality}, {"fate", "dance"}}).status, 400);
  const auto id = uploaded({});
  const auto act = [&](const std::string& what, const json::object& body = {}) {
    return admin("POST", admin_url("correspondences/" + id + "/" + what), body).status;
  };
  EXPECT_EQ(act("publish"), 204);
  EXPECT_EQ(act("read"), 204);
  EXPECT_EQ(act("download"), 204);
  EXPECT_EQ(act("dance"), 400);
  EXPECT_EQ(act("purge", {{"by", "nobody"}}), 400);
  EXPECT_EQ(status(id), "AttachmentsDownloaded PR");
  EXPECT_EQ(act("fail", {{"text", "nei"}}), 204);
  EXPECT_EQ(act("reserve"), 204);
  EXPECT_EQ(admin("POST", admin_url("correspondences/x/read")).status, 404);
  const auto one = object_of(get(admin_url("correspondences/" + id)));
  EXPECT_EQ(text(one, "recipient"), municipality);
  EXPECT_EQ(one.at("files").as_array().size(), 1U);
  EXPECT_EQ(json::parse(get(admin_url("correspondences?limit=1")).body).as_array().size(), 1U);
  EXPECT_EQ(get(admin_url("correspondences/x")).status, 404);
  EXPECT_EQ(
      admin("PUT", admin_url("rules"),
            {{"lookup", "strict"}, {"purged", "gone"}, {"publish_delay", 5}, {"check_summary", true}, {"max_file", 9}})
          .status,
      204);
  const auto rules = object_of(get(admin_url("rules")));
  EXPECT_EQ(text(rules, "lookup"), "strict");
  EXPECT_EQ(text(rules, "purged"), "gone");
  EXPECT_EQ(state().rules().publish_delay, milliseconds(5));
  EXPECT_EQ(state().rules().max_file, 9U);
  for (const auto& bad : {json::object{{"lookup", "x"}}, json::object{{"purged", "x"}},
                          json::object{{"read_delay", -1}}, json::object{{"synthetic_persons", 1}}}) {
    EXPECT_EQ(admin("PUT", admin_url("rules"), bad).status, 400);
  }
  EXPECT_EQ(object_of(get(admin_url("counters"))).at("requests").as_object().at("upload").to_number<int>(), 1);
}

}  // namespace
}  // namespace kanal::sim::testing
