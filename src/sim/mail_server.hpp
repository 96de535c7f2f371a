// A mail server (RFC 5321) that is stricter than real ones: EHLO first and again after STARTTLS, commands in their
// order, CRLF only, no line too long, no 8-bit byte. Takes STARTTLS, AUTH PLAIN and AUTH LOGIN, and keeps what it got.
// Serves one client at a time. start() and stop() from the owner's thread, the rest from any.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "crypto/certificate.hpp"

namespace kanal::sim {

struct MailServerOptions {
  std::optional<crypto::Identity> tls{};       ///< absent: no STARTTLS is offered
  std::map<std::string, std::string> users{};  ///< name to password; empty: no AUTH is offered
  bool demand_login = false;                   ///< 530 to who has not logged in
  std::uint64_t max_size = 1 << 20;
};

struct TakenMail {
  std::string sender;
  std::vector<std::string> receivers;
  std::string data;  ///< headers and body, dots unstuffed
  bool encrypted = false;
  std::string user;  ///< empty: not logged in
};

class MailServer {
 public:
  explicit MailServer(MailServerOptions options) : options_(std::move(options)) {}
  ~MailServer() { stop(); }
  MailServer(const MailServer&) = delete;
  MailServer& operator=(const MailServer&) = delete;

  Result<void> start();
  void stop();
  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// 550 to this receiver from now on.
  void refuse_receiver(const std::string& address);
  /// The next `times` mails get 451 after their data.
  void fail_next(int times);
  /// The next `times` clients get no greeting: the server is silent until they go.
  void hang_next(int times);

  [[nodiscard]] std::vector<TakenMail> mails() const;
  /// What clients did against the rules; a test expects none.
  [[nodiscard]] std::vector<std::string> violations() const;

 private:
  friend class MailSession;
  void serve(const std::stop_token& stop);
  bool take(int& times);

  MailServerOptions options_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::set<std::string> refused_;
  int failures_ = 0;
  int hangs_ = 0;
  std::vector<TakenMail> mails_;
  std::vector<std::string> violations_;
  std::jthread thread_;
};

}  // namespace kanal::sim
