// A seventh message service works end to end, and the only thing that knows it is its own folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "app/case_system.hpp"
#include "app/installation.hpp"
#include "base/testing.hpp"
#include "crypto/issue.hpp"
#include "crypto/keystore.hpp"
#include "net/http_server.hpp"
#include "ports/crash_points.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;

const std::string agency = "310700002";
const std::string municipality = "310701378";

/// A register that reaches everybody over DPX.
net::HttpServer make_registry(Log& log) {
  const auto answer = [](const std::shared_ptr<const net::Request>& request)
      -> std::variant<net::Response, std::unique_ptr<net::BodyHandler>> {
    const auto record = [](const std::string& process, const std::string& types) {
      return R"({"organisationNumber":"x","pemCertificate":null,"process":")" + process + R"(","documentTypes":[)" +
             types + R"(],"service":{"identifier":"DPX","endpointUrl":""}})";
    };
    net::Response response;
    response.headers.emplace_back("Content-Type", "application/json");
    const bool answers = request->path.find("response") != std::string::npos;
    response.body = R"({"infoRecord":{"identifier":"x"},"serviceRecords":[)" +
                    (answers ? record("urn:no:difi:profile:arkivmelding:response:ver1.0",
                                      R"("urn:no:difi:arkivmelding:xsd::arkivmelding_kvittering")")
                             : record("urn:no:difi:profile:arkivmelding:administrasjon:ver1.0",
                                      R"("urn:no:difi:arkivmelding:xsd::arkivmelding")")) +
                    "]}";
    return response;
  };
  return {net::ServerOptions{}, answer, log};
}

class Seventh : public ::testing::Test {
 protected:
  std::unique_ptr<app::Installation> start(const std::string& orgnr) {
    const auto home = folder.path() / orgnr;
    std::filesystem::create_directories(home);
    const auto identity =
        crypto::issue(ca, {"Test", "Test", orgnr, {}, clock.now() - hours(1), clock.now() + hours(24)});
    std::ofstream(home / "keystore.p12", std::ios::binary)
        << text_of(crypto::write_pkcs12(identity, "own", Secret("changeit")));
    ops::ConfigSources sources;
    sources.folder = home;
    sources.arguments = {"--difi.move.org.number=" + orgnr,
                         "--difi.move.org.keystore.path=file:keystore.p12",
                         "--difi.move.org.keystore.password=changeit",
                         "--difi.move.org.keystore.alias=own",
                         "--difi.ssl.enabled=false",
                         "--difi.move.ntp.disable=true",
                         "--difi.security.enable=false",
                         "--difi.move.sign.enable=false",
                         "--difi.move.oidc.enable=false",
                         "--difi.move.serviceregistryEndpoint=" + registry.url(),
                         "--difi.move.feature.enableDPX=true",
                         "--kanal.seventh.folder=" + (folder.path() / "post").string(),
                         "--server.port=0"};
    auto config = ops::Config::load(sources);
    EXPECT_TRUE(config) << config.error().text();
    auto made = app::Installation::make(std::move(*config), clock, log, points);
    EXPECT_TRUE(made) << made.error().text();
    if (!made) return nullptr;
    const auto started = (*made)->start();
    EXPECT_TRUE(started) << started.error().text();
    return std::move(*made);
  }

  TemporaryFolder folder;
  SystemClock clock;
  SilentLog log;
  ports::NoCrashPoints points;
  net::HttpServer registry = make_registry(log);
  crypto::Identity ca = crypto::make_ca("Test CA", clock.now() - hours(1), clock.now() + hours(24));
  net::HttpClient http{{}};
};

TEST_F(Seventh, MessageStatusesAndReceiptTravel) {
  ASSERT_TRUE(registry.start());
  const auto one = start(agency);
  const auto two = start(municipality);
  ASSERT_TRUE(one && two);
  app::CaseSystem sender(one->url(), http);
  app::CaseSystem receiver(two->url(), http);
  app::Letter letter;
  letter.receiver = "0192:" + municipality;
  letter.files.push_back({"brev.pdf", "application/pdf", app::make_pdf("seventh")});
  const auto id = sender.send(letter);
  ASSERT_TRUE(id) << id.error().text();
  std::vector<std::string> seen;
  const auto until = steady_clock::now() + seconds(20);
  while (seen.size() < 5 && steady_clock::now() < until) {
    if (auto peeked = receiver.peek(); peeked && *peeked) {
      EXPECT_TRUE(receiver.remove((*peeked)->message_id));
      EXPECT_TRUE(receiver.send_receipt(**peeked, "OK"));
    }
    seen.clear();
    const auto statuses = sender.statuses(*id);
    ASSERT_TRUE(statuses);
    for (const auto& status : *statuses) seen.push_back(status.status);
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_THAT(seen, ::testing::UnorderedElementsAre("OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"));
}

}  // namespace
}  // namespace kanal::testing
