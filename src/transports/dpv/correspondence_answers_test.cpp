// What Correspondence answers, and what it means (dpv.md 5 to 7).
#include "transports/dpv/correspondence_answers.hpp"

#include <gmock/gmock.h>

namespace kanal::transports::dpv::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string id = "0197f1de-3c0a-7b6e-9a1e-5f3f5a1b9d10";

std::vector<std::string> statuses_of(const std::string& overview) {
  std::vector<std::string> names;
  const auto report = read_overview(overview);
  EXPECT_TRUE(report);
  if (!report) return names;
  for (const auto& status : report->statuses) names.emplace_back(domain::name_of(status.status));
  if (report->settled) names.emplace_back("settled");
  return names;
}

Error error_for(int status, const std::string& body) {
  net::ClientResponse response;
  response.status = status;
  response.body = body;
  return error_of(response, "the correspondence", {});
}

TEST(CorrespondenceAnswers, WhatWasMade) {
  EXPECT_EQ(read_created(R"({"correspondences":[{"correspondenceId":")" + id + R"("}],"new":1})").value_or(""), id);
  for (const auto* bad : {"", "null", "{}", R"({"correspondences":null})", R"({"correspondences":[]})",
                          R"({"correspondences":[{"correspondenceId":"../x"}]})", "<html/>"}) {
    const auto made = read_created(bad);
    ASSERT_FALSE(made) << bad;
    EXPECT_EQ(made.error().disposition, Disposition::retry) << "the next try finds it";
  }
}

TEST(CorrespondenceAnswers, TheLookUp) {
  EXPECT_THAT(read_ids(R"({"ids":[]})").value(), IsEmpty());
  EXPECT_THAT(read_ids(R"({"ids":[")" + id + R"(",7,"a/b"]})").value(), ElementsAre(id));
  EXPECT_FALSE(read_ids("[]"));
}

TEST(CorrespondenceAnswers, TimesTellWhatTheStatusHides) {
  EXPECT_THAT(statuses_of(R"({"status":"Initialized","published":null,"read":null})"), IsEmpty());
  EXPECT_THAT(statuses_of(R"({"status":"Forwarded"})"), IsEmpty());
  EXPECT_THAT(statuses_of(R"({"status":"Published","published":"2026-03-01T10:00:00.123456"})"), ElementsAre("LEVERT"));
  EXPECT_THAT(statuses_of(R"({"status":"AttachmentsDownloaded","published":"x","read":"2026-03-01T10:00:00.1234567"})"),
              ElementsAre("LEVERT", "LEST", "settled"));
  EXPECT_THAT(statuses_of(R"({"status":"Read","published":null,"read":"2026-03-01T10:00:00"})"),
              ElementsAre("LEVERT", "LEST", "settled"));
}

TEST(CorrespondenceAnswers, WhatWillNeverBeRead) {
  EXPECT_THAT(statuses_of(R"({"status":"PurgedByRecipient","published":"x"})"),
              ElementsAre("LEVERT", "ANNET", "settled"));
  EXPECT_THAT(statuses_of(R"({"status":"PurgedByAltinn"})"), ElementsAre("ANNET", "settled"));
  EXPECT_THAT(statuses_of(R"({"status":"Failed","statusText":"virus"})"), ElementsAre("FEIL", "settled"));
  EXPECT_EQ(read_overview(R"({"status":"Failed","statusText":"virus"})")->statuses[0].description, "virus");
  EXPECT_THAT(*read_overview(R"({"status":"Reserved"})")->statuses[0].description, HasSubstr("reservert"));
}

TEST(CorrespondenceAnswers, RefusalsByStatusAndCode) {
  const auto coded = [](int code) { return R"({"detail":"words","errorCode":)" + std::to_string(code) + "}"; };
  EXPECT_EQ(error_for(409, coded(1034)).code, "dpv.duplicate");
  EXPECT_EQ(error_for(401, "").code, "dpv.token");
  for (const int code : {1002, 1005, 1029, 1030, 1036, 1044, 1060, 2012}) {
    const auto error = error_for(code == 1030 ? 422 : 400, coded(code));
    EXPECT_EQ(error.code, "dpv.refused") << code;
    EXPECT_EQ(error.disposition, Disposition::reject);
    EXPECT_THAT(error.text(), HasSubstr("words"));
    EXPECT_THAT(error.text(), HasSubstr(std::to_string(code)));
  }
  for (const auto& [status, code] : {std::pair{500, 1032}, {500, 2000}, {502, 2002}, {400, 2009}, {408, 2022}}) {
    EXPECT_EQ(error_for(status, coded(code)).code, "dpv.away") << code;
  }
  for (const int code : {2008, 4002}) EXPECT_EQ(error_for(400, coded(code)).code, "dpv.once");
  for (const int status : {404, 408, 425, 429, 500, 502, 503}) {
    EXPECT_EQ(error_for(status, "<html>nei</html>").disposition, Disposition::retry) << status;
  }
  EXPECT_THAT(error_for(403, "").text(), HasSubstr("access list"));
  EXPECT_THAT(error_for(400, R"({"title":"t","validationErrors":[{"detail":"one"},{"description":"two"}]})").text(),
              HasSubstr("t; one; two"));
  EXPECT_THAT(error_for(400, R"("a bare text")").text(), HasSubstr("a bare text"));
}

TEST(CorrespondenceAnswers, ItsOwnWaitingTimeIsHeeded) {
  net::ClientResponse response;
  response.status = 429;
  response.headers.emplace_back("Retry-After", "7");
  EXPECT_EQ(error_of(response, "x", {}).retry_after, std::chrono::milliseconds(7000));
}

TEST(CorrespondenceAnswers, WhatIsRememberedComesBack) {
  const Time since = parse_iso("2026-03-01T10:00:00Z")->utc;
  EXPECT_EQ(read_missing(write_missing({since}))->since, since);
  for (const auto* bad : {"", "x", "{}", R"({"missing":7})"}) EXPECT_FALSE(read_missing(bad)) << bad;
}

}  // namespace
}  // namespace kanal::transports::dpv::testing
