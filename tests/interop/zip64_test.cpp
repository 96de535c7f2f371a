// Archives that need zip64, both ways. More than 4 GiB takes minutes and 20 GB of disk: only with LONG_TESTS set.
#include <zlib.h>

#include "formats/zip_reader.hpp"
#include "formats/zip_writer.hpp"
#include "tests/interop/exchange.hpp"
#include "tests/long_tests.hpp"

namespace kanal::interop {
namespace {

/// Any number of zeros.
class Zeros final : public Source {
 public:
  explicit Zeros(std::uint64_t size) : left_(size) {}
  Result<std::size_t> read(std::span<std::byte> into) override {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, into.size()));
    std::fill_n(into.begin(), count, std::byte{0});
    left_ -= count;
    return count;
  }

 private:
  std::uint64_t left_;
};

class Zip64 : public Exchange {
 protected:
  /// Counts, and feeds SHA-256 with name, NUL and content of every entry.
  struct Summary {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    std::string digest{};
  };
  Result<Summary> summary_of(const std::string& name, const formats::ZipLimits& limits) {
    Summary summary;
    crypto::Hasher hasher(crypto::DigestAlgorithm::sha256);
    FileSource file(path(name));
    Bytes buffer(stream_chunk);
    const auto read =
        formats::for_each_entry(file, limits, [&](const formats::ZipEntry& entry, Source& content) -> Result<void> {
          ++summary.count;
          hasher.update(bytes_of(entry.name + '\0'));
          for (;;) {
            const auto got = content.read(buffer);
            if (!got) return failed(got);
            if (*got == 0) return {};
            summary.bytes += *got;
            hasher.update(ByteView(buffer).first(*got));
          }
        });
    if (!read) return failed(read);
    summary.digest = to_hex(hasher.finish());
    return summary;
  }
  void expect_java_sees(const std::string& name, const Summary& summary) {
    const auto answer = ask("read-zip", {{"in", path(name)}});
    ASSERT_TRUE(answer.ok) << answer.reason;
    EXPECT_EQ(answer.one("count"), std::to_string(summary.count));
    EXPECT_EQ(answer.one("bytes"), std::to_string(summary.bytes));
    EXPECT_EQ(answer.one("digest"), summary.digest);
  }
};

/// The last count that fits, the one that means "see zip64", and one beyond.
constexpr std::array<std::size_t, 3> counts{65'534, 65'535, 65'536};

TEST_F(Zip64, JavaReadsManyEntriesOfOurs) {
  for (const std::size_t count : counts) {
    SCOPED_TRACE(count);
    FileSink file(path("many.zip"));
    formats::ZipWriter zip(file);
    crypto::Hasher hasher(crypto::DigestAlgorithm::sha256);
    Summary written{count, 0, {}};
    for (std::size_t i = 0; i < count; ++i) {
      const std::string name = "sak/vedlegg-å-" + std::to_string(i);
      const std::string content = std::to_string(i);
      MemorySource source(bytes_of(content));
      ASSERT_TRUE(i % 2 == 0 ? zip.add(name, bytes_of(content)) : zip.add_deflated(name, source));
      hasher.update(bytes_of(name + '\0' + content));
      written.bytes += content.size();
    }
    ASSERT_TRUE(zip.finish());
    ASSERT_TRUE(file.finish());
    written.digest = to_hex(hasher.finish());
    expect_java_sees("many.zip", written);
  }
}

TEST_F(Zip64, WeReadManyEntriesOfJavas) {
  for (const std::size_t count : counts) {
    SCOPED_TRACE(count);
    ASSERT_TRUE(ask("write-many", {{"out", path("many.zip")}, {"count", std::to_string(count)}}).ok);
    FileSource file(path("many.zip"));
    formats::ZipLimits limits;
    limits.max_entries = count;
    std::size_t next = 0;
    const auto read =
        formats::for_each_entry(file, limits, [&](const formats::ZipEntry& entry, Source& content) -> Result<void> {
          const auto bytes = read_all(content, 10);
          if (!bytes) return failed(bytes);
          const bool good = entry.name == "sak/vedlegg-å-" + std::to_string(next) &&
                            text_of(*bytes) == std::to_string(next) && entry.stored == (next % 2 == 0);
          if (!good) return reject("test.entry", "another entry than expected: " + entry.name);
          ++next;
          return {};
        });
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(next, count);
  }
}

class Zip64Large : public Zip64 {
 protected:
  void SetUp() override {
    if (!kanal::testing::is_long()) GTEST_SKIP() << "takes minutes: set LONG_TESTS";
  }
  static constexpr std::uint64_t large = (std::uint64_t{1} << 32U) + 70'001;
};

TEST_F(Zip64Large, JavaReadsOurs) {
  std::uint32_t crc = 0;
  const Bytes zeros(1 << 20U);
  for (std::uint64_t left = large; left > 0;) {
    const std::uint64_t piece = std::min<std::uint64_t>(left, zeros.size());
    crc = static_cast<std::uint32_t>(crc32_z(crc, reinterpret_cast<const Bytef*>(zeros.data()), piece));
    left -= piece;
  }
  FileSink file(path("large.zip"));
  formats::ZipWriter zip(file);
  Zeros stored(large);
  ASSERT_TRUE(zip.add_stored({"stored", large, crc}, stored));
  Zeros deflated(large);
  ASSERT_TRUE(zip.add_deflated("deflated", deflated));
  ASSERT_TRUE(zip.add("last", bytes_of("the end")));
  ASSERT_TRUE(zip.finish());
  ASSERT_TRUE(file.finish());
  formats::ZipLimits limits;
  limits.max_ratio = 10'000;
  const auto written = summary_of("large.zip", limits);
  ASSERT_TRUE(written) << written.error().text();
  EXPECT_EQ(written->bytes, 2 * large + 7);
  expect_java_sees("large.zip", *written);
}

TEST_F(Zip64Large, WeReadJavas) {
  ASSERT_TRUE(ask("write-large", {{"out", path("large.zip")}, {"size", std::to_string(large)}}).ok);
  formats::ZipLimits limits;
  limits.max_ratio = 10'000;
  const auto read = summary_of("large.zip", limits);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->count, 3U);
  EXPECT_EQ(read->bytes, 2 * large + 7);
  expect_java_sees("large.zip", *read);
}

TEST_F(Zip64Large, AWholePackageBothWays) {
  Zeros content(large);
  ports::Attachment file;
  file.filename = "film.mp4";
  file.mimetype = "video/mp4";
  file.blob = store(content);
  const auto sbd = make_sbd(all_.agency, all_.municipality);
  const auto package =
      dpo::write_package(sbd, {file}, {all_.agency.identity, all_.municipality.identity.certificate, noon}, spool_);
  ASSERT_TRUE(package) << package.error().text();
  save(*package, "sbd.zip");
  ASSERT_TRUE(spool_.remove(package->id));
  const auto answer = java_reads("sbd.zip", all_.municipality);
  ASSERT_TRUE(answer.ok) << answer.reason;
  EXPECT_EQ(answer.all("document").at(1).at(2), to_hex(file.blob.sha256));

  // Without compression: so many zeros, deflated, are refused as a bomb.
  Arguments arguments{{"out", path("sbd.zip")},
                      {"sbd", folder_.write("sbd.json", domain::write_sbd(sbd)).string()},
                      {"recipient", all_.municipality.certificate.string()},
                      {"document", path("unpacked/1")},
                      {"name", "film.mp4"},
                      {"type", "video/mp4"},
                      {"level", "0"}};
  all_.agency.act(arguments);
  const auto written = ask("write-package", arguments);
  ASSERT_TRUE(written.ok) << written.reason;
  const auto read = we_read("sbd.zip");
  ASSERT_TRUE(read) << read.error().text();
  ASSERT_FALSE(read->damage) << read->damage->text();
  ASSERT_TRUE(read->package);
  EXPECT_GT(read->package->size, large);
}

}  // namespace
}  // namespace kanal::interop
