#include "app/mail.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "net/mail_text.hpp"
#include "net/smtp_client.hpp"

namespace kanal::app {
namespace {

class SmtpMailer final : public ports::Mailer {
 public:
  SmtpMailer(net::SmtpOptions options, const Clock& clock) : client_(std::move(options), clock) {}
  Result<void> send(const ports::Mail& mail) override { return client_.send(mail.subject, mail.text); }

 private:
  net::SmtpClient client_;
};

tl::unexpected<Error> wrong(const ops::Config& config, std::string_view key, std::string_view rule) {
  const auto origin = config.origin(key);
  return reject("config.value", fmt::format("{}: {} {}", origin ? origin->text() : std::string("not set"), key, rule));
}

/// As the Java version: a list of host names between blanks or commas, or `*`.
bool is_trusted(const ops::Config& config, const std::string& host) {
  std::string names = config.text_or("difi.move.mail.trust", "");
  std::ranges::replace(names, ',', ' ');
  names = " " + names + " ";
  return names.find(" * ") != std::string::npos || names.find(" " + host + " ") != std::string::npos;
}

}  // namespace

Result<std::unique_ptr<ports::Mailer>> make_mailer(const ops::Config& config, const Clock& clock) {
  net::SmtpOptions options;
  options.host = config.text_or("difi.move.mail.smtpHost", "");
  if (options.host.empty()) return std::unique_ptr<ports::Mailer>{};
  constexpr std::string_view fine = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
  if (options.host.find_first_not_of(fine) != std::string::npos) {
    return wrong(config, "difi.move.mail.smtpHost", "must be a host name or an address, without scheme and path");
  }
  auto port = config.integer("difi.move.mail.smtpPort");
  if (!port) return failed(port);
  options.port = static_cast<std::uint16_t>(*port);
  options.sender = config.text_or("difi.move.mail.senderAddress", "");
  if (!net::is_mail_address(options.sender)) {
    return wrong(config, "difi.move.mail.senderAddress", "must be a mail address");
  }
  options.receivers = config.list("difi.move.mail.receiverAddress");
  if (options.receivers.empty() || !std::ranges::all_of(options.receivers, net::is_mail_address)) {
    return wrong(config, "difi.move.mail.receiverAddress", "must be mail addresses with commas between them");
  }
  auto login = config.boolean("difi.move.mail.enableAuth");
  if (!login) return failed(login);
  if (*login) {
    options.username = config.text_or("difi.move.mail.username", "");
    options.password = config.secret("difi.move.mail.password");
    if (options.username.empty() || options.password.empty()) {
      return wrong(config, "difi.move.mail.enableAuth",
                   "is true: set difi.move.mail.username and difi.move.mail.password too");
    }
  }
  auto clear = config.boolean("kanal.mail.clear-password");
  if (!clear) return failed(clear);
  options.clear_password = *clear;
  options.trust_any = is_trusted(config, options.host);
  auto ca = config.extra_ca();
  if (!ca) return failed(ca);
  options.ca_pem = std::move(*ca);
  if (!config.text_or("difi.move.mail.maxSize", "").empty()) {
    auto size = config.size("difi.move.mail.maxSize");
    if (!size) return failed(size);
    options.max_size = *size;
  }
  return std::unique_ptr<ports::Mailer>(std::make_unique<SmtpMailer>(std::move(options), clock));
}

}  // namespace kanal::app
