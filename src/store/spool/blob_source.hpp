// Reads one blob at any place. A frame is verified before a byte of it is given out; only the current one is kept in
// clear. One thread per source.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "crypto/aead.hpp"
#include "ports/blob_store.hpp"
#include "store/spool/sealed_bytes.hpp"

namespace kanal::store {

class FrameSource final : public SeekableSource {
 public:
  /// Frames come from `input`, or from the reference itself when that is null. `spool.damaged` when their length cannot
  /// be right.
  static Result<std::unique_ptr<SeekableSource>> open(const ports::BlobRef& ref, const crypto::Key256& key,
                                                      std::unique_ptr<SealedInput> input);
  ~FrameSource() override;

  Result<std::size_t> read(std::span<std::byte> into) override;
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  Result<void> seek(std::uint64_t offset) override;

 private:
  FrameSource(const ports::BlobRef& ref, const crypto::Key256& key, std::unique_ptr<SealedInput> input);
  /// Makes frame `number` the current one.
  Result<void> load(std::uint64_t number);
  /// The ciphertext of a frame, read into `sealed_` when it comes from the input.
  Result<ByteView> sealed(std::uint64_t number);

  BlobId id_;
  std::uint64_t size_;
  crypto::Key256 key_;
  Bytes inline_frames_;
  std::unique_ptr<SealedInput> input_;
  Bytes sealed_;
  Bytes plain_;
  std::optional<std::uint64_t> current_;  ///< verified frame in `plain_`
  std::uint64_t position_ = 0;
  bool end_verified_ = false;
};

/// Opens a blob whose key the installation key wraps; `find` gives its sealed bytes, or null when there are none.
Result<std::unique_ptr<SeekableSource>> open_blob(const ports::BlobRef& ref, const crypto::Key256& installation_key,
                                                  const std::function<Result<std::unique_ptr<SealedInput>>()>& find);

}  // namespace kanal::store
