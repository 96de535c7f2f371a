#include "sim/dpi_package.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "crypto/cms.hpp"
#include "formats/asic.hpp"
#include "formats/sdp_manifest.hpp"

namespace kanal::sim {
namespace {

constexpr std::string_view manifest_name = "manifest.xml";
constexpr std::uint64_t max_manifest = std::uint64_t{1} << 20U;
constexpr std::uint64_t max_inflated = std::uint64_t{1} << 30U;
constexpr std::string_view pdf = "application/pdf";

constexpr std::array<std::string_view, 17> digital_types{
    "application/pdf",
    "text/html",
    "text/plain",
    "application/ehf+xml",
    "image/gif",
    "image/jpeg",
    "image/png",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.formula",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
    "application/vnd.oasis.opendocument.graphics",
    "application/octet-stream"};

struct File {
  std::uint64_t size = 0;
  std::string sha256;
};

/// Every file of the package by its name, and manifest.xml itself.
struct Files {
  std::map<std::string, File> by_name;
  Bytes manifest;
};

Result<Files> read_files(SeekableSource& container, const formats::ZipLimits& limits) {
  Files out;
  auto visited =
      formats::for_each_entry(container, limits, [&](const formats::ZipEntry& entry, Source& content) -> Result<void> {
        if (entry.name == manifest_name) {
          auto bytes = read_all(content, max_manifest);
          if (!bytes) return failed(bytes);
          out.manifest = std::move(*bytes);
          return {};
        }
        crypto::Hasher hasher(crypto::DigestAlgorithm::sha256);
        Bytes buffer(stream_chunk);
        for (;;) {
          const auto got = content.read(buffer);
          if (!got) return failed(got);
          if (*got == 0) break;
          hasher.update(ByteView(buffer).first(*got));
        }
        out.by_name[entry.name] = {entry.size, to_hex(hasher.finish())};
        return {};
      });
  if (!visited) return failed(visited);
  return out;
}

Result<void> check_against(const formats::SdpManifest& manifest, const DpiMessage& message) {
  const auto differs = [](std::string_view what) {
    return reject("package.manifest", "the manifest and the message differ in " + std::string(what));
  };
  if (manifest.organisation != "0192:" + message.organisation) return differs("avsender");
  if (manifest.sender_identifier != message.sender_unit.value_or("")) return differs("avsenderidentifikator");
  const bool digital = message.type == DpiType::digital;
  if (digital != manifest.mailbox.has_value() || (digital && *manifest.mailbox != message.mailbox)) {
    return differs("mottaker");
  }
  return {};
}

Result<std::vector<ReceivedDocument>> documents_of(const formats::SdpManifest& manifest, const Files& files) {
  std::vector<ReceivedDocument> out;
  Result<void> good;
  const auto add = [&](const std::string& href, const std::string& mime, const std::string& title, bool metadata) {
    const auto file = files.by_name.find(href);
    if (file == files.by_name.end()) {
      good = reject("package.manifest", "the manifest names the file " + href + ", which is not in the package");
    } else {
      out.push_back({href, mime, title, file->second.size, file->second.sha256, metadata});
    }
  };
  const auto add_document = [&](const formats::SdpManifest::Document& document) {
    add(document.href, document.mime, document.title, false);
    if (document.metadata) add(document.metadata->href, document.metadata->mime, {}, true);
  };
  add_document(manifest.main);
  for (const auto& attachment : manifest.attachments) add_document(attachment);
  if (!good) return failed(good);
  return out;
}

}  // namespace

PackageReader::PackageReader(const crypto::Identity& supplier, std::unique_ptr<TemporaryFile> plain)
    : plain_(std::move(plain)), decryptor_(crypto::make_cms_decryptor({supplier}, *plain_)) {}

Result<std::unique_ptr<PackageReader>> PackageReader::make(const crypto::Identity& supplier,
                                                           const std::filesystem::path& folder) {
  auto plain = TemporaryFile::make(folder);
  if (!plain) return failed(plain);
  return std::unique_ptr<PackageReader>(new PackageReader(supplier, std::move(*plain)));
}

void PackageReader::write(ByteView bytes) {
  size_ += bytes.size();
  hasher_.update(bytes);
  if (state_) state_ = decryptor_->write(bytes);
}

Result<ReceivedPackage> PackageReader::finish(const DpiMessage& message, crypto::CertificateCache* known) {
  const auto fingerprint = to_base64(hasher_.finish());
  if (fingerprint != to_base64(from_base64(message.digest).value_or(Bytes{}))) {
    return reject("package.digest", "the SHA-256 of dokumentpakke is not the digestValue of the message");
  }
  if (state_) state_ = decryptor_->finish();
  if (!state_) return failed(state_);
  const auto container = plain_->reader();
  formats::ZipLimits limits;
  limits.max_total_size = max_inflated;
  auto contents = formats::verify_xades_asic(*container, limits, known);
  if (!contents) return failed(contents);
  if (auto rewound = container->seek(0); !rewound) return failed(rewound);
  const auto files = read_files(*container, limits);
  if (!files) return failed(files);
  const auto manifest = formats::read_sdp_manifest(files->manifest);
  if (!manifest) return failed(manifest);
  if (auto same = check_against(*manifest, message); !same) return failed(same);
  auto documents = documents_of(*manifest, *files);
  if (!documents) return failed(documents);
  return ReceivedPackage{fingerprint, contents->signer, std::move(contents->signer_chain), std::move(*documents)};
}

std::string supplier_objection(DpiType type, const std::vector<ReceivedDocument>& documents) {
  for (const auto& document : documents) {
    if (document.metadata) continue;  // metadata documents have types of their own
    const bool good = type == DpiType::utskrift
                          ? document.mime == pdf
                          : std::ranges::find(digital_types, document.mime) != digital_types.end();
    if (!good) return "Dokumentet " + document.href + " har en filtype som ikke er tillatt: " + document.mime;
  }
  return {};
}

}  // namespace kanal::sim
