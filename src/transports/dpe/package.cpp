#include "transports/dpe/package.hpp"

#include "formats/base64_stream.hpp"
#include "transports/dpe/envelope_scan.hpp"

namespace kanal::transports::dpe {
namespace {

Result<void> write_text(Sink& to, std::string_view text) { return to.write(bytes_of(text)); }

Result<domain::Sbd> sbd_in(const ScannedEnvelope& envelope) {
  if (!envelope.sbd) return reject("dpe.no_sbd", "the message holds no SBD");
  auto reading = domain::read_sbd(*envelope.sbd);
  if (!reading) return failed(reading);
  if (auto checked = check_ids(reading->sbd, "dpe"); !checked) return failed(checked);
  return std::move(reading->sbd);
}

/// Decodes and decrypts what is pushed into it into a durable blob that nobody refers to yet.
class Opener {
 public:
  Opener(const std::vector<crypto::Identity>& keys, std::unique_ptr<ports::BlobWriter> blob)
      : blob_(std::move(blob)),
        cipher_(crypto::make_cms_decryptor(keys, *blob_)),
        inner_(*cipher_),
        outer_(static_cast<Sink&>(inner_)) {}

  Sink& text() { return outer_; }
  Result<ports::BlobRef> finish() {
    for (Sink* sink : std::initializer_list<Sink*>{&outer_, &inner_, cipher_.get(), blob_.get()}) {
      if (auto finished = sink->finish(); !finished) return failed(finished);
    }
    return blob_->ref();
  }

 private:
  std::unique_ptr<ports::BlobWriter> blob_;
  std::unique_ptr<Sink> cipher_;
  formats::Base64Decoder inner_;
  formats::Base64Decoder outer_;
};

Error explained(Error error) {
  if (error.code != "base64.malformed") return error;
  return std::move(failed(Error{"dpe.base64", error.message, error.disposition, {}, {}},
                          "the package is not base64 of base64, as DPE has it"))
      .value();
}

}  // namespace

Result<ports::BlobRef> write_package(const domain::Sbd& sbd, const std::vector<ports::Attachment>& files,
                                     const Sealing& sealing, ports::BlobStore& blobs) {
  if (!files.empty() && !sealing.recipient) return bug("dpe.package", "files without a receiver certificate");
  auto blob = blobs.create({.describe = false, .scratch = true});
  if (!blob) return failed(blob);
  auto& to = **blob;
  if (auto written = write_text(to, "{\"sbd\":" + domain::write_sbd(sbd)); !written) return failed(written);
  if (!files.empty()) {
    if (auto written = write_text(to, ",\"asic\":\""); !written) return failed(written);
    formats::Base64Encoder outer(to);
    formats::Base64Encoder inner(static_cast<Sink&>(outer));
    auto sealed = write_container(sbd, files, sealing, crypto::KeyTransport::pkcs1_v15, blobs, inner);
    if (sealed) sealed = inner.finish();
    if (sealed) sealed = outer.finish();
    if (sealed) sealed = write_text(to, "\"");
    if (!sealed) return failed(sealed);
  }
  if (auto written = write_text(to, "}"); !written) return failed(written);
  if (auto complete = to.finish(); !complete) return failed(complete);
  return to.ref();
}

Result<ports::InboundDocument> read_package(const ports::BlobRef& raw, const std::vector<crypto::Identity>& keys,
                                            const PackageRules& rules, Clock& clock, Log& log,
                                            ports::BlobStore& blobs) {
  auto source = blobs.open(raw);
  if (!source) return failed(source);
  auto blob = blobs.create({.describe = false});
  if (!blob) return failed(blob);
  Opener opener(keys, std::move(*blob));
  auto envelope = scan_envelope(**source, &opener.text());
  if (!envelope) return failed(envelope);
  auto sbd = sbd_in(*envelope);
  if (!sbd) return failed(sbd);
  ports::InboundDocument document;
  document.sbd = std::move(*sbd);
  if (!envelope->has_asic) return document;
  if (envelope->asic_error) {
    document.damage = explained(std::move(*envelope->asic_error));
    return document;
  }
  auto container = opener.finish();
  if (!container) {
    if (container.error().disposition == Disposition::retry) return failed(container);
    document.damage = explained(std::move(container).error());
    return document;
  }
  auto verified = verify_container(*container, document.sbd, rules, "dpe", clock, log, blobs);
  if (verified) {
    document.package = std::move(*container);
    return document;
  }
  if (auto removed = blobs.remove(container->id); !removed) {
    log.warning("blob_not_removed", {{"reason", removed.error().text()}});
  }
  if (verified.error().disposition == Disposition::retry) return failed(verified);
  document.damage = verified.error();
  return document;
}

Result<domain::Sbd> read_sbd_of(ByteView body) {
  MemorySource source(body);
  auto envelope = scan_envelope(source, nullptr);
  if (!envelope) return failed(envelope);
  return sbd_in(*envelope);
}

}  // namespace kanal::transports::dpe
