// The Altinn 3 Broker as DPO uses it (dpo.md section 3), below `/broker/api/v1`: E1, E2, E4-E8; E3 and E9 answer 404.
// Strict about tokens, scopes, media types, bodies and the order of checks.
//   admin: GET|POST /sim/transfers   GET|DELETE /sim/transfers/{id}   PUT /sim/transfers/{id}/status
//          PUT /sim/transfers/{id}/verdict   GET /sim/counts   PUT /sim/rights/{orgnr}   PUT /sim/scan-time
// Thread-safe.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "sim/answers.hpp"
#include "sim/broker_state.hpp"
#include "sim/simulator.hpp"
#include "sim/token_check.hpp"

namespace kanal::sim {

struct BrokerOptions {
  SiteOptions site{};
  BrokerRules rules{};
  std::filesystem::path folder;  ///< for the bytes of larger transfers; must exist
};

/// How often an endpoint was called for an organisation: what proves that a client caches.
class RequestCounts {
 public:
  void add(const std::string& endpoint, const std::string& organisation);
  [[nodiscard]] std::uint64_t of(const std::string& endpoint, const std::string& organisation) const;
  /// Over all organisations.
  [[nodiscard]] std::uint64_t of(const std::string& endpoint) const;
  [[nodiscard]] boost::json::array json() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> counts_;
};

class Broker {
 public:
  /// The issuers of accepted tokens (Altinn's exchange, and Maskinporten itself) must outlive this.
  Broker(BrokerOptions options, std::vector<const Issuer*> issuers, const Environment& environment);

  Result<void> start() { return site_.start(); }
  void stop() { site_.stop(); }
  [[nodiscard]] std::string url() const { return site_.url(); }
  /// What `difi.move.dpo.brokerserviceUrl` is set to.
  [[nodiscard]] std::string service_url() const { return url() + "/broker/api/v1"; }

  [[nodiscard]] BrokerState& state() { return state_; }
  [[nodiscard]] const RequestCounts& counts() const { return counts_; }
  /// A published transfer "from" any organisation: `organisation` without `0192:`. Gives its id.
  Result<std::string> inject(const std::string& from, const std::string& to, std::optional<std::string> reference,
                             ByteView content, const std::string& vendor = "sim");

 private:
  class Upload;
  /// A request that got past token, scope and faults.
  struct Admitted {
    Caller caller;
    std::string id;
  };
  enum class Scope { write, read, either };
  struct Endpoint {
    std::string name;
    Scope scope;
    bool produces_json;
  };
  using Handle = std::function<Answer(const std::shared_ptr<const net::Request>&, const Admitted&)>;

  void add(std::string method, const std::string& path, Endpoint endpoint, Handle handle);
  Answer admit(const Endpoint& endpoint, const std::shared_ptr<const net::Request>& request, const std::string& id,
               const Handle& handle);
  std::optional<net::Response> fault_answer(const Endpoint& endpoint, const Admitted& admitted) const;
  net::Response refuse(const std::string& endpoint, const Admitted& admitted, const BrokerError& error) const;
  Answer initialize(const std::shared_ptr<const net::Request>& request, const Admitted& admitted);
  Answer upload(const std::shared_ptr<const net::Request>& request, const Admitted& admitted);
  net::Response search(const net::Request& request, const Admitted& admitted);
  net::Response overview(const Admitted& admitted, bool details);
  net::Response download(const net::Request& request, const Admitted& admitted);
  net::Response confirm(const Admitted& admitted);
  [[nodiscard]] bool lost(std::string_view fault, const Admitted& admitted) const;
  void add_routes();
  void add_admin_routes();

  Environment environment_;
  TokenCheck check_;
  RequestCounts counts_;
  BrokerState state_;
  Site site_;
};

}  // namespace kanal::sim
