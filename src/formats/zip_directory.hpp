// The checked directory of a zip, with the place of every entry's bytes. Internal to the zip reader.
#pragma once

#include <cstdint>
#include <vector>

#include "formats/zip_reader.hpp"

namespace kanal::formats::zip {

struct PlacedEntry {
  ZipEntry entry;
  std::uint64_t data_offset = 0;  ///< the first of entry.compressed_size bytes
};

/// Reads the central directory and every local header. The entries come in the order of their bytes, and these, with
/// their headers and descriptors, fill the archive from its first byte to the directory: nothing hides between them.
/// Errors: read_zip_directory().
Result<std::vector<PlacedEntry>> read_directory(SeekableSource& zip, const ZipLimits& limits);

}  // namespace kanal::formats::zip
