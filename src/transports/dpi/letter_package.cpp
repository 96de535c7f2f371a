#include "transports/dpi/letter_package.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "base/ascii.hpp"
#include "crypto/cms.hpp"
#include "formats/asic.hpp"
#include "transports/asic_package.hpp"

namespace kanal::transports::dpi {
namespace {

namespace json = boost::json;

/// What stands for a title that the client did not give.
constexpr std::string_view no_title = "Missing title";

constexpr std::string_view pdf = "application/pdf";
constexpr std::array<std::string_view, 17> digital_types{
    pdf,
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

/// Document file name to metadata file name.
using MetadataFiles = std::map<std::string, std::string>;

MetadataFiles metadata_files(const domain::Sbd& sbd) {
  MetadataFiles out;
  const auto* body = sbd.body.if_object();
  const auto* files = body != nullptr ? body->if_contains("metadataFiler") : nullptr;
  if (files == nullptr || !files->is_object()) return out;
  for (const auto& entry : files->get_object()) {
    if (entry.value().is_string()) out[std::string(entry.key())] = entry.value().get_string();
  }
  return out;
}

bool is_metadata(const MetadataFiles& files, const std::string& filename) {
  return std::ranges::any_of(files, [&](const auto& entry) { return entry.second == filename; });
}

bool is_blank(const std::optional<std::string>& text) {
  return !text || text->find_first_not_of(" \t\r\n") == std::string::npos;
}

}  // namespace

bool is_metadata_file(const domain::Sbd& sbd, const std::string& filename) {
  return is_metadata(metadata_files(sbd), filename);
}

bool is_accepted_type(std::string_view mimetype, bool print) {
  auto type = mimetype.substr(0, mimetype.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (print) return same_ignoring_case(type, pdf);
  return std::ranges::any_of(digital_types, [&](auto accepted) { return same_ignoring_case(type, accepted); });
}

Result<formats::SdpManifest> manifest_of(const ports::OutboundDocument& document, const Sender& sender,
                                         const Recipient& recipient, const std::string& language) {
  const auto metadata = metadata_files(document.sbd);
  const auto described = [&](const ports::Attachment& file) {
    formats::SdpManifest::Document out{file.filename, file.mimetype,
                                       is_blank(file.title) ? std::string(no_title) : *file.title, language};
    const auto found = metadata.find(file.filename);
    if (found == metadata.end()) return out;
    for (const auto& other : document.files) {
      if (other.filename == found->second) out.metadata = {other.filename, other.mimetype};
    }
    return out;
  };
  formats::SdpManifest manifest;
  if (!recipient.mailbox.empty()) manifest.mailbox = recipient.mailbox;
  manifest.organisation = sender.organisation;
  manifest.sender_identifier = document.sbd.body_text("avsenderId");
  manifest.invoice_reference = document.sbd.body_text("fakturaReferanse");
  if (document.files.empty() || !document.files.front().primary) {
    return reject("dpi.no_main_document", "no file of the letter is the one that hoveddokument names");
  }
  manifest.main = described(document.files.front());
  for (auto file = document.files.begin() + 1; file != document.files.end(); ++file) {
    if (!is_metadata(metadata, file->filename)) manifest.attachments.push_back(described(*file));
  }
  return manifest;
}

Result<ports::BlobRef> write_package(const ports::OutboundDocument& document, const formats::SdpManifest& manifest,
                                     const crypto::Identity& signer, const crypto::Certificate& recipient,
                                     Time signing_time, ports::BlobStore& blobs) {
  const auto xml = formats::write_sdp_manifest(manifest);
  if (!xml) return failed(xml);
  std::vector<formats::AsicDocument> documents;
  documents.reserve(document.files.size());
  // All of them, metadata of attachments too: what the manifest refers to must be there (dpi.md section 12).
  const auto metadata = metadata_files(document.sbd);
  const auto add = [&](bool of_metadata) {
    for (const auto& file : document.files) {
      if (is_metadata(metadata, file.filename) == of_metadata)
        documents.push_back(packed_document(file.filename, file.mimetype, file.blob, blobs));
    }
  };
  add(false);
  add(true);
  auto blob = blobs.create({.md5 = false, .describe = true, .scratch = true});
  if (!blob) return failed(blob);
  auto cipher = crypto::make_cms_encryptor(recipient, crypto::KeyTransport::oaep_sha256, **blob);
  if (!cipher) return failed(cipher);
  auto written = formats::write_xades_asic(documents, *xml, signer, signing_time, **cipher);
  if (!written) return failed(written);
  if (auto sealed = (*cipher)->finish(); !sealed) return failed(sealed);
  if (auto complete = (*blob)->finish(); !complete) return failed(complete);
  return (*blob)->ref();
}

}  // namespace kanal::transports::dpi
