#include "formats/asic_layout.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <unordered_set>

#include "formats/asic_names.hpp"
#include "formats/entry_name.hpp"
#include "formats/header_values.hpp"
#include "formats/xml.hpp"

namespace kanal::formats::asic {

namespace {

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

std::string container_comment() { return "mimetype=" + std::string(asic_mimetype); }

}  // namespace

Result<void> check_documents(const std::vector<AsicDocument>& documents, bool inner_manifest) {
  if (documents.empty()) return reject("asic.no_documents", "a container needs at least one document");
  std::unordered_set<std::string> keys{entry_name_key(asic::mimetype_name)};
  if (inner_manifest) keys.insert(entry_name_key(asic::inner_manifest_name));
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

std::vector<Covered> covered_files(ByteView inner_manifest_sha256, const std::vector<AsicDocument>& documents) {
  std::vector<Covered> files{{inner_manifest_name, xml_type, inner_manifest_sha256}};
  for (const auto& document : documents) files.push_back({document.name, type_of(document), document.sha256});
  return files;
}

Result<void> write_contents(ZipWriter& zip, std::optional<std::string_view> inner_manifest,
                            const std::vector<AsicDocument>& documents) {
  if (auto r = zip.add(std::string(mimetype_name), bytes_of(asic_mimetype), container_comment()); !r) return failed(r);
  if (inner_manifest) {
    if (auto r = zip.add(std::string(inner_manifest_name), bytes_of(*inner_manifest)); !r) return failed(r);
  }
  for (const auto& document : documents) {
    if (auto r = add_document(zip, document); !r) return failed(r);
  }
  return {};
}

Result<void> write_end(ZipWriter& zip, const std::vector<Covered>& files) {
  const std::string listing = open_document_manifest(files);
  if (auto r = zip.add(std::string(open_document_manifest_name), bytes_of(listing)); !r) return failed(r);
  return zip.finish(container_comment());
}

}  // namespace kanal::formats::asic
