// Who may log in at the broker of Fiks IO, and what they may touch there (dpfio.md 3 and 12): answers the questions of
// rabbitmq_auth_backend_http, on a plain site that only this machine reaches.
//   GET|POST /amqp-auth/user { username, password }   /amqp-auth/vhost { username, vhost }
//            /amqp-auth/resource { username, resource, name, permission }   /amqp-auth/topic
// The password is `<IntegrasjonPassord> <Maskinporten token>`. Answers `allow` or `deny`. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "sim/answers.hpp"
#include "sim/fiks_io_state.hpp"
#include "sim/simulator.hpp"
#include "sim/token_check.hpp"

namespace kanal::sim {

/// What is asked of an integration, at REST and at AMQP: password, token, scope and organisation. The error is what an
/// audit trail is told; a client is not told which it was.
class FiksIoCredentials {
 public:
  FiksIoCredentials(const FiksIoState& state, const Issuer& maskinporten, const Clock& clock)
      : state_(state), check_(clock, {&maskinporten}) {}

  /// `authorization` is a header's value. `token.*` as TokenCheck has them, `token.scope`, `fiksio.integration`.
  Result<FiksIoIntegration> check(std::string_view id, std::string_view password, std::string_view authorization);

 private:
  const FiksIoState& state_;
  TokenCheck check_;
};

class FiksIoLogin {
 public:
  /// `port` 0: any free one.
  FiksIoLogin(const FiksIoState& state, FiksIoCredentials& credentials, const Environment& environment,
              std::uint16_t port = 0);

  Result<void> start() { return site_.start(); }
  void stop() { site_.stop(); }
  /// What the broker is told to ask.
  [[nodiscard]] std::string url() const { return site_.url() + "/amqp-auth"; }

 private:
  using Question = std::map<std::string, std::string, std::less<>>;
  /// Empty: allowed; else why not.
  using Judge = std::function<std::string(const Question&)>;

  void add(const std::string& what, const Judge& judge);
  net::Response answer(const std::string& what, const Judge& judge, const Question& question) const;
  std::string user(const Question& question);
  std::string vhost(const Question& question) const;
  std::string resource(const Question& question) const;
  [[nodiscard]] bool met(std::string_view fault, const Question& question) const;

  Environment environment_;
  const FiksIoState& state_;
  FiksIoCredentials& credentials_;
  Site site_;
};

}  // namespace kanal::sim
