// ASiC-E containers with CAdES (asic-cms.md sections 2, 3, 5, 7; profile DPO and DPE) or XAdES (section 4; DPI).
// Writing is one pass into a sink from files whose size, CRC-32 and SHA-256 are known; reading verifies mimetype,
// coverage, digests and signature.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/stream.hpp"
#include "crypto/certificate_cache.hpp"
#include "formats/zip_reader.hpp"

namespace kanal::formats {

constexpr std::string_view asic_mimetype = "application/vnd.etsi.asic-e+zip";

/// A document to pack.
struct AsicDocument {
  std::string name;
  std::string mimetype;
  std::uint64_t size = 0;
  std::uint32_t crc32 = 0;
  std::array<std::byte, 32> sha256{};
  std::function<Result<std::unique_ptr<Source>>()> open;
};

/// Parties of the inner manifest.xml (asic-cms.md section 5).
struct AsicParties {
  std::string sender;  ///< ISO 6523 text
  std::string receiver;
};

/// Writes mimetype, manifest.xml, documents (first one is the main document), ASiCManifest.xml, signature and the
/// OpenDocument manifest into `to`, which it does not finish. Text-like documents are deflated, others stored.
/// `asic.no_documents`, `asic.name` (starts with META-INF/).
Result<void> write_asic(const std::vector<AsicDocument>& documents, const AsicParties& parties,
                        const crypto::Identity& signer, Time signing_time, Sink& to);

/// The same without manifest.xml, and with the main document marked as the root file (dpfio.md section 5).
Result<void> write_plain_asic(const std::vector<AsicDocument>& documents, const crypto::Identity& signer,
                              Time signing_time, Sink& to);

/// The same as write_asic() with a XAdES signature and a manifest.xml of the caller's making, which is signed too. File
/// names are referred to as forms encode them, which is what the mailbox suppliers know (section 9). `asic.key` when
/// the key is not that of the certificate.
Result<void> write_xades_asic(const std::vector<AsicDocument>& documents, std::string_view manifest_xml,
                              const crypto::Identity& signer, Time signing_time, Sink& to);

/// What a verified container says of itself.
struct AsicContents {
  std::vector<ZipEntry> documents;  ///< entries outside META-INF and mimetype, in order
  crypto::Certificate signer;
  bool sha1_signature = false;
  std::vector<crypto::Certificate> signer_chain{};  ///< untrusted: came with the signature
};

/// Reads and verifies a CAdES container completely. Errors: those of zip_reader, `asic.mimetype` (present and
/// different, or not first; a container without it is accepted), `asic.no_signature`, `asic.manifest` (unreadable,
/// DOCTYPE, unknown reference), `asic.digest` (a document differs), `asic.unsigned_file` (not listed),
/// `asic.missing_file` (listed, not there), `asic.metadata` (unknown file in META-INF), `asic.signature`,
/// `asic.algorithm`. `known`: certificates that were read before; null: none.
Result<AsicContents> verify_asic(SeekableSource& container, const ZipLimits& limits,
                                 crypto::CertificateCache* known = nullptr);

/// Reads and verifies a XAdES container completely: the errors of verify_asic(). Exactly one signature, over every
/// document and over the properties that name the signing certificate; RSA-SHA256 only. Says nothing about trust in the
/// certificate.
Result<AsicContents> verify_xades_asic(SeekableSource& container, const ZipLimits& limits,
                                       crypto::CertificateCache* known = nullptr);

}  // namespace kanal::formats
