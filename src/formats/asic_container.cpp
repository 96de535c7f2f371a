#include "formats/asic_container.hpp"

#include <algorithm>

#include "formats/asic_names.hpp"
#include "formats/entry_name.hpp"
#include "formats/header_values.hpp"

namespace kanal::formats::asic {

namespace {

constexpr std::uint64_t max_metadata_bytes = std::uint64_t{16} * 1024 * 1024;

enum class Kind { mimetype, document, signed_manifest, cades, xades, ignored, unknown };

Kind kind_of(std::string_view name) {
  if (name == mimetype_name) return Kind::mimetype;
  if (!is_metadata(name)) return Kind::document;
  const std::string file = ascii_lower(name.substr(metadata_folder.size()));
  if (file.empty() || file == "manifest.xml") return Kind::ignored;
  if (file.starts_with("asicmanifest") && file.ends_with(".xml")) return Kind::signed_manifest;
  if (file.starts_with("signature") && file.ends_with(".p7s")) return Kind::cades;
  if (file.starts_with("signatures") && file.ends_with(".xml")) return Kind::xades;
  return Kind::unknown;
}

Result<void> read_mimetype(Source& content) {
  const auto text = read_all(content, asic_mimetype.size());
  if (!text && text.error().code != "stream.too_large") return failed(text);
  if (!text || text_of(*text) != asic_mimetype) {
    return reject("asic.mimetype", "the file says that it is something other than an ASiC-E container");
  }
  return {};
}

Result<void> check_size(const ZipEntry& entry) {
  if (entry.size <= max_metadata_bytes) return {};
  return reject("zip.too_large",
                quoted(entry.name) + " is larger than " + std::to_string(max_metadata_bytes) + " bytes");
}

Result<void> keep(const ZipEntry& entry, Source& content, std::optional<MetadataFile>& place) {
  if (place) return reject("asic.manifest", "the container has more than one signature: " + quoted(entry.name));
  if (auto small = check_size(entry); !small) return failed(small);
  auto bytes = read_all(content, max_metadata_bytes);
  if (!bytes) return failed(bytes);
  place = MetadataFile{entry.name, std::move(*bytes)};
  return {};
}

/// `application/x-www-form-urlencoded`, as the reference writes names in XAdES references: `+` is a blank.
std::optional<std::string> form_decode(std::string uri) {
  std::ranges::replace(uri, '+', ' ');
  return percent_decode(uri);
}

/// How the producer of a container may have written names in references.
enum class Reading { any, percent, form };

/// The document that a reference means: with `any`, the first there is by its raw name, percent-decoded or decoded as a
/// form.
Result<std::string> resolve(const std::string& uri, Reading reading, const Container& container) {
  const auto& digests = container.digests();
  if (reading == Reading::any && digests.contains(uri)) return uri;
  if (reading != Reading::form) {
    if (auto decoded = percent_decode(uri); decoded && digests.contains(*decoded)) return std::move(*decoded);
  }
  if (reading != Reading::percent) {
    if (auto decoded = form_decode(uri); decoded && digests.contains(*decoded)) return std::move(*decoded);
  }
  return reject("asic.missing_file", "a signed file is missing in the container: " + quoted(uri));
}

Result<void> check_references(const std::vector<FileReference>& references, std::string_view source) {
  if (references.empty()) return reject("asic.manifest", std::string(source) + " covers no file");
  for (const auto& reference : references) {
    if (reference.algorithm != sha256_uri && reference.algorithm != old_sha256_uri) {
      return reject("asic.algorithm", std::string(source) + " uses a digest algorithm other than SHA-256");
    }
    if (is_metadata(reference.uri)) {
      return reject("asic.manifest", std::string(source) + " refers to a file in META-INF: " + quoted(reference.uri));
    }
  }
  return {};
}

Result<void> check_as(Reading reading, const std::vector<FileReference>& references, std::string_view source,
                      const Container& container) {
  std::map<std::string, crypto::Sha256Digest> uncovered = container.digests();
  for (const auto& reference : references) {
    const auto name = resolve(reference.uri, reading, container);
    if (!name) return failed(name);
    const auto found = uncovered.find(*name);
    if (found == uncovered.end()) {
      return reject("asic.manifest", std::string(source) + " lists a file twice: " + quoted(*name));
    }
    if (!std::ranges::equal(reference.digest, found->second)) {
      return reject("asic.digest", "a file was changed after signing: " + quoted(*name));
    }
    uncovered.erase(found);
  }
  if (uncovered.empty()) return {};
  return reject("asic.unsigned_file",
                "the container has a file that is not signed: " + quoted(uncovered.begin()->first));
}

}  // namespace

std::string quoted(std::string_view name) { return "\"" + printable_name(name) + "\""; }

Result<Container> Container::read(SeekableSource& zip, const ZipLimits& limits) {
  Container container;
  const auto read = for_each_entry(
      zip, limits, [&](const ZipEntry& entry, Source& content) { return container.visit(entry, content); });
  if (!read) return failed(read);
  return container;
}

Result<void> Container::visit(const ZipEntry& entry, Source& content) {
  const bool first = std::exchange(first_, false);
  switch (kind_of(entry.name)) {
    case Kind::mimetype:
      mimetype_first_ = first;
      return read_mimetype(content);
    case Kind::document:
      return read_document(entry, content);
    case Kind::signed_manifest:
      return keep(entry, content, manifest_);
    case Kind::cades:
      return keep(entry, content, cades_);
    case Kind::xades:
      return keep(entry, content, xades_);
    case Kind::ignored:
      return check_size(entry);
    case Kind::unknown:
      break;
  }
  return reject("asic.metadata", "the container has an unknown file in META-INF: " + quoted(entry.name));
}

Result<void> Container::read_document(const ZipEntry& entry, Source& content) {
  crypto::Hasher hasher(crypto::DigestAlgorithm::sha256);
  for (;;) {
    const auto count = content.read(buffer_);
    if (!count) return failed(count);
    if (*count == 0) break;
    hasher.update(ByteView(buffer_).first(*count));
  }
  const Bytes digest = hasher.finish();
  std::ranges::copy(digest, digests_[entry.name].begin());
  documents_.push_back(entry);
  return {};
}

Result<void> check_coverage(const std::vector<FileReference>& references, std::string_view source,
                            const Container& container) {
  if (auto good = check_references(references, source); !good) return good;
  auto checked = check_as(Reading::any, references, source, container);
  // "a+b" may mean "a b" where both are there: then only one way of reading for all of them fits.
  for (const auto reading : {Reading::percent, Reading::form}) {
    if (checked || check_as(reading, references, source, container)) return {};
  }
  return checked;
}

}  // namespace kanal::formats::asic
