// What every simulator stands on: the shared surroundings, and a site, that is one HTTP server with routes and the
// admin API
//   GET /sim/audit?simulator=&organisation=&vendor=&action=&subject=&after=&limit=   DELETE /sim/audit
//   GET /sim/faults   POST /sim/faults/{name} {"times":n|null,"subject":"..."}   DELETE /sim/faults/{name}   DELETE
//   /sim/faults
// A simulator declares its site last: the site stops first, so no request meets a half destroyed simulator.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "net/http_server.hpp"
#include "sim/audit.hpp"
#include "sim/faults.hpp"

namespace kanal::sim {

/// Shared by simulators that work together; must outlive them.
struct Environment {
  Clock& clock;
  AuditTrail& audit;
  Faults& faults;
  Log& log;
};

struct SiteOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;                 ///< 0: any free one
  std::optional<crypto::Identity> tls{};  ///< absent: plain HTTP
  int workers = 8;
};

/// How long a request hangs at most when a fault says so.
constexpr std::chrono::minutes hang_limit{5};
/// What `*.slow` adds to a request of the broker.
constexpr std::chrono::seconds slow_by{2};

/// start() and stop() from the owner's thread; routes are added before start().
class Site {
 public:
  Site(std::string name, SiteOptions options, const Environment& environment);
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  [[nodiscard]] net::Router& routes() { return routes_; }
  Result<void> start();
  /// Lets held requests go, then stops the server. Idempotent.
  void stop();
  /// `https://127.0.0.1:41234`; after start().
  [[nodiscard]] std::string url() const;

 private:
  using Answer = std::variant<net::Response, std::unique_ptr<net::BodyHandler>>;
  Answer handle(const std::shared_ptr<const net::Request>& request) const;
  void add_admin_routes();

  std::string name_;
  Environment environment_;
  net::Router routes_;
  net::HttpServer server_;
  bool running_ = false;
};

}  // namespace kanal::sim
