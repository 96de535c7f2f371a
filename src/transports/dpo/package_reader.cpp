#include "transports/asic_package.hpp"
#include "transports/dpo/package.hpp"

namespace kanal::transports::dpo {
namespace {

/// Entries at this level: two, and whatever a broker or an old sender adds (dpo.md 3.10).
constexpr std::uint64_t max_package_entries = 100;

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
          container = decrypt_container(content, keys, blobs);
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
  if (auto checked = check_ids(document.sbd, "dpo"); !checked) {
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
  if (auto verified = verify_container(**container, document.sbd, settings, "dpo", clock, log, blobs); !verified) {
    drop_container();
    if (verified.error().disposition == Disposition::retry) return failed(verified);
    document.damage = verified.error();
    return document;
  }
  document.package = std::move(**container);
  return document;
}

}  // namespace kanal::transports::dpo
