// The print certificate of the contact register: `GET /rest/v2/printSertifikat`, no authentication (dpi.md 8.3).
// Thread-safe.
#pragma once

#include <string>

#include "crypto/certificate.hpp"
#include "sim/answers.hpp"
#include "sim/simulator.hpp"

namespace kanal::sim {

class KrrPrint {
 public:
  /// `ca` issued `print`, and issues what the fault `krr.expired_certificate` gives instead.
  KrrPrint(SiteOptions site, crypto::Identity ca, crypto::Certificate print, const Environment& environment);

  Result<void> start() { return site_.start(); }
  void stop() { site_.stop(); }
  [[nodiscard]] std::string url() const { return site_.url(); }
  /// What `difi.move.dpi.krr-print-url` is set to.
  [[nodiscard]] std::string service_url() const { return url() + "/rest/v2/printSertifikat"; }

 private:
  [[nodiscard]] net::Response answer() const;
  [[nodiscard]] crypto::Certificate expired() const;

  Environment environment_;
  crypto::Identity ca_;
  crypto::Certificate print_;
  Site site_;
};

}  // namespace kanal::sim
