// Whom a document goes to and whom its files are encrypted for, as the Service Registry says: for the services whose
// packages are sealed with the certificate of the record (DPO, DPE). Thread-safe; may block.
#pragma once

#include <string>

#include "crypto/certificate_cache.hpp"
#include "domain/sbd.hpp"
#include "ports/directory.hpp"
#include "transports/transport_factory.hpp"

namespace kanal::transports {

class Recipients {
 public:
  Recipients(ServiceIdentifier service, const Resources& resources);

  /// The record that routes a document. `<service>.route_changed` (retry) when it is not over this service any more.
  Result<ports::ServiceRecord> record(const domain::Sbd& sbd);
  /// Whom to encrypt for. `<service>.receiver_certificate`: reject for a key that is not RSA, retry when it is not
  /// valid now.
  Result<crypto::Certificate> certificate(const ports::ServiceRecord& record, const domain::Sbd& sbd);

 private:
  [[nodiscard]] std::string code(std::string_view what) const;

  ServiceIdentifier service_;
  Resources resources_;
  crypto::CertificateCache certificates_;
};

}  // namespace kanal::transports
