// asic-cms.md sections 2, 3 and 7. Exactly one manifest with one signature is accepted: with two, files could be
// covered by different signers.
#include "crypto/cades.hpp"
#include "formats/asic.hpp"
#include "formats/asic_container.hpp"
#include "formats/asic_manifest.hpp"

namespace kanal::formats {

namespace {

/// The manifest, once it is clear that there is one signature set and that it belongs together.
Result<asic::SignedManifest> find_manifest(const asic::Container& container) {
  const auto no_signature = [&] {
    return reject("asic.no_signature", container.xades()
                                           ? "the container has only a XAdES signature; CAdES is required here"
                                           : "the container is not signed");
  };
  if (!container.manifest() && !container.cades()) return no_signature();
  if (!container.manifest()) return reject("asic.manifest", "the container has a signature but no ASiCManifest.xml");
  auto manifest = asic::read_signed_manifest(container.manifest()->content);
  if (!manifest) return failed(manifest);
  if (!container.cades()) return no_signature();
  if (manifest->signature_uri != container.cades()->name) {
    return reject("asic.manifest", "ASiCManifest.xml refers to the signature " + asic::quoted(manifest->signature_uri) +
                                       ", which the container does not have");
  }
  if (container.xades()) return reject("asic.manifest", "the container has both a CAdES and a XAdES signature");
  return manifest;
}

Result<crypto::SignatureCheck> check_signature(const asic::Container& container, crypto::CertificateCache* known) {
  auto checked = crypto::verify_detached(container.cades()->content, container.manifest()->content, known);
  if (checked) return checked;
  Error error = checked.error();
  const std::string code = error.code == "cades.algorithm" ? "asic.algorithm" : "asic.signature";
  const auto disposition = error.disposition;
  return tl::unexpected<Error>(Error{
      code, "the container's signature was refused", disposition, {}, std::make_shared<const Error>(std::move(error))});
}

}  // namespace

Result<AsicContents> verify_asic(SeekableSource& zip, const ZipLimits& limits, crypto::CertificateCache* known) {
  auto container = asic::Container::read(zip, limits);
  if (!container) return failed(container);
  const auto manifest = find_manifest(*container);
  if (!manifest) return failed(manifest);
  auto signature = check_signature(*container, known);
  if (!signature) return failed(signature);
  if (auto covered = asic::check_coverage(manifest->files, "ASiCManifest.xml", *container); !covered) {
    return failed(covered);
  }
  // The least of all faults, hence last: the others say more.
  if (container->mimetype_misplaced())
    return reject("asic.mimetype", "the entry mimetype is not the first of the container");
  return AsicContents{container->take_documents(), std::move(signature->signer), signature->sha1,
                      std::move(signature->chain)};
}

}  // namespace kanal::formats
