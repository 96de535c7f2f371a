// A spool in memory, and what an installation remembers of one dispatch, for tests of everything that uses the ports.
// Never included by product code.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "crypto/digest.hpp"
#include "ports/blob_store.hpp"
#include "ports/transport.hpp"

namespace kanal::ports::testing {

/// Blobs in memory; knows what is left over.
class MemoryBlobs final : public BlobStore {
 public:
  Result<std::unique_ptr<BlobWriter>> create(BlobOptions options) override {
    const std::scoped_lock lock(mutex_);
    if (failure_ && left_until_failure_-- <= 0) return tl::unexpected(*failure_);
    return std::make_unique<Writer>(*this, options.md5);
  }
  Result<std::unique_ptr<SeekableSource>> open(const BlobRef& ref) override {
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
  [[nodiscard]] std::string content(const BlobRef& ref) const {
    const std::scoped_lock lock(mutex_);
    return std::string(text_of(*blobs_.at(ref.id.str())));
  }
  BlobRef put(std::string_view content) {
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
  class Writer final : public BlobWriter {
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
    [[nodiscard]] const BlobRef& ref() const override { return ref_; }

   private:
    MemoryBlobs& store_;
    bool md5_;
    Bytes bytes_{};
    BlobRef ref_{};
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

/// What an installation remembers of one document between attempts.
class TestDispatch final : public Dispatch {
 public:
  explicit TestDispatch(MemoryBlobs& blobs) : blobs_(blobs) {}
  [[nodiscard]] const std::string& remembered() const override { return state; }
  Result<void> remember(std::string given, const std::optional<BlobRef>& package,
                        const std::string& /*remote_reference*/) override {
    state = std::move(given);
    if (package) kept = package;
    return {};
  }
  [[nodiscard]] const std::optional<BlobRef>& package() const override { return kept; }
  BlobStore& blobs() override { return blobs_; }
  void reach(std::string_view point) override {
    if (at_point) at_point(point);
  }

  std::string state;
  std::optional<BlobRef> kept;
  std::function<void(std::string_view)> at_point;

 private:
  MemoryBlobs& blobs_;
};

/// The end of the process, at a point of a dispatch.
struct Crash {};

}  // namespace kanal::ports::testing
