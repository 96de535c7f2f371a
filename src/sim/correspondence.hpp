// Altinn Correspondence behind Digdir's proxy, as DPV meets it (dpv.md sections 2, 5 to 7 and 11). Strict about tokens,
// access lists, form fields and the order of checks.
//   POST /altinn-proxy/correspondence/api/v1/correspondence/upload
//   GET  /altinn-proxy/correspondence/api/v1/correspondence/{id}
//   GET  /altinn-proxy/correspondence/api/v1/correspondence?sendersReference=
//   GET  /health-probe
//   admin: GET /sim/correspondences[/{id}]   POST /sim/correspondences/{id}/{act}   PUT /sim/behaviours
//          GET|PUT /sim/rules   GET /sim/counters
// Thread-safe.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "sim/answers.hpp"
#include "sim/correspondence_errors.hpp"
#include "sim/correspondence_state.hpp"
#include "sim/simulator.hpp"
#include "sim/token_check.hpp"

namespace kanal::sim {

struct CorrespondenceOptions {
  SiteOptions site{};
  CorrespondenceRules rules{};
  std::filesystem::path folder;  ///< for the bytes of files; must exist
  /// Is this person reserved in the contact register (KRR)? Absent: nobody is. Called on any thread.
  std::function<bool(const std::string& person)> reserved{};
};

class Correspondence {
 public:
  /// `exchange` signs the tokens, and must outlive this.
  Correspondence(CorrespondenceOptions options, const Issuer& exchange, const Environment& environment);

  Result<void> start() { return site_.start(); }
  void stop() { site_.stop(); }
  [[nodiscard]] std::string url() const { return site_.url(); }
  /// What `difi.move.dpv.correspondenceServiceUrl` is set to.
  [[nodiscard]] std::string service_url() const { return url() + "/altinn-proxy/correspondence/api/v1"; }
  /// What `difi.move.dpv.health-check-url` is set to.
  [[nodiscard]] std::string health_url() const { return url() + "/health-probe"; }

  [[nodiscard]] CorrespondenceState& state() { return state_; }

 private:
  class Upload;
  using Request = std::shared_ptr<const net::Request>;
  /// A request that got past token, scope and faults.
  struct Admitted {
    CorrespondenceCaller caller;
    std::string subject;  ///< a correspondence id or a sendersReference, when known
  };
  using Handle = std::function<Answer(const Request&, const Admitted&)>;

  void add(std::string method, const std::string& path, const std::string& endpoint, Handle handle);
  Answer admit(const std::string& endpoint, const Request& request, Admitted admitted, const Handle& handle);
  std::optional<net::Response> fault_answer(const std::string& endpoint, const Admitted& admitted) const;
  [[nodiscard]] bool met(std::string_view fault, const Admitted& admitted) const;
  /// Writes a refusal to the audit.
  net::Response refused(const std::string& endpoint, const Admitted& admitted, net::Response response,
                        const std::string& why) const;
  Answer upload(const Request& request, const Admitted& admitted);
  net::Response overview(const Admitted& admitted);
  net::Response lookup(const net::Request& request, const Admitted& admitted);
  /// The text as it is, or a little at a time, or without an end, when a fault says so.
  net::Response paced(net::Response response, const Admitted& admitted) const;
  void add_routes();
  void add_admin_routes();

  Environment environment_;
  std::shared_ptr<ContentStore> contents_;
  std::function<bool(const std::string&)> reserved_;
  TokenCheck check_;
  std::mutex revoked_mutex_;
  std::set<std::string> revoked_;  ///< Authorization headers
  CorrespondenceState state_;
  Site site_;
};

}  // namespace kanal::sim
