#include "sim/fiks_io_payload.hpp"

#include <zlib.h>

#include <functional>

#include <fmt/format.h>

#include "crypto/cms.hpp"
#include "crypto/digest.hpp"
#include "formats/asic.hpp"
#include "sim/fiks_io_cms.hpp"

namespace kanal::sim {
namespace {

using SharedFile = std::shared_ptr<const TemporaryFile>;

Result<SharedFile> packed(const crypto::Certificate* recipient, const std::filesystem::path& folder,
                          const std::function<Result<void>(Sink&)>& write) {
  auto file = TemporaryFile::make(folder);
  if (!file) return failed(file);
  if (recipient == nullptr) {
    if (auto written = write(**file); !written) return failed(written);
  } else {
    auto encryptor = crypto::make_cms_encryptor(*recipient, crypto::KeyTransport::oaep_sha256, **file);
    if (!encryptor) return failed(encryptor);
    if (auto written = write(**encryptor); !written) return failed(written);
    if (auto done = (*encryptor)->finish(); !done) return failed(done);
  }
  return SharedFile(std::move(*file));
}

formats::AsicDocument asic_document(const FiksIoDocument& document) {
  const std::string_view content = document.content;
  return {document.name,
          document.mimetype,
          content.size(),
          static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size())),
          crypto::sha256(bytes_of(content)),
          [content]() -> Result<std::unique_ptr<Source>> { return std::make_unique<MemorySource>(bytes_of(content)); }};
}

tl::unexpected<Error> refuse(const std::string& why) { return reject("fiksio.asic", "the container " + why); }

/// What verify_asic() lets pass and the format does not.
Result<void> check_layout(SeekableSource& zip) {
  const auto entries = formats::read_zip_directory(zip, {});
  if (!entries) return failed(entries);
  if (entries->empty() || entries->front().name != "mimetype" || !entries->front().stored) {
    return refuse("does not begin with a stored mimetype");
  }
  if (entries->back().name != "META-INF/manifest.xml") return refuse("does not end with META-INF/manifest.xml");
  return {};
}

Result<std::vector<FiksIoReceived>> received(SeekableSource& zip) {
  std::vector<FiksIoReceived> out;
  auto read = formats::for_each_entry(zip, {}, [&](const formats::ZipEntry& entry, Source& content) -> Result<void> {
    if (entry.name == "mimetype" || entry.name.starts_with("META-INF/")) return {};
    crypto::Hasher hasher(crypto::DigestAlgorithm::sha256);
    Bytes buffer(stream_chunk);
    while (true) {
      const auto count = content.read(buffer);
      if (!count) return failed(count);
      if (*count == 0) break;
      hasher.update(ByteView(buffer).first(*count));
    }
    out.push_back({entry.name, entry.size, to_hex(hasher.finish())});
    return {};
  });
  if (!read) return failed(read);
  return out;
}

}  // namespace

Result<SharedFile> make_fiks_io_payload(const std::vector<FiksIoDocument>& documents, const crypto::Identity& signer,
                                        const crypto::Certificate& recipient, Time now,
                                        const std::filesystem::path& folder) {
  std::vector<formats::AsicDocument> files;
  files.reserve(documents.size());
  for (const auto& document : documents) files.push_back(asic_document(document));
  return packed(&recipient, folder, [&](Sink& sink) { return formats::write_plain_asic(files, signer, now, sink); });
}

Result<SharedFile> make_fiks_io_payload(ByteView content, const crypto::Certificate* recipient,
                                        const std::filesystem::path& folder) {
  return packed(recipient, folder, [&](Sink& sink) { return sink.write(content); });
}

Result<FiksIoOpened> open_fiks_io_payload(const TemporaryFile& payload, const crypto::Identity& receiver,
                                          const std::filesystem::path& folder, crypto::CertificateCache* known) {
  auto plain = TemporaryFile::make(folder);
  if (!plain) return failed(plain);
  const auto source = payload.reader();
  Bytes beginning(stream_chunk);
  const auto count = source->read(beginning);
  if (!count) return failed(count);
  if (auto good = check_fiks_io_cms(ByteView(beginning).first(*count)); !good) return failed(good);
  if (auto again = source->seek(0); !again) return failed(again);
  const auto decryptor = crypto::make_cms_decryptor({receiver}, **plain);
  if (auto copied = copy(*source, *decryptor); !copied) return failed(copied);
  if (auto done = decryptor->finish(); !done) return failed(done);

  const auto zip = (*plain)->reader();
  if (auto good = check_layout(*zip); !good) return failed(good);
  auto contents = formats::verify_asic(*zip, {}, known);
  if (!contents) return failed(contents);
  if (contents->documents.empty()) return refuse("has no files");
  if (contents->sha1_signature) return refuse("is signed with SHA-1");
  auto documents = received(*zip);
  if (!documents) return failed(documents);
  return FiksIoOpened{std::move(*documents), std::move(contents->signer)};
}

}  // namespace kanal::sim
