// The DPO package (dpo.md section 4): a zip of `sbd.json` (plain) and, when there are files, `asic.zip`: CMS
// EnvelopedData whose content is an ASiC-E container. Written and read in one pass from and to the spool.
//
//   sbd.zip  ::= zip { "sbd.json" stored, "asic.zip" deflate (stored blocks) }
//   asic.zip ::= CMS EnvelopedData { ASiC-E }
#pragma once

#include <memory>
#include <vector>

#include "crypto/certificate.hpp"
#include "domain/sbd.hpp"
#include "formats/zip_reader.hpp"
#include "ports/blob_store.hpp"
#include "ports/transport.hpp"
#include "transports/asic_package.hpp"
#include "transports/dpo/dpo_settings.hpp"

namespace kanal::transports::dpo {

/// Writes the package into a new scratch blob with MD5; the caller removes it.
Result<ports::BlobRef> write_package(const domain::Sbd& sbd, const std::vector<ports::Attachment>& files,
                                     const Sealing& sealing, ports::BlobStore& blobs);

/// Reads and verifies a downloaded package. Errors (reject) mean that not even the SBD could be read; a bad inner
/// container comes back as `damage`.
Result<ports::InboundDocument> read_package(const ports::BlobRef& raw, const std::vector<crypto::Identity>& keys,
                                            const Settings& settings, Clock& clock, Log& log, ports::BlobStore& blobs);

}  // namespace kanal::transports::dpo
