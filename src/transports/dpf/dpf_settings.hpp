// Configuration of sending over DPF (dpf.md section 2), read and checked once. What SvarInn needs is in
// svarinn_settings.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/certificate.hpp"
#include "lookup/token_source.hpp"
#include "ops/config.hpp"

namespace kanal::transports::dpf {

/// How SvarUt is spoken to: `difi.move.fiks.ut.type`.
enum class SvarUtType { rest, soap };

/// A SvarUt account by REST, and the integration that may use it.
struct RestAccount {
  std::string konto_id;
  std::string integrasjon_id;
  Secret integrasjon_passord;
  std::string property;      ///< what its properties begin with, for error texts: `difi.move.fiks.ut.rest.`
  bool as_consumer = false;  ///< the token is asked for in the sender's name
};

/// A login of SOAP.
struct SoapLogin {
  std::string username;
  Secret password;
  std::string property;  ///< `difi.move.fiks.ut.`
};

struct Settings {
  std::string organisation;  ///< own, nine digits
  bool sends = false;        ///< `difi.move.feature.enableDPF`
  SvarUtType type = SvarUtType::soap;
  std::string root;      ///< `ut.endpointUrl`, no trailing slash
  std::string rest_url;  ///< the same for REST
  std::string soap_url;
  std::map<std::string, RestAccount> rest_accounts;  ///< by sender's organisation number; only complete ones
  std::map<std::string, SoapLogin> soap_logins;
  std::optional<lookup::TokenClient> token_client;  ///< with REST
  std::vector<std::string> scopes;

  bool encrypted = true;                         ///< `kryptert`
  bool only_digital = false;                     ///< `kun-digital-levering`
  std::string kontering;                         ///< `konteringsKode`; empty: none
  std::set<std::string> not_printed;             ///< extensions in lower case, or `*`
  std::set<std::string> confidential_processes;  ///< messages of these are `taushetsbelagtPost`
  std::uint64_t upload_size_limit = 0;
  std::string upload_size_text;
  std::chrono::hours default_ttl{24};
  std::chrono::milliseconds idle_timeout{960'000};
  bool ask_statuses = true;  ///< `difi.move.feature.enableReceipts`
  std::chrono::milliseconds status_interval{60'000};
  std::chrono::minutes longest_status_interval{60};
  std::chrono::hours status_interval_grows_over{24 * 30};

  std::vector<std::string> warnings;  ///< what an operator should know or set; one that lacks is no reason not to start
};

/// `config.*` errors name origin, key, value and rule. `own` signs unless `difi.move.fiks.keystore` is another one.
Result<Settings> read_settings(const ops::Config& config, const crypto::Identity& own);

}  // namespace kanal::transports::dpf
