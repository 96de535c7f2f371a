// Configuration of the DPV service (dpv.md sections 2 and 9), read and checked once.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "crypto/certificate.hpp"
#include "lookup/token_source.hpp"
#include "ops/config.hpp"

namespace kanal::transports::dpv {

struct Settings {
  std::string service;       ///< Correspondence behind its proxy, no trailing slash
  std::string health_check;  ///< asked at start; empty: nothing is
  std::string organisation;  ///< own, nine digits
  lookup::TokenClient token_client;

  std::string sensitive_resource{};  ///< messages to it are confidential
  bool notify_email = true;
  bool notify_sms = true;
  std::string notification_text{};
  std::string sensitive_notification_text{};
  std::string email_subject{};
  bool due_date = true;
  int days_to_reply = 7;

  bool ask_statuses = true;
  std::chrono::milliseconds first_question{30'000};
  std::chrono::milliseconds status_interval{60'000};
  std::chrono::minutes longest_status_interval{60};
  std::chrono::hours status_interval_grows_over{24 * 30};
  std::uint64_t upload_size_limit = 0;
  std::string upload_size_text{};
  std::chrono::hours default_ttl{24};

  std::vector<std::string> warnings{};  ///< what an operator should know, but need not change
};

/// `config.*` errors name origin, key, value and rule. `own` signs unless `difi.move.dpv.oidc.keystore` is another one.
Result<Settings> read_settings(const ops::Config& config, const crypto::Identity& own);

}  // namespace kanal::transports::dpv
