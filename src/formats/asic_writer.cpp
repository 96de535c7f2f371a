// asic-cms.md sections 2, 3 and 5. Entries in this order:
//
//   mimetype                     stored, comment
//   manifest.xml                 stored
//   document...                  text-like: deflated; others: stored
//   META-INF/ASiCManifest.xml    stored; the signed bytes
//   META-INF/signature-UUID.p7s  stored; CMS SignedData, detached
//   META-INF/manifest.xml        stored; OpenDocument manifest, not signed
#include <zlib.h>

#include <unordered_set>

#include "base/ids.hpp"
#include "crypto/cades.hpp"
#include "crypto/digest.hpp"
#include "formats/asic.hpp"
#include "formats/asic_names.hpp"
#include "formats/entry_name.hpp"
#include "formats/header_values.hpp"
#include "formats/xml.hpp"
#include "formats/zip_writer.hpp"

namespace kanal::formats {

namespace {

constexpr std::string_view xml_type = "application/xml";
constexpr std::string_view unknown_type = "application/octet-stream";

/// Types that shrink. Office formats name XML but are zip archives.
bool is_text_like(std::string_view mimetype) {
  const std::string type = ascii_lower(without_white_space(mimetype.substr(0, mimetype.find(';'))));
  constexpr std::array<std::string_view, 5> texts{"application/xml", "application/json", "application/html",
                                                  "application/javascript", "application/sql"};
  return type.starts_with("text/") || type.ends_with("+xml") || type.ends_with("+json") ||
         std::ranges::find(texts, type) != texts.end();
}

/// Passes a document on and compares it with what was announced.
class CheckedSource final : public Source {
 public:
  CheckedSource(const AsicDocument& document, Source& source) : document_(document), source_(source) {}

  Result<std::size_t> read(std::span<std::byte> into) override {
    auto count = source_.read(into);
    if (!count) return count;
    size_ += *count;
    crc_ = crc32_z(crc_, reinterpret_cast<const Bytef*>(into.data()), *count);
    if (size_ > document_.size || (*count == 0 && (size_ != document_.size || crc_ != document_.crc32))) {
      return bug("zip.content_changed", "the content of \"" + printable_name(document_.name) +
                                            "\" is not what was announced: it changed since it was stored");
    }
    return count;
  }

 private:
  const AsicDocument& document_;
  Source& source_;
  std::uint64_t size_ = 0;
  uLong crc_ = 0;
};

/// Names that must be refused are found before a byte is written.
Result<void> check_documents(const std::vector<AsicDocument>& documents) {
  if (documents.empty()) return reject("asic.no_documents", "a container needs at least one document");
  std::unordered_set<std::string> keys{entry_name_key(asic::mimetype_name), entry_name_key(asic::inner_manifest_name)};
  for (const auto& document : documents) {
    const auto refuse = [&](std::string_view why) {
      return reject("asic.name", "the file name \"" + printable_name(document.name) + "\" " + std::string(why));
    };
    if (auto good = check_entry_name(document.name); !good) return reject("asic.name", good.error().message);
    if (asic::is_metadata(document.name)) return refuse("begins with META-INF/, which is the container's own folder");
    if (document.name.ends_with('/')) return refuse("ends with a slash");
    if (!keys.insert(entry_name_key(document.name)).second)
      return refuse("is taken, by another document or the container itself");
  }
  return {};
}

std::string_view type_of(const AsicDocument& document) {
  return document.mimetype.empty() ? unknown_type : std::string_view(document.mimetype);
}

std::string party_xml(std::string_view element, std::string_view identifier) {
  const std::string name(element);
  return "   <" + name + ">\n      <organisasjon authority=\"iso6523-actorid-upis\">" + xml_escape(identifier) +
         "</organisasjon>\n   </" + name + ">\n";
}

/// manifest.xml (section 5).
std::string inner_manifest(const AsicDocument& main, const AsicParties& parties) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<manifest>\n" + party_xml("mottaker", parties.receiver) +
         party_xml("avsender", parties.sender) + "   <hoveddokument href=\"" + xml_escape(main.name) + "\" mime=\"" +
         xml_escape(type_of(main)) +
         "\">\n      <tittel lang=\"no\">Hoveddokument</tittel>\n   </hoveddokument>\n</manifest>\n";
}

/// A file that the signature covers.
struct Covered {
  std::string_view name;
  std::string_view mimetype;
  ByteView sha256;
};

/// META-INF/ASiCManifest.xml (section 3.1).
std::string signed_manifest(const std::vector<Covered>& files, std::string_view signature_name) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<ASiCManifest xmlns=\"";
  xml.append(asic::asic_namespace).append("\" xmlns:ds=\"").append(asic::signature_namespace).append("\">\n");
  xml.append("    <SigReference URI=\"")
      .append(signature_name)
      .append("\" MimeType=\"application/x-pkcs7-signature\"/>\n");
  for (const auto& file : files) {
    xml.append("    <DataObjectReference URI=\"").append(xml_escape(file.name));
    xml.append("\" MimeType=\"").append(xml_escape(file.mimetype)).append("\">\n");
    xml.append("        <ds:DigestMethod Algorithm=\"").append(asic::sha256_uri).append("\"/>\n");
    xml.append("        <ds:DigestValue>").append(to_base64(file.sha256)).append("</ds:DigestValue>\n");
    xml.append("    </DataObjectReference>\n");
  }
  return xml + "</ASiCManifest>\n";
}

/// META-INF/manifest.xml (section 2.3).
std::string open_document_manifest(const std::vector<Covered>& files) {
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
      "<m:manifest xmlns:m=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\">\n";
  const auto add = [&](std::string_view path, std::string_view type) {
    xml.append("    <m:file-entry m:full-path=\"").append(xml_escape(path));
    xml.append("\" m:media-type=\"").append(xml_escape(type)).append("\"/>\n");
  };
  add("/", asic_mimetype);
  for (const auto& file : files) add(file.name, file.mimetype);
  return xml + "</m:manifest>\n";
}

Result<void> add_document(ZipWriter& zip, const AsicDocument& document) {
  auto content = document.open();
  if (!content) return failed(content);
  if (!is_text_like(document.mimetype))
    return zip.add_stored({document.name, document.size, document.crc32}, **content);
  CheckedSource checked(document, **content);
  return zip.add_deflated(document.name, checked, 1);
}

}  // namespace

Result<void> write_asic(const std::vector<AsicDocument>& documents, const AsicParties& parties,
                        const crypto::Identity& signer, Time signing_time, Sink& to) {
  if (auto good = check_documents(documents); !good) return failed(good);
  const std::string inner = inner_manifest(documents.front(), parties);
  const auto inner_digest = crypto::sha256(bytes_of(inner));
  std::vector<Covered> files{{asic::inner_manifest_name, xml_type, inner_digest}};
  for (const auto& document : documents) files.push_back({document.name, type_of(document), document.sha256});

  const std::string signature_name = "META-INF/signature-" + new_uuid() + ".p7s";
  const std::string covered = signed_manifest(files, signature_name);
  const auto signature = crypto::sign_detached(signer, bytes_of(covered), signing_time);
  if (!signature) return failed(signature);

  const std::string comment = "mimetype=" + std::string(asic_mimetype);
  ZipWriter zip(to);
  if (auto r = zip.add(std::string(asic::mimetype_name), bytes_of(asic_mimetype), comment); !r) return failed(r);
  if (auto r = zip.add(std::string(asic::inner_manifest_name), bytes_of(inner)); !r) return failed(r);
  for (const auto& document : documents) {
    if (auto r = add_document(zip, document); !r) return failed(r);
  }
  if (auto r = zip.add(std::string(asic::signed_manifest_name), bytes_of(covered)); !r) return failed(r);
  if (auto r = zip.add(signature_name, *signature); !r) return failed(r);
  const std::string listing = open_document_manifest(files);
  if (auto r = zip.add(std::string(asic::open_document_manifest_name), bytes_of(listing)); !r) return failed(r);
  return zip.finish(comment);
}

}  // namespace kanal::formats
