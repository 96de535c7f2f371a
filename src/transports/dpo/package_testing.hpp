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
#include "transports/dpo/package.hpp"

namespace kanal::transports::dpo::testing {

/// Blobs in memory; knows what is left over.
class MemoryBlobs final : public ports::BlobStore {
 public:
  Result<std::unique_ptr<ports::BlobWriter>> create(ports::BlobOptions options) override {
    const std::scoped_lock lock(mutex_);
    if (failure_ && left_until_failure_-- <= 0) return tl::unexpected(*failure_);
    return std::make_unique<Writer>(*this, options.md5);
  }
  Result<std::unique_ptr<SeekableSource>> open(const ports::BlobRef& ref) override {
    const std::scoped_lock lock(mutex_);
    const auto found = blobs_.find(ref.id.str());
    if (found == blobs_.end()) return reject("spool.damaged", "there is no such blob");
    return std::make_unique<Reader>(found->second);
  }
  Result<void> remove(const BlobId& id) override {
    const std::scoped_lock lock(mutex_);
    blobs_.erase(id.str());
    return {};
  }
  Bytes seal(ByteView plain, std::string_view) override { return copy_of(plain); }
  Result<Bytes> unseal(ByteView sealed, std::string_view) override { return copy_of(sealed); }
  [[nodiscard]] std::uint64_t free_bytes() const override { return UINT64_MAX; }

  [[nodiscard]] std::size_t count() const {
    const std::scoped_lock lock(mutex_);
    return blobs_.size();
  }
  [[nodiscard]] std::string content(const ports::BlobRef& ref) const {
    const std::scoped_lock lock(mutex_);
    return std::string(text_of(*blobs_.at(ref.id.str())));
  }
  ports::BlobRef put(std::string_view content) {
    auto writer = create({.md5 = true, .scratch = false});
    if (!writer || !(*writer)->write(bytes_of(content)) || !(*writer)->finish()) std::abort();
    return (*writer)->ref();
  }
  /// create() fails after so many that succeed.
  void fail_after(int successes, Error error) {
    const std::scoped_lock lock(mutex_);
    left_until_failure_ = successes;
    failure_ = std::move(error);
  }

 private:
  using Content = std::shared_ptr<const Bytes>;
  class Writer final : public ports::BlobWriter {
   public:
    Writer(MemoryBlobs& store, bool md5) : store_(store), md5_(md5) {}
    Result<void> write(ByteView bytes) override {
      bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
      return {};
    }
    Result<void> finish() override {
      ref_.id = BlobId(new_uuid());
      ref_.size = bytes_.size();
      ref_.sha256 = crypto::sha256(bytes_);
      ref_.crc32 = static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes_.data()), bytes_.size()));
      if (md5_) std::ranges::copy(crypto::digest(crypto::DigestAlgorithm::md5, bytes_), ref_.md5.begin());
      const std::scoped_lock lock(store_.mutex_);
      store_.blobs_[ref_.id.str()] = std::make_shared<const Bytes>(std::move(bytes_));
      return {};
    }
    [[nodiscard]] const ports::BlobRef& ref() const override { return ref_; }

   private:
    MemoryBlobs& store_;
    bool md5_;
    Bytes bytes_{};
    ports::BlobRef ref_{};
  };
  class Reader final : public SeekableSource {
   public:
    explicit Reader(Content content) : content_(std::move(content)), source_(*content_) {}
    Result<std::size_t> read(std::span<std::byte> into) override { return source_.read(into); }
    [[nodiscard]] std::uint64_t size() const override { return content_->size(); }
    Result<void> seek(std::uint64_t offset) override { return source_.seek(offset); }

   private:
    Content content_;
    MemorySource source_;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Content> blobs_;
  std::optional<Error> failure_;
  int left_until_failure_ = 0;
};

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
