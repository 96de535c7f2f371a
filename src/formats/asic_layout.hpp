// What containers with either kind of signature are written with: names that can be packed, documents as zip entries,
// the OpenDocument manifest (asic-cms.md section 2). Internal.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/asic.hpp"
#include "formats/zip_writer.hpp"

namespace kanal::formats::asic {

constexpr std::string_view xml_type = "application/xml";

/// A file that the signature covers.
struct Covered {
  std::string_view name;
  std::string_view mimetype;
  ByteView sha256;
};

/// Refuses (`asic.no_documents`, `asic.name`) before a byte is written. `inner_manifest`: the name manifest.xml is
/// taken.
Result<void> check_documents(const std::vector<AsicDocument>& documents, bool inner_manifest = true);

/// Its mimetype, or that of unknown bytes.
[[nodiscard]] std::string_view type_of(const AsicDocument& document);

/// `inner_manifest` under its name, then the documents in their order.
[[nodiscard]] std::vector<Covered> covered_files(ByteView inner_manifest_sha256,
                                                 const std::vector<AsicDocument>& documents);

/// `mimetype`, manifest.xml if there is one, and the documents.
Result<void> write_contents(ZipWriter& zip, std::optional<std::string_view> inner_manifest,
                            const std::vector<AsicDocument>& documents);

/// META-INF/manifest.xml and the archive's comment.
Result<void> write_end(ZipWriter& zip, const std::vector<Covered>& files);

}  // namespace kanal::formats::asic
