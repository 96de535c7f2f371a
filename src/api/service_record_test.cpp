// GET /servicerecord/{identifier}: rest-api.md section 2.
#include "api/testing_stage.hpp"

namespace kanal::api::testing {
namespace {

class ServiceRecordRelay : public ApiStage {
 protected:
  ServiceRecordRelay() {
    directory.info = {{"identifier", other}, {"organizationName", "FJELLBYGD KOMMUNE"}};
    directory.records[0].raw = record("p1");
    directory.records.push_back(directory.records[0]);
    directory.records[1].raw = record("p2");
  }
  static json::object record(const std::string& process) {
    return {{"process", process}, {"service", {{"identifier", "DPO"}}}, {"somethingNew", true}};
  }
};

TEST_F(ServiceRecordRelay, ShowsWhatTheRegistrySays) {
  const auto reply = get("/servicerecord/0192:" + other);
  EXPECT_EQ(reply.status, 200);
  const json::value expected = {{"infoRecord", {{"identifier", other}, {"organizationName", "FJELLBYGD KOMMUNE"}}},
                                {"serviceRecord", record("p1")},
                                {"serviceRecords", {record("p1"), record("p2")}}};
  EXPECT_EQ(reply.body(), expected) << reply.text;
  EXPECT_EQ(directory.asked.at(0).identifier, other);
}

TEST_F(ServiceRecordRelay, IsEmptyWhereThereIsNobody) {
  const auto expect_nobody = [&] {
    const auto reply = get("/servicerecord/" + other);
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.text, "");
  };
  directory.records.clear();
  expect_nobody();
  directory.error = Error{"directory.not_found", "nobody", Disposition::reject, {}, {}};
  expect_nobody();
}

TEST_F(ServiceRecordRelay, TellsTroubleFromNobody) {
  directory.error = Error{"directory.unavailable", "no answer", Disposition::retry, {}, {}};
  EXPECT_EQ(get("/servicerecord/" + other).status, 503);
  directory.error = Error{"directory.signature", "bad signature", Disposition::reject, {}, {}};
  EXPECT_EQ(get("/servicerecord/" + other).status, 500);
}

TEST_F(ServiceRecordRelay, WantsALogin) {
  ApiSettings locked;
  locked.user.emplace("user", Secret("password"));
  serve(std::move(locked));
  EXPECT_EQ(get("/servicerecord/" + other).status, 401);
}

}  // namespace
}  // namespace kanal::api::testing
