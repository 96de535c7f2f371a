// Grammar: zip_format.hpp (PKWARE APPNOTE 4.3). What this writer chooses:
//
//   stored entry    flags 0 | utf8, sizes and CRC in the local header; zip64 extra (size, compressed size) there
//                   when the size needs it
//   deflated entry  flags descriptor | utf8, zero sizes in the local header; descriptor = signature crc size size,
//                   with 8 byte sizes when one of them needs it: the form java.util.zip writes and reads
//   central header  zip64 extra holds exactly the saturated ones of size, compressed size, offset
//   end             zip64 end and locator only when count, size or offset of the directory need them
//   time            always the same, so that equal content gives equal bytes
#include "formats/zip_writer.hpp"

#include <zlib.h>

#include <algorithm>
#include <unordered_set>
#include <vector>

#include "formats/entry_name.hpp"
#include "formats/zip_format.hpp"

namespace kanal::formats {

namespace {

using zip::Record;

constexpr std::uint16_t dos_time = 0;         // 00:00:00
constexpr std::uint16_t dos_date = 0x0021;    // 1980-01-01, the first day of the format
constexpr std::size_t longest_text = 0xffff;  // names and comments have 16 bit lengths

struct CentralEntry {
  std::string name;
  std::string comment;
  std::uint16_t method = zip::method_stored;
  std::uint16_t flags = 0;
  std::uint32_t crc32 = 0;
  std::uint64_t compressed_size = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
};

bool needs_zip64(std::uint64_t value) { return value >= zip::in_zip64_32; }

std::uint16_t flags_for(std::string_view name, std::uint16_t base) {
  const bool ascii = std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii ? base : static_cast<std::uint16_t>(base | zip::flag_utf8);
}

Record local_header(const CentralEntry& entry) {
  const bool descriptor = (entry.flags & zip::flag_descriptor) != 0;
  const bool wide = !descriptor && needs_zip64(entry.size);
  const std::uint32_t size = descriptor ? 0 : zip::low32(entry.size);
  Record record;
  record.u32(zip::local_signature).u16(wide ? zip::version_zip64 : zip::version_plain);
  record.u16(entry.flags).u16(entry.method).u16(dos_time).u16(dos_date);
  record.u32(descriptor ? 0 : entry.crc32).u32(size).u32(size);
  record.u16(static_cast<std::uint16_t>(entry.name.size())).u16(wide ? 20 : 0).text(entry.name);
  if (wide) record.u16(zip::extra_zip64).u16(16).u64(entry.size).u64(entry.size);
  return record;
}

Record descriptor_of(const CentralEntry& entry) {
  Record record;
  record.u32(zip::descriptor_signature).u32(entry.crc32);
  if (needs_zip64(entry.size) || needs_zip64(entry.compressed_size)) {
    record.u64(entry.compressed_size).u64(entry.size);
  } else {
    record.u32(static_cast<std::uint32_t>(entry.compressed_size)).u32(static_cast<std::uint32_t>(entry.size));
  }
  return record;
}

Record central_header(const CentralEntry& entry) {
  Record wide;
  for (const std::uint64_t value : {entry.size, entry.compressed_size, entry.offset}) {
    if (needs_zip64(value)) wide.u64(value);
  }
  const auto wide_size = static_cast<std::uint16_t>(wide.bytes().size());
  const std::uint16_t version = wide_size != 0 ? zip::version_zip64 : zip::version_plain;
  Record record;
  record.u32(zip::central_signature).u16(version).u16(version);
  record.u16(entry.flags).u16(entry.method).u16(dos_time).u16(dos_date);
  record.u32(entry.crc32).u32(zip::low32(entry.compressed_size)).u32(zip::low32(entry.size));
  record.u16(static_cast<std::uint16_t>(entry.name.size()));
  record.u16(wide_size != 0 ? static_cast<std::uint16_t>(wide_size + 4) : std::uint16_t{0});
  record.u16(static_cast<std::uint16_t>(entry.comment.size()));
  record.u16(0).u16(0).u32(0);  // disk, internal and external attributes
  record.u32(zip::low32(entry.offset)).text(entry.name);
  if (wide_size != 0) record.u16(zip::extra_zip64).u16(wide_size).append(wide.bytes());
  return record.text(entry.comment);
}

Record end_records(std::uint64_t count, std::uint64_t start, std::uint64_t size, std::string_view comment) {
  Record record;
  if (count >= zip::in_zip64_16 || needs_zip64(start) || needs_zip64(size)) {
    record.u32(zip::zip64_end_signature).u64(zip::zip64_end_size - 12);
    record.u16(zip::version_zip64).u16(zip::version_zip64).u32(0).u32(0);
    record.u64(count).u64(count).u64(size).u64(start);
    record.u32(zip::zip64_locator_signature).u32(0).u64(start + size).u32(1);
  }
  const auto short_count = static_cast<std::uint16_t>(std::min<std::uint64_t>(count, zip::in_zip64_16));
  record.u32(zip::end_signature).u16(0).u16(0).u16(short_count).u16(short_count);
  record.u32(zip::low32(size)).u32(zip::low32(start));
  return record.u16(static_cast<std::uint16_t>(comment.size())).text(comment);
}

}  // namespace

struct ZipWriter::State {
  explicit State(Sink& sink) : to(sink) {}

  Result<void> write(ByteView bytes) {
    if (auto written = to.write(bytes); !written) return failed(written);
    position += bytes.size();
    return {};
  }

  /// Checks the name and writes the local header; the entry stays open until end().
  Result<void> begin(CentralEntry entry) {
    if (open || finished) return bug("zip.order", "the zip writer was used while an entry was open, or after its end");
    if (auto good = check_entry_name(entry.name); !good) return failed(good);
    if (entry.name.size() > longest_text || entry.comment.size() > longest_text) {
      return reject("zip.name", "a file name or comment is longer than a zip can hold");
    }
    if (!keys.insert(entry_name_key(entry.name)).second) {
      return reject("zip.duplicate", "two files have the name \"" + printable_name(entry.name) + "\"");
    }
    open = true;
    entry.offset = position;
    entries.push_back(std::move(entry));
    return write(local_header(entries.back()).bytes());
  }

  void end() { open = false; }

  Sink& to;
  std::uint64_t position = 0;
  std::vector<CentralEntry> entries{};
  std::unordered_set<std::string> keys{};
  bool open = false;  ///< also after a failure in the middle of an entry: the archive is lost then
  bool finished = false;
  Bytes buffer = Bytes(stream_chunk);
};

namespace {

/// Deflates what is pushed. `write` takes the compressed bytes, `done` the facts of the complete entry.
class Deflater {
 public:
  explicit Deflater(int level) : output_(stream_chunk) {
    ready_ = deflateInit2(&stream_, level, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  ~Deflater() {
    if (ready_) deflateEnd(&stream_);
  }

  template <class Write>
  Result<void> run(ByteView input, int flush, Write write) {
    if (!ready_) return bug("zip.deflate", "zlib could not start");
    constexpr std::size_t largest = std::size_t{1} << 30;  // avail_in has 32 bits
    do {
      const auto piece = input.first(std::min(input.size(), largest));
      input = input.subspan(piece.size());
      // zlib's interface has no const; it does not write there.
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(piece.data()));
      stream_.avail_in = static_cast<uInt>(piece.size());
      do {
        stream_.next_out = reinterpret_cast<Bytef*>(output_.data());
        stream_.avail_out = static_cast<uInt>(output_.size());
        if (deflate(&stream_, flush) == Z_STREAM_ERROR) return bug("zip.deflate", "zlib lost its state");
        const ByteView ready = ByteView(output_).first(output_.size() - stream_.avail_out);
        if (ready.empty()) continue;
        if (auto written = write(ready); !written) return failed(written);
      } while (stream_.avail_out == 0);
    } while (!input.empty());
    return {};
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
  Bytes output_;
};

std::uint32_t update_crc(std::uint32_t crc, ByteView bytes) {
  return static_cast<std::uint32_t>(crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

/// The open deflated entry of a writer (whose State is private, hence the template).
template <class State>
class DeflatedEntry final : public Sink {
 public:
  DeflatedEntry(State& state, int level) : state_(state), deflater_(level) {}

  Result<void> write(ByteView bytes) override {
    if (bytes.empty()) return {};
    crc_ = update_crc(crc_, bytes);
    size_ += bytes.size();
    return push(bytes, Z_NO_FLUSH);
  }

  Result<void> finish() override {
    if (auto pushed = push({}, Z_FINISH); !pushed) return failed(pushed);
    auto& entry = state_.entries.back();
    entry.crc32 = crc_;
    entry.size = size_;
    entry.compressed_size = compressed_size_;
    if (auto written = state_.write(descriptor_of(entry).bytes()); !written) return failed(written);
    state_.end();
    return {};
  }

 private:
  Result<void> push(ByteView bytes, int flush) {
    return deflater_.run(bytes, flush, [this](ByteView ready) {
      compressed_size_ += ready.size();
      return state_.write(ready);
    });
  }

  State& state_;
  Deflater deflater_;
  std::uint32_t crc_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t compressed_size_ = 0;
};

}  // namespace

ZipWriter::ZipWriter(Sink& to) : state_(std::make_unique<State>(to)) {}
ZipWriter::~ZipWriter() = default;

Result<void> ZipWriter::add_stored(const StoredEntry& entry, Source& content) {
  auto begun = state_->begin({.name = entry.name,
                              .comment = entry.comment,
                              .method = zip::method_stored,
                              .flags = flags_for(entry.name, 0),
                              .crc32 = entry.crc32,
                              .compressed_size = entry.size,
                              .size = entry.size,
                              .offset = 0});
  if (!begun) return failed(begun);
  const auto changed = [&] {
    return bug("zip.content_changed", "the content of \"" + printable_name(entry.name) +
                                          "\" is not what was announced: it changed since it was stored");
  };
  Bytes& buffer = state_->buffer;
  std::uint32_t crc = 0;
  std::uint64_t left = entry.size;
  for (;;) {
    const auto count = content.read(buffer);
    if (!count) return failed(count);
    if (*count == 0) break;
    if (*count > left) return changed();
    left -= *count;
    const ByteView piece = ByteView(buffer).first(*count);
    crc = update_crc(crc, piece);
    if (auto written = state_->write(piece); !written) return failed(written);
  }
  if (left != 0 || crc != entry.crc32) return changed();
  state_->end();
  return {};
}

Result<void> ZipWriter::add_deflated(std::string name, Source& content, int level) {
  if (level < 1) return bug("zip.level", "deflate levels are 1 to 9");
  auto entry = begin_deflated(std::move(name), level);
  if (!entry) return failed(entry);
  if (auto copied = copy(content, **entry); !copied) return failed(copied);
  return (*entry)->finish();
}

Result<std::unique_ptr<Sink>> ZipWriter::begin_deflated(std::string name, int level) {
  if (level < 0 || level > 9) return bug("zip.level", "deflate levels are 0 to 9");
  const auto flags = flags_for(name, zip::flag_descriptor);
  CentralEntry entry;
  entry.name = std::move(name);
  entry.method = zip::method_deflated;
  entry.flags = flags;
  if (auto begun = state_->begin(std::move(entry)); !begun) return failed(begun);
  return std::make_unique<DeflatedEntry<State>>(*state_, level);
}

Result<void> ZipWriter::add(std::string name, ByteView content, std::string comment) {
  MemorySource source(content);
  const StoredEntry entry{std::move(name), content.size(), update_crc(0, content), std::move(comment)};
  return add_stored(entry, source);
}

Result<void> ZipWriter::finish(std::string_view archive_comment) {
  if (state_->open || state_->finished)
    return bug("zip.order", "the zip writer was finished twice, or inside an entry");
  if (archive_comment.size() > longest_text)
    return bug("zip.comment", "the archive comment is longer than a zip can hold");
  const std::uint64_t start = state_->position;
  for (const auto& entry : state_->entries) {
    if (auto written = state_->write(central_header(entry).bytes()); !written) return failed(written);
  }
  const auto end = end_records(state_->entries.size(), start, state_->position - start, archive_comment);
  if (auto written = state_->write(end.bytes()); !written) return failed(written);
  state_->finished = true;
  return {};
}

}  // namespace kanal::formats
