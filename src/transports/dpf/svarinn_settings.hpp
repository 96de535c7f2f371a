// Configuration of receiving over DPF, KS SvarInn (dpf.md section 2), read and checked once.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/certificate.hpp"
#include "ops/config.hpp"

namespace kanal::transports::dpf {

/// A mottakersystem, which may receive for several organisations.
struct InnAccount {
  std::string organisation;  ///< nine digits: what its inbox is called
  std::string username;
  Secret password;
  std::string property;  ///< what its properties begin with, for error texts: `difi.move.fiks.inn.`
};

struct InnSettings {
  bool enabled = false;              ///< `inn.enable`
  std::string root;                  ///< `inn.baseUrl`, no trailing slash
  std::vector<InnAccount> accounts;  ///< only complete ones; none while not enabled
  std::string fallback_sender;       ///< `inn.fallback-sender-org-nr`
  std::string process;
  std::string document_type;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds read_timeout{30'000};
  std::chrono::milliseconds polling_interval{900'000};
  std::chrono::hours default_ttl{24};   ///< of messages received
  std::vector<crypto::Identity> keys;   ///< that decrypt: that of `difi.move.fiks.keystore`, then own ones
  std::vector<std::string> warnings{};  ///< what an operator should know or set; no reason not to start
};

/// `config.*` errors name origin, key, value and rule. `own`: current first.
Result<InnSettings> read_inn_settings(const ops::Config& config, const std::vector<crypto::Identity>& own);

}  // namespace kanal::transports::dpf
