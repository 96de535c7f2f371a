#include "transports/dpf/svarut_answers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lookup/lookup_testing.hpp"

namespace kanal::transports::dpf {
namespace {

using lookup::testing::code_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string first = "7c1de2b4-0f9b-4f86-9c5b-3a0e70f4e6a1";
const std::string second = "3b8f0a64-52b9-4b0c-9d0f-7a2f6a0b8001";

TEST(SvarUtAnswers, AnIdIsAUuid) {
  EXPECT_EQ(*read_sent(R"({"id":")" + first + R"(","ny":{"x":1}})"), first);
  for (const auto* text : {"", "{}", "[]", R"({"id":null})", R"({"id":7})", R"({"id":"7"})", "<html>", R"({"id":")"}) {
    const auto read = read_sent(text);
    EXPECT_EQ(code_of(read), "dpf.answer") << text;
    EXPECT_EQ(read.error().disposition, Disposition::retry) << "it may be accepted";
  }
}

TEST(SvarUtAnswers, StatusesAreToldAsWritten) {
  const auto read = read_statuses(R"({"statuser":[
    {"id":"a","status":"LEST","sisteStatusEndring":"2026-09-01T10:22:08.117+02:00","ny":1},
    {"id":"b","status":"HELT_NY"}, {"id":"c"}, {"status":"LEST"}, null, 7]})");
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ(read->at(0).status, "LEST");
  EXPECT_EQ(format_iso(*read->at(0).at), "2026-09-01T08:22:08.117Z");
  EXPECT_EQ(read->at(1).status, "HELT_NY");
  EXPECT_FALSE(read->at(1).at);
  EXPECT_EQ(code_of(read_statuses("{}")), "dpf.answer");
  EXPECT_EQ(code_of(read_statuses(R"({"statuser":{}})")), "dpf.answer");
}

TEST(SvarUtAnswers, Lists) {
  EXPECT_THAT(*read_ids(R"({"forsendelseIds":[]})"), IsEmpty());
  EXPECT_THAT(*read_ids(R"({"forsendelseIds":[")" + first + R"(",null,"x"]})"), ElementsAre(first));
  EXPECT_THAT(*read_types(R"({"forsendelsestyper":["havneplan","byggesøknad"]})"),
              ElementsAre("havneplan", "byggesøknad"));
  EXPECT_EQ(code_of(read_types("[]")), "dpf.answer");
}

TEST(SvarUtAnswers, TheNewestOfSeveral) {
  const auto entry = [](const std::string& id, const std::string& date) {
    return R"({"id":")" + id + R"(","dato":")" + date + R"("})";
  };
  const auto early = entry(first, "2026-09-01T08:00:00Z");
  const auto late = entry(second, "2026-09-01T10:30:00+02:00");
  EXPECT_EQ(*read_newest(R"({"forsendelser":[)" + early + "," + late + "]}"), second);
  EXPECT_EQ(*read_newest(R"({"forsendelser":[)" + late + "," + early + "]}"), second);
  EXPECT_EQ(*read_newest(R"({"forsendelser":[{"id":"x"}]})"), "");
}

TEST(SvarUtAnswers, AProblemIsToldWithItsErrorId) {
  const auto text = problem_text(
      R"({"status":400,"error":"Bad Request","errorId":"8a2c","message":"Dokument kart.png må ekskluderes",)"
      R"("errorCode":"K1","errorJson":{"felt":"dokumenter"}})");
  EXPECT_EQ(text, R"(Dokument kart.png må ekskluderes, errorCode K1, errorJson {"felt":"dokumenter"}, errorId 8a2c)");
  EXPECT_THAT(problem_text(R"({"errorJson":"tekst","error":"Forbidden"})"), HasSubstr("Forbidden, errorJson tekst"));
  EXPECT_EQ(problem_text("<html>502</html>"), "");
  EXPECT_THAT(problem_text(R"({"message":"fnr 17912010058 finnes ikke"})"), Not(HasSubstr("17912010058")));
}

TEST(SvarUtAnswers, DepthIsBounded) {
  EXPECT_EQ(code_of(read_sent(std::string(100'000, '['))), "dpf.answer");
  EXPECT_EQ(problem_text(R"({"errorJson":)" + std::string(100'000, '[')), "");
}

}  // namespace
}  // namespace kanal::transports::dpf
