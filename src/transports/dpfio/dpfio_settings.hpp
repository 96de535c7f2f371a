// Configuration of the DPFIO service (dpfio.md section 2), read and checked once.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/certificate.hpp"
#include "lookup/token_source.hpp"
#include "ops/config.hpp"
#include "transports/asic_package.hpp"

namespace kanal::transports::dpfio {

/// An account of ours at Fiks IO: one queue, and so one system (dpfio.md section 1).
struct Account {
  std::string konto_id;  ///< UUID in lower case
  std::string integrasjons_id;
  Secret integrasjons_passord;
  std::string organisation;  ///< nine digits: who sends and receives with it
  std::string property;      ///< what its settings begin with: `difi.move.fiks.io.`
};

/// When a message that Fiks IO has taken counts as delivered (section 8, required improvement 5).
enum class StatusMode {
  legacy,  ///< at once, as the Java version has it
  strict,  ///< when the protocol's own answer says so
};

struct Settings : PackageRules {
  std::string organisation;       ///< of the installation
  std::vector<Account> accounts;  ///< the main one first
  std::string api_url;            ///< `https://host[:port]`
  std::string amqp_host;
  std::uint16_t amqp_port = 5671;
  std::string vhost = "/";
  std::string ca_pem;  ///< trusted besides the system's store
  lookup::TokenClient token_client;
  bool receives = true;
  std::uint16_t prefetch = 10;  ///< messages in hand that are not stored yet
  std::chrono::seconds heartbeat{60};
  std::chrono::milliseconds rpc_timeout{10'000};
  std::string application_name;
  std::string fallback_sender;                 ///< sender of what comes from accounts without an organisation number
  std::map<std::string, std::string> senders;  ///< organisation number by account id
  StatusMode status_mode = StatusMode::legacy;
  bool deduplicate = true;  ///< what a sender sends again under its own id is one message
  std::chrono::milliseconds key_cache{600'000};
  std::chrono::milliseconds idle_timeout{960'000};  ///< of uploads and downloads without a byte
  std::uint64_t upload_size_limit = 0;
  std::string upload_size_text;
  std::chrono::hours default_ttl{24};

  /// The account that an organisation sends with: the first of its own. `dpfio.no_account` (retry).
  [[nodiscard]] Result<const Account*> account_of(const std::string& organisation) const;
};

/// `config.*` errors name origin, key, value and rule.
Result<Settings> read_settings(const ops::Config& config, const crypto::Identity& own);

/// The scope that every call to the Fiks platform needs (section 3).
[[nodiscard]] lookup::TokenRequest fiks_token();

}  // namespace kanal::transports::dpfio
