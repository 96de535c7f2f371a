// What the tests and the fuzz target of packages share: a spool in memory, organisations with keys, and the parts of a
// package to put together and to spoil. Never included by product code.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "crypto/cms.hpp"
#include "crypto/digest.hpp"
#include "crypto/issue.hpp"
#include "domain/sbd_samples.hpp"
#include "formats/zip_writer.hpp"
#include "ports/memory_testing.hpp"
#include "transports/dpo/package.hpp"

namespace kanal::transports::dpo::testing {

using ports::testing::MemoryBlobs;

/// The organisations of domain::samples::arkivmelding().
constexpr const char* sender_number = "987464291";
constexpr const char* receiver_number = "910076787";
constexpr const char* processor_number = "991825827";
/// When everything here happens.
constexpr Time package_time = Time(std::chrono::sys_days(std::chrono::year(2026) / 9 / 1)) + std::chrono::hours(8);

class FixedClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override { return package_time; }
  [[nodiscard]] Duration monotonic() const override { return package_time.time_since_epoch(); }
};

/// Keys take long to make, so one process makes them once.
struct PackageKeys {
  Time from{std::chrono::sys_days(std::chrono::year(2020) / 1 / 1)};
  Time until{std::chrono::sys_days(std::chrono::year(2049) / 1 / 1)};
  crypto::Identity ca = crypto::make_ca("Package CA", from, until);
  crypto::Identity sender = crypto::issue(ca, {"Sender", "Sender", sender_number, {}, from, until});
  crypto::Identity receiver = crypto::issue(ca, {"Receiver", "Receiver", receiver_number, {}, from, until});
  static const PackageKeys& get() {
    static const PackageKeys keys;
    return keys;
  }
};

inline Settings package_settings() {
  Settings settings;
  settings.verify = VerifyPolicy::require;
  settings.limits.max_entries = 50;
  settings.limits.max_total_size = std::uint64_t{64} << 20;
  return settings;
}

inline std::string sbd_text(const boost::json::value& sbd = domain::samples::arkivmelding()) {
  return boost::json::serialize(sbd);
}

inline std::string encrypted(std::string_view plain,
                             const crypto::Certificate& recipient = PackageKeys::get().receiver.certificate) {
  MemorySink sink(std::uint64_t{1} << 30);
  auto cipher = crypto::make_cms_encryptor(recipient, crypto::KeyTransport::oaep_sha256, sink);
  if (!cipher || !(*cipher)->write(bytes_of(plain)) || !(*cipher)->finish()) std::abort();
  return std::string(text_of(sink.bytes()));
}

/// A package of `sbd.json` and, unless it is empty, `asic.zip`.
inline std::string packed(std::string_view sbd, std::string_view asic = {}) {
  MemorySink sink(std::uint64_t{1} << 30);
  formats::ZipWriter zip(sink);
  if (!zip.add("sbd.json", bytes_of(sbd))) std::abort();
  if (!asic.empty() && !zip.add("asic.zip", bytes_of(asic))) std::abort();
  if (!zip.finish()) std::abort();
  return std::string(text_of(sink.bytes()));
}

/// Two files, the main one first.
inline std::vector<ports::Attachment> two_files(MemoryBlobs& blobs) {
  std::vector<ports::Attachment> files(2);
  files[0].filename = "arkivmelding.xml";
  files[0].mimetype = "application/xml";
  files[0].blob = blobs.put("<arkivmelding/>");
  files[1].filename = "vedtak.pdf";
  files[1].mimetype = "application/pdf";
  files[1].blob = blobs.put("%PDF-1.7 " + std::string(3000, 'x'));
  return files;
}

/// The ASiC-E container of two_files(), signed, not encrypted.
inline std::string container(const crypto::Identity& signer = PackageKeys::get().sender) {
  MemoryBlobs blobs;
  const auto reading = domain::read_sbd(sbd_text());
  const Sealing sealing{signer, PackageKeys::get().receiver.certificate, package_time};
  const auto files = two_files(blobs);
  const auto package = write_package(reading->sbd, files, sealing, blobs);
  if (!package) std::abort();
  auto source = blobs.open(*package);
  MemorySink plain(std::uint64_t{1} << 30);
  const auto read =
      formats::for_each_entry(**source, {}, [&](const formats::ZipEntry& entry, Source& content) -> Result<void> {
        if (entry.name != "asic.zip") return {};
        const auto cipher = crypto::make_cms_decryptor({PackageKeys::get().receiver}, plain);
        if (auto copied = copy(content, *cipher); !copied) return failed(copied);
        return cipher->finish();
      });
  if (!read) std::abort();
  return std::string(text_of(plain.bytes()));
}

}  // namespace kanal::transports::dpo::testing
