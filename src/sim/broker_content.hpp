// The bytes of a transfer. Small ones stay in memory while a common budget lasts, others are a file that goes with its
// last user, so a purge during a download does no harm. A Content is immutable; a ContentWriter belongs to one upload.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/stream.hpp"
#include "crypto/digest.hpp"

namespace kanal::sim {

/// Where contents go, shared by all transfers of a broker.
class ContentStore {
 public:
  explicit ContentStore(std::filesystem::path folder) : folder_(std::move(folder)) {}
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  /// False: no room in memory.
  [[nodiscard]] bool reserve(std::size_t bytes);
  void release(std::size_t bytes) { in_memory_ -= bytes; }

 private:
  std::filesystem::path folder_;
  std::atomic<std::size_t> in_memory_{0};
};

class Content {
 public:
  Content(std::shared_ptr<ContentStore> store, Bytes bytes);
  Content(std::shared_ptr<ContentStore> store, std::filesystem::path file, std::uint64_t size);
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;
  ~Content();

  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// `length` bytes from `offset` on; `self` is kept until the source goes. `content.open`.
  static Result<std::unique_ptr<Source>> open(std::shared_ptr<const Content> self, std::uint64_t offset,
                                              std::uint64_t length);

 private:
  std::shared_ptr<ContentStore> store_;
  Bytes bytes_;
  std::filesystem::path file_;
  std::uint64_t size_;
};

struct StoredContent {
  std::shared_ptr<const Content> content;
  std::string md5;  ///< lower-case hex
};

/// Dropped before finish(), nothing remains.
class ContentWriter {
 public:
  explicit ContentWriter(std::shared_ptr<ContentStore> store);
  ContentWriter(const ContentWriter&) = delete;
  ContentWriter& operator=(const ContentWriter&) = delete;
  ~ContentWriter();

  Result<void> write(ByteView bytes);
  Result<StoredContent> finish();
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  Result<void> spill();
  Result<void> append(ByteView bytes);

  std::shared_ptr<ContentStore> store_;
  crypto::Hasher md5_;
  Bytes small_;
  std::filesystem::path path_;
  int file_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace kanal::sim
