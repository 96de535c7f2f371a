// asic-cms.md section 4: META-INF/signatures.xml, written in canonical form already, so that what is digested and
// signed is the text of the element with the namespaces in scope added to its start tag (4.2).
//
//   mimetype, manifest.xml, document..., META-INF/signatures.xml, META-INF/manifest.xml
#include <fmt/format.h>

#include "crypto/digest.hpp"
#include "formats/asic.hpp"
#include "formats/asic_layout.hpp"
#include "formats/asic_names.hpp"
#include "formats/xml.hpp"

namespace kanal::formats {

namespace {

using asic::Covered;

constexpr std::string_view properties_id = "SignedProperties";

/// As canonical XML writes text: of what xml_escape() escapes, quotes stay as they are, and a carriage return does not.
std::string canonical_text(std::string_view text) {
  std::string out = xml_escape(text);
  for (const auto& [from, to] :
       {std::pair<std::string_view, std::string_view>{"&quot;", "\""}, {"&apos;", "'"}, {"\r", "&#xD;"}}) {
    for (std::size_t at = 0; (at = out.find(from, at)) != std::string::npos; at += to.size()) {
      out.replace(at, from.size(), to);
    }
  }
  return out;
}

/// `application/x-www-form-urlencoded`.
std::string form_encoded(std::string_view name) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-*_";
  std::string out;
  for (const char c : name) {
    if (c == ' ') {
      out += '+';
    } else if (plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string digest_elements(std::string_view prefix, std::string_view algorithm, ByteView digest) {
  return fmt::format("<{0}DigestMethod Algorithm=\"{1}\"></{0}DigestMethod><{0}DigestValue>{2}</{0}DigestValue>",
                     prefix, algorithm, to_base64(digest));
}

/// Distinguished names with a blank after each comma, as Java writes them.
std::string spaced(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    out += name[i];
    const bool escaped = i > 0 && name[i - 1] == '\\';
    if (name[i] == ',' && !escaped) out += ' ';
  }
  return out;
}

/// The element as it stands in the document.
std::string signed_properties(const crypto::Certificate& signer, Time signing_time, const std::vector<Covered>& files) {
  std::string xml = fmt::format(
      "<SignedProperties Id=\"{}\"><SignedSignatureProperties><SigningTime>{}</SigningTime><SigningCertificate><Cert>"
      "<CertDigest>{}</CertDigest><IssuerSerial><ns2:X509IssuerName>{}</ns2:X509IssuerName><ns2:X509SerialNumber>{}"
      "</ns2:X509SerialNumber></IssuerSerial></Cert></SigningCertificate></SignedSignatureProperties>"
      "<SignedDataObjectProperties>",
      properties_id, format_iso(in_oslo(std::chrono::floor<std::chrono::milliseconds>(signing_time))),
      digest_elements("ns2:", asic::sha1_uri, crypto::digest(crypto::DigestAlgorithm::sha1, signer.der())),
      canonical_text(spaced(signer.issuer())), signer.serial());
  for (std::size_t i = 0; i < files.size(); ++i) {
    xml += fmt::format("<DataObjectFormat ObjectReference=\"#ID_{}\"><MimeType>{}</MimeType></DataObjectFormat>", i,
                       canonical_text(files[i].mimetype));
  }
  return xml + "</SignedDataObjectProperties></SignedProperties>";
}

/// The element as it stands in the document.
std::string signed_info(const std::vector<Covered>& files, ByteView properties_digest) {
  std::string xml = fmt::format(
      "<SignedInfo><CanonicalizationMethod Algorithm=\"{}\"></CanonicalizationMethod><SignatureMethod "
      "Algorithm=\"{}\"></SignatureMethod>",
      asic::canonical_xml_uri, asic::rsa_sha256_uri);
  for (std::size_t i = 0; i < files.size(); ++i) {
    xml += fmt::format("<Reference Id=\"ID_{}\" URI=\"{}\">{}</Reference>", i, form_encoded(files[i].name),
                       digest_elements("", asic::sha256_uri, files[i].sha256));
  }
  return xml + fmt::format(
                   "<Reference Type=\"{}\" URI=\"#{}\"><Transforms><Transform Algorithm=\"{}\"></Transform>"
                   "</Transforms>{}</Reference></SignedInfo>",
                   asic::signed_properties_type, properties_id, asic::canonical_xml_uri,
                   digest_elements("", asic::sha256_uri, properties_digest));
}

/// With the namespaces in scope on its start tag: the canonical form of the element.
std::string with_namespaces(const std::string& element, std::string_view name, std::string_view declarations) {
  return fmt::format("<{} {}{}", name, declarations, element.substr(1 + name.size()));
}

std::string certificates(const crypto::Identity& signer) {
  std::string xml;
  const auto add = [&](const crypto::Certificate& certificate) {
    xml += "<X509Certificate>" + to_base64(certificate.der()) + "</X509Certificate>";
  };
  add(signer.certificate);
  for (const auto& certificate : signer.chain) add(certificate);
  return xml;
}

std::string signatures_xml(const std::vector<Covered>& files, const crypto::Identity& signer, Time signing_time) {
  const auto declarations =
      fmt::format("xmlns=\"{}\" xmlns:ns2=\"{}\"", asic::xades_namespace, asic::signature_namespace);
  const auto properties = signed_properties(signer.certificate, signing_time, files);
  const auto digest = crypto::sha256(bytes_of(with_namespaces(properties, "SignedProperties", declarations)));
  const auto info = signed_info(files, digest);
  const auto signature = signer.key.sign_rs256(
      bytes_of(with_namespaces(info, "SignedInfo", fmt::format("xmlns=\"{}\"", asic::signature_namespace))));
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XAdESSignatures xmlns=\"{}\"><Signature "
      "xmlns=\"{}\" Id=\"Signature\">{}<SignatureValue>{}</SignatureValue><KeyInfo><X509Data>{}</X509Data></KeyInfo>"
      "<Object><QualifyingProperties {} Target=\"#Signature\">{}</QualifyingProperties></Object></Signature>"
      "</XAdESSignatures>",
      asic::asic_namespace, asic::signature_namespace, info, to_base64(signature), certificates(signer), declarations,
      properties);
}

}  // namespace

Result<void> write_xades_asic(const std::vector<AsicDocument>& documents, std::string_view manifest_xml,
                              const crypto::Identity& signer, Time signing_time, Sink& to) {
  if (auto good = asic::check_documents(documents); !good) return failed(good);
  if (!signer.certificate.is_rsa() || !signer.key.matches(signer.certificate)) {
    return reject("asic.key", "the signing key is no RSA key of the certificate " + signer.certificate.subject());
  }
  const auto manifest_digest = crypto::sha256(bytes_of(manifest_xml));
  const auto files = asic::covered_files(manifest_digest, documents);
  const auto signatures = signatures_xml(files, signer, signing_time);
  ZipWriter zip(to);
  if (auto r = asic::write_contents(zip, manifest_xml, documents); !r) return failed(r);
  if (auto r = zip.add(std::string(asic::xades_name), bytes_of(signatures)); !r) return failed(r);
  return asic::write_end(zip, files);
}

}  // namespace kanal::formats
