// What the catalogue of Fiks IO knows, for a while (dpfio.md section 6): accounts, and the keys to encrypt with.
// Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "crypto/certificate.hpp"
#include "lookup/cache.hpp"
#include "transports/dpfio/fiks_client.hpp"

namespace kanal::transports::dpfio {

class Katalog {
 public:
  /// All outlive it.
  Katalog(const Settings& settings, FiksClient& client, Clock& clock, Log& log);

  /// Errors as FiksClient::konto(). An account that was known stands in for a catalogue that does not answer.
  Result<Konto> konto(const std::string& konto_id);
  /// The same, asked for now.
  Result<Konto> konto_now(const Account& own);
  /// The receiver's certificate, valid now. `dpfio.no_key` (retry); `dpfio.key` (reject) when it is not RSA.
  Result<crypto::Certificate> key(const std::string& konto_id);

 private:
  const Settings& settings_;
  FiksClient& client_;
  Clock& clock_;
  Log& log_;
  lookup::Cache<Konto> accounts_;
  lookup::Cache<crypto::Certificate> keys_;
};

}  // namespace kanal::transports::dpfio
