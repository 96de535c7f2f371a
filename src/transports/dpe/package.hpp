// The body of a DPE message (dpe.md section 4): an SBD and, when there are files, the container, base64 of base64.
//
//   body ::= { "sbd": SBD, "asic"?: base64( base64( CMS EnvelopedData { ASiC-E } ) ) }
#pragma once

#include <string>
#include <vector>

#include "crypto/certificate.hpp"
#include "domain/sbd.hpp"
#include "ports/blob_store.hpp"
#include "ports/transport.hpp"
#include "transports/asic_package.hpp"

namespace kanal::transports::dpe {

/// Writes the body into a new scratch blob; the caller removes it.
Result<ports::BlobRef> write_package(const domain::Sbd& sbd, const std::vector<ports::Attachment>& files,
                                     const Sealing& sealing, ports::BlobStore& blobs);

/// Reads and verifies a body. Errors (reject) mean that not even the SBD could be read; a bad package comes back as
/// `damage`: one that is base64 once only (`dpe.base64`), cannot be decrypted, or is not signed by its sender.
Result<ports::InboundDocument> read_package(const ports::BlobRef& raw, const std::vector<crypto::Identity>& keys,
                                            const PackageRules& rules, Clock& clock, Log& log, ports::BlobStore& blobs);

/// The SBD alone.
Result<domain::Sbd> read_sbd_of(ByteView body);

}  // namespace kanal::transports::dpe
