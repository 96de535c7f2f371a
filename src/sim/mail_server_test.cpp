// The SMTP client against a mail server stricter than real ones.
#include "sim/mail_server.hpp"

#include <gmock/gmock.h>

#include "net/mail_text.hpp"
#include "net/smtp_client.hpp"
#include "sim/sim_testing.hpp"

namespace kanal::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Keys;
using ::testing::Not;

constexpr const char* password = "hemmelig-passord-1";

class Mail : public ::testing::Test {
 protected:
  void serve(MailServerOptions options) {
    server_.emplace(std::move(options));
    ASSERT_TRUE(server_->start().has_value());
  }
  [[nodiscard]] net::SmtpOptions to_server() const {
    net::SmtpOptions options;
    options.host = "127.0.0.1";
    options.port = server_->port();
    options.sender = "kanal@agency.no";
    options.receivers = {"drift@agency.no"};
    options.ca_pem = Keys::get().ca.certificate.pem();
    return options;
  }
  [[nodiscard]] net::SmtpOptions with_login() const {
    auto options = to_server();
    options.username = "kanal";
    options.password = Secret(password);
    return options;
  }
  Result<void> send(net::SmtpOptions options, const std::string& subject = "Feil", const std::string& text = "tekst") {
    return net::SmtpClient(std::move(options), clock_).send(subject, text);
  }

  kanal::testing::ManualClock clock_;
  std::optional<MailServer> server_;
};

TEST_F(Mail, GoesEncryptedAndAsUtf8) {
  serve({Keys::get().server, {}});
  auto options = to_server();
  options.receivers = {"drift@agency.no", "vakt@agency.no"};
  const std::string text = "Meldingen til BLÅBÆR KOMMUNE feilet.\n.\nSlutt";
  const auto sent = send(options, "Feil på meldingen æøå", text);
  ASSERT_TRUE(sent.has_value()) << sent.error().text();
  ASSERT_EQ(server_->mails().size(), 1U);
  const auto mail = server_->mails().front();
  EXPECT_TRUE(mail.encrypted);
  EXPECT_EQ(mail.sender, "kanal@agency.no");
  EXPECT_THAT(mail.receivers, ElementsAre("drift@agency.no", "vakt@agency.no"));
  EXPECT_THAT(mail.data, HasSubstr("Subject: =?UTF-8?B?" + to_base64(bytes_of("Feil på meldingen æøå")) + "?=\r\n"));
  EXPECT_THAT(mail.data, HasSubstr("Date: Tue, 1 Sep 2026 08:00:00 +0000\r\n"));
  EXPECT_THAT(mail.data, HasSubstr("Content-Type: text/plain; charset=UTF-8\r\n"));
  const auto body = from_base64(mail.data.substr(mail.data.find("\r\n\r\n") + 4));
  ASSERT_TRUE(body.has_value());
  EXPECT_EQ(text_of(*body), text);
  EXPECT_THAT(server_->violations(), IsEmpty());
}

TEST_F(Mail, GoesInClearWhereNoEncryptionIsOffered) {
  serve({});
  ASSERT_TRUE(send(to_server()).has_value());
  ASSERT_EQ(server_->mails().size(), 1U);
  EXPECT_FALSE(server_->mails().front().encrypted);
  EXPECT_THAT(server_->violations(), IsEmpty());
}

TEST_F(Mail, LogsInOverTls) {
  serve({Keys::get().server, {{"kanal", password}}, true});
  const auto sent = send(with_login());
  ASSERT_TRUE(sent.has_value()) << sent.error().text();
  ASSERT_EQ(server_->mails().size(), 1U);
  EXPECT_EQ(server_->mails().front().user, "kanal");
  EXPECT_TRUE(server_->mails().front().encrypted);
  EXPECT_THAT(server_->violations(), IsEmpty());
}

TEST_F(Mail, SendsNoPasswordInClearUnlessTold) {
  serve({{}, {{"kanal", password}}, true});
  const auto refused = send(with_login());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "mail.tls");
  EXPECT_THAT(refused.error().text(), HasSubstr("kanal.mail.clear-password"));
  EXPECT_THAT(server_->mails(), IsEmpty());
  auto allowed = with_login();
  allowed.clear_password = true;
  const auto sent = send(allowed);
  ASSERT_TRUE(sent.has_value()) << sent.error().text();
  EXPECT_EQ(server_->mails().front().user, "kanal");
}

TEST_F(Mail, WrongPasswordIsSaidWithoutShowingIt) {
  serve({Keys::get().server, {{"kanal", "et-annet"}}, true});
  const auto refused = send(with_login());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "mail.login");
  EXPECT_EQ(refused.error().disposition, Disposition::reject);
  EXPECT_THAT(refused.error().text(), Not(HasSubstr(password)));
}

TEST_F(Mail, UnknownCertificateIsRefusedUnlessTrusted) {
  serve({Keys::get().server, {}});
  auto options = to_server();
  options.ca_pem.clear();
  const auto refused = send(options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "mail.tls");
  EXPECT_THAT(refused.error().text(), HasSubstr("difi.move.mail.trust"));
  options.trust_any = true;
  ASSERT_TRUE(send(options).has_value());
  EXPECT_TRUE(server_->mails().front().encrypted);
}

TEST_F(Mail, OneUnknownReceiverKeepsItFromNobodyElse) {
  serve({});
  server_->refuse_receiver("sluttet@agency.no");
  auto options = to_server();
  options.receivers = {"sluttet@agency.no", "drift@agency.no"};
  ASSERT_TRUE(send(options).has_value());
  EXPECT_THAT(server_->mails().front().receivers, ElementsAre("drift@agency.no"));
  options.receivers = {"sluttet@agency.no"};
  const auto refused = send(options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "mail.refused");
}

TEST_F(Mail, TemporaryRefusalMayBeTriedAgain) {
  serve({});
  server_->fail_next(1);
  const auto refused = send(to_server());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "mail.temporary");
  EXPECT_EQ(refused.error().disposition, Disposition::retry);
  EXPECT_TRUE(send(to_server()).has_value());
}

TEST_F(Mail, SilentServerIsGivenUp) {
  serve({});
  server_->hang_next(1);
  auto options = to_server();
  options.total_timeout = std::chrono::milliseconds(300);
  const auto refused = send(options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "mail.connect");
  EXPECT_EQ(refused.error().disposition, Disposition::retry);
}

TEST_F(Mail, LongTextIsCutBetweenCharacters) {
  serve({});
  auto options = to_server();
  options.max_size = 100;
  std::string text;
  for (int i = 0; i < 100; ++i) text += "å";
  ASSERT_TRUE(send(options, "Feil", text).has_value());
  const auto data = server_->mails().front().data;
  const auto body = from_base64(data.substr(data.find("\r\n\r\n") + 4));
  ASSERT_TRUE(body.has_value());
  EXPECT_LE(body->size(), 100U);
  EXPECT_TRUE(text_of(*body).starts_with("åååå"));
  EXPECT_TRUE(text_of(*body).ends_with("å\n[...]\n"));
}

TEST_F(Mail, SubjectCannotAddHeaders) {
  serve({});
  ASSERT_TRUE(send(to_server(), "Feil\r\nBcc: spion@example.org", "tekst").has_value());
  EXPECT_THAT(server_->mails().front().data, Not(HasSubstr("\r\nBcc:")));
}

TEST(MailText, LongSubjectsAreFoldedBetweenCharacters) {
  std::string subject;
  for (int i = 0; i < 60; ++i) subject += "blåbær ";
  const auto encoded = net::encoded_header_text(subject);
  std::string back;
  for (std::size_t at = 0; at < encoded.size();) {
    auto end = encoded.find("\r\n ", at);
    if (end == std::string::npos) end = encoded.size();
    const auto word = encoded.substr(at, end - at);
    EXPECT_LE(word.size(), 75U);
    ASSERT_TRUE(word.starts_with("=?UTF-8?B?") && word.ends_with("?="));
    const auto part = from_base64(word.substr(10, word.size() - 12));
    ASSERT_TRUE(part.has_value());
    EXPECT_NE(static_cast<unsigned char>(text_of(*part).front()) & 0xc0U, 0x80U) << "a character is split";
    back += text_of(*part);
    at = end + 3;
  }
  EXPECT_EQ(back, subject);
}

TEST(MailText, AddressesAreChecked) {
  EXPECT_TRUE(net::is_mail_address("drift@agency.no"));
  for (const auto* bad :
       {"", "drift", "@agency.no", "drift@", "a b@c.no", "a@b@c", "a@b.no\r\nRCPT TO:<x@y>", "<a@b.no>"})
    EXPECT_FALSE(net::is_mail_address(bad)) << bad;
}

}  // namespace
}  // namespace kanal::sim
