#include "transports/dpfio/payload.hpp"

namespace kanal::transports::dpfio {

Result<ports::BlobRef> write_payload(const std::vector<ports::Attachment>& files, const Sealing& sealing,
                                     ports::BlobStore& blobs) {
  auto blob = blobs.create({.describe = false, .scratch = true});
  if (!blob) return failed(blob);
  if (auto written = write_plain_container(files, sealing, blobs, **blob); !written) return failed(written);
  if (auto ended = (*blob)->finish(); !ended) return failed(ended);
  return (*blob)->ref();
}

Result<ports::BlobRef> read_payload(Source& sealed, const std::vector<crypto::Identity>& keys, const domain::Sbd& sbd,
                                    const PackageRules& rules, Clock& clock, Log& log, ports::BlobStore& blobs) {
  auto container = decrypt_container(sealed, keys, blobs);
  if (!container) return failed(container);
  const auto anybody = [&](const formats::AsicContents& contents) -> Result<void> {
    log.info("fiksio_signer",
             {{"message_id", sbd.document.instance_identifier}, {"signer", contents.signer.subject()}});
    return {};
  };
  auto verified = verify_container(*container, sbd, rules, anybody, clock, log, blobs);
  if (verified) return container;
  if (auto removed = blobs.remove(container->id); !removed) {
    log.warning("blob_not_removed", {{"reason", removed.error().text()}});
  }
  return failed(verified);
}

}  // namespace kanal::transports::dpfio
