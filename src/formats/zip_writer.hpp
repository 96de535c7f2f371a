// Streaming zip writer for ASiC-E (stack.md finding 4): local headers that Java's ZipInputStream accepts. Stored
// entries carry size and CRC in the local header (bit 3 off); deflated ones use a data descriptor (bit 3 on).
// Zip64 fields only where a size, offset or count needs them. Grammar: PKWARE APPNOTE 4.3. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/stream.hpp"

namespace kanal::formats {

/// Facts that a stored entry must know in advance.
struct StoredEntry {
  std::string name;
  std::uint64_t size = 0;
  std::uint32_t crc32 = 0;
  std::string comment{};  ///< central directory only
};

class ZipWriter {
 public:
  /// Writes into `to`, which it does not finish.
  explicit ZipWriter(Sink& to);
  ~ZipWriter();
  ZipWriter(const ZipWriter&) = delete;
  ZipWriter& operator=(const ZipWriter&) = delete;

  /// A stored entry, its bytes pulled from `content`. `zip.content_changed` (bug) when size or CRC differ from the
  /// promise.
  Result<void> add_stored(const StoredEntry& entry, Source& content);
  /// A deflated entry (level 1..9), size unknown in advance.
  Result<void> add_deflated(std::string name, Source& content, int level = 1);
  /// A deflated entry that is pushed: its size is known only at the sink's finish(), which ends the entry. Level 0
  /// writes deflate's stored blocks: for content that does not shrink. Nothing else may be added before.
  Result<std::unique_ptr<Sink>> begin_deflated(std::string name, int level);
  /// Small entry from memory, stored.
  Result<void> add(std::string name, ByteView content, std::string comment = {});
  /// Central directory and end record. Names must be unique (`zip.duplicate`).
  Result<void> finish(std::string_view archive_comment = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kanal::formats
