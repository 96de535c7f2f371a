// The one SMTP client: libcurl, one connection per mail. STARTTLS is used whenever the server offers it. A password
// never leaves in clear unless that is allowed expressly. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "net/client_handle.hpp"

namespace kanal::net {

struct SmtpOptions {
  std::string host;
  std::uint16_t port = 25;
  std::string sender;
  std::vector<std::string> receivers;
  std::string username{};  ///< empty: no login
  Secret password{};
  bool clear_password = false;  ///< log in even when the server offers no STARTTLS
  bool trust_any = false;       ///< encrypt, but do not verify the server's certificate
  std::string ca_pem{};         ///< trusted besides the system's store
  std::uint64_t max_size = 0;   ///< bytes of text; longer ones are cut; 0: no limit
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds total_timeout{30'000};
};

class SmtpClient {
 public:
  SmtpClient(SmtpOptions options, const Clock& clock);

  /// The server has taken the mail for at least one receiver. Errors: `mail.connect`, `mail.temporary` (retry),
  /// `mail.login`, `mail.tls`, `mail.refused` (reject). They never show the password.
  Result<void> send(const std::string& subject, const std::string& text);

 private:
  [[nodiscard]] std::string compose(const std::string& subject, const std::string& text) const;
  [[nodiscard]] Error error_of(CURLcode code, long reply) const;

  SmtpOptions options_;
  const Clock& clock_;
  ClientTrust trust_;
};

}  // namespace kanal::net
