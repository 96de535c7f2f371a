// Names and identifiers of an ASiC-E container that writer and reader share (asic-cms.md sections 2, 3 and 7).
// Internal.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace kanal::formats::asic {

constexpr std::string_view mimetype_name = "mimetype";
constexpr std::string_view inner_manifest_name = "manifest.xml";
constexpr std::string_view metadata_folder = "META-INF/";
constexpr std::string_view signed_manifest_name = "META-INF/ASiCManifest.xml";
constexpr std::string_view open_document_manifest_name = "META-INF/manifest.xml";
/// Meant when a SigReference has no URI.
constexpr std::string_view default_signature_name = "META-INF/signature.p7s";

constexpr std::string_view asic_namespace = "http://uri.etsi.org/02918/v1.2.1#";
/// What older producers write for it.
constexpr std::array<std::string_view, 3> asic_namespaces{asic_namespace, "http://uri.etsi.org/02918/v1.1.1#",
                                                          "http://uri.etsi.org/2918/v1.2.1#"};
constexpr std::string_view signature_namespace = "http://www.w3.org/2000/09/xmldsig#";
constexpr std::string_view xades_name = "META-INF/signatures.xml";
constexpr std::string_view xades_namespace = "http://uri.etsi.org/01903/v1.3.2#";
constexpr std::string_view signed_properties_type = "http://uri.etsi.org/01903#SignedProperties";
constexpr std::string_view canonical_xml_uri = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
constexpr std::string_view rsa_sha256_uri = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
constexpr std::string_view sha1_uri = "http://www.w3.org/2000/09/xmldsig#sha1";
constexpr std::string_view sha512_uri = "http://www.w3.org/2001/04/xmlenc#sha512";
constexpr std::string_view sha256_uri = "http://www.w3.org/2001/04/xmlenc#sha256";
/// What older producers write for it; no standard has it.
constexpr std::string_view old_sha256_uri = "http://www.w3.org/2000/09/xmldsig#sha256";

[[nodiscard]] constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// META-INF in any case: on some systems these are the same folder.
[[nodiscard]] constexpr bool is_metadata(std::string_view name) {
  return name.size() >= metadata_folder.size() &&
         std::ranges::equal(name.substr(0, metadata_folder.size()), metadata_folder, {}, lower, lower);
}

}  // namespace kanal::formats::asic
