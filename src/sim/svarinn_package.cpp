#include "sim/svarinn_package.hpp"

#include <algorithm>
#include <functional>
#include <string>

#include "crypto/cms.hpp"
#include "formats/zip_writer.hpp"

namespace kanal::sim {
namespace {

/// Encrypts what `write` pushes, or lets it through.
Result<std::shared_ptr<const TemporaryFile>> packed(const crypto::Certificate* recipient,
                                                    const std::filesystem::path& folder,
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
  return std::shared_ptr<const TemporaryFile>(std::move(*file));
}

constexpr std::string_view innocent_folder = "@@/";

/// Our writer writes no name that leads out of a folder, so such names are made of innocent ones on their way out.
class OutOfFolder final : public Sink {
 public:
  explicit OutOfFolder(Sink& to) : to_(to) {}
  Result<void> write(ByteView bytes) override {
    std::string text(text_of(bytes));
    for (auto at = text.find(innocent_folder); at != std::string::npos; at = text.find(innocent_folder, at)) {
      text.replace(at, innocent_folder.size(), "../");
    }
    return to_.write(bytes_of(text));
  }
  Result<void> finish() override { return {}; }

 private:
  Sink& to_;
};

Result<void> write_zip(const Forsendelse& forsendelse, EntryNames names, Sink& to) {
  OutOfFolder out_of_folder(to);
  const bool traversal = names == EntryNames::traversal;
  Sink& chosen = traversal ? static_cast<Sink&>(out_of_folder) : to;
  formats::ZipWriter zip(chosen);
  const std::string folder = traversal ? std::string(innocent_folder) : names == EntryNames::in_folder ? "mappe/" : "";
  for (const auto& dokument : forsendelse.dokumenter) {
    const auto content = dokument.content->reader();
    if (auto added = zip.add_deflated(folder + dokument.filnavn, *content); !added) return added;
  }
  return zip.finish();
}

class PackageSource final : public Source {
 public:
  PackageSource(std::shared_ptr<const TemporaryFile> content, std::uint64_t end, bool breaks)
      : content_(std::move(content)), reader_(content_->reader()), rest_(end), breaks_(breaks) {}
  Result<std::size_t> read(std::span<std::byte> into) override {
    if (rest_ == 0 && breaks_) return reject("sim.fault", "the connection breaks here");
    if (rest_ == 0) return std::size_t{0};
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), rest_));
    auto count = reader_->read(into.first(most));
    if (count) rest_ -= *count;
    return count;
  }

 private:
  std::shared_ptr<const TemporaryFile> content_;
  std::unique_ptr<SeekableSource> reader_;
  std::uint64_t rest_;
  bool breaks_;
};

}  // namespace

Result<SvarInnPackage> make_package(const Forsendelse& forsendelse, const PackageOrder& order,
                                    const std::filesystem::path& folder) {
  const auto& dokumenter = forsendelse.dokumenter;
  if (!std::ranges::all_of(dokumenter, [](const ForsendelseDokument& one) { return one.content != nullptr; })) {
    return reject("svarinn.content", "the documents of " + forsendelse.id + " are gone");
  }
  SvarInnPackage out;
  const bool lone = order.lone && !dokumenter.empty();
  out.content_type = lone ? dokumenter.front().mimetype : "application/zip;charset=UTF-8";
  out.filename = lone ? dokumenter.front().filnavn : "dokumenter-" + forsendelse.id + ".zip";
  auto content = packed(order.recipient, folder, [&](Sink& sink) -> Result<void> {
    if (!lone) return write_zip(forsendelse, order.names, sink);
    const auto reader = dokumenter.front().content->reader();
    if (auto copied = copy(*reader, sink); !copied) return failed(copied);
    return {};
  });
  if (!content) return failed(content);
  out.content = std::move(*content);
  return out;
}

Result<std::shared_ptr<const TemporaryFile>> make_package(ByteView content, const crypto::Certificate* recipient,
                                                          const std::filesystem::path& folder) {
  return packed(recipient, folder, [&](Sink& sink) { return sink.write(content); });
}

std::unique_ptr<Source> read_package(std::shared_ptr<const TemporaryFile> content, DownloadEnd end,
                                     std::uint64_t& size) {
  const auto whole = content->size();
  const auto shown = end == DownloadEnd::whole ? whole : whole / 2;
  size = end == DownloadEnd::truncated ? shown : whole;
  return std::make_unique<PackageSource>(std::move(content), shown, end == DownloadEnd::broken);
}

}  // namespace kanal::sim
