// asic-cms.md section 3.1 (ETSI TS 102 918):
//
//   ASiCManifest = SigReference @URI? *( DataObjectReference @URI = ds:DigestMethod @Algorithm, ds:DigestValue )
#include "formats/asic_manifest.hpp"

#include <algorithm>

#include "formats/asic_names.hpp"
#include "formats/xml.hpp"

namespace kanal::formats::asic {

namespace {

tl::unexpected<Error> refuse(const std::string& why) {
  return reject("asic.manifest", "the container's ASiCManifest.xml cannot be used: " + why);
}

/// The only child of this name and namespace.
std::optional<XmlElement> only_child(const XmlElement& parent, std::string_view name, std::string_view name_space) {
  const auto found = parent.children(name);
  if (found.size() != 1 || found.front().namespace_uri() != name_space) return std::nullopt;
  return found.front();
}

Result<FileReference> read_reference(const XmlElement& element) {
  FileReference reference;
  const auto method = only_child(element, "DigestMethod", signature_namespace);
  const auto value = only_child(element, "DigestValue", signature_namespace);
  if (!method || !value) return refuse("a file has not exactly one digest");
  reference.uri = element.attribute("URI").value_or("");
  reference.algorithm = method->attribute("Algorithm").value_or("");
  auto digest = from_base64(value->text());
  if (reference.uri.empty() || !digest) return refuse("a file has no name or no readable digest");
  reference.digest = std::move(*digest);
  return reference;
}

}  // namespace

Result<SignedManifest> read_signed_manifest(ByteView xml) {
  const auto document = XmlDocument::parse(xml);
  if (!document) return refuse(document.error().message);
  const auto root = document->root();
  if (root.name() != "ASiCManifest" ||
      std::ranges::find(asic_namespaces, root.namespace_uri()) == asic_namespaces.end()) {
    return refuse("it is not an ASiCManifest");
  }
  const auto signature = only_child(root, "SigReference", root.namespace_uri());
  if (!signature) return refuse("it has not exactly one SigReference");
  SignedManifest manifest;
  manifest.signature_uri = signature->attribute("URI").value_or(std::string(default_signature_name));
  for (const auto& element : root.children("DataObjectReference")) {
    if (element.namespace_uri() != root.namespace_uri()) return refuse("a file reference is in a foreign namespace");
    auto reference = read_reference(element);
    if (!reference) return failed(reference);
    manifest.files.push_back(std::move(*reference));
  }
  return manifest;
}

}  // namespace kanal::formats::asic
