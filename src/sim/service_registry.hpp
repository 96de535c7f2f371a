// The Service Registry (service-registry.md sections 3-5 and 10) below `/adressetjeneste`: signed or plain answers,
// token and scope check, error shapes, routing rules for organisations and residents.
//   GET /identifier/{id}[/process/{p}]   GET /info/{id}   GET /virksert/{id}   GET /sastoken   GET /jwk
//   admin: GET|PUT|DELETE /sim/organisations[/{orgnr}]   GET|PUT|DELETE /sim/residents[/{id}]   POST /sim/rotate-key
// Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sim/answers.hpp"
#include "sim/issuer.hpp"
#include "sim/registry_rules.hpp"
#include "sim/resident_rules.hpp"
#include "sim/simulator.hpp"
#include "sim/token_check.hpp"

namespace kanal::sim {

struct ServiceRegistryOptions {
  SiteOptions site{};
  RoutingSettings routing{};
  bool require_token = true;
  std::optional<crypto::Identity> signer{};  ///< absent: a new self-signed one
  std::optional<std::string> sas_key{};      ///< absent: /sastoken gives 404
  std::chrono::milliseconds slow{35'000};    ///< of the fault registry.slow
  DigitalPostSettings post{};
};

class ServiceRegistry {
 public:
  /// `maskinporten` signs the tokens, and must outlive this.
  ServiceRegistry(ServiceRegistryOptions options, const Issuer& maskinporten, const Environment& environment);

  Result<void> start() { return site_.start(); }
  void stop() { site_.stop(); }
  [[nodiscard]] std::string url() const { return site_.url(); }
  /// What `difi.move.serviceregistryEndpoint` is set to.
  [[nodiscard]] std::string endpoint() const { return url() + "/adressetjeneste"; }

  /// Adds or replaces.
  void put(Organisation organisation);
  void remove(const std::string& orgnr);
  [[nodiscard]] std::optional<Organisation> find(const std::string& orgnr) const;
  [[nodiscard]] std::vector<Organisation> organisations() const;
  /// Adds or replaces. `sim.person` for a number that is not of the synthetic population.
  Result<void> put(Resident resident);
  void remove_resident(const std::string& id);
  [[nodiscard]] std::optional<Resident> find_resident(const std::string& id) const;
  [[nodiscard]] std::vector<Resident> residents() const;
  /// Where the services are; for those whose address is known late.
  void set_routing(RoutingSettings routing);
  void set_post(DigitalPostSettings post);
  /// Signs with a new self-signed certificate from now on; the old key leaves the set.
  void rotate_key();
  /// What /sastoken gives from now on.
  void set_sas_key(std::optional<std::string> key);

 private:
  struct Lookup;
  using Call = std::function<RegistryResult<std::string>(const Lookup&)>;

  /// Token, faults and negotiation around a call.
  net::Response serve(const net::Request& request, const std::string& identifier, std::string_view plain_type,
                      const Call& call);
  std::optional<net::Response> fault_answer(const std::string& identifier) const;
  RegistryResult<std::shared_ptr<const TokenFacts>> authorise(const net::Request& request);
  net::Response sign(const std::string& payload, const std::string& identifier) const;
  net::Response sas_token(const net::Request& request);
  RegistryResult<std::string> all_records(const Lookup& lookup) const;
  RegistryResult<std::string> process_records(const Lookup& lookup, const std::string& process) const;
  /// The entity of a resident with the records of these processes; nothing when the identifier is no known resident's.
  RegistryResult<std::optional<std::string>> resident_records(const Lookup& lookup,
                                                              const std::vector<const ProcessEntry*>& processes) const;
  /// Certificates of a resident's records, when a fault says so.
  void spoil_certificates(boost::json::array& records, const std::string& resident) const;
  RegistryResult<std::string> info(const Lookup& lookup) const;
  RegistryResult<std::string> virksert(const Lookup& lookup) const;
  RegistryResult<Organisation> organisation_for(const std::string& identifier, bool all_processes) const;
  std::string entity(const std::string& subject, boost::json::object information, boost::json::array records) const;
  [[nodiscard]] RoutingSettings routing() const;
  [[nodiscard]] DigitalPostSettings post() const;
  [[nodiscard]] crypto::Identity signer() const;
  [[nodiscard]] net::Response jwk() const;
  void add_routes();
  void add_admin_routes();
  void add_resident_admin_routes();

  ServiceRegistryOptions options_;
  Environment environment_;
  TokenCheck check_;
  mutable std::mutex mutex_;
  std::map<std::string, Organisation> organisations_;
  std::map<std::string, Resident> residents_;
  crypto::Identity signer_;
  Site site_;
};

}  // namespace kanal::sim
