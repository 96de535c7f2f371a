#include "formats/zip_writer.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <random>

#include "formats/zip_testing.hpp"

namespace kanal::formats {
namespace {

using testing::central_mark;
using testing::File;
using testing::make_zip;
using testing::peek;
using testing::unpack;

constexpr std::string_view asic_type = "application/vnd.etsi.asic-e+zip";

/// `count` zeros.
class Zeros final : public Source {
 public:
  explicit Zeros(std::uint64_t count) : left_(count) {}
  Result<std::size_t> read(std::span<std::byte> into) override {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, into.size()));
    std::fill_n(into.begin(), count, std::byte{0});
    left_ -= count;
    return count;
  }

 private:
  std::uint64_t left_;
};

/// Keeps what is not in the middle of long runs of zeros: the first and the last bytes.
class EdgeSink final : public Sink {
 public:
  Result<void> write(ByteView bytes) override {
    total_ += bytes.size();
    if (head_.size() < edge) head_.append(text_of(bytes));
    tail_.append(text_of(bytes));
    if (tail_.size() > 4 * stream_chunk) tail_.erase(0, tail_.size() - edge);
    return {};
  }
  Result<void> finish() override { return {}; }
  static constexpr std::size_t edge = 1024;
  std::string head_{};
  std::string tail_{};
  std::uint64_t total_ = 0;
};

class FullDisk final : public Sink {
 public:
  explicit FullDisk(std::uint64_t room) : left_(room) {}
  Result<void> write(ByteView bytes) override {
    if (bytes.size() > left_) return retry("disk.full", "no room");
    left_ -= bytes.size();
    return {};
  }
  Result<void> finish() override { return {}; }

 private:
  std::uint64_t left_;
};

std::uint32_t crc_of_zeros(std::uint64_t count) {
  const std::string block(65536, '\0');
  const auto crc_of = [&](std::size_t n) {
    return crc32(0, reinterpret_cast<const Bytef*>(block.data()), static_cast<uInt>(n));
  };
  uLong crc = crc_of(count % block.size());
  uLong power = crc_of(block.size());
  std::uint64_t length = block.size();
  for (std::uint64_t blocks = count / block.size(); blocks != 0; blocks >>= 1, length *= 2) {
    if (blocks & 1) crc = crc32_combine(crc, power, static_cast<z_off_t>(length));
    power = crc32_combine(power, power, static_cast<z_off_t>(length));
  }
  return static_cast<std::uint32_t>(crc);
}

std::string code_of(const Result<void>& result) { return result ? "" : result.error().code; }

TEST(ZipWriter, PutsMimetypeAtItsMagicPlace) {
  MemorySink sink(100'000);
  ZipWriter writer(sink);
  ASSERT_TRUE(writer.add("mimetype", bytes_of(asic_type), "mimetype=" + std::string(asic_type)));
  ASSERT_TRUE(writer.finish("mimetype=" + std::string(asic_type)));
  const auto zip = text_of(sink.bytes());
  EXPECT_EQ(zip.substr(30, 8), "mimetype");
  EXPECT_EQ(zip.substr(38, 31), asic_type);
  EXPECT_EQ(peek<std::uint16_t>(zip, 6), 0) << "no flags, bit 3 above all";
  EXPECT_EQ(peek<std::uint16_t>(zip, 8), 0) << "stored";
  EXPECT_EQ(peek<std::uint32_t>(zip, 14), 0x45f9218aU);
  EXPECT_EQ(peek<std::uint32_t>(zip, 18), 31U);
  EXPECT_EQ(peek<std::uint32_t>(zip, 22), 31U);
  EXPECT_EQ(peek<std::uint16_t>(zip, 28), 0) << "no extra field";
  const auto central = zip.find(central_mark);
  EXPECT_EQ(zip.substr(central + 46, 8 + 9 + 31), "mimetypemimetype=" + std::string(asic_type));
  EXPECT_TRUE(zip.ends_with("mimetype=" + std::string(asic_type)));
}

TEST(ZipWriter, GivesEqualBytesForEqualContent) {
  const std::vector<File> files{{"a", "one"}, {"b.xml", "<b/>", true}};
  EXPECT_EQ(make_zip(files), make_zip(files));
}

TEST(ZipWriter, FlagsDescriptorsAndUtf8) {
  const auto zip = make_zip({{"a.txt", "text", true}, {"blåbær.pdf", "pdf"}});
  EXPECT_EQ(peek<std::uint16_t>(zip, 6), 1U << 3);
  EXPECT_EQ(peek<std::uint32_t>(zip, 14), 0U) << "CRC and sizes follow the data";
  EXPECT_EQ(peek<std::uint32_t>(zip, 18), 0U);
  const auto second = zip.find("PK\3\4", 4);
  EXPECT_EQ(peek<std::uint16_t>(zip, second + 6), 1U << 11);
}

TEST(ZipWriter, RoundTripsRandomContent) {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    std::vector<File> files;
    for (unsigned i = 0; i < 1 + random() % 6; ++i) {
      std::string content(random() % 200'000, 'x');
      if (random() % 2 != 0) std::ranges::generate(content, [&] { return static_cast<char>(random()); });
      files.push_back({"mappe/fil " + std::to_string(i) + (i % 2 != 0 ? "" : "-øl"), content, random() % 2 != 0});
    }
    const auto back = unpack(make_zip(files, "comment"));
    ASSERT_TRUE(back) << back.error().text();
    ASSERT_EQ(back->size(), files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
      EXPECT_EQ((*back)[i].name, files[i].name);
      EXPECT_EQ((*back)[i].deflated, files[i].deflated);
      EXPECT_TRUE((*back)[i].content == files[i].content);
    }
  }
}

TEST(ZipWriter, TakesAPushedEntryAtEveryLevel) {
  for (int level = 0; level <= 9; ++level) {
    MemorySink sink(1'000'000);
    ZipWriter writer(sink);
    auto entry = writer.begin_deflated("pushed", level);
    ASSERT_TRUE(entry);
    std::string whole;
    for (int i = 0; i < 50; ++i) {
      const std::string piece(static_cast<std::size_t>(i * 97), static_cast<char>('a' + i % 26));
      whole += piece;
      ASSERT_TRUE((*entry)->write(bytes_of(piece)));
    }
    ASSERT_TRUE((*entry)->finish());
    ASSERT_TRUE(writer.finish());
    const auto back = unpack(text_of(sink.bytes()));
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_TRUE(back->front().content == whole);
  }
}

TEST(ZipWriter, RefusesUseInsideAnOpenEntry) {
  MemorySink sink(10'000);
  ZipWriter writer(sink);
  auto entry = writer.begin_deflated("open", 1);
  ASSERT_TRUE(entry);
  EXPECT_EQ(code_of(writer.add("other", bytes_of("x"))), "zip.order");
  EXPECT_EQ(code_of(writer.finish()), "zip.order");
  ASSERT_TRUE((*entry)->finish());
  EXPECT_TRUE(writer.add("other", bytes_of("x")));
  EXPECT_TRUE(writer.finish());
  EXPECT_EQ(code_of(writer.finish()), "zip.order");
  EXPECT_EQ(code_of(writer.add("late", bytes_of("x"))), "zip.order");
}

TEST(ZipWriter, RefusesLevelsThatDeflateDoesNotHave) {
  MemorySink sink(10'000);
  ZipWriter writer(sink);
  MemorySource content(bytes_of("x"));
  EXPECT_EQ(code_of(writer.add_deflated("a", content, 0)), "zip.level");
  EXPECT_EQ(writer.begin_deflated("a", 10).error().code, "zip.level");
  EXPECT_EQ(writer.begin_deflated("a", -1).error().code, "zip.level");
}

TEST(ZipWriter, NoticesContentThatIsNotWhatWasAnnounced) {
  const std::string content = "the announced content";
  const auto crc = static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(content.data()), 21));
  for (const auto& actual : {content + "x", content.substr(1), std::string("THE announced content"), std::string()}) {
    MemorySink sink(10'000);
    ZipWriter writer(sink);
    MemorySource source(bytes_of(actual));
    const auto added = writer.add_stored({"a", content.size(), crc}, source);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, "zip.content_changed");
    EXPECT_EQ(added.error().disposition, Disposition::bug);
    EXPECT_EQ(code_of(writer.finish()), "zip.order") << "the archive is lost";
  }
}

TEST(ZipWriter, RefusesDuplicatesAndBadNames) {
  MemorySink sink(10'000);
  ZipWriter writer(sink);
  ASSERT_TRUE(writer.add("Brev.pdf", bytes_of("x")));
  EXPECT_EQ(code_of(writer.add("Brev.pdf", bytes_of("y"))), "zip.duplicate");
  EXPECT_EQ(code_of(writer.add("BREV.pdf", bytes_of("y"))), "zip.duplicate");
  for (const std::string& name :
       {std::string(), std::string("/etc/passwd"), std::string("../up"), std::string("a\\b")}) {
    EXPECT_EQ(code_of(writer.add(name, bytes_of("y"))), "zip.name") << name;
  }
  EXPECT_EQ(code_of(writer.add(std::string(70'000, 'n'), bytes_of("y"))), "zip.name");
  EXPECT_TRUE(writer.finish());
}

TEST(ZipWriter, RefusesACommentThatDoesNotFit) {
  MemorySink sink(200'000);
  ZipWriter writer(sink);
  EXPECT_EQ(code_of(writer.finish(std::string(65'536, 'c'))), "zip.comment");
}

TEST(ZipWriter, PassesOnErrorsOfTheSink) {
  const std::string content(10'000, 'c');
  for (const std::uint64_t room : {0, 31, 5'000, 10'040}) {
    FullDisk sink(room);
    ZipWriter writer(sink);
    auto result = writer.add("a", bytes_of(content));
    if (result) result = writer.finish();
    EXPECT_EQ(code_of(result), "disk.full") << room;
    EXPECT_EQ(result.error().disposition, Disposition::retry);
  }
}

TEST(ZipWriter, CountsFrom65535NeedZip64) {
  constexpr std::size_t count = 65'535;
  MemorySink sink(20'000'000);
  ZipWriter writer(sink);
  for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(writer.add(std::to_string(i), {}));
  ASSERT_TRUE(writer.finish());
  EXPECT_NE(text_of(sink.bytes()).find("PK\6\6"), std::string_view::npos);
  MemorySource source(sink.bytes());
  ZipLimits limits;
  limits.max_entries = count;
  const auto entries = read_zip_directory(source, limits);
  ASSERT_TRUE(entries) << entries.error().text();
  EXPECT_EQ(entries->size(), count);
  limits.max_entries = count - 1;
  EXPECT_EQ(read_zip_directory(source, limits).error().code, "zip.too_many");
}

TEST(ZipWriter, WritesNoZip64WhereNothingNeedsIt) {
  const auto zip = make_zip({{"a", "one"}, {"b", "two", true}});
  EXPECT_EQ(zip.find("PK\6\6"), std::string::npos);
  EXPECT_EQ(zip.find("PK\6\7"), std::string::npos);
  EXPECT_EQ(peek<std::uint16_t>(zip, zip.find(central_mark) + 30), 0) << "no extra field";
}

TEST(ZipWriter, SizesAndOffsetsBeyond4GiBNeedZip64) {
  constexpr std::uint64_t size = (std::uint64_t{4} << 30) + 5;
  EdgeSink sink;
  ZipWriter writer(sink);
  Zeros zeros(size);
  ASSERT_TRUE(writer.add_stored({"large", size, crc_of_zeros(size)}, zeros));
  ASSERT_TRUE(writer.add("behind", bytes_of("x")));
  ASSERT_TRUE(writer.finish());

  const std::size_t data = 30 + 5 + 20;
  EXPECT_EQ(peek<std::uint16_t>(sink.head_, 4), 45);
  EXPECT_EQ(peek<std::uint32_t>(sink.head_, 18), 0xffffffffU);
  EXPECT_EQ(peek<std::uint64_t>(sink.head_, 30 + 5 + 4), size);
  const auto tail = sink.tail_.substr(sink.tail_.find("PK\3\4"));
  testing::SparseSource source(sink.head_.substr(0, data), sink.total_ - data - tail.size(), tail);
  const auto entries = read_zip_directory(source, {});
  ASSERT_TRUE(entries) << entries.error().text();
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries)[0].size, size);
  EXPECT_EQ((*entries)[1].local_offset, size + data);
}

}  // namespace
}  // namespace kanal::formats
