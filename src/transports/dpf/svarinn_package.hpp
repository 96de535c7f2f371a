// From what SvarInn gives for download to the container that clients get (dpf.md sections 7 and 8.2): decrypted,
// unpacked, checked against the list, and packed again with an arkivmelding.xml before the files. Streams; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "formats/asic.hpp"
#include "ports/blob_store.hpp"
#include "transports/dpf/svarinn_client.hpp"
#include "transports/dpf/svarinn_list.hpp"

namespace kanal::transports::dpf {

/// What repacking needs beside the content.
struct Repacking {
  const std::vector<crypto::Identity>& keys;  ///< that decrypt
  const crypto::Identity& signer;
  formats::AsicParties parties;
  Time now;
};

/// The container, a durable blob that nobody refers to yet. Errors: `dpf.certificate` (retry: encrypted for a
/// certificate that none of the keys belongs to), `dpf.damaged` (reject: not to be decrypted or unpacked, other content
/// than the list says, or a file missing), those of the spool. Nothing is left behind on failure.
Result<ports::BlobRef> repack(const InnForsendelse& forsendelse, const InnDownload& download, const ports::BlobRef& raw,
                              const Repacking& how, ports::BlobStore& blobs);

}  // namespace kanal::transports::dpf
