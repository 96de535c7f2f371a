#include "crypto/cms.hpp"
#include "formats/asic.hpp"
#include "formats/zip_writer.hpp"
#include "transports/dpo/package.hpp"

namespace kanal::transports::dpo {
namespace {

std::vector<formats::AsicDocument> documents_of(const std::vector<ports::Attachment>& files, ports::BlobStore& blobs) {
  std::vector<formats::AsicDocument> documents;
  documents.reserve(files.size());
  for (const auto& file : files) {
    documents.push_back({file.filename, file.mimetype, file.blob.size, file.blob.crc32, file.blob.sha256,
                         [&blobs, &blob = file.blob]() -> Result<std::unique_ptr<Source>> {
                           auto source = blobs.open(blob);
                           if (!source) return failed(source);
                           return std::unique_ptr<Source>(std::move(*source));
                         }});
  }
  return documents;
}

/// Zip entry <- cipher <- container, chained sinks in one pass. Nothing counts before every finish() has succeeded.
Result<void> write_container(const domain::Sbd& sbd, const std::vector<ports::Attachment>& files,
                             const Sealing& sealing, ports::BlobStore& blobs, formats::ZipWriter& zip) {
  // Ciphertext does not shrink: level 0 only frames it.
  auto entry = zip.begin_deflated("asic.zip", 0);
  if (!entry) return failed(entry);
  auto cipher = crypto::make_cms_encryptor(*sealing.recipient, crypto::KeyTransport::oaep_sha256, **entry);
  if (!cipher) return failed(cipher);
  auto written = formats::write_asic(documents_of(files, blobs), {sbd.sender_value(), sbd.receiver_value()},
                                     sealing.signer, sealing.signing_time, **cipher);
  if (!written) return failed(written);
  if (auto sealed = (*cipher)->finish(); !sealed) return failed(sealed);
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
    if (auto written = write_container(sbd, files, sealing, blobs, zip); !written) return failed(written);
  }
  if (auto ended = zip.finish(); !ended) return failed(ended);
  if (auto complete = (*blob)->finish(); !complete) return failed(complete);
  return (*blob)->ref();
}

}  // namespace kanal::transports::dpo
