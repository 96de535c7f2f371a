#include <algorithm>

#include <fmt/format.h>

#include "crypto/cades.hpp"
#include "crypto/cms.hpp"
#include "domain/partner.hpp"
#include "formats/asic.hpp"
#include "transports/dpo/package.hpp"

namespace kanal::transports::dpo {
namespace {

/// Entries at this level: two, and whatever a broker or an old sender adds (dpo.md 3.10).
constexpr std::uint64_t max_package_entries = 100;

/// Decrypts into the spool. The blob is durable, but nobody refers to it before everything is verified.
Result<ports::BlobRef> decrypt(Source& sealed, const std::vector<crypto::Identity>& keys, ports::BlobStore& blobs) {
  auto blob = blobs.create({.describe = false});
  if (!blob) return failed(blob);
  const auto cipher = crypto::make_cms_decryptor(keys, **blob);
  if (auto copied = copy(sealed, *cipher); !copied) return failed(copied);
  if (auto ended = cipher->finish(); !ended) return failed(ended);
  if (auto durable = (*blob)->finish(); !durable) return failed(durable);
  return (*blob)->ref();
}

Result<void> check_signer(const formats::AsicContents& contents, const domain::Sbd& sbd, const Settings& settings,
                          Clock& clock) {
  if (!settings.trusted_signers.empty()) {
    if (auto trusted =
            crypto::verify_chain(contents.signer, contents.signer_chain, settings.trusted_signers, clock.now());
        !trusted) {
      return failed(std::move(trusted).error(), "the signer's certificate");
    }
  }
  const auto signer = contents.signer.organisation();
  if (sbd.sender.empty()) return reject("dpo.signer", "the document names no sender");
  const auto sender = domain::parse_partner(sbd.sender.front().authority, sbd.sender.front().value);
  if (!sender) return reject("dpo.signer", "the sender is no identifier: " + sender.error().message);
  if (!signer) return reject("dpo.signer", "the signer's certificate carries no organisation number");
  if (signer->str() == sender->primary || signer->str() == sender->part) return {};
  if (std::ranges::find(settings.processors, signer->str()) != settings.processors.end()) return {};
  return reject("dpo.signer",
                fmt::format("signed by organisation {}, but sent by {}; if {} signs on behalf of others, add it to "
                            "kanal.asic.processors",
                            signer->str(), sender->primary, signer->str()));
}

Result<void> verify(const ports::BlobRef& container, const domain::Sbd& sbd, const Settings& settings, Clock& clock,
                    Log& log, ports::BlobStore& blobs) {
  if (settings.verify == VerifyPolicy::off) return {};
  auto source = blobs.open(container);
  if (!source) return failed(source);
  auto contents = formats::verify_asic(**source, settings.limits);
  auto verdict = contents ? check_signer(*contents, sbd, settings, clock) : Result<void>(failed(contents));
  if (contents && contents->sha1_signature) {
    log.warning("sha1_signature", {{"message_id", sbd.document.instance_identifier}, {"sender", sbd.sender_value()}});
  }
  if (verdict || verdict.error().disposition == Disposition::retry || settings.verify == VerifyPolicy::require)
    return verdict;
  log.warning("package_not_verified",
              {{"message_id", sbd.document.instance_identifier}, {"reason", verdict.error().text()}});
  return {};
}

/// What must hold before a document may enter the flow (dpo.md 7.2).
Result<void> check_ids(const domain::Sbd& sbd) {
  if (!is_uuid(sbd.document.instance_identifier)) return reject("dpo.message_id", "the messageId is no UUID");
  if (!is_uuid(sbd.conversation_id().str())) return reject("dpo.conversation_id", "the conversationId is no UUID");
  return {};
}

}  // namespace

Result<ports::InboundDocument> read_package(const ports::BlobRef& raw, const std::vector<crypto::Identity>& keys,
                                            const Settings& settings, Clock& clock, Log& log, ports::BlobStore& blobs) {
  auto package = blobs.open(raw);
  if (!package) return failed(package);
  formats::ZipLimits limits = settings.limits;
  limits.max_entries = max_package_entries;

  std::optional<Result<domain::SbdReading>> reading;
  std::optional<Result<ports::BlobRef>> container;
  auto read =
      formats::for_each_entry(**package, limits, [&](const formats::ZipEntry& entry, Source& content) -> Result<void> {
        if (entry.name == "sbd.json") {
          auto text = read_all(content, domain::max_sbd_bytes);
          if (!text) return failed(text);
          reading = domain::read_sbd(text_of(*text));
        } else if (entry.name == "asic.zip") {
          container = decrypt(content, keys, blobs);
        } else if (entry.name == "content.xml") {
          log.warning("legacy_xml_sbd", {{"remote", "content.xml"}});
        }
        return {};
      });
  const auto drop_container = [&] {
    if (!container || !*container) return;
    if (auto removed = blobs.remove((*container)->id); !removed) {
      log.warning("blob_not_removed", {{"reason", removed.error().text()}});
    }
    container.reset();
  };
  // Only what was read to its end counts: `reading` is set after the CRC of sbd.json was verified.
  if (!reading || !*reading || (!read && read.error().disposition == Disposition::retry)) {
    drop_container();
    if (!read) return failed(read);
    if (!reading) return reject("dpo.no_sbd", "the package holds no sbd.json");
    return failed(*reading);
  }
  ports::InboundDocument document;
  document.sbd = std::move((*reading)->sbd);
  if (auto checked = check_ids(document.sbd); !checked) {
    drop_container();
    return failed(checked);
  }
  if (!read) {
    drop_container();
    document.damage = read.error();
    return document;
  }
  if (!container) return document;
  if (!*container) {
    if (container->error().disposition == Disposition::retry) return failed(*container);
    document.damage = container->error();
    return document;
  }
  if (auto verified = verify(**container, document.sbd, settings, clock, log, blobs); !verified) {
    drop_container();
    if (verified.error().disposition == Disposition::retry) return failed(verified);
    document.damage = verified.error();
    return document;
  }
  document.package = std::move(**container);
  return document;
}

}  // namespace kanal::transports::dpo
