// Adapters that the flow needs but must not know the technique of. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/stream.hpp"

namespace kanal::ports {

/// What the flow needs of an arkivmelding.xml (messages.md section 6).
struct ArkivmeldingFacts {
  std::optional<std::string> title;      ///< offentligTittel
  std::optional<std::string> reference;  ///< `<systemID>-<journalpostnummer>`
  std::vector<std::string> referenced_files;
};

class ArkivmeldingReader {
 public:
  ArkivmeldingReader() = default;
  ArkivmeldingReader(const ArkivmeldingReader&) = delete;
  ArkivmeldingReader& operator=(const ArkivmeldingReader&) = delete;
  virtual ~ArkivmeldingReader() = default;
  /// Errors are the reader's own codes (`xml.*`, `arkivmelding.*`).
  virtual Result<ArkivmeldingFacts> read(Source& xml) = 0;
};

/// The installation's own certificate: valid now, and (when a service needs it) the one that Virksert knows.
class OwnCertificate {
 public:
  OwnCertificate() = default;
  OwnCertificate(const OwnCertificate&) = delete;
  OwnCertificate& operator=(const OwnCertificate&) = delete;
  virtual ~OwnCertificate() = default;
  /// `certificate.invalid` (reject) with the cause; a register that does not answer is no error here.
  virtual Result<void> check(bool against_register) = 0;
};

}  // namespace kanal::ports
