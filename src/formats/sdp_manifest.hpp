// manifest.xml of a DPI document package (dpi.md 4.3, namespace http://begrep.difi.no/sdp/schema_v10). Pure functions;
// any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace kanal::formats {

struct SdpManifest {
  /// Data about a document, in a file of its own.
  struct Metadata {
    std::string href;
    std::string mime;
  };
  struct Document {
    std::string href;  ///< file name in the package
    std::string mime;
    std::string title;
    std::string language;  ///< two letters
    std::optional<Metadata> metadata{};
  };
  std::optional<std::string> mailbox{};  ///< `postkasseadresse`; absent in print
  std::string organisation;              ///< `0192:<orgnr>`
  std::string sender_identifier{};       ///< `avsenderidentifikator`; empty: none
  std::string invoice_reference{};       ///< `fakturaReferanse`; empty: none
  Document main;
  std::vector<Document> attachments{};
};

/// `manifest.value` (reject) for what the schema forbids: names of less than 4 or more than 100 characters, more than
/// 200 attachments, titles without 1 to 255 characters, and the like; also for two files of one name, which suppliers
/// refuse, and characters that XML cannot keep. No value is shown.
Result<std::string> write_sdp_manifest(const SdpManifest& manifest);

/// `manifest.xml` (reject) for anything that is no such manifest; values are held to the same rules, but titles
/// may be absent.
Result<SdpManifest> read_sdp_manifest(ByteView xml);

}  // namespace kanal::formats
