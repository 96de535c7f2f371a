#include "formats/zip_reader.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>

#include "base/testing.hpp"
#include "formats/zip_testing.hpp"

namespace kanal::formats {
namespace {

using testing::central_mark;
using testing::end_mark;
using testing::File;
using testing::local_mark;
using testing::make_zip;
using testing::peek;
using testing::poke;
using testing::replaced;
using testing::unpack;
using testing::unpack_code;

const std::vector<File>& three_files() {
  static const std::vector<File> files{
      {"mimetype", "application/x"}, {"text.xml", std::string(3'000, 'a') + "<x/>", true}, {"data.bin", "0123456789"}};
  return files;
}

/// Offset of the directory record of the entry with this name.
std::size_t central_of(const std::string& zip, std::string_view name) {
  for (std::size_t at = zip.find(central_mark); at != std::string::npos; at = zip.find(central_mark, at + 1)) {
    if (std::string_view(zip).substr(at + 46, name.size()) == name) return at;
  }
  ADD_FAILURE() << "no " << name;
  return 0;
}

std::size_t local_of(const std::string& zip, std::string_view name) {
  return peek<std::uint32_t>(zip, central_of(zip, name) + 42);
}

/// Cuts or adds bytes at `offset` and moves the directory's position by as much.
std::string with_bytes_at(std::string zip, std::size_t offset, std::string_view bytes) {
  zip.insert(offset, bytes);
  const auto end = zip.rfind(end_mark);
  poke<std::uint32_t>(zip, end + 16, peek<std::uint32_t>(zip, end + 16) + static_cast<std::uint32_t>(bytes.size()));
  return zip;
}

TEST(ZipReader, GivesEntriesInTheOrderOfTheirBytes) {
  const auto zip = make_zip(three_files(), "comment");
  MemorySource source(bytes_of(zip));
  const auto entries = read_zip_directory(source, {});
  ASSERT_TRUE(entries) << entries.error().text();
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_EQ((*entries)[0].name, "mimetype");
  EXPECT_TRUE((*entries)[0].stored);
  EXPECT_EQ((*entries)[0].local_offset, 0U);
  EXPECT_FALSE((*entries)[1].stored);
  EXPECT_EQ((*entries)[1].size, 3'004U);
  EXPECT_LT((*entries)[1].compressed_size, 100U);
  EXPECT_EQ((*entries)[2].name, "data.bin");
}

TEST(ZipReader, ReadsAnEmptyArchive) {
  const auto files = unpack(make_zip({}));
  ASSERT_TRUE(files);
  EXPECT_TRUE(files->empty());
}

TEST(ZipReader, ReadsEmptyFilesAndFolders) {
  const auto files = unpack(make_zip({{"folder/", ""}, {"folder/empty", "", true}, {"folder/stored", ""}}));
  ASSERT_TRUE(files) << files.error().text();
  EXPECT_EQ(files->size(), 3U);
}

TEST(ZipReader, ReadsEveryPublishedContainer) {
  std::size_t count = 0;
  for (const auto* folder : {"asic/containers", "dpi/samples/complete"}) {
    for (const auto& item : std::filesystem::directory_iterator(kanal::testing::shared_data() / folder)) {
      if (item.path().extension() != ".asice" && item.path().extension() != ".zip") continue;
      const auto files = unpack(kanal::testing::read_file(item.path()));
      EXPECT_TRUE(files) << item.path() << ": " << files.error().text();
      ++count;
    }
  }
  EXPECT_GE(count, 13U);
}

TEST(ZipReader, RefusesWhatIsNoZip) {
  for (const std::string& text :
       {std::string(), std::string("PK"), std::string("%PDF-1.7"), std::string(100'000, 'x')}) {
    EXPECT_EQ(unpack_code(text), "zip.not_zip");
  }
}

TEST(ZipReader, NoticesTruncationAtEveryByte) {
  const auto zip = make_zip(three_files(), "a comment");
  for (std::size_t size = 4; size < zip.size(); ++size) {
    ASSERT_EQ(unpack_code(std::string_view(zip).substr(0, size)), "zip.truncated") << size;
  }
}

TEST(ZipReader, NeverGivesOtherContentForADamagedByte) {
  const auto& expected = three_files();
  const auto zip = make_zip(expected);
  for (std::size_t at = 0; at < zip.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      auto damaged = zip;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      const auto files = unpack(damaged);
      if (!files) {
        EXPECT_TRUE(files.error().code.starts_with("zip.")) << files.error().code;
        continue;
      }
      ASSERT_EQ(files->size(), expected.size()) << at;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        ASSERT_EQ((*files)[i].name, expected[i].name) << at;
        ASSERT_EQ((*files)[i].content, expected[i].content) << at;
      }
    }
  }
}

struct Damage {
  const char* what;
  std::size_t offset_in_record;
  std::uint16_t value;
};

TEST(ZipReader, RefusesALocalHeaderThatDisagreesWithTheDirectory) {
  const auto zip = make_zip(three_files());
  for (const auto& [what, offset, value] :
       {Damage{"flags", 6, 1U << 11}, Damage{"method", 8, 8}, Damage{"crc", 14, 1}, Damage{"compressed size", 18, 9},
        Damage{"size", 22, 9}, Damage{"name", 30, 'x'}}) {
    auto damaged = zip;
    poke<std::uint16_t>(damaged, local_of(zip, "data.bin") + offset, value);
    EXPECT_EQ(unpack_code(damaged), "zip.malformed") << what;
  }
  auto damaged = zip;
  poke<std::uint32_t>(damaged, local_of(zip, "text.xml") + 22, 77U);
  EXPECT_EQ(unpack_code(damaged), "zip.malformed") << "a size where the descriptor should say it";
}

TEST(ZipReader, RefusesADescriptorThatDisagreesWithTheDirectory) {
  const auto zip = make_zip(three_files());
  const auto descriptor = zip.find("PK\7\10");
  ASSERT_NE(descriptor, std::string::npos);
  for (const std::size_t offset : {0, 4, 8, 12}) {
    auto damaged = zip;
    damaged[descriptor + offset] ^= 1;
    EXPECT_EQ(unpack_code(damaged), "zip.malformed") << offset;
  }
}

TEST(ZipReader, AcceptsADescriptorWithoutSignature) {
  auto zip = make_zip({{"text.xml", std::string(500, 'a'), true}});
  zip.erase(zip.find("PK\7\10"), 4);
  const auto end = zip.rfind(end_mark);
  poke<std::uint32_t>(zip, end + 16, peek<std::uint32_t>(zip, end + 16) - 4);
  EXPECT_EQ(unpack_code(zip), "");
}

TEST(ZipReader, RefusesEncryptedAndUnknownMethods) {
  const auto zip = make_zip(three_files());
  const auto with = [&](std::size_t local_offset, std::size_t central_offset, std::uint16_t value) {
    auto changed = zip;
    poke<std::uint16_t>(changed, local_of(zip, "data.bin") + local_offset, value);
    poke<std::uint16_t>(changed, central_of(zip, "data.bin") + central_offset, value);
    return changed;
  };
  EXPECT_EQ(unpack_code(with(6, 8, 1)), "zip.malformed") << "encrypted";
  EXPECT_EQ(unpack_code(with(6, 8, 1U << 6)), "zip.malformed") << "strongly encrypted";
  EXPECT_EQ(unpack_code(with(6, 8, 1U << 13)), "zip.malformed") << "masked directory";
  EXPECT_EQ(unpack_code(with(6, 8, 1U << 5)), "zip.malformed") << "patch";
  EXPECT_EQ(unpack_code(with(6, 8, 1U << 3)), "zip.malformed") << "stored with descriptor";
  EXPECT_EQ(unpack_code(with(8, 10, 12)), "zip.malformed") << "bzip2";
}

TEST(ZipReader, RefusesOverlappingEntries) {
  auto zip = make_zip({{"a", "same"}, {"a2", "other"}});
  // Both directory records name the first local header.
  const auto second = central_of(zip, "a2");
  auto twice = zip;
  poke<std::uint32_t>(twice, second + 42, 0U);
  EXPECT_EQ(unpack_code(twice), "zip.malformed");
  // The first entry claims the bytes of the second too.
  auto longer = zip;
  const std::uint32_t size = 4 + 30 + 2 + 5;
  for (const std::size_t offset : {18, 22}) poke<std::uint32_t>(longer, offset, size);
  for (const std::size_t offset : {20, 24}) poke<std::uint32_t>(longer, central_of(zip, "a") + offset, size);
  EXPECT_EQ(unpack_code(longer), "zip.malformed");
}

TEST(ZipReader, RefusesBytesThatBelongToNoEntry) {
  const auto zip = make_zip(three_files());
  const auto directory = zip.find(central_mark);
  EXPECT_EQ(unpack_code(with_bytes_at(zip, directory, "hidden")), "zip.malformed") << "before the directory";
  EXPECT_EQ(unpack_code(zip + "x"), "zip.malformed") << "behind the end";
  EXPECT_EQ(unpack_code("MZ" + zip), "zip.malformed") << "before the start";
  EXPECT_EQ(unpack_code(std::string(local_mark) + zip), "zip.malformed") << "before the start, looking like an entry";
  // A whole entry that the directory does not list: a reader without directory would see it.
  auto hidden = with_bytes_at(zip, directory, make_zip({{"evil", "x"}}).substr(0, 35));
  EXPECT_EQ(unpack_code(hidden), "zip.malformed");
}

TEST(ZipReader, RefusesTwoEnds) {
  const auto inner = make_zip({});
  auto zip = make_zip(three_files(), inner);
  EXPECT_EQ(unpack_code(zip), "zip.malformed");
}

TEST(ZipReader, RefusesWrongCountsAndVolumes) {
  const auto zip = make_zip(three_files());
  const auto end = zip.rfind(end_mark);
  const auto with = [&](std::size_t offset, std::uint16_t value) {
    auto changed = zip;
    poke<std::uint16_t>(changed, end + offset, value);
    return changed;
  };
  EXPECT_EQ(unpack_code(with(4, 1)), "zip.malformed");
  EXPECT_EQ(unpack_code(with(6, 1)), "zip.malformed");
  EXPECT_EQ(unpack_code(with(8, 2)), "zip.malformed");
  auto fewer = with(8, 2);
  poke<std::uint16_t>(fewer, end + 10, 2);
  EXPECT_EQ(unpack_code(fewer), "zip.malformed");
  auto more = with(8, 4);
  poke<std::uint16_t>(more, end + 10, 4);
  EXPECT_EQ(unpack_code(more), "zip.malformed");
  auto volume = zip;
  poke<std::uint16_t>(volume, central_of(zip, "data.bin") + 34, 1);
  EXPECT_EQ(unpack_code(volume), "zip.malformed");
}

TEST(ZipReader, RefusesHostileNames) {
  const auto zip = make_zip({{"abcd.xyz", "x"}});
  using namespace std::string_view_literals;
  for (const auto name :
       {"../a.xyz"sv, "/bcd.xyz"sv, "a/../xyz"sv, "ab/./xyz"sv, "ab//.xyz"sv, "ab\\d.xyz"sv, "ab\0d.xyz"sv,
        "ab\nd.xyz"sv, "C:/d.xyz"sv, "abcd.x/."sv, "abcd.\xE6xy"sv, "abc\xC0\xAF.xy"sv, "ab/xy/.."sv}) {
    ASSERT_EQ(name.size(), 8U) << name;
    EXPECT_EQ(unpack_code(replaced(zip, "abcd.xyz", name)), "zip.name") << name;
  }
  ZipLimits limits;
  limits.max_name_bytes = 7;
  EXPECT_EQ(unpack_code(zip, limits), "zip.name");
  limits.max_name_bytes = 8;
  EXPECT_EQ(unpack_code(zip, limits), "");
}

TEST(ZipReader, RefusesDuplicates) {
  const auto zip = make_zip({{"brev-1.pdf", "x"}, {"brev-2.pdf", "y"}});
  EXPECT_EQ(unpack_code(replaced(zip, "brev-2.pdf", "brev-1.pdf")), "zip.duplicate");
  EXPECT_EQ(unpack_code(replaced(zip, "brev-2.pdf", "BREV-1.PDF")), "zip.duplicate");
  const auto letters = make_zip({{"a-sm\xC3\xA5.txt", "x"}, {"b-12345.txt", "y"}});
  EXPECT_EQ(unpack_code(replaced(letters, "b-12345", "a-sm\xC3\x85-")), "") << "another name";
  const auto upper = make_zip({{"\xC3\xA6\xC3\xB8\xC3\xA5", "x"}, {"123456", "y"}});
  EXPECT_EQ(unpack_code(replaced(upper, "123456", "\xC3\x86\xC3\x98\xC3\x85")), "zip.duplicate");
  const auto composed = make_zip({{"\xC3\xA5", "x"}, {"123", "y"}});
  EXPECT_EQ(unpack_code(replaced(composed, "123", "a\xCC\x8A")), "zip.duplicate") << "composed and decomposed";
  const auto folder = make_zip({{"a", "x"}, {"12", ""}});
  EXPECT_EQ(unpack_code(replaced(folder, "12", "a/")), "zip.duplicate") << "file and folder";
}

TEST(ZipReader, RefusesASecondNameInAnExtraField) {
  // A Unicode path field (0x7075) is what some unpackers believe more than the name.
  auto zip = make_zip({{"good.txt", "x"}});
  const std::string field("\x75\x70\x0D\x00\x01\0\0\0\0evil.txt", 17);
  const auto central = central_of(zip, "good.txt");
  poke<std::uint16_t>(zip, central + 30, 17);
  zip.insert(central + 46 + 8, field);
  const auto end = zip.rfind(end_mark);
  poke<std::uint32_t>(zip, end + 12, peek<std::uint32_t>(zip, end + 12) + 17);
  EXPECT_EQ(unpack_code(zip), "zip.malformed");
  EXPECT_EQ(unpack_code(replaced(zip, "evil.txt", "good.txt")), "");
}

TEST(ZipReader, EnforcesItsLimits) {
  const auto zip = make_zip(three_files());
  ZipLimits limits;
  limits.max_entries = 2;
  EXPECT_EQ(unpack_code(zip, limits), "zip.too_many");
  limits.max_entries = 3;
  limits.max_total_size = 13 + 3'004 + 10;
  EXPECT_EQ(unpack_code(zip, limits), "");
  --limits.max_total_size;
  EXPECT_EQ(unpack_code(zip, limits), "zip.too_large");
}

TEST(ZipReader, RefusesBombsButNotSmallFilesOfZeros) {
  const std::string zeros(8'000'000, '\0');
  const auto zip = make_zip({{"zeros", zeros, true}});
  EXPECT_EQ(unpack_code(zip), "zip.bomb");
  ZipLimits limits;
  limits.max_ratio = 1'100;
  EXPECT_EQ(unpack_code(zip, limits), "");
  limits.max_ratio = 10;
  EXPECT_EQ(unpack_code(make_zip({{"zeros", zeros.substr(0, 1 << 20), true}}), limits), "") << "up to 1 MiB any ratio";
}

TEST(ZipReader, RefusesMoreOrLessContentThanTheDirectorySays) {
  const auto zip = make_zip({{"zeros", std::string(100'000, 'z'), true}});
  const auto with_size = [&](std::uint32_t size) {
    auto changed = zip;
    poke<std::uint32_t>(changed, central_of(zip, "zeros") + 24, size);
    poke<std::uint32_t>(changed, zip.find("PK\7\10") + 12, size);
    return changed;
  };
  EXPECT_EQ(unpack_code(with_size(99'999)), "zip.malformed");
  EXPECT_EQ(unpack_code(with_size(100'001)), "zip.malformed");
  EXPECT_EQ(unpack_code(with_size(100'000)), "");
}

TEST(ZipReader, RefusesGarbageBehindTheDeflateStream) {
  auto zip = make_zip({{"text", std::string(1'000, 't'), true}});
  const auto descriptor = zip.find("PK\7\10");
  zip.insert(descriptor, "garbage");
  const auto bump = [&](std::size_t offset) { poke<std::uint32_t>(zip, offset, peek<std::uint32_t>(zip, offset) + 7); };
  bump(zip.find("PK\7\10") + 8);
  bump(zip.find(central_mark) + 20);
  bump(zip.rfind(end_mark) + 16);
  EXPECT_EQ(unpack_code(zip), "zip.malformed");
}

TEST(ZipReader, VerifiesContentThatNobodyRead) {
  auto zip = make_zip({{"data.bin", "0123456789"}});
  zip = replaced(zip, "0123456789", "0123456780");
  MemorySource source(bytes_of(zip));
  const auto read = for_each_entry(source, {}, [](const ZipEntry&, Source&) { return Result<void>(); });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, "zip.malformed");
}

TEST(ZipReader, GivesTheErrorInPlaceOfTheEndOfTheEntry) {
  const auto zip = replaced(make_zip({{"data.bin", "0123456789"}}), "0123456789", "0123456780");
  MemorySource source(bytes_of(zip));
  const auto read = for_each_entry(source, {}, [](const ZipEntry&, Source& content) -> Result<void> {
    EXPECT_FALSE(read_all(content, 100));
    Bytes buffer(1);
    EXPECT_FALSE(content.read(buffer)) << "it stays an error";
    return {};
  });
  EXPECT_FALSE(read);
}

TEST(ZipReader, StopsAtTheVisitorsError) {
  const auto zip = make_zip(three_files());
  MemorySource source(bytes_of(zip));
  int visited = 0;
  const auto read = for_each_entry(source, {}, [&](const ZipEntry&, Source&) -> Result<void> {
    ++visited;
    return retry("test.stop", "enough");
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, "test.stop");
  EXPECT_EQ(visited, 1);
}

/// Fails when more than `good` bytes have been read.
class FailingSource final : public SeekableSource {
 public:
  FailingSource(std::string_view text, std::uint64_t good) : inner_(bytes_of(text)), left_(good) {}
  Result<std::size_t> read(std::span<std::byte> into) override {
    if (into.size() > 16) into = into.first(16);
    if (into.size() > left_) return retry("disk.read", "cannot read");
    left_ -= into.size();
    return inner_.read(into);
  }
  [[nodiscard]] std::uint64_t size() const override { return inner_.size(); }
  Result<void> seek(std::uint64_t offset) override { return inner_.seek(offset); }

 private:
  MemorySource inner_;
  std::uint64_t left_;
};

TEST(ZipReader, PassesOnErrorsOfTheSource) {
  const auto zip = make_zip(three_files());
  std::uint64_t good = 0;
  for (;; good += 8) {
    FailingSource source(zip, good);
    const auto read = for_each_entry(source, {}, [](const ZipEntry&, Source&) { return Result<void>(); });
    if (read) break;
    ASSERT_EQ(read.error().code, "disk.read") << good;
    ASSERT_EQ(read.error().disposition, Disposition::retry);
  }
  EXPECT_GT(good, zip.size());
}

/// An archive whose every number is in zip64 form although none needs it, as some writers make them.
std::string wide_zip(std::uint64_t size, std::uint64_t offset) {
  const std::string content = "0123456789";
  const auto crc = static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(content.data()), 10));
  std::string zip;
  const auto put = [&]<class Number>(Number value) {
    zip.append(sizeof(Number), '\0');
    poke(zip, zip.size() - sizeof(Number), value);
  };
  const auto put16 = [&](std::initializer_list<unsigned> values) {
    for (const auto value : values) put(static_cast<std::uint16_t>(value));
  };
  zip += local_mark;
  put16({45, 0, 0, 0, 0x21});
  for (const std::uint32_t value : {crc, 0xffffffffU, 0xffffffffU}) put(value);
  put16({1, 20});
  zip += "w";
  put16({1, 16});
  for (const std::uint64_t value : {size, size}) put(value);
  zip += content;
  const std::uint64_t directory = zip.size();
  zip += central_mark;
  put16({45, 45, 0, 0, 0, 0x21});
  for (const std::uint32_t value : {crc, 0xffffffffU, 0xffffffffU}) put(value);
  put16({1, 28, 0, 0, 0, 0, 0});
  put(0xffffffffU);
  zip += "w";
  put16({1, 24});
  for (const std::uint64_t value : {size, size, offset}) put(value);
  const std::uint64_t end = zip.size();
  zip += std::string_view("PK\6\6", 4);
  put(std::uint64_t{44});
  put16({45, 45, 0, 0, 0, 0});
  for (const std::uint64_t value : {std::uint64_t{1}, std::uint64_t{1}, end - directory, directory}) put(value);
  zip += std::string_view("PK\6\7", 4);
  put(std::uint32_t{0});
  put(end);
  put(std::uint32_t{1});
  zip += end_mark;
  put16({0, 0, 0xffff, 0xffff});
  put(0xffffffffU);
  put(0xffffffffU);
  put16({0});
  return zip;
}

TEST(ZipReader, ReadsZip64Fields) {
  const auto files = unpack(wide_zip(10, 0));
  ASSERT_TRUE(files) << files.error().text();
  EXPECT_EQ(files->front().content, "0123456789");
  EXPECT_EQ(unpack_code(wide_zip(11, 0)), "zip.malformed");
  EXPECT_EQ(unpack_code(wide_zip(10, 1)), "zip.malformed");
  EXPECT_EQ(unpack_code(wide_zip(0xffffffffffffffffU, 0)), "zip.too_large");
  EXPECT_EQ(unpack_code(wide_zip(10, 0xffffffffffffffffU)), "zip.malformed");
}

TEST(ZipReader, SurvivesAnyChangedByteOfZip64Fields) {
  const auto zip = wide_zip(10, 0);
  for (std::size_t at = 0; at < zip.size(); ++at) {
    for (const char value : {'\0', '\1', '\x7f', '\xff'}) {
      auto damaged = zip;
      damaged[at] = value;
      const auto files = unpack(damaged);
      if (!files) continue;
      ASSERT_EQ(files->size(), 1U) << at;
      ASSERT_EQ(files->front().content, "0123456789") << at;
    }
  }
}

}  // namespace
}  // namespace kanal::formats
