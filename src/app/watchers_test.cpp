// The clock comparison and the mailer as the configuration asks for them.
#include <gmock/gmock.h>

#include "app/clock_watch.hpp"
#include "app/mail.hpp"
#include "app/testing_config.hpp"
#include "base/testing.hpp"
#include "sim/mail_server.hpp"
#include "sim/time_server.hpp"

namespace kanal::app {
namespace {

using namespace std::chrono;
using ::testing::HasSubstr;

class Notes final : public Log {
 public:
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField>) override {
    const std::scoped_lock lock(mutex_);
    lines_.emplace_back(level, event);
    changed_.notify_all();
  }
  bool met(LogLevel level, const std::string& event) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(10),
                             [&] { return std::ranges::find(lines_, std::pair(level, event)) != lines_.end(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<LogLevel, std::string>> lines_;
};

class ClockWatchTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server_.start().has_value()); }
  [[nodiscard]] ClockWatchOptions options() const { return {server_.host(), milliseconds(200), milliseconds(10)}; }
  kanal::testing::ManualClock clock_;
  sim::TimeServer server_{clock_};
  Notes log_;
};

TEST_F(ClockWatchTest, StopsTheStartWhenTheClockIsOff) {
  server_.set_offset(milliseconds(4'900));
  EXPECT_TRUE(ClockWatch(options(), clock_, log_).check_at_start().has_value());
  server_.set_offset(milliseconds(5'100));
  const auto behind = ClockWatch(options(), clock_, log_).check_at_start();
  ASSERT_FALSE(behind.has_value());
  EXPECT_EQ(behind.error().code, "clock.offset");
  EXPECT_THAT(behind.error().message, HasSubstr("5.100 seconds behind"));
  EXPECT_THAT(behind.error().message, HasSubstr("difi.move.ntp.disable=true"));
  server_.set_offset(-seconds(60));
  EXPECT_THAT(ClockWatch(options(), clock_, log_).check_at_start().error().message, HasSubstr("60.000 seconds ahead"));
}

TEST_F(ClockWatchTest, SilentTimeServerIsOnlyLogged) {
  server_.set_manner(sim::TimeServer::Manner::silent);
  EXPECT_TRUE(ClockWatch(options(), clock_, log_).check_at_start().has_value());
  EXPECT_TRUE(log_.met(LogLevel::warning, "clock_not_compared"));
}

TEST_F(ClockWatchTest, WarnsAboveFiveSecondsAndAlarmsAboveNine) {
  ClockWatch watch(options(), clock_, log_);
  server_.set_offset(seconds(6));
  watch.start();
  EXPECT_TRUE(log_.met(LogLevel::warning, "clock_off"));
  server_.set_offset(-seconds(10));
  EXPECT_TRUE(log_.met(LogLevel::error, "clock_off"));
  watch.stop();
}

TEST(MailerTest, NoServerNoMailer) {
  const SystemClock clock;
  const auto mailer = make_mailer(config_of({}), clock);
  ASSERT_TRUE(mailer.has_value());
  EXPECT_EQ(*mailer, nullptr);
}

TEST(MailerTest, SendsAsConfigured) {
  sim::MailServer server({{}, {{"kanal", "hemmelig"}}, true});
  ASSERT_TRUE(server.start().has_value());
  const SystemClock clock;
  const auto mailer = make_mailer(
      config_of({"--difi.move.mail.smtpHost=127.0.0.1", "--difi.move.mail.smtpPort=" + std::to_string(server.port()),
                 "--difi.move.mail.senderAddress=kanal@agency.no",
                 "--difi.move.mail.receiverAddress=drift@agency.no, vakt@agency.no", "--difi.move.mail.enableAuth=true",
                 "--difi.move.mail.username=kanal", "--difi.move.mail.password=hemmelig",
                 "--kanal.mail.clear-password=true"}),
      clock);
  ASSERT_TRUE(mailer.has_value()) << mailer.error().text();
  const auto sent = (*mailer)->send({"Feil", "En melding feilet."});
  ASSERT_TRUE(sent.has_value()) << sent.error().text();
  ASSERT_EQ(server.mails().size(), 1U);
  EXPECT_EQ(server.mails().front().receivers.size(), 2U);
  EXPECT_EQ(server.mails().front().user, "kanal");
}

TEST(MailerTest, FaultsNameTheProperty) {
  const SystemClock clock;
  const std::vector<std::string> good{"--difi.move.mail.smtpHost=mail.agency.no",
                                      "--difi.move.mail.senderAddress=kanal@agency.no",
                                      "--difi.move.mail.receiverAddress=drift@agency.no"};
  const auto with = [&](const std::string& more) {
    auto all = good;
    all.push_back(more);
    const auto mailer = make_mailer(config_of(all), clock);
    return mailer ? std::string("no fault") : mailer.error().text();
  };
  EXPECT_EQ(with("--difi.move.mail.trust=*"), "no fault");
  EXPECT_THAT(with("--difi.move.mail.smtpHost=smtp://mail"), HasSubstr("command line: difi.move.mail.smtpHost"));
  EXPECT_THAT(with("--difi.move.mail.smtpPort=70000"), HasSubstr("must be from 1 to 65535"));
  EXPECT_THAT(with("--difi.move.mail.senderAddress=drift"), HasSubstr("difi.move.mail.senderAddress"));
  EXPECT_THAT(with("--difi.move.mail.receiverAddress=a@b.no,x"), HasSubstr("difi.move.mail.receiverAddress"));
  EXPECT_THAT(with("--difi.move.mail.enableAuth=true"), HasSubstr("difi.move.mail.username"));
}

}  // namespace
}  // namespace kanal::app
