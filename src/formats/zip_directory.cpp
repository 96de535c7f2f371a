// Grammar: zip_format.hpp (PKWARE APPNOTE 4.3). Two readers of one zip must never see different files: the case system
// gets the same bytes and may read them front to back, without the directory. So only archives that leave no choice are
// accepted:
//
//   - the end record ends the file, and there is one only;
//   - directory, zip64 end, locator and end follow each other without a gap;
//   - local headers repeat what the directory says (with bit 3: zeros, and the descriptor says it);
//   - entries follow each other from offset 0 to the directory without gap or overlap.
#include "formats/zip_directory.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>

#include "formats/entry_name.hpp"
#include "formats/zip_format.hpp"

namespace kanal::formats::zip {

namespace {

constexpr std::size_t longest_comment = 0xffff;
constexpr std::uint64_t ratio_checked_from = std::uint64_t{1} << 20;

tl::unexpected<Error> malformed(std::string why) { return reject("zip.malformed", "the zip is damaged: " + why); }
tl::unexpected<Error> truncated() { return reject("zip.truncated", "the zip ends too early: the transfer was cut"); }

/// Reads forward from any place, in pieces that suit small records.
class Cursor {
 public:
  Cursor(SeekableSource& source, std::uint64_t offset, std::size_t buffer_size)
      : source_(source), next_(offset), buffer_(buffer_size) {}

  /// The next `count` bytes, at most the buffer's size; valid until the next call.
  Result<ByteView> take(std::size_t count) {
    if (auto filled = fill(count); !filled) return failed(filled);
    const ByteView result = ByteView(buffer_).subspan(begin_, count);
    begin_ += count;
    return result;
  }

 private:
  Result<void> fill(std::size_t count) {
    if (end_ - begin_ >= count) return {};
    if (count > source_.size() - std::min(next_, source_.size()) + (end_ - begin_)) return truncated();
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    if (count > buffer_.size()) buffer_.resize(count);
    if (auto sought = source_.seek(next_); !sought) return failed(sought);
    while (end_ < count) {
      const auto got = source_.read(std::span(buffer_).subspan(end_));
      if (!got) return failed(got);
      if (*got == 0) return truncated();
      end_ += *got;
      next_ += *got;
    }
    return {};
  }

  SeekableSource& source_;
  std::uint64_t next_;  ///< where the source continues after what is buffered
  Bytes buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// Where the directory is.
struct Place {
  std::uint64_t count = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
};

/// The offset of the end record in the tail of the file.
Result<std::size_t> find_end(ByteView tail, bool starts_like_zip) {
  std::optional<std::size_t> found;
  bool too_early = false;
  for (std::size_t at = 0; at + end_size <= tail.size(); ++at) {
    if (tail[at] != std::byte{'P'} || load<std::uint32_t>(tail, at) != end_signature) continue;
    const std::size_t end = at + end_size + load<std::uint16_t>(tail, at + 20);
    if (end == tail.size()) {
      if (found) return malformed("it has two ends");
      found = at;
    }
    too_early = too_early || end < tail.size();
  }
  if (found) return *found;
  if (!starts_like_zip) return reject("zip.not_zip", "the file is not a zip archive");
  if (too_early) return malformed("something follows its end");
  return truncated();
}

/// Takes the numbers from the zip64 end record, which must stand directly before its locator.
Result<Place> read_zip64_end(SeekableSource& zip, std::uint64_t locator_offset, ByteView locator) {
  const auto offset = load<std::uint64_t>(locator, 8);
  if (load<std::uint32_t>(locator, 4) != 0 || load<std::uint32_t>(locator, 16) != 1)
    return malformed("it has several volumes");
  if (offset > locator_offset || locator_offset - offset < zip64_end_size)
    return malformed("its zip64 end is misplaced");
  Cursor cursor(zip, offset, zip64_end_size);
  const auto record = cursor.take(zip64_end_size);
  if (!record) return failed(record);
  if (load<std::uint32_t>(*record, 0) != zip64_end_signature ||
      load<std::uint64_t>(*record, 4) != locator_offset - offset - 12) {
    return malformed("its zip64 end is unreadable");
  }
  if (load<std::uint32_t>(*record, 16) != 0 || load<std::uint32_t>(*record, 20) != 0)
    return malformed("it has several volumes");
  const Place place{load<std::uint64_t>(*record, 32), load<std::uint64_t>(*record, 40),
                    load<std::uint64_t>(*record, 48)};
  if (load<std::uint64_t>(*record, 24) != place.count) return malformed("its zip64 end contradicts itself");
  if (place.offset > offset || offset - place.offset != place.size) return malformed("its directory is misplaced");
  return place;
}

/// Reads the end records.
Result<Place> locate_directory(SeekableSource& zip) {
  const std::uint64_t total = zip.size();
  std::array<std::byte, 4> start{};
  if (total < start.size()) return reject("zip.not_zip", "the file is not a zip archive");
  Cursor head(zip, 0, start.size());
  const auto first = head.take(start.size());
  if (!first) return failed(first);
  const auto signature = load<std::uint32_t>(*first, 0);

  const auto tail_size =
      static_cast<std::size_t>(std::min<std::uint64_t>(total, end_size + longest_comment + zip64_locator_size));
  Cursor cursor(zip, total - tail_size, tail_size);
  const auto tail = cursor.take(tail_size);
  if (!tail) return failed(tail);
  const auto end = find_end(*tail, signature == local_signature || signature == end_signature);
  if (!end) return failed(end);

  const ByteView record = tail->subspan(*end, end_size);
  const auto short_count = load<std::uint16_t>(record, 10);
  const Place place{short_count, load<std::uint32_t>(record, 12), load<std::uint32_t>(record, 16)};
  if (load<std::uint16_t>(record, 4) != 0 || load<std::uint16_t>(record, 6) != 0)
    return malformed("it has several volumes");
  if (load<std::uint16_t>(record, 8) != short_count) return malformed("its end contradicts itself");

  const std::uint64_t end_offset = total - tail_size + *end;
  if (*end >= zip64_locator_size && load<std::uint32_t>(*tail, *end - zip64_locator_size) == zip64_locator_signature) {
    const auto wide = read_zip64_end(zip, end_offset - zip64_locator_size,
                                     tail->subspan(*end - zip64_locator_size, zip64_locator_size));
    if (!wide) return failed(wide);
    const bool same = (short_count == in_zip64_16 || place.count == wide->count) &&
                      (place.size == in_zip64_32 || place.size == wide->size) &&
                      (place.offset == in_zip64_32 || place.offset == wide->offset);
    if (!same) return malformed("its two ends disagree");
    return *wide;
  }
  if (place.offset > end_offset || end_offset - place.offset != place.size)
    return malformed("its directory is misplaced");
  return place;
}

/// The numbers that a header may move into its zip64 extra field, in the order of that field.
struct WideNumbers {
  std::uint64_t size;
  std::uint64_t compressed_size;
  std::uint64_t offset;
};

/// Resolves saturated numbers and looks for a second name. Local headers have no offset.
Result<void> read_extra(ByteView extra, std::string_view name, WideNumbers& numbers) {
  bool seen = false;
  const auto saturated = [](std::uint64_t value) { return value == in_zip64_32; };
  while (!extra.empty()) {
    // Some writers (and aligners) pad with up to three bytes that are no field.
    if (extra.size() < 4) break;
    const auto id = load<std::uint16_t>(extra, 0);
    const std::size_t length = load<std::uint16_t>(extra, 2);
    if (length > extra.size() - 4) return malformed("an extra field is too long");
    ByteView field = extra.subspan(4, length);
    extra = extra.subspan(4 + length);
    if (id == extra_unicode_path && (length < 5 || text_of(field.subspan(5)) != name)) {
      return malformed("a file has two names");
    }
    if (id != extra_zip64) continue;
    if (seen) return malformed("a zip64 field comes twice");
    seen = true;
    for (std::uint64_t* number : {&numbers.size, &numbers.compressed_size, &numbers.offset}) {
      if (!saturated(*number)) continue;
      if (field.size() < 8) return malformed("a zip64 field is too short");
      *number = load<std::uint64_t>(field, 0);
      field = field.subspan(8);
    }
  }
  if (!seen && (saturated(numbers.size) || saturated(numbers.compressed_size) || saturated(numbers.offset))) {
    return malformed("a zip64 field is missing");
  }
  return {};
}

struct CentralEntry {
  ZipEntry entry;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
};

/// Flags and method that we read.
Result<void> check_method(const CentralEntry& central) {
  const std::string name = printable_name(central.entry.name);
  if ((central.flags & (flag_encrypted | flag_strong_encryption | flag_masked)) != 0) {
    return malformed("\"" + name + "\" is encrypted, which containers must not be");
  }
  if ((central.flags & flag_patch) != 0 || (central.method != method_stored && central.method != method_deflated)) {
    return malformed("\"" + name + "\" is packed with a method other than store and deflate");
  }
  if (central.method != method_stored) return {};
  if ((central.flags & flag_descriptor) != 0) return malformed("\"" + name + "\" is stored without its size in front");
  if (central.entry.size != central.entry.compressed_size)
    return malformed("\"" + name + "\" is stored with two sizes");
  return {};
}

/// Reads one directory record.
Result<CentralEntry> read_central(Cursor& cursor, std::uint64_t& left, const ZipLimits& limits) {
  if (left < central_header_size) return malformed("its directory is shorter than its count");
  const auto header = cursor.take(central_header_size);
  if (!header) return failed(header);
  if (load<std::uint32_t>(*header, 0) != central_signature) return malformed("its directory is unreadable");
  CentralEntry central;
  central.flags = load<std::uint16_t>(*header, 8);
  central.method = load<std::uint16_t>(*header, 10);
  central.entry.crc32 = load<std::uint32_t>(*header, 16);
  central.entry.stored = central.method == method_stored;
  WideNumbers numbers{load<std::uint32_t>(*header, 24), load<std::uint32_t>(*header, 20),
                      load<std::uint32_t>(*header, 42)};
  const std::size_t name_size = load<std::uint16_t>(*header, 28);
  const std::size_t extra_size = load<std::uint16_t>(*header, 30);
  const std::size_t comment_size = load<std::uint16_t>(*header, 32);
  if (load<std::uint16_t>(*header, 34) != 0) return malformed("it has several volumes");
  const std::size_t rest = name_size + extra_size + comment_size;
  left -= central_header_size;
  if (left < rest) return malformed("its directory is shorter than its records");
  left -= rest;
  if (name_size > limits.max_name_bytes) return reject("zip.name", "a file name in the zip is too long");
  const auto text = cursor.take(rest);
  if (!text) return failed(text);
  central.entry.name = text_of(text->first(name_size));
  if (auto named = check_entry_name(central.entry.name); !named) return failed(named);
  if (auto wide = read_extra(text->subspan(name_size, extra_size), central.entry.name, numbers); !wide)
    return failed(wide);
  central.entry.size = numbers.size;
  central.entry.compressed_size = numbers.compressed_size;
  central.entry.local_offset = numbers.offset;
  if (auto good = check_method(central); !good) return failed(good);
  return central;
}

/// Size limits, entry by entry, before a byte is inflated.
class Budget {
 public:
  explicit Budget(const ZipLimits& limits) : limits_(limits) {}

  Result<void> take(const ZipEntry& entry) {
    const std::string name = printable_name(entry.name);
    if (entry.size > limits_.max_total_size - used_) {
      return reject("zip.too_large",
                    "the zip unpacks to more than " + std::to_string(limits_.max_total_size) + " bytes");
    }
    used_ += entry.size;
    const std::uint64_t packed = std::max<std::uint64_t>(entry.compressed_size, 1);
    if (entry.size > ratio_checked_from && (entry.size - 1) / packed >= limits_.max_ratio) {
      return reject("zip.bomb", "\"" + name + "\" unpacks to more than " + std::to_string(limits_.max_ratio) +
                                    " times its packed size");
    }
    if (!names_.insert(entry_name_key(entry.name)).second) {
      return reject("zip.duplicate", "two files in the zip have the name \"" + name + "\"");
    }
    return {};
  }

 private:
  const ZipLimits& limits_;
  std::uint64_t used_ = 0;
  std::unordered_set<std::string> names_{};
};

Result<std::vector<CentralEntry>> read_central_directory(SeekableSource& zip, const Place& place,
                                                         const ZipLimits& limits) {
  if (place.count > limits.max_entries) {
    return reject("zip.too_many", "the zip has more than " + std::to_string(limits.max_entries) + " files");
  }
  if (place.count > place.size / central_header_size) return malformed("its directory is shorter than its count");
  std::vector<CentralEntry> entries;
  entries.reserve(static_cast<std::size_t>(place.count));
  Budget budget(limits);
  Cursor cursor(zip, place.offset, stream_chunk);
  std::uint64_t left = place.size;
  for (std::uint64_t i = 0; i < place.count; ++i) {
    auto central = read_central(cursor, left, limits);
    if (!central) return failed(central);
    if (auto taken = budget.take(central->entry); !taken) return failed(taken);
    entries.push_back(std::move(*central));
  }
  if (left != 0) return malformed("its directory is longer than its count");
  return entries;
}

/// Compares the local header with the directory; gives the offset of the data.
Result<std::uint64_t> check_local(SeekableSource& zip, const CentralEntry& central, std::uint64_t directory_offset) {
  const ZipEntry& entry = central.entry;
  const auto disagree = [&] {
    return malformed("header and directory disagree about \"" + printable_name(entry.name) + "\"");
  };
  if (entry.local_offset > directory_offset || directory_offset - entry.local_offset < local_header_size) {
    return malformed("\"" + printable_name(entry.name) + "\" lies outside the archive");
  }
  Cursor cursor(zip, entry.local_offset, local_header_size + entry.name.size() + 64);
  const auto header = cursor.take(local_header_size);
  if (!header) return failed(header);
  const bool descriptor = (central.flags & flag_descriptor) != 0;
  const std::size_t name_size = load<std::uint16_t>(*header, 26);
  const std::size_t extra_size = load<std::uint16_t>(*header, 28);
  const auto crc = load<std::uint32_t>(*header, 14);
  WideNumbers numbers{load<std::uint32_t>(*header, 22), load<std::uint32_t>(*header, 18), 0};
  if (load<std::uint32_t>(*header, 0) != local_signature || load<std::uint16_t>(*header, 6) != central.flags ||
      load<std::uint16_t>(*header, 8) != central.method || name_size != entry.name.size()) {
    return disagree();
  }
  const auto text = cursor.take(name_size + extra_size);
  if (!text) return failed(text);
  if (text_of(text->first(name_size)) != entry.name) return disagree();
  if (auto wide = read_extra(text->subspan(name_size), entry.name, numbers); !wide) return failed(wide);
  const bool unset = descriptor && crc == 0 && numbers.size == 0 && numbers.compressed_size == 0;
  if (!unset &&
      (crc != entry.crc32 || numbers.size != entry.size || numbers.compressed_size != entry.compressed_size)) {
    return disagree();
  }
  return entry.local_offset + local_header_size + name_size + extra_size;
}

/// `[signature] crc compressed-size size`, sizes of 4 or 8 bytes: `length` tells which.
Result<void> check_descriptor(SeekableSource& zip, const ZipEntry& entry, std::uint64_t offset, std::uint64_t length) {
  const auto wrong = [&] { return malformed("the sizes behind \"" + printable_name(entry.name) + "\" are wrong"); };
  if (length != 12 && length != 16 && length != 20 && length != 24) return wrong();
  Cursor cursor(zip, offset, 24);
  const auto taken = cursor.take(static_cast<std::size_t>(length));
  if (!taken) return failed(taken);
  ByteView record = *taken;
  if (length % 8 == 0) {
    if (load<std::uint32_t>(record, 0) != descriptor_signature) return wrong();
    record = record.subspan(4);
  }
  const bool wide = record.size() == 20;
  const std::uint64_t compressed = wide ? load<std::uint64_t>(record, 4) : load<std::uint32_t>(record, 4);
  const std::uint64_t size = wide ? load<std::uint64_t>(record, 12) : load<std::uint32_t>(record, 8);
  if (load<std::uint32_t>(record, 0) != entry.crc32 || compressed != entry.compressed_size || size != entry.size)
    return wrong();
  return {};
}

}  // namespace

Result<std::vector<PlacedEntry>> read_directory(SeekableSource& zip, const ZipLimits& limits) {
  const auto place = locate_directory(zip);
  if (!place) return failed(place);
  auto central = read_central_directory(zip, *place, limits);
  if (!central) return failed(central);
  std::ranges::sort(*central, {}, [](const CentralEntry& c) { return c.entry.local_offset; });

  std::vector<PlacedEntry> result;
  result.reserve(central->size());
  std::uint64_t expected = 0;
  for (std::size_t i = 0; i < central->size(); ++i) {
    CentralEntry& current = (*central)[i];
    const std::string name = printable_name(current.entry.name);
    if (current.entry.local_offset < expected) return malformed("\"" + name + "\" overlaps the file before it");
    if (current.entry.local_offset > expected) return malformed("there is something unknown before \"" + name + "\"");
    const auto data = check_local(zip, current, place->offset);
    if (!data) return failed(data);
    const std::uint64_t next = i + 1 < central->size() ? (*central)[i + 1].entry.local_offset : place->offset;
    if (*data > next || current.entry.compressed_size > next - *data)
      return malformed("\"" + name + "\" overlaps what follows");
    const std::uint64_t data_end = *data + current.entry.compressed_size;
    expected = data_end;
    if ((current.flags & flag_descriptor) != 0) {
      if (auto good = check_descriptor(zip, current.entry, data_end, next - data_end); !good) return failed(good);
      expected = next;
    }
    result.push_back({std::move(current.entry), *data});
  }
  if (expected != place->offset) return malformed("there is something unknown before its directory");
  return result;
}

}  // namespace kanal::formats::zip
