// The document package of a letter (dpi.md 4.3, asic-cms.md): CMS around an ASiC-E with XAdES and the SDP manifest,
// written in one pass from the spool into the spool.
#pragma once

#include <string>
#include <vector>

#include "crypto/certificate.hpp"
#include "formats/sdp_manifest.hpp"
#include "ports/blob_store.hpp"
#include "ports/transport.hpp"
#include "transports/dpi/letter.hpp"

namespace kanal::transports::dpi {

/// What a letter's package says of it. `language`: two letters. `dpi.no_main_document` (reject).
Result<formats::SdpManifest> manifest_of(const ports::OutboundDocument& document, const Sender& sender,
                                         const Recipient& recipient, const std::string& language);

/// Is the file data about another one: a value of `metadataFiler`?
[[nodiscard]] bool is_metadata_file(const domain::Sbd& sbd, const std::string& filename);

/// May a document of this type be in a letter (4.3, rules of the receiving services)?
[[nodiscard]] bool is_accepted_type(std::string_view mimetype, bool print);

/// Writes the package into a new scratch blob with SHA-256; the caller removes it. `files`: main document first, then
/// by number.
Result<ports::BlobRef> write_package(const ports::OutboundDocument& document, const formats::SdpManifest& manifest,
                                     const crypto::Identity& signer, const crypto::Certificate& recipient,
                                     Time signing_time, ports::BlobStore& blobs);

}  // namespace kanal::transports::dpi
