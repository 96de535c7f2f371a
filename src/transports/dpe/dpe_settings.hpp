// Configuration of the DPE service (dpe.md section 9), read and checked once.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/certificate.hpp"
#include "lookup/token_source.hpp"
#include "ops/config.hpp"
#include "transports/asic_package.hpp"
#include "transports/dpe/queues.hpp"

namespace kanal::transports::dpe {

/// Where the key of the shared policy comes from (3.1).
struct KeySettings {
  bool from_registry = true;        ///< difi.move.oidc.enable
  Secret fixed{};                   ///< else this one
  std::string registry_endpoint{};  ///< no trailing slash
  std::string jwk_url{};
  bool signed_answers = true;
  std::string pinned_organisation{};
  lookup::TokenClient token_client{};  ///< for the registry
  std::chrono::milliseconds timeout{30'000};
};

struct Settings : PackageRules {
  std::string organisation;  ///< nine digits
  std::string base_url;      ///< `https://host[:port][/path]`, no trailing slash
  std::string policy;        ///< name of the shared access policy
  KeySettings key;
  Mode mode = Mode::innsyn;
  std::string receipt_queue;  ///< suffix; empty: by the rules
  bool receives = true;
  std::string channel;  ///< put into what is sent, so that its statuses tell whose they are (8.3); empty: none
  std::chrono::milliseconds polling_interval{20'000};
  std::chrono::milliseconds timeout{15'000};  ///< to connect, and of an answer
  std::chrono::seconds receive_wait{5};       ///< how long an empty queue holds a question
  std::size_t read_max = 50;                  ///< messages a round takes
  bool batch_read = false;                    ///< the queue is read by AMQP 1.0; sending stays REST
  std::string amqp_host{};                    ///< of `base_url`
  std::uint16_t amqp_port = 5671;
  std::string ca_pem{};                  ///< trusted besides the system's store
  std::uint64_t wire_limit = 1'048'576;  ///< body and properties
  std::uint64_t upload_size_limit = 0;
  std::string upload_size_text;
  std::chrono::hours default_ttl{24};
  bool answers_with_status = true;
  std::chrono::milliseconds canary_interval{0};  ///< between messages to itself (8.2, D6); 0: none
  std::string status_document_type;              ///< of those
  std::string status_process;

  /// The one queue that this installation reads.
  [[nodiscard]] std::string own_queue() const { return queue_name(organisation, name_of(mode)); }
};

/// `config.*` errors name origin, key, value and rule.
Result<Settings> read_settings(const ops::Config& config, const crypto::Identity& own);

}  // namespace kanal::transports::dpe
