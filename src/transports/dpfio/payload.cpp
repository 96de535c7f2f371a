#include "transports/dpfio/payload.hpp"

#include "crypto/cades.hpp"
#include "crypto/cms.hpp"
#include "formats/asic.hpp"

namespace kanal::transports::dpfio {
namespace {

Result<void> verify(const ports::BlobRef& container, const PackageRules& rules, std::string_view melding_id,
                    Clock& clock, Log& log, ports::BlobStore& blobs) {
  if (rules.verify == VerifyPolicy::off) return {};
  auto source = blobs.open(container);
  if (!source) return failed(source);
  auto contents = formats::verify_asic(**source, rules.limits);
  auto verdict = contents ? Result<void>{} : Result<void>(failed(contents));
  if (contents) {
    log.info("fiksio_signer", {{"message_id", std::string(melding_id)}, {"signer", contents->signer.subject()}});
    if (!rules.trusted_signers.empty()) {
      auto trusted = crypto::verify_chain(contents->signer, contents->signer_chain, rules.trusted_signers, clock.now());
      if (!trusted) verdict = Result<void>(failed(std::move(trusted).error(), "the signer's certificate"));
    }
  }
  if (verdict || verdict.error().disposition == Disposition::retry || rules.verify == VerifyPolicy::require) {
    return verdict;
  }
  log.warning("package_not_verified", {{"message_id", std::string(melding_id)}, {"reason", verdict.error().text()}});
  return {};
}

}  // namespace

Result<ports::BlobRef> write_payload(const std::vector<ports::Attachment>& files, const crypto::Identity& signer,
                                     const crypto::Certificate& recipient, Time signing_time, ports::BlobStore& blobs) {
  std::vector<formats::AsicDocument> documents;
  documents.reserve(files.size());
  for (const auto& file : files) documents.push_back(packed_document(file.filename, file.mimetype, file.blob, blobs));
  auto blob = blobs.create({.describe = false, .scratch = true});
  if (!blob) return failed(blob);
  auto cipher = crypto::make_cms_encryptor(recipient, crypto::KeyTransport::oaep_sha256, **blob);
  if (!cipher) return failed(cipher);
  if (auto written = formats::write_plain_asic(documents, signer, signing_time, **cipher); !written) {
    return failed(written);
  }
  if (auto ended = (*cipher)->finish(); !ended) return failed(ended);
  if (auto ended = (*blob)->finish(); !ended) return failed(ended);
  return (*blob)->ref();
}

Result<ports::BlobRef> read_payload(Source& sealed, const std::vector<crypto::Identity>& keys,
                                    const PackageRules& rules, std::string_view melding_id, Clock& clock, Log& log,
                                    ports::BlobStore& blobs) {
  auto container = decrypt_container(sealed, keys, blobs);
  if (!container) return failed(container);
  auto verified = verify(*container, rules, melding_id, clock, log, blobs);
  if (verified) return container;
  if (auto removed = blobs.remove(container->id); !removed) {
    log.warning("blob_not_removed", {{"reason", removed.error().text()}});
  }
  return failed(verified);
}

}  // namespace kanal::transports::dpfio
