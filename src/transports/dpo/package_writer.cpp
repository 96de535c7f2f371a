#include "formats/zip_writer.hpp"
#include "transports/asic_package.hpp"
#include "transports/dpo/package.hpp"

namespace kanal::transports::dpo {
namespace {

/// Zip entry <- cipher <- container, chained sinks in one pass. Nothing counts before every finish() has succeeded.
Result<void> add_container(const domain::Sbd& sbd, const std::vector<ports::Attachment>& files, const Sealing& sealing,
                           ports::BlobStore& blobs, formats::ZipWriter& zip) {
  // Ciphertext does not shrink: level 0 only frames it.
  auto entry = zip.begin_deflated("asic.zip", 0);
  if (!entry) return failed(entry);
  auto written = write_container(sbd, files, sealing, crypto::KeyTransport::oaep_sha256, blobs, **entry);
  if (!written) return failed(written);
  return (*entry)->finish();
}

}  // namespace

Result<ports::BlobRef> write_package(const domain::Sbd& sbd, const std::vector<ports::Attachment>& files,
                                     const Sealing& sealing, ports::BlobStore& blobs) {
  if (!files.empty() && !sealing.recipient) return bug("dpo.package", "files without a receiver certificate");
  auto blob = blobs.create({.md5 = true, .describe = false, .scratch = true});
  if (!blob) return failed(blob);
  formats::ZipWriter zip(**blob);
  const std::string text = domain::write_sbd(sbd);
  if (auto added = zip.add("sbd.json", bytes_of(text)); !added) return failed(added);
  if (!files.empty()) {
    if (auto written = add_container(sbd, files, sealing, blobs, zip); !written) return failed(written);
  }
  if (auto ended = zip.finish(); !ended) return failed(ended);
  if (auto complete = (*blob)->finish(); !complete) return failed(complete);
  return (*blob)->ref();
}

}  // namespace kanal::transports::dpo
