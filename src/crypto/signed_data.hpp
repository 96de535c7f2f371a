// A CMS SignedData without its certificates: OpenSSL takes several times longer to read those than to verify the
// signature, and they are mostly the same ones again. Pure functions.
#pragma once

#include <optional>
#include <vector>

#include "crypto/certificate_cache.hpp"

namespace kanal::crypto {

struct SignedDataParts {
  Bytes rest;  ///< the ContentInfo without them; what is signed in it is not touched
  std::vector<Certificate> certificates;
};

/// Takes a ContentInfo of definite lengths apart. Nothing: it is another form, holds no certificates or some that are
/// no readable X.509; whoever reads the whole may find out.
[[nodiscard]] std::optional<SignedDataParts> take_certificates(ByteView content_info, CertificateCache* known);

}  // namespace kanal::crypto
