// Nothing that a running installation writes names a person, wherever a client puts the number (operations.md section
// 9).
#include <gmock/gmock.h>
#include <boost/json/serialize.hpp>

#include "app/sandbox/sandbox.hpp"
#include "base/testing.hpp"
#include "tests/documents.hpp"

namespace kanal::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* person = "21838197184";

TEST(Privacy, NoLogNamesAPerson) {
  SystemClock clock;
  SilentLog log;
  TemporaryFolder folder;
  app::SandboxPlan plan;
  plan.folder = folder.path();
  plan.program = kanal_program();
  plan.installations = {{"agency",
                         app::agency_orgnr,
                         "",
                         {{"kanal.log.level", "debug"},
                          {"app.logger.stdoutAppender", "JSON"},
                          {"logging.file.name", "application.log"}}}};
  auto sandbox = app::Sandbox::make(std::move(plan), clock, log);
  ASSERT_TRUE(sandbox) << sandbox.error().text();
  ASSERT_TRUE((*sandbox)->start("agency"));
  const auto call = [&](const std::string& method, const std::string& path, const std::string& body = {},
                        net::Headers headers = {}) {
    net::ClientRequest request;
    request.method = method;
    request.url = (*sandbox)->url("agency") + path;
    request.body = body;
    request.headers = std::move(headers);
    const auto answer = (*sandbox)->http().send(request);
    EXPECT_TRUE(answer) << path;
    return answer ? answer->status : 0;
  };
  const std::string number(person);
  const net::Headers as_json{{"Content-Type", "application/json"}};
  call("GET", "/api/capabilities/" + number);
  call("GET", "/api/conversations?messageTitle=" + number + "&receiver=" + number);
  call("GET", "/api/conversations?lastUpdateFrom=" + number);
  call("GET", "/api/messages/out/" + number);
  call("GET", "/nowhere/" + number);
  call("POST", "/api/messages/out", "{\"" + number, as_json);
  const auto letter =
      make_sbd("arkivmelding", "0192:" + std::string(app::agency_orgnr), number, new_uuid(), {}, clock.now());
  call("POST", "/api/messages/out", boost::json::serialize(domain::to_json(letter)), as_json);
  call("POST", "/api/subscriptions",
       R"({"name":")" + number + R"(","resource":"all","event":"all","pushEndpoint":"http://127.0.0.1:1/)" + number +
           "\"}",
       as_json);
  call("PUT", "/api/messages/out/" + number, "x",
       {{"Content-Type", "application/pdf"}, {"Content-Disposition", "attachment; filename=" + number + ".pdf"}});
  (*sandbox)->stop("agency");
  const auto home = (*sandbox)->folder("agency");
  for (const auto* name : {"kanal.log", "application.log"}) {
    const auto text = read_file(home / name);
    EXPECT_THAT(text, HasSubstr("/api/capabilities/**********")) << name;  // it did say something
    EXPECT_THAT(text, HasSubstr("\"trace_id\":\"")) << name;
    EXPECT_THAT(text, Not(HasSubstr(person))) << name;
  }
}

TEST(Shutdown, AnOperatorMayStopItThroughManage) {
  SystemClock clock;
  SilentLog log;
  TemporaryFolder folder;
  app::SandboxPlan plan;
  plan.folder = folder.path();
  plan.program = kanal_program();
  plan.installations = {{"agency", app::agency_orgnr, "", {}}};
  auto sandbox = app::Sandbox::make(std::move(plan), clock, log);
  ASSERT_TRUE(sandbox) << sandbox.error().text();
  ASSERT_TRUE((*sandbox)->start("agency"));
  net::ClientRequest request;
  request.method = "POST";
  request.url = (*sandbox)->url("agency") + "/manage/shutdown";
  const auto answer = (*sandbox)->http().send(request);
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->status, 200);
  EXPECT_THAT(answer->body, HasSubstr("Shutting down, bye..."));
  EXPECT_EQ((*sandbox)->process("agency")->wait(std::chrono::seconds(20)), 0);
}

}  // namespace
}  // namespace kanal::testing
