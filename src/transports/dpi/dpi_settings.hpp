// Configuration of the DPI service (dpi.md section 10), read and checked once.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/certificate.hpp"
#include "lookup/token_source.hpp"
#include "ops/config.hpp"

namespace kanal::transports::dpi {

/// Which certificates may sign receipts (dpi.md 10.2).
enum class CertificateMode { production, test, self_signed };

struct Settings {
  explicit Settings(crypto::Identity identity) : signer(std::move(identity)) {}

  std::string access_point;  ///< corner 2, no trailing slash
  std::string print_certificate_url;
  std::string organisation;  ///< own, nine digits
  std::vector<std::string> channels;
  std::vector<std::string> sender_identifiers;  ///< `avsenderidentifikatorListe`
  bool poll_without_sender_identifier = true;
  bool fetch_receipts = true;
  int page_size = 100;
  int largest_page = 2000;
  std::string language;
  bool check_content_types = true;
  bool notification_failure_fails = false;  ///< a failed notification makes the message FEIL, as in the reference

  std::optional<lookup::TokenClient> token_client;  ///< absent: `mock_token` is used instead
  Secret mock_token;
  std::vector<std::string> scopes;
  crypto::Identity signer;  ///< of letters, and of the containers in them
  CertificateMode certificate_mode = CertificateMode::test;
  std::vector<crypto::Certificate> trusted_signers;  ///< CAs of receipts; empty: the chain is not checked

  std::chrono::milliseconds polling_interval{10000};
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds read_timeout{60000};
  std::chrono::minutes longest_status_interval{60};
  std::chrono::hours status_interval_grows_over{24 * 30};
  std::uint64_t upload_size_limit = 0;
  std::string upload_size_text;
  std::chrono::hours default_ttl{24};

  std::vector<std::string> channel_warnings;  ///< about the channels
  std::vector<std::string> warnings;          ///< what an operator should know, but need not change
};

/// `config.*` errors name origin, key, value and rule. `own` signs unless `difi.move.dpi.keystore` is another one.
Result<Settings> read_settings(const ops::Config& config, const crypto::Identity& own);

}  // namespace kanal::transports::dpi
