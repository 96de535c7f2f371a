// Altinn's token exchange: a Maskinporten token in, an Altinn token out (altinn-auth.md sections 5 and 10).
//   GET /authentication/api/v1/exchange/maskinporten     GET /authentication/api/v1/openid/.well-known/jwks
//   admin: POST /sim/rotate-key
// Thread-safe.
#pragma once

#include <string>

#include "sim/issuer.hpp"
#include "sim/simulator.hpp"
#include "sim/token_check.hpp"

namespace kanal::sim {

struct AltinnExchangeOptions {
  SiteOptions site{};
  std::string issuer = "altinn";
  std::chrono::seconds token_life{1800};
  std::optional<crypto::PrivateKey> signing_key{};  ///< of tokens; absent: a new one
};

class AltinnExchange {
 public:
  /// `maskinporten` signs the tokens that come in, and must outlive this.
  AltinnExchange(AltinnExchangeOptions options, const Issuer& maskinporten, const Environment& environment);

  Result<void> start() { return site_.start(); }
  void stop() { site_.stop(); }
  [[nodiscard]] std::string url() const { return site_.url(); }
  [[nodiscard]] std::string exchange_url() const { return url() + "/authentication/api/v1/exchange/maskinporten"; }
  [[nodiscard]] const Issuer& issuer() const { return issuer_; }
  void rotate_key() { issuer_.rotate(); }

 private:
  net::Response exchange(const net::Request& request);
  [[nodiscard]] std::string mint(const TokenFacts& facts) const;
  [[nodiscard]] net::Response shaped(std::string token) const;

  AltinnExchangeOptions options_;
  Environment environment_;
  Issuer issuer_;
  TokenCheck check_;
  Site site_;
};

}  // namespace kanal::sim
