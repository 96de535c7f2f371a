// Answers that were kept as nobody's find the installation that they belong to: an operator hands them over.
#include <boost/json/serialize.hpp>

#include "tests/e2e/bench.hpp"

namespace kanal::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Orphans : public BenchTest {
 protected:
  boost::json::array call(const std::string& name, const std::string& method, const std::string& body = {}) {
    net::ClientRequest request;
    request.method = method;
    request.url = installations.at(name)->url() + "/manage/channels/orphans";
    request.body = body;
    const auto answer = http.send(request);
    EXPECT_TRUE(answer && answer->ok());
    return answer ? boost::json::parse(answer->body).as_array() : boost::json::array{};
  }
};

TEST_F(Orphans, AreTakenByWhomTheyBelongTo) {
  start({"S-A", s_org, "A"});
  start({"S-main", s_org});
  start({"R-main", r_org});
  const auto id = send("S-A", r_org);
  ASSERT_TRUE(eventually([&] { return has("S-A", id, {"MOTTATT"}); }));
  // An old counterpart that echoes no channel: the main installation gets what the channelled one waits for.
  inject(r_org, s_org, new_uuid(), status_of(id, "LEST"));
  ASSERT_TRUE(eventually([&] { return call("S-main", "GET").size() == 1; }));
  EXPECT_FALSE(has("S-A", id, {"LEST"}));
  const auto exported = boost::json::serialize(call("S-main", "GET"));

  EXPECT_EQ(call("S-main", "POST", exported).at(0).at("taken"), false) << "not its own, however often it is told";
  const auto taken = call("S-A", "POST", exported);
  EXPECT_EQ(taken.at(0).at("taken"), true) << boost::json::serialize(taken);
  EXPECT_TRUE(has("S-A", id, {"LEST"}));
  const auto again = call("S-A", "POST", exported);
  EXPECT_EQ(again.at(0).at("taken"), false);
  EXPECT_THAT(std::string(again.at(0).at("text").as_string()), HasSubstr("already"));
  // Now it can be acknowledged, by its owner.
  EXPECT_TRUE(eventually([&] {
    for (const auto& document : ledger.read()) {
      if (document.about == id && document.status == "LEST") {
        return document.confirmed_by == Names{client_of("S-A")};
      }
    }
    return false;
  }));
}

// Only the organisation that an answer is addressed to can acknowledge it at the broker.
TEST_F(Orphans, OfAnotherOrganisationAreAcknowledgedInItsName) {
  national.approve_system_user(client_of("S-A"), t_org, "of-t");
  start({"S-A",
         s_org,
         "A",
         {"--difi.move.dpo.reportees[0].orgId=0192:" + t_org, "--difi.move.dpo.reportees[0].name=of-t"}});
  start({"T-main", t_org});
  start({"R-main", r_org, "", {"--kanal.asic.processors=" + s_org}});
  const auto id = send("S-A", r_org, t_org);
  ASSERT_TRUE(eventually([&] { return has("S-A", id, {"MOTTATT"}); }));
  inject(r_org, t_org, new_uuid(),
         make_sbd("status", "0192:" + r_org, "0192:" + t_org, id, {{"status", "LEST"}}, clock.now()));
  ASSERT_TRUE(eventually([&] { return call("T-main", "GET").size() == 1; }));
  const auto taken = call("S-A", "POST", boost::json::serialize(call("T-main", "GET")));
  EXPECT_EQ(taken.at(0).at("taken"), true) << boost::json::serialize(taken);
  EXPECT_TRUE(eventually([&] {
    for (const auto& document : ledger.read()) {
      if (document.about == id && document.status == "LEST") {
        return document.confirmed_by == Names{client_of("S-A")};
      }
    }
    return false;
  }));
}

}  // namespace
}  // namespace kanal::testing
