// Where payload bytes rest: written once, encrypted, read many times (architecture.md, "Store").
// Thread-safe; each writer and each source is used by one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.hpp"
#include "base/stream.hpp"

namespace kanal::ports {

/// Everything needed to find and open a blob. Lives in a store row; the blob exists for others only from the
/// commit of that row on.
struct BlobRef {
  BlobId id;
  std::uint64_t size = 0;              ///< plaintext bytes
  Bytes wrapped_key;                   ///< the blob's own key, wrapped by the installation key
  Bytes inline_frames;                 ///< a small blob's ciphertext itself; then there is no file
  std::array<std::byte, 32> sha256{};  ///< zero unless described, as is the CRC
  std::array<std::byte, 16> md5{};     ///< only when asked for; else zero
  std::uint32_t crc32 = 0;
};

/// Writes one blob. finish() makes it durable (fsync of file and folder, or inline). Destroyed without finish():
/// nothing remains.
class BlobWriter : public Sink {
 public:
  /// Valid after finish().
  [[nodiscard]] virtual const BlobRef& ref() const = 0;
};

struct BlobOptions {
  bool md5 = false;      ///< compute MD5 (broker checksum)
  bool describe = true;  ///< compute SHA-256 and CRC-32, as a document that will be packed needs
  bool scratch = false;  ///< needs not survive the process: no fsync, swept at start
};

/// The spool.
class BlobStore {
 public:
  BlobStore() = default;
  BlobStore(const BlobStore&) = delete;
  BlobStore& operator=(const BlobStore&) = delete;
  virtual ~BlobStore() = default;

  virtual Result<std::unique_ptr<BlobWriter>> create(BlobOptions options) = 0;
  /// Reads a blob; every frame is authenticated before a byte of it is given out. `spool.damaged` otherwise.
  virtual Result<std::unique_ptr<SeekableSource>> open(const BlobRef& ref) = 0;
  /// Removes the bytes; succeeds when they are gone already.
  virtual Result<void> remove(const BlobId& id) = 0;

  /// Small texts at rest (SBD, raw receipts): sealed with the installation key, bound to `context`.
  virtual Bytes seal(ByteView plain, std::string_view context) = 0;
  virtual Result<Bytes> unseal(ByteView sealed, std::string_view context) = 0;

  /// Free bytes on the spool's disk.
  [[nodiscard]] virtual std::uint64_t free_bytes() const = 0;
};

/// A second blob with the same content.
inline Result<BlobRef> copy_blob(BlobStore& blobs, const BlobRef& from, BlobOptions options) {
  auto source = blobs.open(from);
  if (!source) return failed(source);
  auto writer = blobs.create(options);
  if (!writer) return failed(writer);
  if (auto copied = copy(**source, **writer); !copied) return failed(copied);
  if (auto finished = (*writer)->finish(); !finished) return failed(finished);
  return (*writer)->ref();
}

/// Removes a scratch blob after its use; one that fitted into memory has no file.
inline Result<void> remove_scratch(BlobStore& blobs, const BlobRef& ref) {
  return ref.inline_frames.empty() ? blobs.remove(ref.id) : Result<void>{};
}

}  // namespace kanal::ports
