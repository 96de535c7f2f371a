// asic-cms.md sections 2, 3 and 7. One pass over the entries: documents are hashed as they are inflated, META-INF files
// are kept; then manifest, signature and coverage are judged. Exactly one manifest with one signature is accepted: with
// two, files could be covered by different signers.
#include <algorithm>
#include <map>
#include <utility>

#include "crypto/cades.hpp"
#include "crypto/digest.hpp"
#include "formats/asic.hpp"
#include "formats/asic_manifest.hpp"
#include "formats/asic_names.hpp"
#include "formats/entry_name.hpp"
#include "formats/header_values.hpp"

namespace kanal::formats {

namespace {

constexpr std::uint64_t max_metadata_bytes = std::uint64_t{16} * 1024 * 1024;

std::string quoted(std::string_view name) { return "\"" + printable_name(name) + "\""; }

enum class Kind { mimetype, document, signed_manifest, cades, xades, ignored, unknown };

Kind kind_of(std::string_view name) {
  if (name == asic::mimetype_name) return Kind::mimetype;
  if (!asic::is_metadata(name)) return Kind::document;
  const std::string file = ascii_lower(name.substr(asic::metadata_folder.size()));
  if (file.empty() || file == "manifest.xml") return Kind::ignored;
  if (file.starts_with("asicmanifest") && file.ends_with(".xml")) return Kind::signed_manifest;
  if (file.starts_with("signature") && file.ends_with(".p7s")) return Kind::cades;
  if (file.starts_with("signatures") && file.ends_with(".xml")) return Kind::xades;
  return Kind::unknown;
}

struct MetadataFile {
  std::string name;
  Bytes content;
};

/// Everything a container holds, read once.
class Container {
 public:
  Result<void> visit(const ZipEntry& entry, Source& content) {
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
        return keep(entry, content, signature_);
      case Kind::xades:
        xades_ = true;
        return check_size(entry);
      case Kind::ignored:
        return check_size(entry);
      case Kind::unknown:
        break;
    }
    return reject("asic.metadata", "the container has an unknown file in META-INF: " + quoted(entry.name));
  }

  [[nodiscard]] const std::optional<MetadataFile>& manifest() const { return manifest_; }
  [[nodiscard]] const std::optional<MetadataFile>& signature() const { return signature_; }
  [[nodiscard]] bool has_xades() const { return xades_; }
  [[nodiscard]] bool mimetype_misplaced() const { return !mimetype_first_; }
  [[nodiscard]] const std::map<std::string, crypto::Sha256Digest>& digests() const { return digests_; }
  [[nodiscard]] std::vector<ZipEntry> take_documents() { return std::move(documents_); }

 private:
  static Result<void> read_mimetype(Source& content) {
    const auto text = read_all(content, asic_mimetype.size());
    if (!text && text.error().code != "stream.too_large") return failed(text);
    if (!text || text_of(*text) != asic_mimetype) {
      return reject("asic.mimetype", "the file says that it is something other than an ASiC-E container");
    }
    return {};
  }

  Result<void> read_document(const ZipEntry& entry, Source& content) {
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

  static Result<void> check_size(const ZipEntry& entry) {
    if (entry.size <= max_metadata_bytes) return {};
    return reject("zip.too_large",
                  quoted(entry.name) + " is larger than " + std::to_string(max_metadata_bytes) + " bytes");
  }

  static Result<void> keep(const ZipEntry& entry, Source& content, std::optional<MetadataFile>& place) {
    if (place) return reject("asic.manifest", "the container has more than one signature: " + quoted(entry.name));
    if (auto small = check_size(entry); !small) return failed(small);
    auto bytes = read_all(content, max_metadata_bytes);
    if (!bytes) return failed(bytes);
    place = MetadataFile{entry.name, std::move(*bytes)};
    return {};
  }

  Bytes buffer_ = Bytes(stream_chunk);
  bool first_ = true;
  bool mimetype_first_ = true;  ///< a container without the entry is accepted
  bool xades_ = false;
  std::optional<MetadataFile> manifest_{};
  std::optional<MetadataFile> signature_{};
  std::vector<ZipEntry> documents_{};
  std::map<std::string, crypto::Sha256Digest> digests_{};
};

/// The manifest, once it is clear that there is one signature set and that it belongs together.
Result<asic::SignedManifest> find_manifest(const Container& container) {
  const auto no_signature = [&] {
    return reject("asic.no_signature", container.has_xades()
                                           ? "the container has only a XAdES signature; CAdES is required here"
                                           : "the container is not signed");
  };
  if (!container.manifest() && !container.signature()) return no_signature();
  if (!container.manifest()) return reject("asic.manifest", "the container has a signature but no ASiCManifest.xml");
  auto manifest = asic::read_signed_manifest(container.manifest()->content);
  if (!manifest) return failed(manifest);
  if (!container.signature()) return no_signature();
  if (manifest->signature_uri != container.signature()->name) {
    return reject("asic.manifest", "ASiCManifest.xml refers to the signature " + quoted(manifest->signature_uri) +
                                       ", which the container does not have");
  }
  if (container.has_xades()) return reject("asic.manifest", "the container has both a CAdES and a XAdES signature");
  return manifest;
}

Result<crypto::SignatureCheck> check_signature(const Container& container) {
  auto checked = crypto::verify_detached(container.signature()->content, container.manifest()->content);
  if (checked) return checked;
  Error error = checked.error();
  const std::string code = error.code == "cades.algorithm" ? "asic.algorithm" : "asic.signature";
  const auto disposition = error.disposition;
  return tl::unexpected<Error>(Error{
      code, "the container's signature was refused", disposition, {}, std::make_shared<const Error>(std::move(error))});
}

/// The document that a reference means: by its raw name (our profile), else percent-decoded (other producers).
Result<std::string> resolve(const std::string& uri, const Container& container) {
  if (asic::is_metadata(uri))
    return reject("asic.manifest", "ASiCManifest.xml refers to a file in META-INF: " + quoted(uri));
  const auto& digests = container.digests();
  if (digests.contains(uri)) return uri;
  if (auto decoded = percent_decode(uri); decoded && digests.contains(*decoded)) return std::move(*decoded);
  return reject("asic.missing_file", "a signed file is missing in the container: " + quoted(uri));
}

/// Every document is covered by exactly one reference, and is what was signed.
Result<void> check_coverage(const asic::SignedManifest& manifest, const Container& container) {
  if (manifest.files.empty()) return reject("asic.manifest", "ASiCManifest.xml covers no file");
  std::map<std::string, crypto::Sha256Digest> uncovered = container.digests();
  for (const auto& reference : manifest.files) {
    if (reference.algorithm != asic::sha256_uri && reference.algorithm != asic::old_sha256_uri) {
      return reject("asic.algorithm", "ASiCManifest.xml uses a digest algorithm other than SHA-256");
    }
    const auto name = resolve(reference.uri, container);
    if (!name) return failed(name);
    const auto found = uncovered.find(*name);
    if (found == uncovered.end())
      return reject("asic.manifest", "ASiCManifest.xml lists a file twice: " + quoted(*name));
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

Result<AsicContents> verify_asic(SeekableSource& zip, const ZipLimits& limits) {
  Container container;
  const auto read = for_each_entry(
      zip, limits, [&](const ZipEntry& entry, Source& content) { return container.visit(entry, content); });
  if (!read) return failed(read);
  const auto manifest = find_manifest(container);
  if (!manifest) return failed(manifest);
  auto signature = check_signature(container);
  if (!signature) return failed(signature);
  if (auto covered = check_coverage(*manifest, container); !covered) return failed(covered);
  // The least of all faults, hence last: the others say more.
  if (container.mimetype_misplaced())
    return reject("asic.mimetype", "the entry mimetype is not the first of the container");
  return AsicContents{container.take_documents(), std::move(signature->signer), signature->sha1,
                      std::move(signature->chain)};
}

}  // namespace kanal::formats
