// The installation's own certificate, checked before a message is accepted and before it is sent
// (service-registry.md 6.4, with its "better": a register that is away stops nothing, and the old and the new
// certificate live side by side). Thread-safe.
#pragma once

#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "crypto/certificate_cache.hpp"
#include "ports/directory.hpp"
#include "ports/documents.hpp"

namespace kanal::lookup {

class OwnCertificate final : public ports::OwnCertificate {
 public:
  /// `identities`: current first, then former ones; the register may still know a former one.
  OwnCertificate(Orgnr organisation, const std::vector<crypto::Identity>& identities, ports::Directory& directory,
                 Clock& clock, Log& log);
  Result<void> check(bool against_register) override;

 private:
  Orgnr organisation_;
  const std::vector<crypto::Identity>& identities_;
  ports::Directory& directory_;
  Clock& clock_;
  Log& log_;
  crypto::CertificateCache read_;
};

}  // namespace kanal::lookup
