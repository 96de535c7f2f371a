// The certificate that documents to SvarUt are encrypted for: SvarUt's own, not the receiver's (dpf.md 4.6). It comes
// with the service record; where that has none, from SvarUt itself. Thread-safe; may block.
#pragma once

#include <string>

#include "base/time.hpp"
#include "crypto/certificate_cache.hpp"
#include "lookup/cache.hpp"
#include "net/http_client.hpp"

namespace kanal::transports::dpf {

class SvarUtCertificate {
 public:
  /// `root`: SvarUt's host, which has the key at `/forsendelse/publickey/hent`.
  SvarUtCertificate(std::string root, net::HttpClient& http, Clock& clock);

  /// RSA, and valid now. `pem` may be empty. Errors: `dpf.certificate` (retry: a register can be put right), those of
  /// the HTTP client.
  Result<crypto::Certificate> get(const std::string& pem);

 private:
  Result<std::string> fetch();

  std::string root_;
  net::HttpClient& http_;
  Clock& clock_;
  crypto::CertificateCache read_;
  lookup::Cache<std::string> fetched_;
};

}  // namespace kanal::transports::dpf
