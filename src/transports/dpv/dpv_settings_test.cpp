// Each property of DPV, from a file as an installation has it.
#include "transports/dpv/dpv_settings.hpp"

#include <gmock/gmock.h>

#include "base/testing.hpp"
#include "crypto/issue.hpp"

namespace kanal::transports::dpv::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const crypto::Identity& own() {
  static const crypto::Identity identity = [] {
    const Time now = SystemClock().now();
    const auto ca = crypto::make_ca("DPV CA", now, now + std::chrono::hours(24));
    return crypto::issue(ca, {"Own", "Own", "310700002", {}, now, now + std::chrono::hours(24)});
  }();
  return identity;
}

class DpvSettings : public ::testing::Test {
 protected:
  Result<Settings> read(const std::string& more = {}) {
    folder_.write("integrasjonspunkt-local.properties",
                  "difi.move.org.number=310700002\n"
                  "difi.move.oidc.url=https://mp/token\n"
                  "difi.move.oidc.audience=https://mp/\n"
                  "difi.move.oidc.clientId=MOVE_IP_310700002\n"
                  "difi.move.org.keystore.path=own.p12\n" +
                      more);
    auto config = ops::Config::load({folder_.path(), {}, {}});
    EXPECT_TRUE(config) << config.error().text();
    return read_settings(*config, own());
  }
  Settings good(const std::string& more = {}) {
    auto settings = read(more);
    EXPECT_TRUE(settings) << settings.error().text();
    return settings.value_or(Settings{});
  }
  void expect_fault(const std::string& line, const std::string& text) {
    const auto settings = read(line);
    ASSERT_FALSE(settings) << line;
    EXPECT_THAT(settings.error().text(), HasSubstr(text));
  }
  kanal::testing::TemporaryFolder folder_;
};

TEST_F(DpvSettings, HasTheDefaultsOfTheReference) {
  const auto settings = good();
  EXPECT_EQ(settings.service, "https://test.eformidling.no/altinn-proxy/correspondence/api/v1");
  EXPECT_EQ(settings.health_check, "https://platform.tt02.altinn.no/health-probe");
  EXPECT_EQ(settings.token_client.token_url, "https://mp/token");
  EXPECT_EQ(settings.token_client.exchange_url,
            "https://platform.tt02.altinn.no/authentication/api/v1/exchange/maskinporten");
  EXPECT_EQ(settings.sensitive_resource, "eformidling-dpv-taushetsbelagt");
  EXPECT_TRUE(settings.notify_email && settings.notify_sms && settings.due_date);
  EXPECT_EQ(settings.days_to_reply, 7);
  EXPECT_THAT(settings.notification_text, HasSubstr("$reporterName$"));
  EXPECT_THAT(settings.sensitive_notification_text, HasSubstr("eformidling-dpv-taushetsbelagt"));
  EXPECT_EQ(settings.email_subject, "Melding mottatt i Altinn");
  EXPECT_EQ(settings.upload_size_limit, 250U * 1024 * 1024);
  EXPECT_EQ(settings.upload_size_text, "250MB");
  EXPECT_TRUE(settings.ask_statuses);
  EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST_F(DpvSettings, ReadsWhatIsSet) {
  const auto settings = good(
      "difi.move.dpv.correspondenceServiceUrl=https://altinn/api/\n"
      "difi.move.dpv.health-check-url=\n"
      "difi.move.dpv.notifyEmail=false\n"
      "difi.move.dpv.enableDueDate=false\n"
      "difi.move.dpv.daysToReply=3\n"
      "difi.move.dpv.notification-text=Til $reporteeName$ fra $reporterName$\n"
      "difi.move.feature.enableReceipts=false\n"
      "kanal.status.interval=1000\n");
  EXPECT_EQ(settings.service, "https://altinn/api");
  EXPECT_EQ(settings.health_check, "");
  EXPECT_FALSE(settings.notify_email || settings.due_date || settings.ask_statuses);
  EXPECT_EQ(settings.days_to_reply, 3);
  EXPECT_EQ(settings.notification_text, "Til $correspondenceRecipientName$ fra $reporterName$") << "the tag of old";
  EXPECT_EQ(settings.first_question, std::chrono::milliseconds(1000));
  EXPECT_THAT(settings.warnings, SizeIs(1));
}

TEST_F(DpvSettings, SaysWhatIsWrong) {
  expect_fault("difi.move.dpv.oidc.enable=false\n", "difi.move.dpv.oidc.enable");
  expect_fault("difi.move.dpv.daysToReply=-1\n", "difi.move.dpv.daysToReply");
  expect_fault("difi.move.dpv.notification-text=\n", "difi.move.dpv.notification-text");
  expect_fault("difi.move.dpv.notification-text=" + std::string(2200, 'x') + "\n", "2144");
}

}  // namespace
}  // namespace kanal::transports::dpv::testing
