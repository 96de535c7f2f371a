// asic-cms.md sections 4 and 7: what META-INF/signatures.xml of any producer says, and whether it is true.
//
//   XAdESSignatures = ds:Signature
//   ds:Signature    = ds:SignedInfo, ds:SignatureValue, ds:KeyInfo/ds:X509Data/ds:X509Certificate+,
//                     ds:Object/QualifyingProperties/SignedProperties
//   ds:SignedInfo   = ds:CanonicalizationMethod, ds:SignatureMethod, ds:Reference+ (files; one to #SignedProperties)
//
// Nothing is looked up by id: the properties are those that stand in the signature itself, and an id that occurs twice
// is refused, so that no other element can be put in their place.
#include <algorithm>
#include <set>

#include "formats/asic.hpp"
#include "formats/asic_container.hpp"
#include "formats/asic_names.hpp"
#include "formats/xml_canonical.hpp"

namespace kanal::formats {

namespace {

using asic::FileReference;

tl::unexpected<Error> refuse(const std::string& why) {
  return reject("asic.manifest", "the container's signatures.xml cannot be used: " + why);
}
tl::unexpected<Error> wrong(const std::string& why) {
  return reject("asic.signature", "the container's signature was refused: " + why);
}

bool is_ds(const XmlElement& element) { return element.namespace_uri() == asic::signature_namespace; }
/// XAdES 1.3.2 and the versions that other producers write.
bool is_xades(const XmlElement& element) { return element.namespace_uri().starts_with("http://uri.etsi.org/01903/"); }

template <class Belongs>
std::optional<XmlElement> only_child(const XmlElement& parent, std::string_view name, Belongs belongs) {
  const auto found = parent.children(name);
  if (found.size() != 1 || !belongs(found.front())) return std::nullopt;
  return found.front();
}
std::optional<XmlElement> ds_child(const XmlElement& parent, std::string_view name) {
  return only_child(parent, name, is_ds);
}
std::optional<XmlElement> xades_child(const XmlElement& parent, std::string_view name) {
  return only_child(parent, name, is_xades);
}

std::string algorithm_of(const std::optional<XmlElement>& element) {
  return element ? element->attribute("Algorithm").value_or("") : "";
}

std::optional<crypto::DigestAlgorithm> digest_algorithm(std::string_view uri) {
  if (uri == asic::sha256_uri || uri == asic::old_sha256_uri) return crypto::DigestAlgorithm::sha256;
  if (uri == asic::sha512_uri) return crypto::DigestAlgorithm::sha512;
  if (uri == asic::sha1_uri) return crypto::DigestAlgorithm::sha1;
  return std::nullopt;
}

/// The parts of a signature that count.
struct Parts {
  XmlElement signature, info, properties, qualifying;
  std::vector<crypto::Certificate> certificates;
};

Result<void> check_ids(const XmlElement& element, std::set<std::string>& seen) {
  for (const std::string_view name : {"Id", "ID", "id"}) {
    const auto id = element.attribute(name);
    if (id && !seen.insert(*id).second) return refuse("an id occurs twice");
  }
  for (const auto& child : element.children()) {
    if (auto good = check_ids(child, seen); !good) return good;
  }
  return {};
}

Result<std::vector<crypto::Certificate>> read_certificates(const XmlElement& signature,
                                                           crypto::CertificateCache* known) {
  constexpr std::size_t most = 20;
  std::vector<crypto::Certificate> certificates;
  const auto key = ds_child(signature, "KeyInfo");
  if (!key) return refuse("it has not exactly one KeyInfo");
  for (const auto& data : key->children("X509Data")) {
    if (!is_ds(data)) return refuse("its certificates are in a foreign namespace");
    for (const auto& element : data.children("X509Certificate")) {
      if (!is_ds(element)) return refuse("a certificate is in a foreign namespace");
      const auto der = from_base64(element.text());
      auto certificate = der ? crypto::read_certificate(*der, known) : Result<crypto::Certificate>(refuse("base64"));
      if (!certificate) return refuse("a certificate cannot be read");
      if (certificates.size() == most) return refuse("it has too many certificates");
      certificates.push_back(std::move(*certificate));
    }
  }
  if (certificates.empty()) return refuse("it has no certificate");
  return certificates;
}

Result<Parts> read_parts(const XmlDocument& document, crypto::CertificateCache* known) {
  const auto root = document.root();
  if (root.name() != "XAdESSignatures" ||
      std::ranges::find(asic::asic_namespaces, root.namespace_uri()) == asic::asic_namespaces.end()) {
    return refuse("it is no XAdESSignatures");
  }
  std::set<std::string> ids;
  if (auto unique = check_ids(root, ids); !unique) return failed(unique);
  const auto signature = ds_child(root, "Signature");
  if (!signature) return refuse("it has not exactly one Signature");
  const auto info = ds_child(*signature, "SignedInfo");
  if (!info) return refuse("it has not exactly one SignedInfo");
  const auto object = ds_child(*signature, "Object");
  const auto qualifying = object ? xades_child(*object, "QualifyingProperties") : std::nullopt;
  const auto properties = qualifying ? xades_child(*qualifying, "SignedProperties") : std::nullopt;
  if (!properties) return refuse("it has not exactly one SignedProperties");
  if (properties->attribute("Id").value_or("").empty()) return refuse("its properties have no id");
  const auto target = qualifying->attribute("Target").value_or("");
  if (!target.empty() && target != "#" + signature->attribute("Id").value_or("")) {
    return refuse("its properties are about another signature");
  }
  auto certificates = read_certificates(*signature, known);
  if (!certificates) return failed(certificates);
  return Parts{*signature, *info, *properties, *qualifying, std::move(*certificates)};
}

Result<void> check_value(const XmlDocument& document, const Parts& parts) {
  const auto form = canonicalisation(algorithm_of(ds_child(parts.info, "CanonicalizationMethod")));
  if (!form) return reject("asic.algorithm", "the container's signature uses an unknown canonical form");
  if (algorithm_of(ds_child(parts.info, "SignatureMethod")) != asic::rsa_sha256_uri) {
    return reject("asic.algorithm", "the container's signature is not made with RSA and SHA-256");
  }
  const auto value = ds_child(parts.signature, "SignatureValue");
  const auto bytes = value ? from_base64(value->text()) : std::nullopt;
  if (!bytes) return refuse("it has no readable SignatureValue");
  const auto text = canonical(document, parts.info, *form);
  if (!text) return refuse(text.error().message);
  if (!crypto::verify_rs256(parts.certificates.front(), bytes_of(*text), *bytes)) {
    return wrong("its value does not fit what was signed");
  }
  return {};
}

/// The form in which the properties were digested: given by their only transform.
Result<Canonicalisation> properties_form(const XmlElement& reference) {
  if (!reference.child("Transforms")) return Canonicalisation::inclusive;
  const auto transforms = ds_child(reference, "Transforms");
  const bool single = transforms && transforms->children().size() == 1;
  const auto transform = single ? ds_child(*transforms, "Transform") : std::nullopt;
  const auto form = canonicalisation(algorithm_of(transform));
  if (!form) return refuse("its properties are transformed in an unknown way");
  return *form;
}

Result<void> check_properties(const XmlDocument& document, const Parts& parts, const XmlElement& reference) {
  const auto form = properties_form(reference);
  if (!form) return failed(form);
  const auto algorithm = digest_algorithm(algorithm_of(ds_child(reference, "DigestMethod")));
  if (!algorithm || *algorithm == crypto::DigestAlgorithm::sha1) {
    return reject("asic.algorithm", "the container's signed properties have a digest other than SHA-256 or SHA-512");
  }
  const auto value = ds_child(reference, "DigestValue");
  const auto wanted = value ? from_base64(value->text()) : std::nullopt;
  if (!wanted) return refuse("its properties have no readable digest");
  const auto text = canonical(document, parts.properties, *form);
  if (!text) return refuse(text.error().message);
  if (crypto::digest(*algorithm, bytes_of(*text)) != *wanted) return wrong("its properties were changed");
  return {};
}

/// Names a `Cert` of the properties this certificate? By its digest, for which the profile wants SHA-1 (4.1), and by
/// its serial number where there is one; issuers are written in too many ways to be compared.
bool names(const XmlElement& cert, const crypto::Certificate& certificate) {
  const auto digest = xades_child(cert, "CertDigest");
  const auto algorithm = digest ? digest_algorithm(algorithm_of(ds_child(*digest, "DigestMethod"))) : std::nullopt;
  const auto value = digest ? ds_child(*digest, "DigestValue") : std::nullopt;
  const auto wanted = value ? from_base64(value->text()) : std::nullopt;
  if (!algorithm || !wanted || crypto::digest(*algorithm, certificate.der()) != *wanted) return false;
  const auto issuer = xades_child(cert, "IssuerSerial");
  const auto serial = issuer ? ds_child(*issuer, "X509SerialNumber") : std::nullopt;
  return !serial || serial->text() == certificate.serial();
}

/// The properties must name the certificate that the signature fits.
Result<void> check_signing_certificate(const Parts& parts) {
  const auto properties = xades_child(parts.properties, "SignedSignatureProperties");
  if (!properties) return refuse("it has no SignedSignatureProperties");
  auto named = xades_child(*properties, "SigningCertificate");
  if (!named) named = xades_child(*properties, "SigningCertificateV2");
  if (!named) return refuse("its properties do not name the signing certificate");
  for (const auto& cert : named->children("Cert")) {
    if (is_xades(cert) && names(cert, parts.certificates.front())) return {};
  }
  return wrong("its properties name another certificate than the one it fits");
}

struct References {
  std::vector<FileReference> files;
  std::optional<XmlElement> properties;
};

Result<References> read_references(const Parts& parts) {
  References references;
  const std::string properties_uri = "#" + parts.properties.attribute("Id").value_or("");
  for (const auto& element : parts.info.children("Reference")) {
    if (!is_ds(element)) return refuse("a reference is in a foreign namespace");
    const auto uri = element.attribute("URI").value_or("");
    if (element.attribute("Type").value_or("") == asic::signed_properties_type) {
      if (references.properties || uri != properties_uri) return refuse("a reference is not to its properties");
      references.properties = element;
      continue;
    }
    const auto value = ds_child(element, "DigestValue");
    auto digest = value ? from_base64(value->text()) : std::nullopt;
    if (uri.empty() || uri.starts_with('#') || !digest || element.child("Transforms")) {
      return refuse("a reference is not to a file as it is");
    }
    references.files.push_back({uri, algorithm_of(ds_child(element, "DigestMethod")), std::move(*digest)});
  }
  if (!references.properties) return refuse("its properties are not signed");
  return references;
}

}  // namespace

Result<AsicContents> verify_xades_asic(SeekableSource& zip, const ZipLimits& limits, crypto::CertificateCache* known) {
  auto container = asic::Container::read(zip, limits);
  if (!container) return failed(container);
  if (!container->xades()) {
    return reject("asic.no_signature", container->cades()
                                           ? "the container has only a CAdES signature; XAdES is required here"
                                           : "the container is not signed");
  }
  if (container->cades() || container->manifest()) {
    return reject("asic.manifest", "the container has both a CAdES and a XAdES signature");
  }
  const auto document = XmlDocument::parse(container->xades()->content);
  if (!document) return refuse(document.error().message);
  auto parts = read_parts(*document, known);
  if (!parts) return failed(parts);
  const auto references = read_references(*parts);
  if (!references) return failed(references);
  if (auto good = check_value(*document, *parts); !good) return failed(good);
  if (auto good = check_properties(*document, *parts, *references->properties); !good) return failed(good);
  if (auto good = check_signing_certificate(*parts); !good) return failed(good);
  if (auto covered = asic::check_coverage(references->files, "signatures.xml", *container); !covered) {
    return failed(covered);
  }
  if (container->mimetype_misplaced())
    return reject("asic.mimetype", "the entry mimetype is not the first of the container");
  auto signer = std::move(parts->certificates.front());
  parts->certificates.erase(parts->certificates.begin());
  return AsicContents{container->take_documents(), std::move(signer), false, std::move(parts->certificates)};
}

}  // namespace kanal::formats
