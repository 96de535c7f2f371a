// What a container holds, read once: documents are hashed as they are inflated, the files of META-INF that matter are
// kept (asic-cms.md section 7). Both kinds of signature are judged against it. Internal to the readers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/digest.hpp"
#include "formats/asic.hpp"
#include "formats/asic_manifest.hpp"

namespace kanal::formats::asic {

struct MetadataFile {
  std::string name;
  Bytes content;
};

class Container {
 public:
  /// Errors: those of zip_reader, `asic.mimetype` (another content), `asic.metadata`, `asic.manifest` (two of a kind).
  static Result<Container> read(SeekableSource& zip, const ZipLimits& limits);

  [[nodiscard]] const std::optional<MetadataFile>& manifest() const { return manifest_; }
  [[nodiscard]] const std::optional<MetadataFile>& cades() const { return cades_; }
  [[nodiscard]] const std::optional<MetadataFile>& xades() const { return xades_; }
  [[nodiscard]] bool mimetype_misplaced() const { return !mimetype_first_; }
  [[nodiscard]] const std::map<std::string, crypto::Sha256Digest>& digests() const { return digests_; }
  [[nodiscard]] std::vector<ZipEntry> take_documents() { return std::move(documents_); }

 private:
  Result<void> visit(const ZipEntry& entry, Source& content);
  Result<void> read_document(const ZipEntry& entry, Source& content);

  Bytes buffer_ = Bytes(stream_chunk);
  bool first_ = true;
  bool mimetype_first_ = true;  ///< a container without the entry is accepted
  std::optional<MetadataFile> manifest_{};
  std::optional<MetadataFile> cades_{};
  std::optional<MetadataFile> xades_{};
  std::vector<ZipEntry> documents_{};
  std::map<std::string, crypto::Sha256Digest> digests_{};
};

/// For messages: the name in quotes, made printable.
[[nodiscard]] std::string quoted(std::string_view name);

/// Is every document covered by exactly one of the references, and what was signed? A reference means a document by its
/// raw name, else percent-decoded, else decoded as a form; where that does not fit, all are read in one of the last two
/// ways. `source` names the file that holds them. Errors:
/// `asic.manifest`, `asic.algorithm`, `asic.missing_file`, `asic.digest`, `asic.unsigned_file`.
Result<void> check_coverage(const std::vector<FileReference>& references, std::string_view source,
                            const Container& container);

}  // namespace kanal::formats::asic
