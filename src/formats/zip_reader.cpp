// Entries are unpacked by libarchive, but it never parses the archive: for every entry it is shown a plain local header
// made from the checked directory, followed by that entry's packed bytes and nothing else. What it unpacks can thus be
// no other file than the one that was checked, and its opinions about extra fields, links, encodings and damaged
// directories have no effect.
//
//   view = local-header(version, flags 0, method, crc, sizes, name "e" [zip64 extra]) packed-bytes
#include "formats/zip_reader.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "formats/entry_name.hpp"
#include "formats/zip_directory.hpp"
#include "formats/zip_format.hpp"

namespace kanal::formats {

namespace {

using zip::PlacedEntry;

Bytes plain_header(const ZipEntry& entry) {
  const bool wide = entry.size >= zip::in_zip64_32 || entry.compressed_size >= zip::in_zip64_32;
  zip::Record record;
  record.u32(zip::local_signature).u16(wide ? zip::version_zip64 : zip::version_plain).u16(0);
  record.u16(entry.stored ? zip::method_stored : zip::method_deflated).u16(0).u16(0x21).u32(entry.crc32);
  record.u32(wide ? zip::in_zip64_32 : static_cast<std::uint32_t>(entry.compressed_size));
  record.u32(wide ? zip::in_zip64_32 : static_cast<std::uint32_t>(entry.size));
  record.u16(1).u16(wide ? 20 : 0).text("e");
  if (wide) record.u16(zip::extra_zip64).u16(16).u64(entry.size).u64(entry.compressed_size);
  return record.bytes();
}

/// What libarchive reads: the header, then the packed bytes.
class EntryView {
 public:
  EntryView(SeekableSource& zip, const PlacedEntry& placed, std::span<std::byte> buffer)
      : zip_(zip), buffer_(buffer), header_(plain_header(placed.entry)), left_(placed.entry.compressed_size) {}

  /// libarchive's read callback: the next piece, 0 at the end, -1 on an error that take_error() keeps.
  static la_ssize_t read(struct archive*, void* self, const void** piece) {
    return static_cast<EntryView*>(self)->next(piece);
  }
  [[nodiscard]] std::optional<Error> take_error() { return std::exchange(error_, std::nullopt); }
  [[nodiscard]] bool all_read() const { return left_ == 0; }

 private:
  la_ssize_t next(const void** piece) {
    if (!std::exchange(header_sent_, true)) {
      *piece = header_.data();
      return static_cast<la_ssize_t>(header_.size());
    }
    if (left_ == 0) return 0;
    const auto count =
        zip_.read(buffer_.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, buffer_.size()))));
    if (!count || *count == 0) {
      error_ = count ? Error{"zip.truncated", "the zip ends too early: the transfer was cut"} : count.error();
      return -1;
    }
    left_ -= *count;
    *piece = buffer_.data();
    return static_cast<la_ssize_t>(*count);
  }

  SeekableSource& zip_;
  std::span<std::byte> buffer_;
  Bytes header_;
  bool header_sent_ = false;
  std::uint64_t left_;
  std::optional<Error> error_{};
};

struct FreeArchive {
  void operator()(struct archive* a) const { archive_read_free(a); }
};

/// The unpacked content of one entry. The read() that gives 0 has verified size and CRC.
class EntrySource final : public Source {
 public:
  EntrySource(SeekableSource& zip, const PlacedEntry& placed, std::span<std::byte> buffer)
      : entry_(placed.entry), view_(zip, placed, buffer), archive_(archive_read_new()) {}

  Result<void> open() {
    if (!archive_) throw std::bad_alloc();
    if (archive_read_support_format_zip_streamable(archive_.get()) != ARCHIVE_OK ||
        archive_read_set_options(archive_.get(), "zip:ignorecrc32") != ARCHIVE_OK) {
      return bug("zip.libarchive", "libarchive lacks the zip format");
    }
    struct archive_entry* ignored = nullptr;
    if (archive_read_open(archive_.get(), &view_, nullptr, &EntryView::read, nullptr) != ARCHIVE_OK ||
        archive_read_next_header(archive_.get(), &ignored) != ARCHIVE_OK) {
      return damaged();
    }
    return {};
  }

  Result<std::size_t> read(std::span<std::byte> into) override {
    while (piece_.empty()) {
      if (ended_) return std::size_t{0};
      if (failed_) return tl::unexpected<Error>(*failed_);
      if (auto more = next_piece(); !more) {
        failed_ = more.error();
        return failed(more);
      }
    }
    const std::size_t count = std::min(into.size(), piece_.size());
    std::copy_n(piece_.begin(), count, into.begin());
    piece_ = piece_.subspan(count);
    return count;
  }

  /// Reads on to the end for the sake of the checks.
  Result<void> drain() {
    while (!ended_) {
      if (failed_) return tl::unexpected<Error>(*failed_);
      piece_ = {};
      if (auto more = next_piece(); !more) return failed(more);
    }
    return {};
  }

 private:
  tl::unexpected<Error> damaged() {
    if (auto error = view_.take_error()) return tl::unexpected<Error>(std::move(*error));
    return reject("zip.malformed", "the content of \"" + printable_name(entry_.name) + "\" in the zip is damaged");
  }

  Result<void> next_piece() {
    const void* data = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int status = archive_read_data_block(archive_.get(), &data, &size, &offset);
    if (status == ARCHIVE_EOF) return finish();
    if (status != ARCHIVE_OK || offset != static_cast<la_int64_t>(done_)) return damaged();
    if (size > entry_.size - done_) return damaged();
    if (size == 0) return {};  // zlib takes a null pointer for a new start
    piece_ = {static_cast<const std::byte*>(data), size};
    done_ += size;
    crc_ = crc32_z(crc_, static_cast<const Bytef*>(data), size);
    return {};
  }

  Result<void> finish() {
    if (done_ != entry_.size || crc_ != entry_.crc32 || !view_.all_read()) return damaged();
    ended_ = true;
    return {};
  }

  const ZipEntry& entry_;
  EntryView view_;
  std::unique_ptr<struct archive, FreeArchive> archive_;
  ByteView piece_{};  ///< unpacked, not yet given out; libarchive's memory
  std::uint64_t done_ = 0;
  uLong crc_ = 0;
  bool ended_ = false;
  std::optional<Error> failed_{};
};

}  // namespace

Result<std::vector<ZipEntry>> read_zip_directory(SeekableSource& zip, const ZipLimits& limits) {
  auto placed = zip::read_directory(zip, limits);
  if (!placed) return failed(placed);
  std::vector<ZipEntry> entries;
  entries.reserve(placed->size());
  for (auto& each : *placed) entries.push_back(std::move(each.entry));
  return entries;
}

Result<void> for_each_entry(SeekableSource& zip, const ZipLimits& limits,
                            const std::function<Result<void>(const ZipEntry&, Source&)>& visit) {
  const auto placed = zip::read_directory(zip, limits);
  if (!placed) return failed(placed);
  Bytes buffer(stream_chunk);
  for (const auto& each : *placed) {
    if (auto sought = zip.seek(each.data_offset); !sought) return failed(sought);
    EntrySource content(zip, each, buffer);
    if (auto opened = content.open(); !opened) return failed(opened);
    if (auto visited = visit(each.entry, content); !visited) return failed(visited);
    if (auto drained = content.drain(); !drained) return failed(drained);
  }
  return {};
}

}  // namespace kanal::formats
