// META-INF/ASiCManifest.xml as read: which signature covers which files. Internal to the ASiC reader.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace kanal::formats::asic {

struct FileReference {
  std::string uri;
  std::string algorithm;
  Bytes digest;
};

struct SignedManifest {
  std::string signature_uri;
  std::vector<FileReference> files;
};

/// `asic.manifest` for anything but an ASiCManifest (asic-cms.md 3.1) in one of the known namespaces.
Result<SignedManifest> read_signed_manifest(ByteView xml);

}  // namespace kanal::formats::asic
