// What SvarInn gives for download (dpf.md 7): the documents in a zip, or a lone one as it is, encrypted for a receiving
// system. Written to files without names. Pure but for those.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/stream.hpp"
#include "crypto/certificate.hpp"
#include "sim/svarut_types.hpp"

namespace kanal::sim {

struct SvarInnPackage {
  std::shared_ptr<const TemporaryFile> content;  ///< CMS, or as it is when nobody encrypted it
  std::string content_type;                      ///< of what is inside
  std::string filename;
};

/// How the names in the zip are spoiled.
enum class EntryNames {
  plain,
  in_folder,  ///< `mappe/brev.pdf`
  traversal,  ///< `../brev.pdf`
};

struct PackageOrder {
  const crypto::Certificate* recipient = nullptr;
  bool lone = false;  ///< the first document as it is
  EntryNames names = EntryNames::plain;
};

/// The documents must have their content: `svarinn.content`.
Result<SvarInnPackage> make_package(const Forsendelse& forsendelse, const PackageOrder& order,
                                    const std::filesystem::path& folder);

/// Any bytes, encrypted or not (`recipient` null).
Result<std::shared_ptr<const TemporaryFile>> make_package(ByteView content, const crypto::Certificate* recipient,
                                                          const std::filesystem::path& folder);

/// How a download ends.
enum class DownloadEnd {
  whole,
  truncated,  ///< half of the bytes, as if that were all
  broken,     ///< half of the bytes, then the connection breaks
};
/// Reads a package, which it keeps alive. `size` is what Content-Length says.
[[nodiscard]] std::unique_ptr<Source> read_package(std::shared_ptr<const TemporaryFile> content, DownloadEnd end,
                                                   std::uint64_t& size);

}  // namespace kanal::sim
