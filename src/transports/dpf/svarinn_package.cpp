#include "transports/dpf/svarinn_package.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "crypto/cms.hpp"
#include "formats/arkivmelding.hpp"
#include "formats/entry_name.hpp"
#include "transports/asic_package.hpp"
#include "transports/dpf/svarinn_arkivmelding.hpp"

namespace kanal::transports::dpf {
namespace {

constexpr std::uint64_t most_files = 1'000;
constexpr std::string_view unknown_type = "application/octet-stream";
constexpr std::string_view unnamed = "dokument";

/// Blobs that live as long as this.
class Scratch {
 public:
  explicit Scratch(ports::BlobStore& blobs) : blobs_(blobs) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    for (const auto& ref : kept_) (void)ports::remove_scratch(blobs_, ref).has_value();
  }
  /// What `write` pushes, with its digests.
  template <class Write>
  Result<ports::BlobRef> make(Write&& write) {
    auto blob = blobs_.create({.describe = true, .scratch = true});
    if (!blob) return failed(blob);
    if (auto written = write(**blob); !written) return failed(written);
    if (auto finished = (*blob)->finish(); !finished) return failed(finished);
    kept_.push_back((*blob)->ref());
    return kept_.back();
  }

 private:
  ports::BlobStore& blobs_;
  std::vector<ports::BlobRef> kept_{};
};

/// A file of the forsendelse as it came.
struct Unpacked {
  std::string given;  ///< as KS called it
  std::string name;   ///< as it is called in the container
  ports::BlobRef blob;
  const InnFile* told = nullptr;  ///< its line in the list
};

tl::unexpected<Error> damaged(const std::string& what) { return reject("dpf.damaged", what); }
/// Errors of the content become one code; those of the spool stay.
template <class R>
tl::unexpected<Error> damaged_by(R&& result, const std::string& what) {
  if (result.error().disposition == Disposition::retry) return failed(std::forward<R>(result));
  return damaged(what + ": " + result.error().text());
}

Result<ports::BlobRef> decrypt(const ports::BlobRef& raw, const Repacking& how, Scratch& scratch,
                               ports::BlobStore& blobs) {
  auto sealed = blobs.open(raw);
  if (!sealed) return failed(sealed);
  auto plain = scratch.make([&](Sink& into) -> Result<void> {
    const auto cipher = crypto::make_cms_decryptor(how.keys, into);
    if (auto copied = copy(**sealed, *cipher); !copied) return failed(copied);
    return cipher->finish();
  });
  if (plain) return plain;
  const auto& code = plain.error().code;
  if (code == "cms.recipient" || code == "cms.key") {
    return retry("dpf.certificate",
                 "the content is encrypted for another certificate: the one uploaded at KS for this receiving system "
                 "does not match difi.move.fiks.keystore; upload the right one, or set the keystore");
  }
  return damaged_by(plain, "the content cannot be decrypted");
}

bool ends_like_zip(std::string_view name) { return name.ends_with(".zip") || name.ends_with(".ZIP"); }

/// One file may come as it is. A zip that *is* the document looks like a zip of documents: the digest in the list tells
/// them apart, or the name.
Result<bool> is_lone(const InnForsendelse& forsendelse, const InnDownload& download, const ports::BlobRef& plain,
                     ports::BlobStore& blobs) {
  const auto& files = forsendelse.files;
  if (files.size() == 1 && files.front().sha256 == to_hex(plain.sha256)) return true;
  const auto& type = download.content_type;
  const bool says_nothing = type.empty() || type.starts_with(unknown_type);
  if (!says_nothing && type.find("zip") == std::string::npos) return true;
  if (!says_nothing) return false;
  if (files.size() == 1 && files.front().sha256.empty() && !download.filename.empty() &&
      !ends_like_zip(download.filename)) {
    return true;
  }
  auto source = blobs.open(plain);
  if (!source) return failed(source);
  std::array<std::byte, 4> head{};
  auto count = (*source)->read(head);
  if (!count) return failed(count);
  const auto magic = text_of(ByteView(head).first(*count));
  return magic != std::string_view("PK\x03\x04", 4) && magic != std::string_view("PK\x05\x06", 4);
}

/// The last part of a path, of either kind.
std::string base_name(std::string_view path) {
  const auto slash = path.find_last_of("/\\");
  std::string name(slash == std::string_view::npos ? path : path.substr(slash + 1));
  return formats::check_entry_name(name) ? name : std::string(unnamed);
}

/// Names in the container: no two alike, and none of those that the container itself needs.
class Names {
 public:
  std::string unique(const std::string& wanted) {
    auto name = wanted;
    for (int number = 2; !taken_.insert(formats::entry_name_key(name)).second; ++number) {
      const auto dot = wanted.find_last_of('.');
      const auto end = dot == std::string::npos || dot == 0 ? wanted.size() : dot;
      name = fmt::format("{} ({}){}", wanted.substr(0, end), number, wanted.substr(end));
    }
    return name;
  }

 private:
  std::set<std::string> taken_{formats::entry_name_key(formats::arkivmelding_file_name),
                               formats::entry_name_key("manifest.xml"), formats::entry_name_key("mimetype")};
};

Result<std::vector<Unpacked>> unzip(const ports::BlobRef& plain, Scratch& scratch, ports::BlobStore& blobs) {
  auto zip = blobs.open(plain);
  if (!zip) return failed(zip);
  formats::ZipLimits limits;
  limits.max_entries = most_files;
  std::vector<Unpacked> files;
  Names names;
  auto read = formats::for_each_entry(**zip, limits, [&](const formats::ZipEntry& entry, Source& content) {
    if (entry.name.ends_with('/')) return Result<void>{};
    auto blob = scratch.make([&](Sink& into) -> Result<void> {
      if (auto copied = copy(content, into); !copied) return failed(copied);
      return {};
    });
    if (!blob) return Result<void>(failed(blob));
    files.push_back({entry.name, names.unique(base_name(entry.name)), std::move(*blob)});
    return Result<void>{};
  });
  if (!read) return damaged_by(read, "the zip cannot be unpacked");
  return files;
}

std::vector<Unpacked> lone_file(const InnForsendelse& forsendelse, const InnDownload& download,
                                const ports::BlobRef& plain) {
  const auto& told = forsendelse.files;
  const auto name = !told.empty() && !told.front().filnavn.empty() ? told.front().filnavn : download.filename;
  return {{name, Names().unique(base_name(name)), plain}};
}

/// Finds each line of the list its file: by name, and what is left over in order. A line told twice counts once.
Result<void> match(const InnForsendelse& forsendelse, std::vector<Unpacked>& files) {
  std::vector<const InnFile*> left;
  for (const auto& told : forsendelse.files) {
    const auto found = std::ranges::find_if(files, [&](const Unpacked& file) {
      return file.told == nullptr && (file.given == told.filnavn || base_name(file.given) == told.filnavn);
    });
    if (found != files.end()) {
      found->told = &told;
      continue;
    }
    const bool again = std::ranges::any_of(
        files, [&](const Unpacked& file) { return file.told != nullptr && file.told->filnavn == told.filnavn; });
    if (!again) left.push_back(&told);
  }
  for (auto& file : files) {
    if (file.told != nullptr || left.empty()) continue;
    file.told = left.front();
    left.erase(left.begin());
  }
  if (!left.empty()) return damaged(fmt::format("{} of the files that the list names are missing", left.size()));
  for (const auto& file : files) {
    if (file.told == nullptr || file.told->sha256.empty() || file.told->sha256 == to_hex(file.blob.sha256)) continue;
    return damaged("a file has another content than the list says: their digests differ");
  }
  return {};
}

/// In the order of the list, then what it does not name.
std::vector<ArchivedFile> archived(const InnForsendelse& forsendelse, const std::vector<Unpacked>& files) {
  std::vector<ArchivedFile> documents;
  const auto add = [&](const Unpacked& file) {
    const bool named = file.told != nullptr && !file.told->filnavn.empty();
    documents.push_back({file.name, named ? file.told->filnavn : file.name,
                         file.told != nullptr ? file.told->dokumenttype : std::string{}});
  };
  for (const auto& told : forsendelse.files) {
    const auto found = std::ranges::find(files, &told, &Unpacked::told);
    if (found != files.end()) add(*found);
  }
  for (const auto& file : files) {
    if (file.told == nullptr) add(file);
  }
  return documents;
}

}  // namespace

Result<ports::BlobRef> repack(const InnForsendelse& forsendelse, const InnDownload& download, const ports::BlobRef& raw,
                              const Repacking& how, ports::BlobStore& blobs) {
  Scratch scratch(blobs);
  auto plain = decrypt(raw, how, scratch, blobs);
  if (!plain) return failed(plain);
  const auto lone = is_lone(forsendelse, download, *plain, blobs);
  if (!lone) return failed(lone);
  auto files =
      *lone ? Result<std::vector<Unpacked>>(lone_file(forsendelse, download, *plain)) : unzip(*plain, scratch, blobs);
  if (!files) return failed(files);
  if (auto matched = match(forsendelse, *files); !matched) return failed(matched);

  const auto text = write_arkivmelding(forsendelse, archived(forsendelse, *files), how.now);
  auto arkivmelding = scratch.make([&](Sink& into) { return into.write(bytes_of(text)); });
  if (!arkivmelding) return failed(arkivmelding);
  std::vector<formats::AsicDocument> documents{
      packed_document(std::string(formats::arkivmelding_file_name), "application/xml", *arkivmelding, blobs)};
  for (const auto& file : *files) {
    const bool typed = file.told != nullptr && !file.told->mimetype.empty();
    documents.push_back(packed_document(
        file.name, std::string(typed ? std::string_view(file.told->mimetype) : unknown_type), file.blob, blobs));
  }
  auto container = blobs.create({.describe = false});
  if (!container) return failed(container);
  if (auto written = formats::write_asic(documents, how.parties, how.signer, how.now, **container); !written) {
    return damaged_by(written, "the files cannot be packed");
  }
  if (auto durable = (*container)->finish(); !durable) return failed(durable);
  return (*container)->ref();
}

}  // namespace kanal::transports::dpf
