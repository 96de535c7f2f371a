// Makes certificates for the sandbox and for tests: a small CA and organisation certificates as Norwegian
// enterprise certificates look (subject serialNumber and organizationIdentifier carry the organisation number).
#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"
#include "crypto/certificate.hpp"

namespace kanal::crypto {

struct CertificateRequest {
  std::string common_name;
  std::string organisation_name;
  std::string orgnr;                   ///< empty for servers and CAs
  std::vector<std::string> dns_names;  ///< for TLS servers; IP addresses allowed
  Time not_before{};
  Time not_after{};
};

/// A self-signed CA.
Identity make_ca(const std::string& common_name, Time not_before, Time not_after);
/// A CA below another one.
Identity issue_ca(const Identity& ca, const std::string& common_name, Time not_before, Time not_after);
/// A certificate signed by `ca`, with the CA in its chain.
Identity issue(const Identity& ca, const CertificateRequest& request);

}  // namespace kanal::crypto
