// Writes one blob: digests and frames in one pass, from 4 MiB on by a second thread. Small blobs stay in memory and end
// in the BlobRef, larger ones go to a file that gets its name only when it is complete. One thread calls a writer.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "crypto/aead.hpp"
#include "crypto/digest.hpp"
#include "ports/blob_store.hpp"
#include "store/spool/files.hpp"
#include "store/spool/write_behind.hpp"

namespace kanal::store {

/// Where a blob's file goes, and what is found out on the way.
struct BlobPlace {
  std::filesystem::path folder;
  std::size_t in_memory = 0;  ///< plaintext bytes up to which there is no file
  bool durable = true;        ///< fsync of file and folder at the end
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
  /// From memory to a file: the blob has outgrown its limit.
  Result<void> open_file();
  Result<void> close_file();
  void finish_digests();
  [[nodiscard]] std::filesystem::path final_path() const;
  [[nodiscard]] std::filesystem::path temporary_path() const;

  BlobPlace place_;
  crypto::Key256 key_{};
  ports::BlobRef ref_;
  Bytes pending_;  ///< less than a frame, waiting for more
  Bytes sealed_;   ///< all frames so far, or the one being written
  std::uint64_t frames_ = 0;
  std::uint64_t synced_ = 0;  ///< ciphertext bytes already on their way to the disk
  crypto::Hasher sha256_{crypto::DigestAlgorithm::sha256};
  std::optional<crypto::Hasher> md5_;
  File file_;
  std::unique_ptr<WriteBehind> behind_;
  std::optional<Error> error_;  ///< after a failure nothing more is accepted
  bool finished_ = false;
};

}  // namespace kanal::store
