// The sealed ASiC-E container of DPO, DPE and DPFIO (asic-cms.md): CMS EnvelopedData whose content is an ASiC-E signed
// by the sender. Written in one pass from the spool, opened into it, and verified before anybody sees it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "crypto/certificate_cache.hpp"
#include "crypto/cms.hpp"
#include "domain/sbd.hpp"
#include "formats/asic.hpp"
#include "formats/zip_reader.hpp"
#include "ops/config.hpp"
#include "ports/blob_store.hpp"
#include "ports/records.hpp"

namespace kanal::transports {

enum class VerifyPolicy { require, warn, off };

/// How containers that come in are verified (`kanal.asic.*`).
struct PackageRules {
  VerifyPolicy verify = VerifyPolicy::require;
  std::vector<crypto::Certificate> trusted_signers;  ///< CAs; empty: the chain is not checked
  std::vector<std::string> processors;               ///< organisations that may sign for others
  formats::ZipLimits limits;
  /// Of signers; shared by all copies.
  std::shared_ptr<crypto::CertificateCache> known = std::make_shared<crypto::CertificateCache>();
};
/// `config.*` errors name origin, key, value and rule.
Result<PackageRules> read_package_rules(const ops::Config& config);

/// Who signs, and for whom.
struct Sealing {
  const crypto::Identity& signer;
  std::optional<crypto::Certificate> recipient;  ///< needed when there are files
  Time signing_time;
};

/// Writes the container of `files`, signed and encrypted for the recipient, which there must be, into `to`, which it
/// does not finish. Nothing of it counts before this has succeeded.
Result<void> write_container(const domain::Sbd& sbd, const std::vector<ports::Attachment>& files,
                             const Sealing& sealing, crypto::KeyTransport transport, ports::BlobStore& blobs, Sink& to);

/// The same as Fiks IO has it, without manifest.xml (dpfio.md section 5).
Result<void> write_plain_container(const std::vector<ports::Attachment>& files, const Sealing& sealing,
                                   ports::BlobStore& blobs, Sink& to);

/// A file of the spool as a document to pack; `blobs` outlives it.
[[nodiscard]] formats::AsicDocument packed_document(std::string name, std::string mimetype, const ports::BlobRef& blob,
                                                    ports::BlobStore& blobs);

/// Decrypts into the spool. The blob is durable, but nobody refers to it before everything is verified.
Result<ports::BlobRef> decrypt_container(Source& sealed, const std::vector<crypto::Identity>& keys,
                                         ports::BlobStore& blobs);

/// May this be the signer? Asked of containers whose digests, signature and chain are good.
using SignerCheck = std::function<Result<void>(const formats::AsicContents& contents)>;

/// Checks a decrypted container: its digests and signature, with trusted CAs the signer's chain, and what `may_sign`
/// says. What policy `warn` lets pass is logged.
Result<void> verify_container(const ports::BlobRef& container, const domain::Sbd& sbd, const PackageRules& rules,
                              const SignerCheck& may_sign, Clock& clock, Log& log, ports::BlobStore& blobs);

/// Checks a decrypted container and whether its signer may sign for the document's sender. Errors: those of
/// formats::verify_asic(), and `<prefix>.signer`. What policy `warn` lets pass is logged.
Result<void> verify_container(const ports::BlobRef& container, const domain::Sbd& sbd, const PackageRules& rules,
                              std::string_view prefix, Clock& clock, Log& log, ports::BlobStore& blobs);

/// What must hold before a document may enter the flow: `<prefix>.message_id`, `<prefix>.conversation_id` when an id is
/// no UUID.
Result<void> check_ids(const domain::Sbd& sbd, std::string_view prefix);

}  // namespace kanal::transports
