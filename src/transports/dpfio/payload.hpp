// The payload of a Fiks IO message (dpfio.md section 5): a plain ASiC-E, signed by the sender, inside CMS EnvelopedData
// for the receiving account. Streamed both ways.
#pragma once

#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "ports/blob_store.hpp"
#include "ports/records.hpp"
#include "transports/asic_package.hpp"

namespace kanal::transports::dpfio {

/// Signs and encrypts into a new scratch blob; the caller removes it. The first file is the root file.
Result<ports::BlobRef> write_payload(const std::vector<ports::Attachment>& files, const Sealing& sealing,
                                     ports::BlobStore& blobs);

/// Decrypts into a durable blob, and verifies digests, signature and, with trusted CAs, the signer's chain. Whose
/// certificate it is, is logged and not compared: accounts of Fiks IO sign with what their systems have (section 5.6).
Result<ports::BlobRef> read_payload(Source& sealed, const std::vector<crypto::Identity>& keys, const domain::Sbd& sbd,
                                    const PackageRules& rules, Clock& clock, Log& log, ports::BlobStore& blobs);

}  // namespace kanal::transports::dpfio
