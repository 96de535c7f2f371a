// The REST parts of Fiks IO (dpfio.md 3, 4, 6 and 7): send, catalogue, dokumentlager. Strict about credentials, order
// and form of parts, metadata and access. Thread-safe.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "crypto/certificate_cache.hpp"
#include "sim/answers.hpp"
#include "sim/fiks_io_login.hpp"
#include "sim/fiks_io_post.hpp"
#include "sim/fiks_io_state.hpp"
#include "sim/simulator.hpp"

namespace kanal::sim {

class FiksIoApi {
 public:
  struct Parts {
    FiksIoState& state;
    FiksIoQueues& queues;
    FiksIoPost& post;
    FiksIoCredentials& credentials;
  };
  /// What `parts` refers to must outlive this. `folder` is for payloads on their way.
  FiksIoApi(SiteOptions site, const Parts& parts, std::filesystem::path folder, const Environment& environment);

  Result<void> start() { return site_.start(); }
  void stop() { site_.stop(); }
  [[nodiscard]] std::string url() const { return site_.url(); }
  /// For admin routes, before start().
  [[nodiscard]] Site& site() { return site_; }

 private:
  class Send;
  using Request = std::shared_ptr<const net::Request>;
  /// A request that got past its credentials and the faults.
  struct Call {
    std::string endpoint;
    std::string path;
    std::string subject{};      ///< an account or a document; of a message its receiver
    std::string integration{};  ///< empty where nobody need say who they are
    std::string orgnr{};
    std::set<std::string> konto_ids{};
  };
  struct Problem {
    int status = 400;
    std::string message;
  };
  using Handle = std::function<Answer(const Request&, const Call&)>;

  void add(std::string method, const std::string& path, const std::string& endpoint, const Handle& handle);
  void add_routes();
  [[nodiscard]] tl::expected<void, Problem> authenticate(const net::Request& request, Call& call);
  std::optional<net::Response> fault_answer(const Call& call) const;
  net::Response problem(const Call& call, const Problem& problem) const;
  [[nodiscard]] bool met(std::string_view fault, const Call& call) const;
  void audit(const std::string& action, const Call& call, const std::string& subject,
             const std::string& detail = {}) const;

  Answer send(const Request& request, const Call& call);
  /// A message whose payload has all come.
  net::Response accept(FiksIoMessage message, const std::shared_ptr<const TemporaryFile>& payload, const Call& call);
  void judge_payload(FiksIoMessage& message, const TemporaryFile& payload, const Call& call);

  net::Response account(const Call& call);
  net::Response status(const Call& call);
  net::Response public_key(const Call& call) const;
  Result<boost::json::object> status_of(const FiksIoAccount& account, const Call& call);

  net::Response download(const Call& call);
  net::Response document_metadata(const Call& call);
  [[nodiscard]] tl::expected<FiksIoStored, Problem> document(const Call& call) const;

  Environment environment_;
  FiksIoState& state_;
  FiksIoQueues& queues_;
  FiksIoPost& post_;
  FiksIoCredentials& credentials_;
  std::filesystem::path folder_;
  crypto::CertificateCache known_;  ///< of senders
  Site site_;
};

}  // namespace kanal::sim
