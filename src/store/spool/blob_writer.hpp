// Writes one blob: digests and frames in one pass, from 4 MiB on by a second thread. Small blobs stay in memory and end
// in the BlobRef, larger ones go to a file or into the database. One thread calls a writer.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "crypto/aead.hpp"
#include "crypto/digest.hpp"
#include "ports/blob_store.hpp"
#include "store/spool/sealed_bytes.hpp"
#include "store/spool/write_behind.hpp"

namespace kanal::store {

/// Where a blob's sealed bytes go, and what is found out on the way.
struct BlobPlace {
  /// Called when the blob outgrows its limit.
  std::function<Result<std::unique_ptr<SealedOutput>>()> open;
  std::size_t in_memory = 0;  ///< plaintext bytes up to which they stay in the BlobRef
  bool describe = true;       ///< SHA-256 and CRC-32
  bool md5 = false;
};

class FrameWriter final : public ports::BlobWriter {
 public:
  FrameWriter(BlobId id, const crypto::Key256& installation_key, BlobPlace place);
  ~FrameWriter() override;

  Result<void> write(ByteView bytes) override;
  Result<void> finish() override;
  [[nodiscard]] const ports::BlobRef& ref() const override { return ref_; }

 private:
  Result<void> take(ByteView bytes);
  void digest(ByteView bytes);
  /// Seals one frame to wherever frames go now.
  Result<void> seal(ByteView plain, bool last);
  Result<void> write_frame(ByteView plain, std::uint64_t number, bool last);
  /// From memory to the output: the blob has outgrown its limit.
  Result<void> open_output();
  void finish_digests();

  BlobPlace place_;
  crypto::Key256 key_{};
  ports::BlobRef ref_;
  Bytes pending_;  ///< less than a frame, waiting for more
  Bytes sealed_;   ///< all frames so far, or the one being written
  std::uint64_t frames_ = 0;
  crypto::Hasher sha256_{crypto::DigestAlgorithm::sha256};
  std::optional<crypto::Hasher> md5_;
  std::unique_ptr<SealedOutput> output_;
  std::unique_ptr<WriteBehind> behind_;
  std::optional<Error> error_;  ///< after a failure nothing more is accepted
  bool finished_ = false;
};

}  // namespace kanal::store
