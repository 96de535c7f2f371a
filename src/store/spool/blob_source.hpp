// Reads one blob at any place. A frame is verified before a byte of it is given out; only the current one is kept in
// clear. One thread per source.
#pragma once

#include <cstdint>
#include <optional>

#include "crypto/aead.hpp"
#include "ports/blob_store.hpp"
#include "store/spool/files.hpp"

namespace kanal::store {

class FrameSource final : public SeekableSource {
 public:
  /// Frames come from `file`, or from the reference itself. `spool.damaged` when their length cannot be right.
  static Result<std::unique_ptr<SeekableSource>> open(const ports::BlobRef& ref, const crypto::Key256& key, File file);
  ~FrameSource() override;

  Result<std::size_t> read(std::span<std::byte> into) override;
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  Result<void> seek(std::uint64_t offset) override;

 private:
  FrameSource(const ports::BlobRef& ref, const crypto::Key256& key, File file);
  /// Makes frame `number` the current one.
  Result<void> load(std::uint64_t number);
  /// The ciphertext of a frame, read into `sealed_` when it comes from the file.
  Result<ByteView> sealed(std::uint64_t number);

  BlobId id_;
  std::uint64_t size_;
  crypto::Key256 key_;
  Bytes inline_frames_;
  File file_;
  Bytes sealed_;
  Bytes plain_;
  std::optional<std::uint64_t> current_;  ///< verified frame in `plain_`
  std::uint64_t position_ = 0;
  bool end_verified_ = false;
};

}  // namespace kanal::store
