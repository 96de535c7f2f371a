// Reads a zip from a seekable source through libarchive, with our own checks around it: central directory and
// local headers agree, names are safe and unique, counts, sizes and ratios are bounded (asic-cms.md section 7.2).
// One object per archive, one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/stream.hpp"

namespace kanal::formats {

struct ZipLimits {
  std::uint64_t max_entries = 10'000;
  std::uint64_t max_total_size = std::uint64_t{64} << 30;  ///< inflated bytes of all entries
  std::uint64_t max_ratio = 1'000;                         ///< inflated : compressed, checked beyond 1 MiB
  std::uint64_t max_name_bytes = 1'024;
};

struct ZipEntry {
  std::string name;  ///< UTF-8
  std::uint64_t compressed_size = 0;
  std::uint64_t size = 0;
  std::uint32_t crc32 = 0;
  bool stored = false;
  std::uint64_t local_offset = 0;
};

/// Reads the central directory and checks it. Errors: `zip.not_zip`, `zip.truncated`, `zip.malformed` (directory and
/// local headers disagree, encrypted, unknown method, overlapping entries), `zip.name` (absolute, `..`, backslash, NUL,
/// too long, not UTF-8), `zip.duplicate` (also after case folding), `zip.too_many`, `zip.too_large`, `zip.bomb`.
Result<std::vector<ZipEntry>> read_zip_directory(SeekableSource& zip, const ZipLimits& limits);

/// Calls `visit` for every entry in archive order with its inflated content. CRC and size are verified: an error after
/// the last byte of an entry means that what was read is not good. Unread content is skipped, but still verified. Same
/// errors as above.
Result<void> for_each_entry(SeekableSource& zip, const ZipLimits& limits,
                            const std::function<Result<void>(const ZipEntry&, Source&)>& visit);

}  // namespace kanal::formats
