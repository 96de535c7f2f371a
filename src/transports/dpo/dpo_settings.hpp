// Configuration of the DPO service (dpo.md section 2), read and checked once.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "crypto/certificate.hpp"
#include "lookup/token_source.hpp"
#include "ops/config.hpp"
#include "transports/asic_package.hpp"

namespace kanal::transports::dpo {

/// An organisation we send and receive for.
struct Reportee {
  lookup::SystemUser user;
  std::optional<std::string> channel;  ///< its own, else the installation's (dpo.md 8.7 case 8)
};

using transports::VerifyPolicy;

struct Settings : PackageRules {
  std::string broker_url;  ///< no trailing slash
  std::string resource;
  lookup::TokenClient token_client;
  std::vector<Reportee> reportees;  ///< own organisation first
  std::vector<std::string> retired_channels;
  bool receives = true;  ///< `kanal.dpo.receive`
  bool refuse_unknown_channel = true;
  bool describe_installation = false;
  std::chrono::milliseconds polling_interval{15000};
  std::chrono::milliseconds connect_timeout{3000};
  std::chrono::milliseconds request_timeout{30000};
  std::uint64_t upload_size_limit = 0;
  std::string upload_size_text;
  std::chrono::hours default_ttl{24};
  bool answers_with_status = true;

  /// `dpo.no_system_user` (retry) for an organisation that is not configured.
  [[nodiscard]] Result<const Reportee*> reportee(const std::string& organisation) const;
};

/// `config.*` errors name origin, key, value and rule.
Result<Settings> read_settings(const ops::Config& config, const crypto::Identity& own);

}  // namespace kanal::transports::dpo
