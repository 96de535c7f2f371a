// KS SvarUt, where forsendelser are sent (dpf.md 3, 5 and 10): REST v3 and v2, and SOAP V9. Strict about headers,
// tokens, the order of parts, limits, levels and encryption. Its server carries SvarInn too (svarinn.hpp).
//   POST /api/v3/kontoer/{kontoId}/forsendelser/organisasjon       POST
//   /api/v3/kontoer/{kontoId}/forsendelser/status/sok GET /api/v2/kontoer/{kontoId}/forsendelser[/metadata]?eksternRef=
//   POST .../api/v2/.../forsendelser/status-sok GET  /api/v2/forsendelsestyper   GET /api/v2/mottakersystem    GET
//   /api/v2/forsendelser/{id}/hendelser POST /tjenester/forsendelseservice/ForsendelsesServiceV9      GET
//   /forsendelse/publickey/hent admin: GET /sim/forsendelser[/{id}]   PUT /sim/forsendelser/{id}/status   PUT
//   /sim/fates   GET|PUT /sim/rules
//          GET|POST /sim/mottakersystemer   POST /sim/innkommende
// Thread-safe.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "crypto/certificate.hpp"
#include "sim/answers.hpp"
#include "sim/simulator.hpp"
#include "sim/svarut_state.hpp"
#include "sim/token_check.hpp"

namespace kanal::sim {

struct SvarUtOptions {
  SiteOptions site{};
  SvarUtRules rules{};
  std::filesystem::path folder;  ///< for documents on their way; must exist
};

class SvarUt {
 public:
  /// `identity` decrypts what senders send; `maskinporten` signs the tokens and must outlive this.
  SvarUt(SvarUtOptions options, crypto::Identity identity, const Issuer& maskinporten, const Environment& environment);

  Result<void> start() { return site_.start(); }
  void stop() { site_.stop(); }
  /// What `difi.move.fiks.ut.endpointUrl` is set to.
  [[nodiscard]] std::string url() const { return site_.url(); }
  /// What senders encrypt for.
  [[nodiscard]] const crypto::Certificate& certificate() const { return identity_.certificate; }
  void add_account(SvarUtAccount account) { state_.add_account(std::move(account)); }

  [[nodiscard]] SvarUtState& state() { return state_; }
  /// For SvarInn, before start().
  [[nodiscard]] Site& site() { return site_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  class Send;
  class SoapSend;
  class SoapBody;
  using Request = std::shared_ptr<const net::Request>;
  /// A request that got past its credentials and the faults.
  struct Admitted {
    SvarUtAccount account;
    std::string vendor;  ///< client id of the token, or the SOAP user
    std::string path;
    std::string subject{};  ///< what faults and the audit trail know it by, besides the organisation
  };
  struct Problem {
    int status = 400;
    std::string message;
  };
  using Handle = std::function<Answer(const Request&, Admitted&)>;

  void add(std::string method, const std::string& path, const std::string& endpoint, Handle handle);
  Answer admit(const std::string& endpoint, const Request& request, const std::string& konto_id, const Handle& handle);
  [[nodiscard]] tl::expected<Admitted, Problem> authenticate(const net::Request& request, const std::string& konto_id);
  std::optional<net::Response> fault_answer(const std::string& endpoint, const Admitted& admitted) const;
  net::Response problem(const std::string& endpoint, const Admitted& admitted, const Problem& problem) const;
  [[nodiscard]] bool met(std::string_view fault, const Admitted& admitted) const;
  void audit(const std::string& action, const Admitted& admitted, const std::string& subject,
             const std::string& detail = {}) const;
  Answer send(const Request& request, Admitted& admitted);
  Answer status(std::string_view member, const Admitted& admitted);
  net::Response status_answer(const std::vector<std::string>& ids, const Admitted& admitted) const;
  net::Response ekstern_ref(const net::Request& request, const Admitted& admitted, bool metadata) const;
  net::Response types(const Admitted& admitted) const;
  net::Response receiving_systems(const net::Request& request) const;
  net::Response events(const std::string& id, const Admitted& admitted) const;

  Answer soap(const Request& request);
  net::Response soap_operation(ByteView envelope, const Admitted& admitted);
  net::Response soap_answer(const Admitted& admitted, const std::string& body) const;
  net::Response soap_fault(const Admitted& admitted, const std::string& text) const;
  /// What becomes of a forsendelse whose documents have all come; an error text is for the sender.
  Result<std::string> accept(Forsendelse forsendelse, const Admitted& admitted, const std::string& how);

  void add_routes();
  void add_admin_routes();

  Environment environment_;
  std::filesystem::path folder_;
  crypto::Identity identity_;
  TokenCheck check_;
  SvarUtState state_;
  Site site_;
};

}  // namespace kanal::sim
