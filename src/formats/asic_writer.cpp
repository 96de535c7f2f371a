// asic-cms.md sections 2, 3 and 5. Entries in this order:
//
//   mimetype                     stored, comment
//   manifest.xml                 stored; absent in a plain container (dpfio.md 5)
//   document...                  text-like: deflated; others: stored
//   META-INF/ASiCManifest.xml    stored; the signed bytes
//   META-INF/signature-UUID.p7s  stored; CMS SignedData, detached
//   META-INF/manifest.xml        stored; OpenDocument manifest, not signed
#include <optional>

#include "base/ids.hpp"
#include "crypto/cades.hpp"
#include "crypto/digest.hpp"
#include "formats/asic.hpp"
#include "formats/asic_layout.hpp"
#include "formats/asic_names.hpp"
#include "formats/xml.hpp"

namespace kanal::formats {

namespace {

using asic::Covered;

std::string party_xml(std::string_view element, std::string_view identifier) {
  const std::string name(element);
  return "   <" + name + ">\n      <organisasjon authority=\"iso6523-actorid-upis\">" + xml_escape(identifier) +
         "</organisasjon>\n   </" + name + ">\n";
}

/// manifest.xml (section 5).
std::string inner_manifest(const AsicDocument& main, const AsicParties& parties) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<manifest>\n" + party_xml("mottaker", parties.receiver) +
         party_xml("avsender", parties.sender) + "   <hoveddokument href=\"" + xml_escape(main.name) + "\" mime=\"" +
         xml_escape(asic::type_of(main)) +
         "\">\n      <tittel lang=\"no\">Hoveddokument</tittel>\n   </hoveddokument>\n</manifest>\n";
}

/// META-INF/ASiCManifest.xml (section 3.1). `rootfile`: the first file is marked as the one to begin with.
std::string signed_manifest(const std::vector<Covered>& files, std::string_view signature_name, bool rootfile) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<ASiCManifest xmlns=\"";
  xml.append(asic::asic_namespace).append("\" xmlns:ds=\"").append(asic::signature_namespace).append("\">\n");
  xml.append("    <SigReference URI=\"")
      .append(signature_name)
      .append("\" MimeType=\"application/x-pkcs7-signature\"/>\n");
  for (const auto& file : files) {
    xml.append("    <DataObjectReference URI=\"").append(xml_escape(file.name));
    xml.append("\" MimeType=\"").append(xml_escape(file.mimetype));
    xml.append(rootfile && &file == &files.front() ? "\" Rootfile=\"true\">\n" : "\">\n");
    xml.append("        <ds:DigestMethod Algorithm=\"").append(asic::sha256_uri).append("\"/>\n");
    xml.append("        <ds:DigestValue>").append(to_base64(file.sha256)).append("</ds:DigestValue>\n");
    xml.append("    </DataObjectReference>\n");
  }
  return xml + "</ASiCManifest>\n";
}

/// Everything there is to a container; without `inner` a plain one.
Result<void> write_signed(const std::vector<AsicDocument>& documents, const std::optional<std::string>& inner,
                          const crypto::Identity& signer, Time signing_time, Sink& to) {
  crypto::Sha256Digest inner_digest{};
  std::vector<Covered> files;
  if (inner) {
    inner_digest = crypto::sha256(bytes_of(*inner));
    files = asic::covered_files(inner_digest, documents);
  } else {
    for (const auto& document : documents) files.push_back({document.name, asic::type_of(document), document.sha256});
  }
  const std::string signature_name = "META-INF/signature-" + new_uuid() + ".p7s";
  const std::string covered = signed_manifest(files, signature_name, !inner);
  const auto signature = crypto::sign_detached(signer, bytes_of(covered), signing_time);
  if (!signature) return failed(signature);

  ZipWriter zip(to);
  if (auto r = asic::write_contents(zip, inner, documents); !r) return failed(r);
  if (auto r = zip.add(std::string(asic::signed_manifest_name), bytes_of(covered)); !r) return failed(r);
  if (auto r = zip.add(signature_name, *signature); !r) return failed(r);
  return asic::write_end(zip, files);
}

}  // namespace

Result<void> write_asic(const std::vector<AsicDocument>& documents, const AsicParties& parties,
                        const crypto::Identity& signer, Time signing_time, Sink& to) {
  if (auto good = asic::check_documents(documents); !good) return failed(good);
  return write_signed(documents, inner_manifest(documents.front(), parties), signer, signing_time, to);
}

Result<void> write_plain_asic(const std::vector<AsicDocument>& documents, const crypto::Identity& signer,
                              Time signing_time, Sink& to) {
  if (auto good = asic::check_documents(documents, false); !good) return failed(good);
  return write_signed(documents, std::nullopt, signer, signing_time, to);
}

}  // namespace kanal::formats
