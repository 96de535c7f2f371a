// CMS EnvelopedData, streamed both ways (asic-cms.md section 6; stack.md findings 1-3). Writing uses OpenSSL's
// streaming BIO; reading is our own pull-free BER parser that is pushed bytes and pushes plaintext, and never
// holds more than a chunk. One object per stream, one thread.
//
//   ContentInfo ::= SEQUENCE { 1.2.840.113549.1.7.3, [0] EnvelopedData { version, RecipientInfos SET,
//     EncryptedContentInfo { contentType, algorithm, [0] IMPLICIT OCTET STRING (primitive or constructed) } } }
//   Definite and indefinite lengths, any segment size. AES-GCM inside EnvelopedData (tag = last 16 bytes) and
//   AuthEnvelopedData (1.2.840.113549.1.9.16.1.23) are read too.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/stream.hpp"
#include "crypto/certificate.hpp"

namespace kanal::crypto {

enum class KeyTransport {
  oaep_sha256,  ///< DPO, DPI, storage
  pkcs1_v15,    ///< DPE
};

/// A Sink that encrypts for one recipient (AES-256-CBC, BER with indefinite lengths) into `to`. finish() completes the
/// CMS structure but does not finish `to`. Rejects keys that are not RSA (`cms.recipient`).
Result<std::unique_ptr<Sink>> make_cms_encryptor(const Certificate& recipient, KeyTransport transport, Sink& to);

/// Reads EnvelopedData pushed into it and pushes plaintext into `to`, which is *not* finished. The plaintext is only
/// good once finish() has succeeded: until then padding or tag are unverified. `keys`: own identities, current first;
/// the RecipientInfo that matches one by issuer and serial is used wherever it stands. Errors: `cms.not_cms`,
/// `cms.truncated`, `cms.malformed`, `cms.recipient` (not for us), `cms.key` (wrong key), `cms.algorithm`,
/// `cms.padding`, `cms.tag`, `cms.trailing`.
std::unique_ptr<Sink> make_cms_decryptor(std::vector<Identity> keys, Sink& to);

}  // namespace kanal::crypto
