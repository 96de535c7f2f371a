// Mail to the people who run an installation, for what they must know without looking (configuration.md section 11).
#pragma once

#include <string>

#include "base/result.hpp"

namespace kanal::ports {

/// Plain text, UTF-8. Never a message's content, never a personal number: mail travels far.
struct Mail {
  std::string subject;
  std::string text;
};

/// Sender and receivers are those of the configuration. Thread-safe.
class Mailer {
 public:
  Mailer() = default;
  Mailer(const Mailer&) = delete;
  Mailer& operator=(const Mailer&) = delete;
  virtual ~Mailer() = default;
  /// Blocks until the mail server has taken the mail for at least one receiver. Errors: `mail.connect` and
  /// `mail.temporary` (retry), `mail.login`, `mail.tls`, `mail.refused` (reject).
  virtual Result<void> send(const Mail& mail) = 0;
};

}  // namespace kanal::ports
