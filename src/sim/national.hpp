// The national services together: Maskinporten, Altinn's token exchange, the Service Registry, the broker, corner 2 of
// DPI with its suppliers and the print certificate, Altinn Correspondence behind its proxy, KS SvarUt with SvarInn, the
// Service Bus of DPE, and KS Fiks IO if it is wanted, on one clock, with one audit trail, one set of faults, one TLS
// identity and one folder. What `kanal sandbox` and the tests start. Thread-safe after start().
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "sim/altinn_exchange.hpp"
#include "sim/broker.hpp"
#include "sim/corner2.hpp"
#include "sim/correspondence.hpp"
#include "sim/fiks_io.hpp"
#include "sim/krr_print.hpp"
#include "sim/maskinporten.hpp"
#include "sim/service_bus.hpp"
#include "sim/service_registry.hpp"
#include "sim/svarinn.hpp"
#include "sim/svarut.hpp"

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
    std::uint16_t corner2 = 0;
    std::uint16_t krr_print = 0;
    std::uint16_t correspondence = 0;
    std::uint16_t svarut = 0;  ///< SvarInn too
    std::uint16_t service_bus = 0;
    std::uint16_t fiks_io = 0;
    std::uint16_t fiks_io_amqp = 0;
    std::uint16_t fiks_io_login = 0;
    std::uint16_t service_bus_amqp = 0;
  } ports{};
  BrokerRules broker{};
  bool registry_requires_token = true;
  // What the services sign with; made anew when absent, which takes a moment each.
  std::optional<crypto::PrivateKey> maskinporten_key{};
  std::optional<crypto::PrivateKey> exchange_key{};
  std::optional<crypto::Identity> registry_signer{};
  Corner2Rules corner2{};
  /// Issues the certificates of the mailbox and the print supplier; made anew when absent.
  std::optional<crypto::Identity> supplier_ca{};
  /// Ready made; then `supplier_ca` is not looked at.
  std::optional<DpiSuppliers> suppliers{};
  CorrespondenceRules correspondence{};
  SvarUtRules svarut{};
  /// What senders to SvarUt encrypt for; issued by the suppliers' CA when absent.
  std::optional<crypto::Identity> svarut_identity{};
  ServiceBusRules service_bus{};
  bool fiks_io = false;  ///< runs a RabbitMQ, which must be installed (FiksIo::available()) and takes seconds to start
  FiksIoRules fiks_io_rules{};
  std::shared_ptr<RabbitMq> fiks_io_broker{};  ///< one to use instead of starting another; it asks `fiks_io_login`
  /// Of the policy at the Service Bus; the Service Registry gives it out too.
  std::string sas_key = "c2FuZGJveCBrZXkgb2YgdGhlIHNoYXJlZCBwb2xpY3k=";
};

/// An organisation as others find it.
struct OrganisationRegistration {
  std::string orgnr;
  std::string name;
  std::optional<std::set<std::string>>
      processes{};  ///< absent: every ARKIVMELDING and AVTALT process; empty: none, so DPV
  std::optional<crypto::Certificate> certificate{};  ///< in Virksert, for DPO and DPE
  /// Has a receiving system in SvarUt, at both levels; with `processes` empty it is reached with DPF.
  bool dpf = false;
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
  [[nodiscard]] Corner2& corner2() { return corner2_; }
  [[nodiscard]] Correspondence& correspondence() { return correspondence_; }
  [[nodiscard]] SvarUt& svarut() { return svarut_; }
  [[nodiscard]] SvarInn& svarinn() { return svarinn_; }
  [[nodiscard]] ServiceBus& service_bus() { return service_bus_; }
  /// Only when it was asked for.
  [[nodiscard]] FiksIo& fiks_io() { return *fiks_io_; }
  [[nodiscard]] bool has_fiks_io() const { return fiks_io_ != nullptr; }
  [[nodiscard]] AuditTrail& audit() { return audit_; }
  [[nodiscard]] Faults& faults() { return faults_; }

  // What the settings of an installation point to.
  [[nodiscard]] std::string token_url() const { return maskinporten_.token_url(); }
  [[nodiscard]] std::string audience() const { return maskinporten_.audience(); }
  [[nodiscard]] std::string exchange_url() const { return exchange_.exchange_url(); }
  [[nodiscard]] std::string registry_url() const { return registry_.endpoint(); }
  [[nodiscard]] std::string broker_url() const { return broker_.service_url(); }
  [[nodiscard]] std::string corner2_url() const { return corner2_.service_url(); }
  [[nodiscard]] std::string krr_print_url() const { return krr_print_.service_url(); }
  [[nodiscard]] std::string correspondence_url() const { return correspondence_.service_url(); }
  [[nodiscard]] std::string correspondence_health_url() const { return correspondence_.health_url(); }
  [[nodiscard]] std::string svarut_url() const { return svarut_.url(); }
  [[nodiscard]] std::string svarinn_url() const { return svarinn_.service_url(); }
  /// Host and port.
  [[nodiscard]] std::string service_bus_host() const { return service_bus_.host(); }
  /// A new key, at the Service Bus and at the registry; the former one is good no more.
  void rotate_sas_key(const std::string& key);
  /// The CA of the suppliers' certificates: what receipts are trusted by.
  [[nodiscard]] const crypto::Certificate& supplier_ca() const { return supplier_ca_; }

  /// A client owned by `orgnr`, which signs with that organisation's certificate.
  void register_client(const std::string& client_id, const std::string& orgnr,
                       std::set<std::string> scopes = usual_scopes());
  /// The same, with the owner read from its certificate. `certificate.organisation` when it names none.
  Result<void> register_client(const std::string& client_id, const crypto::Certificate& certificate,
                               std::set<std::string> scopes = usual_scopes());
  void approve_system_user(const std::string& client_id, const std::string& orgnr, const std::string& external_ref);
  void register_organisation(const OrganisationRegistration& organisation);
  /// A mailbox without a supplier is one at the simulated one. `behaviour` is what becomes of mail to this person.
  /// `sim.person`.
  Result<void> register_resident(Resident resident, const Behaviour& behaviour = {});

  /// Those of an installation with every service (altinn-auth.md section 1, dpi.md section 2, dpf.md 3.1, dpfio.md 3).
  [[nodiscard]] static std::set<std::string> usual_scopes();

 private:
  National(const NationalOptions& options, const DpiSuppliers& suppliers, Clock& clock, Log& log);

  std::filesystem::path folder_;
  AuditTrail audit_;
  Faults faults_;
  Environment environment_;
  Maskinporten maskinporten_;
  AltinnExchange exchange_;
  ServiceRegistry registry_;
  Broker broker_;
  crypto::Certificate supplier_ca_;
  Corner2 corner2_;
  KrrPrint krr_print_;
  Correspondence correspondence_;
  SvarUt svarut_;
  SvarInn svarinn_;
  ServiceBus service_bus_;
  std::unique_ptr<FiksIo> fiks_io_;  ///< null: left out
};

}  // namespace kanal::sim
