// The national services together: Maskinporten, Altinn's token exchange, the Service Registry and the broker, on one
// clock, with one audit trail, one set of faults, one TLS identity and one folder. What `kanal sandbox` and the tests
// start. Thread-safe after start().
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "sim/altinn_exchange.hpp"
#include "sim/broker.hpp"
#include "sim/maskinporten.hpp"
#include "sim/service_registry.hpp"

namespace kanal::sim {

struct NationalOptions {
  std::filesystem::path folder;                ///< for the bytes of transfers; made when missing
  std::optional<crypto::Identity> tls{};       ///< absent: plain HTTP
  std::vector<crypto::Certificate> anchors{};  ///< CAs of the enterprise certificates that clients sign with
  std::string address = "127.0.0.1";
  struct Ports {
    std::uint16_t maskinporten = 0;
    std::uint16_t exchange = 0;
    std::uint16_t registry = 0;
    std::uint16_t broker = 0;
  } ports{};
  BrokerRules broker{};
  bool registry_requires_token = true;
  // What the services sign with; made anew when absent, which takes a moment each.
  std::optional<crypto::PrivateKey> maskinporten_key{};
  std::optional<crypto::PrivateKey> exchange_key{};
  std::optional<crypto::Identity> registry_signer{};
};

/// An organisation as others find it.
struct OrganisationRegistration {
  std::string orgnr;
  std::string name;
  std::optional<std::set<std::string>>
      processes{};  ///< absent: every ARKIVMELDING and AVTALT process; empty: none, so DPV
  std::optional<crypto::Certificate> certificate{};  ///< in Virksert, for DPO and DPE
};

class National {
 public:
  National(NationalOptions options, Clock& clock, Log& log);
  ~National();
  National(const National&) = delete;
  National& operator=(const National&) = delete;

  /// Starts all; on an error none runs.
  Result<void> start();
  void stop();

  [[nodiscard]] Maskinporten& maskinporten() { return maskinporten_; }
  [[nodiscard]] AltinnExchange& exchange() { return exchange_; }
  [[nodiscard]] ServiceRegistry& registry() { return registry_; }
  [[nodiscard]] Broker& broker() { return broker_; }
  [[nodiscard]] AuditTrail& audit() { return audit_; }
  [[nodiscard]] Faults& faults() { return faults_; }

  // What the settings of an installation point to.
  [[nodiscard]] std::string token_url() const { return maskinporten_.token_url(); }
  [[nodiscard]] std::string audience() const { return maskinporten_.audience(); }
  [[nodiscard]] std::string exchange_url() const { return exchange_.exchange_url(); }
  [[nodiscard]] std::string registry_url() const { return registry_.endpoint(); }
  [[nodiscard]] std::string broker_url() const { return broker_.service_url(); }

  /// A client owned by `orgnr`, which signs with that organisation's certificate.
  void register_client(const std::string& client_id, const std::string& orgnr,
                       std::set<std::string> scopes = usual_scopes());
  /// The same, with the owner read from its certificate. `certificate.organisation` when it names none.
  Result<void> register_client(const std::string& client_id, const crypto::Certificate& certificate,
                               std::set<std::string> scopes = usual_scopes());
  void approve_system_user(const std::string& client_id, const std::string& orgnr, const std::string& external_ref);
  void register_organisation(const OrganisationRegistration& organisation);

  /// Those of an installation with DPO (altinn-auth.md section 1).
  [[nodiscard]] static std::set<std::string> usual_scopes();

 private:
  std::filesystem::path folder_;
  AuditTrail audit_;
  Faults faults_;
  Environment environment_;
  Maskinporten maskinporten_;
  AltinnExchange exchange_;
  ServiceRegistry registry_;
  Broker broker_;
};

}  // namespace kanal::sim
