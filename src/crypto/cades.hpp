// Detached CMS SignedData over META-INF/ASiCManifest.xml (asic-cms.md 3.2). Small, in memory, any thread.
#pragma once

#include <vector>

#include "crypto/certificate_cache.hpp"

namespace kanal::crypto {

/// Signs with SHA-256 and RSA PKCS#1 v1.5; certificates of the identity's chain go along, with the
/// signing-certificate-v2 attribute. DER.
Result<Bytes> sign_detached(const Identity& signer, ByteView content, Time signing_time);

struct SignatureCheck {
  Certificate signer;
  bool sha1 = false;                 ///< accepted when reading, to be counted (asic-cms.md 3.2)
  std::vector<Certificate> chain{};  ///< what else came along; nothing says that it is any good
};

/// Verifies the signature value and message digest with the certificate found inside, which `known` may know already.
/// Says nothing about trust in the certificate. Errors: `cades.malformed`, `cades.signature`, `cades.algorithm`,
/// `cades.signers` (not exactly one).
Result<SignatureCheck> verify_detached(ByteView signature, ByteView content, CertificateCache* known = nullptr);

/// Does `certificate` chain to one of `anchors` at `when`, using `intermediates`? Errors: `certificate.untrusted`,
/// `certificate.expired`.
Result<void> verify_chain(const Certificate& certificate, const std::vector<Certificate>& intermediates,
                          const std::vector<Certificate>& anchors, Time when);

}  // namespace kanal::crypto
