// Corner 2 of DPI, the sender's access point, below `/api/v2/dpi` (dpi.md sections 2 and 13); it plays corner 3, the
// mailbox supplier and the print supplier too. Strict about tokens, media types, bodies, signatures and packages.
//   POST /messages/out   GET /messages/out/{id}/statuses
//   GET /messages/in     GET /messages/in/{id}     POST /messages/in/{id}/read
//   admin: GET /sim/messages[/{id}]   GET|POST /sim/receipts   PUT /sim/behaviours   GET|PUT /sim/rules
// Thread-safe.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "crypto/certificate_cache.hpp"
#include "sim/answers.hpp"
#include "sim/corner2_state.hpp"
#include "sim/dpi_receipts.hpp"
#include "sim/simulator.hpp"
#include "sim/token_check.hpp"

namespace kanal::sim {

/// The suppliers of mailboxes and print, with the CA that issued their certificates.
struct DpiSuppliers {
  crypto::Identity ca;
  crypto::Identity mailbox;
  crypto::Identity print;
};
constexpr std::string_view mailbox_supplier = "984661185";
constexpr std::string_view print_supplier = "996825827";
/// Issued by `ca` for the two organisations above, valid for ten years around `now`. Takes a moment.
[[nodiscard]] DpiSuppliers issue_suppliers(const crypto::Identity& ca, Time now);

struct Corner2Options {
  SiteOptions site{};
  Corner2Rules rules{};
  std::filesystem::path folder;                ///< for packages on their way; must exist
  std::vector<crypto::Certificate> anchors{};  ///< CAs of the senders' enterprise certificates
};

class Corner2 {
 public:
  /// `maskinporten` signs the tokens, and must outlive this.
  Corner2(Corner2Options options, DpiSuppliers suppliers, const Issuer& maskinporten, const Environment& environment);

  Result<void> start() { return site_.start(); }
  void stop() { site_.stop(); }
  [[nodiscard]] std::string url() const { return site_.url(); }
  /// What `difi.move.dpi.uri` is set to.
  [[nodiscard]] std::string service_url() const { return url() + "/api/v2/dpi"; }

  [[nodiscard]] Corner2State& state() { return state_; }
  [[nodiscard]] const crypto::Identity& supplier(DpiType type) const { return receipts_.supplier(type); }

 private:
  class Post;
  using Request = std::shared_ptr<const net::Request>;
  /// A request that got past token, scope and faults.
  struct Admitted {
    std::shared_ptr<const TokenFacts> token;
    std::string bearer;
    DpiCaller caller;
    std::string id;  ///< from the path, lower case
  };
  struct Problem {
    int status = 400;
    std::string title;
    std::string detail;
  };
  using Handle = std::function<Answer(const Request&, const Admitted&)>;

  void add(std::string method, const std::string& path, const std::string& endpoint, Handle handle);
  Answer admit(const std::string& endpoint, const Request& request, const std::string& id, const Handle& handle);
  std::optional<net::Response> fault_answer(const std::string& endpoint, const Admitted& admitted) const;
  net::Response problem(const std::string& endpoint, const Admitted& admitted, const Problem& problem) const;
  [[nodiscard]] bool met(std::string_view fault, const Admitted& admitted) const;
  Answer post(const Request& request, const Admitted& admitted);
  net::Response statuses(const Admitted& admitted);
  net::Response list(const net::Request& request, const Admitted& admitted);
  net::Response receipts_answer(const std::vector<std::shared_ptr<const QueuedReceipt>>& items,
                                const Admitted& admitted) const;
  net::Response download(const Admitted& admitted);
  net::Response read(const Admitted& admitted);
  void add_routes();
  void add_admin_routes();

  Environment environment_;
  std::filesystem::path folder_;
  std::vector<crypto::Certificate> anchors_;
  crypto::CertificateCache known_;  ///< of senders
  TokenCheck check_;
  ReceiptMaker receipts_;
  Corner2State state_;
  Site site_;
};

}  // namespace kanal::sim
