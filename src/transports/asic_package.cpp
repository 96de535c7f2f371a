#include "transports/asic_package.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "crypto/cades.hpp"
#include "domain/partner.hpp"
#include "ops/key_names.hpp"
#include "ops/wrong_value.hpp"

namespace kanal::transports {
namespace {

std::vector<formats::AsicDocument> documents_of(const std::vector<ports::Attachment>& files, ports::BlobStore& blobs) {
  std::vector<formats::AsicDocument> documents;
  documents.reserve(files.size());
  for (const auto& file : files) documents.push_back(packed_document(file.filename, file.mimetype, file.blob, blobs));
  return documents;
}

/// Lets `write` write what is encrypted for the recipient.
Result<void> encrypted(const Sealing& sealing, crypto::KeyTransport transport, Sink& to,
                       const std::function<Result<void>(Sink& cipher)>& write) {
  auto cipher = crypto::make_cms_encryptor(*sealing.recipient, transport, to);
  if (!cipher) return failed(cipher);
  if (auto written = write(**cipher); !written) return failed(written);
  return (*cipher)->finish();
}

Result<void> check_chain(const formats::AsicContents& contents, const PackageRules& rules, Clock& clock) {
  if (rules.trusted_signers.empty()) return {};
  auto trusted = crypto::verify_chain(contents.signer, contents.signer_chain, rules.trusted_signers, clock.now());
  if (trusted) return {};
  return failed(std::move(trusted).error(), "the signer's certificate");
}

/// The sender's own certificate, or that of somebody who may sign for others.
Result<void> check_signer(const formats::AsicContents& contents, const domain::Sbd& sbd, const PackageRules& rules,
                          std::string_view prefix) {
  const auto code = fmt::format("{}.signer", prefix);
  const auto signer = contents.signer.organisation();
  if (sbd.sender.empty()) return reject(code, "the document names no sender");
  const auto sender = domain::parse_partner(sbd.sender.front().authority, sbd.sender.front().value);
  if (!sender) return reject(code, "the sender is no identifier: " + sender.error().message);
  if (!signer) return reject(code, "the signer's certificate carries no organisation number");
  if (signer->str() == sender->primary || signer->str() == sender->part) return {};
  if (std::ranges::find(rules.processors, signer->str()) != rules.processors.end()) return {};
  return reject(code, fmt::format("signed by organisation {}, but sent by {}; if {} signs on behalf of others, add it "
                                  "to kanal.asic.processors",
                                  signer->str(), sender->primary, signer->str()));
}

Result<void> read_trusted_signers(const ops::Config& config, PackageRules& rules) {
  const auto anchors = config.text("kanal.asic.trusted-ca");
  if (!anchors || anchors->empty()) return {};
  auto pem = config.file("kanal.asic.trusted-ca");
  if (!pem) return failed(pem);
  auto certificates = crypto::read_pem_certificates(text_of(*pem));
  if (!certificates) return failed(std::move(certificates).error(), "kanal.asic.trusted-ca");
  rules.trusted_signers = std::move(*certificates);
  // An empty list would mean that nobody is checked.
  if (!rules.trusted_signers.empty()) return {};
  return ops::wrong_value(config, "kanal.asic.trusted-ca", *anchors, "the file holds no PEM certificate");
}

}  // namespace

Result<PackageRules> read_package_rules(const ops::Config& config) {
  PackageRules rules;
  const auto given = config.text_or("kanal.asic.verify", "require");
  const auto policy = ops::lower(given);
  if (policy == "require") {
    rules.verify = VerifyPolicy::require;
  } else if (policy == "warn") {
    rules.verify = VerifyPolicy::warn;
  } else if (policy == "off") {
    rules.verify = VerifyPolicy::off;
  } else {
    return ops::wrong_value(config, "kanal.asic.verify", given, "must be require, warn or off");
  }
  rules.processors = config.list("kanal.asic.processors");
  if (auto read = read_trusted_signers(config, rules); !read) return failed(read);
  auto entries = config.size("kanal.asic.max-entries");
  if (!entries) return failed(entries);
  auto size = config.size("kanal.asic.max-size");
  if (!size) return failed(size);
  auto ratio = config.size("kanal.asic.max-ratio");
  if (!ratio) return failed(ratio);
  rules.limits.max_entries = *entries;
  rules.limits.max_total_size = *size;
  rules.limits.max_ratio = *ratio;
  return rules;
}

formats::AsicDocument packed_document(std::string name, std::string mimetype, const ports::BlobRef& blob,
                                      ports::BlobStore& blobs) {
  return {std::move(name),
          std::move(mimetype),
          blob.size,
          blob.crc32,
          blob.sha256,
          [&blobs, blob]() -> Result<std::unique_ptr<Source>> {
            auto source = blobs.open(blob);
            if (!source) return failed(source);
            return std::unique_ptr<Source>(std::move(*source));
          }};
}

Result<void> write_container(const domain::Sbd& sbd, const std::vector<ports::Attachment>& files,
                             const Sealing& sealing, crypto::KeyTransport transport, ports::BlobStore& blobs,
                             Sink& to) {
  return encrypted(sealing, transport, to, [&](Sink& cipher) {
    return formats::write_asic(documents_of(files, blobs), {sbd.sender_value(), sbd.receiver_value()}, sealing.signer,
                               sealing.signing_time, cipher);
  });
}

Result<void> write_plain_container(const std::vector<ports::Attachment>& files, const Sealing& sealing,
                                   ports::BlobStore& blobs, Sink& to) {
  return encrypted(sealing, crypto::KeyTransport::oaep_sha256, to, [&](Sink& cipher) {
    return formats::write_plain_asic(documents_of(files, blobs), sealing.signer, sealing.signing_time, cipher);
  });
}

Result<ports::BlobRef> decrypt_container(Source& sealed, const std::vector<crypto::Identity>& keys,
                                         ports::BlobStore& blobs) {
  auto blob = blobs.create({.describe = false});
  if (!blob) return failed(blob);
  const auto cipher = crypto::make_cms_decryptor(keys, **blob);
  if (auto copied = copy(sealed, *cipher); !copied) return failed(copied);
  if (auto ended = cipher->finish(); !ended) return failed(ended);
  if (auto durable = (*blob)->finish(); !durable) return failed(durable);
  return (*blob)->ref();
}

Result<void> verify_container(const ports::BlobRef& container, const domain::Sbd& sbd, const PackageRules& rules,
                              const SignerCheck& may_sign, Clock& clock, Log& log, ports::BlobStore& blobs) {
  if (rules.verify == VerifyPolicy::off) return {};
  auto source = blobs.open(container);
  if (!source) return failed(source);
  auto contents = formats::verify_asic(**source, rules.limits, rules.known.get());
  auto verdict = contents ? check_chain(*contents, rules, clock) : Result<void>(failed(contents));
  if (verdict) verdict = may_sign(*contents);
  if (contents && contents->sha1_signature) {
    log.warning("sha1_signature", {{"message_id", sbd.document.instance_identifier}, {"sender", sbd.sender_value()}});
  }
  if (verdict || verdict.error().disposition == Disposition::retry || rules.verify == VerifyPolicy::require)
    return verdict;
  log.warning("package_not_verified",
              {{"message_id", sbd.document.instance_identifier}, {"reason", verdict.error().text()}});
  return {};
}

Result<void> verify_container(const ports::BlobRef& container, const domain::Sbd& sbd, const PackageRules& rules,
                              std::string_view prefix, Clock& clock, Log& log, ports::BlobStore& blobs) {
  const auto of_sender = [&](const formats::AsicContents& contents) {
    return check_signer(contents, sbd, rules, prefix);
  };
  return verify_container(container, sbd, rules, of_sender, clock, log, blobs);
}

Result<void> check_ids(const domain::Sbd& sbd, std::string_view prefix) {
  if (!is_uuid(sbd.document.instance_identifier)) {
    return reject(fmt::format("{}.message_id", prefix), "the messageId is no UUID");
  }
  if (!is_uuid(sbd.conversation_id().str())) {
    return reject(fmt::format("{}.conversation_id", prefix), "the conversationId is no UUID");
  }
  return {};
}

}  // namespace kanal::transports
