#include "store/spool/spool.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <zlib.h>

#include <csignal>
#include <numeric>
#include <thread>

#include "base/testing.hpp"
#include "crypto/digest.hpp"
#include "store/spool/frames.hpp"

namespace kanal::store {
namespace {

using testing::pattern;

namespace fs = std::filesystem;

constexpr std::size_t frame = frame_size;

crypto::Key256 test_key(int seed = 7) {
  crypto::Key256 key{};
  for (std::size_t i = 0; i < key.size(); ++i) key.at(i) = static_cast<std::byte>(static_cast<int>(i) * seed);
  return key;
}

class SpoolTest : public ::testing::Test {
 protected:
  void SetUp() override { spool_ = open(0); }

  std::unique_ptr<Spool> open(std::size_t inline_limit, int key_seed = 7) {
    auto spool = open_spool({folder_.path() / "spool", test_key(key_seed), inline_limit});
    EXPECT_TRUE(spool) << spool.error().text();
    return std::move(*spool);
  }

  ports::BlobRef store(ByteView content, ports::BlobOptions options = {}, std::size_t chunk = 10'000) {
    auto writer = spool_->create(options);
    EXPECT_TRUE(writer);
    for (std::size_t at = 0; at < content.size(); at += chunk) {
      auto written = (*writer)->write(content.subspan(at, std::min(chunk, content.size() - at)));
      EXPECT_TRUE(written) << written.error().text();
    }
    auto finished = (*writer)->finish();
    EXPECT_TRUE(finished) << finished.error().text();
    return (*writer)->ref();
  }

  Result<Bytes> load(const ports::BlobRef& ref) {
    auto source = spool_->open(ref);
    if (!source) return failed(source);
    return read_all(**source, std::uint64_t{1} << 30U);
  }

  [[nodiscard]] fs::path path_of(const ports::BlobRef& ref) const {
    return folder_.path() / "spool" / ref.id.str().substr(0, 2) / ref.id.str();
  }
  [[nodiscard]] fs::path scratch_path(const ports::BlobRef& ref) const {
    return folder_.path() / "spool" / "scratch" / ref.id.str();
  }
  /// Regular files in the spool, its lock aside.
  [[nodiscard]] std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path() / "spool")) {
      if (entry.is_regular_file() && entry.path().filename() != "spool.lock") ++count;
    }
    return count;
  }
  static void make_old(const fs::path& path) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
  }

  testing::TemporaryFolder folder_;
  std::unique_ptr<Spool> spool_;
};

void flip(const fs::path& path, std::size_t offset) {
  auto content = testing::read_file(path);
  content.at(offset) = static_cast<char>(content.at(offset) ^ 1);
  std::ofstream(path, std::ios::binary) << content;
}

TEST_F(SpoolTest, RoundTripsEverySizeAroundFrameBorders) {
  for (const std::size_t inline_limit : {std::size_t{0}, 2 * frame}) {
    spool_.reset();
    spool_ = open(inline_limit);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{15}, std::size_t{16}, frame - 1, frame,
                                   frame + 1, 2 * frame - 1, 2 * frame, 2 * frame + 1, 5 * frame, 5 * frame + 4321}) {
      const auto content = pattern(size);
      for (const std::size_t chunk : {std::size_t{777}, frame, 3 * frame + 1}) {
        const auto ref = store(content, {}, chunk);
        EXPECT_EQ(ref.size, size);
        EXPECT_EQ(ref.inline_frames.empty(), size > inline_limit);
        EXPECT_EQ(fs::exists(path_of(ref)), size > inline_limit);
        const auto read = load(ref);
        ASSERT_TRUE(read) << size << ": " << read.error().text();
        EXPECT_EQ(*read, content) << size;
      }
    }
  }
}

TEST_F(SpoolTest, RoundTripsALargeBlobThroughTheRing) {
  const auto content = pattern(150 * frame + 99);
  for (const bool scratch : {false, true}) {
    const auto ref = store(content, {.scratch = scratch}, 2 * frame + 5);
    const auto read = load(ref);
    ASSERT_TRUE(read);
    EXPECT_TRUE(*read == content);
  }
}

TEST_F(SpoolTest, ComputesDigestsInOnePass) {
  const auto content = pattern(2 * frame + 17);
  const auto ref = store(content, {.md5 = true});
  EXPECT_EQ(ref.sha256, crypto::sha256(content));
  EXPECT_EQ(copy_of(ref.md5), crypto::digest(crypto::DigestAlgorithm::md5, content));
  EXPECT_EQ(ref.crc32, crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size())));
  EXPECT_EQ(store(content).md5, (std::array<std::byte, 16>{}));
  EXPECT_EQ(to_hex(store({}).sha256), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_F(SpoolTest, ComputesDigestsOfWholeFramesWrittenWhole) {
  const auto content = pattern(2 * frame);
  const auto ref = store(content, {.md5 = true}, frame);
  EXPECT_EQ(ref.sha256, crypto::sha256(content));
  EXPECT_EQ(copy_of(ref.md5), crypto::digest(crypto::DigestAlgorithm::md5, content));
  EXPECT_EQ(ref.crc32, crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size())));
}

TEST_F(SpoolTest, CiphertextHidesTheContent) {
  const std::string text(3 * frame, 'A');
  const auto ref = store(bytes_of(text));
  EXPECT_EQ(testing::read_file(path_of(ref)).find("AAAAAAAA"), std::string::npos);
  // The same content twice gives different files: a key of its own for each.
  EXPECT_NE(testing::read_file(path_of(ref)), testing::read_file(path_of(store(bytes_of(text)))));
}

TEST_F(SpoolTest, ReadsFromAnyPlace) {
  const auto content = pattern(3 * frame + 100);
  auto source = spool_->open(store(content));
  ASSERT_TRUE(source);
  EXPECT_EQ((*source)->size(), content.size());
  for (const std::size_t offset : {content.size() - 1, std::size_t{0}, frame - 1, frame, 2 * frame + 5, 3 * frame,
                                   std::size_t{1}, content.size()}) {
    ASSERT_TRUE((*source)->seek(offset));
    Bytes tail(300);
    std::size_t total = 0;
    while (total < tail.size()) {
      auto count = (*source)->read(std::span(tail).subspan(total));
      ASSERT_TRUE(count);
      if (*count == 0) break;
      total += *count;
    }
    ASSERT_EQ(total, std::min<std::size_t>(tail.size(), content.size() - offset));
    EXPECT_TRUE(std::equal(tail.begin(), tail.begin() + static_cast<std::ptrdiff_t>(total),
                           content.begin() + static_cast<std::ptrdiff_t>(offset)));
  }
  const auto beyond = (*source)->seek(content.size() + 1);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, "stream.seek");
}

TEST_F(SpoolTest, DetectsEveryFlippedByte) {
  const auto content = pattern(200);
  const auto ref = store(content);
  const auto length = fs::file_size(path_of(ref));
  for (std::size_t i = 0; i < length; ++i) {
    flip(path_of(ref), i);
    const auto read = load(ref);
    ASSERT_FALSE(read) << "byte " << i;
    EXPECT_EQ(read.error().code, "spool.damaged");
    EXPECT_EQ(read.error().disposition, Disposition::reject);
    flip(path_of(ref), i);
  }
  EXPECT_TRUE(load(ref));
  for (std::size_t i = 0; i < ref.wrapped_key.size(); ++i) {
    auto other = ref;
    other.wrapped_key[i] ^= std::byte{1};
    ASSERT_FALSE(load(other)) << "key byte " << i;
  }
}

TEST_F(SpoolTest, GivesNothingOfADamagedFrame) {
  const auto content = pattern(2 * frame);
  const auto ref = store(content);
  flip(path_of(ref), sealed_frame_size + 40'000);
  auto source = spool_->open(ref);
  ASSERT_TRUE(source);
  Bytes buffer(frame);
  ASSERT_TRUE((*source)->read(buffer));
  EXPECT_TRUE(std::equal(buffer.begin(), buffer.end(), content.begin()));
  std::ranges::fill(buffer, std::byte{0});
  EXPECT_FALSE((*source)->read(buffer));
  EXPECT_EQ(buffer, Bytes(frame));
}

TEST_F(SpoolTest, DetectsTruncation) {
  for (const std::size_t size : {2 * frame, 2 * frame + 5}) {
    const auto ref = store(pattern(size));
    const auto length = fs::file_size(path_of(ref));
    const auto whole = testing::read_file(path_of(ref));
    for (const std::size_t cut : {std::size_t{1}, std::size_t{16}, length - sealed_frame_size, length}) {
      fs::resize_file(path_of(ref), length - cut);
      const auto read = load(ref);
      ASSERT_FALSE(read) << cut;
      EXPECT_EQ(read.error().code, "spool.damaged");
      std::ofstream(path_of(ref), std::ios::binary) << whole;
    }
    // Cut at a frame border and a size that fits: the last frame's mark is missing.
    fs::resize_file(path_of(ref), sealed_frame_size);
    auto shorter = ref;
    shorter.size = frame - 1;
    EXPECT_FALSE(load(shorter));
    fs::resize_file(path_of(ref), sealed_frame_size + 16);
    shorter.size = frame;
    EXPECT_FALSE(load(shorter));
  }
}

TEST_F(SpoolTest, DetectsAppendedBytes) {
  const auto ref = store(pattern(100));
  std::ofstream(path_of(ref), std::ios::binary | std::ios::app) << "x";
  EXPECT_FALSE(load(ref));
}

TEST_F(SpoolTest, DetectsSwappedFrames) {
  const auto ref = store(pattern(2 * frame + 10));
  auto content = testing::read_file(path_of(ref));
  std::swap_ranges(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(sealed_frame_size),
                   content.begin() + static_cast<std::ptrdiff_t>(sealed_frame_size));
  std::ofstream(path_of(ref), std::ios::binary) << content;
  const auto read = load(ref);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, "spool.damaged");
}

TEST_F(SpoolTest, RefusesAnotherBlobsBytesKeyOrId) {
  const auto a = store(pattern(100));
  const auto b = store(pattern(100));
  auto wrong_id = a;
  wrong_id.id = b.id;
  EXPECT_EQ(load(wrong_id).error().code, "spool.damaged");
  auto wrong_key = a;
  wrong_key.wrapped_key = b.wrapped_key;
  EXPECT_EQ(load(wrong_key).error().code, "spool.damaged");
  fs::copy_file(path_of(b), path_of(a), fs::copy_options::overwrite_existing);
  EXPECT_EQ(load(a).error().code, "spool.damaged");
}

TEST_F(SpoolTest, RefusesImpossibleReferences) {
  auto ref = store(pattern(100));
  auto huge = ref;
  huge.size = ~std::uint64_t{0};
  EXPECT_EQ(load(huge).error().code, "spool.damaged");
  auto elsewhere = ref;
  elsewhere.id = BlobId("../../../etc/passwd");
  EXPECT_EQ(load(elsewhere).error().code, "spool.damaged");
  EXPECT_TRUE(spool_->remove(BlobId("../spool.lock")));
  EXPECT_TRUE(fs::exists(folder_.path() / "spool" / "spool.lock"));
}

TEST_F(SpoolTest, MissingFileIsDamage) {
  const auto ref = store(pattern(100));
  ASSERT_TRUE(spool_->remove(ref.id));
  EXPECT_EQ(load(ref).error().code, "spool.damaged");
  EXPECT_TRUE(spool_->remove(ref.id)) << "gone already is success";
}

TEST_F(SpoolTest, AnOpenSourceOutlivesItsFile) {
  const auto content = pattern(2 * frame);
  const auto ref = store(content);
  auto source = spool_->open(ref);
  ASSERT_TRUE(source);
  ASSERT_TRUE(spool_->remove(ref.id));
  EXPECT_EQ(*read_all(**source, content.size()), content);
}

TEST_F(SpoolTest, UnfinishedWriterLeavesNothing) {
  for (const bool scratch : {false, true}) {
    for (const std::size_t size : {std::size_t{10}, 3 * frame, 100 * frame}) {
      auto writer = spool_->create({.scratch = scratch});
      ASSERT_TRUE(writer);
      ASSERT_TRUE((*writer)->write(pattern(size)));
      writer->reset();
      EXPECT_EQ(files(), 0U);
    }
  }
}

TEST_F(SpoolTest, NoNameBeforeFinish) {
  auto writer = spool_->create({});
  ASSERT_TRUE(writer);
  ASSERT_TRUE((*writer)->write(pattern(3 * frame)));
  EXPECT_EQ(files(), 1U);
  EXPECT_FALSE(fs::exists(path_of((*writer)->ref())));
  ASSERT_TRUE((*writer)->finish());
  EXPECT_TRUE(fs::exists(path_of((*writer)->ref())));
  EXPECT_EQ(files(), 1U);
}

TEST_F(SpoolTest, FinishedWriterRefusesMore) {
  auto writer = spool_->create({});
  ASSERT_TRUE((*writer)->finish());
  EXPECT_EQ((*writer)->write(pattern(1)).error().code, "spool.finished");
  EXPECT_EQ((*writer)->finish().error().code, "spool.finished");
}

TEST_F(SpoolTest, ScratchStaysInMemoryUpToOneMebibyte) {
  const auto small = store(pattern(1024 * 1024), {.scratch = true});
  EXPECT_FALSE(small.inline_frames.empty());
  EXPECT_EQ(files(), 0U);
  EXPECT_EQ(*load(small), pattern(1024 * 1024));
  const auto large = store(pattern(1024 * 1024 + 1), {.scratch = true});
  EXPECT_TRUE(large.inline_frames.empty());
  EXPECT_TRUE(fs::exists(scratch_path(large)));
  EXPECT_EQ(*load(large), pattern(1024 * 1024 + 1));
  ASSERT_TRUE(spool_->remove(large.id));
  EXPECT_EQ(files(), 0U);
}

TEST_F(SpoolTest, ScratchIsEmptiedAtStart) {
  store(pattern(2 * 1024 * 1024), {.scratch = true});
  EXPECT_EQ(files(), 1U);
  {
    const auto second = open(0);
    EXPECT_EQ(files(), 1U) << "the first one is alive: its scratch files are its own";
  }
  spool_.reset();
  spool_ = open(0);
  EXPECT_EQ(files(), 0U);
}

TEST_F(SpoolTest, BlobsSurviveReopening) {
  const auto content = pattern(3 * frame);
  const auto ref = store(content);
  spool_.reset();
  spool_ = open(0);
  EXPECT_EQ(*load(ref), content);
  spool_.reset();
  spool_ = open(0, 9);
  EXPECT_EQ(load(ref).error().code, "spool.damaged") << "another installation key";
}

TEST_F(SpoolTest, SweepRemovesOldUnknownFilesOnly) {
  const auto known = store(pattern(100));
  const auto unknown = store(pattern(100));
  const auto fresh = store(pattern(100));
  const auto partial = path_of(unknown).string() + ".tmp";
  const auto foreign = path_of(unknown).parent_path() / "README";
  std::ofstream(partial) << "half";
  std::ofstream(foreign) << "not ours";
  for (const auto& path : {path_of(known), path_of(unknown), fs::path(partial), foreign}) make_old(path);
  const auto swept = spool_->sweep([&](const BlobId& id) { return id == known.id; });
  ASSERT_TRUE(swept);
  EXPECT_EQ(*swept, 2U);
  EXPECT_TRUE(fs::exists(path_of(known)));
  EXPECT_FALSE(fs::exists(path_of(unknown)));
  EXPECT_FALSE(fs::exists(partial));
  EXPECT_TRUE(fs::exists(path_of(fresh))) << "younger than the process: a transaction may be about to name it";
  EXPECT_TRUE(fs::exists(foreign));
}

TEST_F(SpoolTest, SealsTextsBoundToTheirContext) {
  const auto sealed = spool_->seal(bytes_of("Fnr 01010112345"), "message.sbd");
  EXPECT_EQ(text_of(sealed).find("0101"), std::string_view::npos);
  EXPECT_NE(sealed, spool_->seal(bytes_of("Fnr 01010112345"), "message.sbd"));
  const auto opened = spool_->unseal(sealed, "message.sbd");
  ASSERT_TRUE(opened);
  EXPECT_EQ(text_of(*opened), "Fnr 01010112345");
  EXPECT_EQ(spool_->unseal(sealed, "job.payload").error().code, "spool.sealed");
  EXPECT_EQ(spool_->unseal({}, "message.sbd").error().code, "spool.sealed");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto damaged = sealed;
    damaged[i] ^= std::byte{0x80};
    EXPECT_FALSE(spool_->unseal(damaged, "message.sbd")) << i;
  }
  EXPECT_TRUE(spool_->unseal(spool_->seal({}, "x"), "x")->empty());
}

TEST_F(SpoolTest, FolderIsPrivate) {
  EXPECT_EQ(fs::status(folder_.path() / "spool").permissions(), fs::perms::owner_all);
  const auto ref = store(pattern(10));
  EXPECT_EQ(fs::status(path_of(ref)).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_GT(spool_->free_bytes(), 0U);
}

TEST_F(SpoolTest, ManyThreadsWriteAtOnce) {
  std::vector<std::jthread> threads;
  std::atomic<int> good = 0;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto content = pattern(80 * frame + t);
      const auto ref = store(content, {.scratch = true}, 50'000);
      if (auto read = load(ref); read && *read == content) ++good;
    });
  }
  threads.clear();
  EXPECT_EQ(good, 4);
}

/// A limit on file sizes stands in for a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    previous_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &previous_);
    auto limit = previous_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &previous_);
    (void)std::signal(SIGXFSZ, previous_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit previous_{};
  void (*previous_handler_)(int);
};

TEST_F(SpoolTest, FullDiskIsWorthARetryAndLeavesNothing) {
  const FileSizeLimit limit(8 * 1024 * 1024);
  for (const std::size_t size : {std::size_t{9}, std::size_t{40}}) {
    auto writer = spool_->create({});
    ASSERT_TRUE(writer);
    const auto content = pattern(1024 * 1024);
    Result<void> written;
    for (std::size_t i = 0; i < size && written; ++i) written = (*writer)->write(content);
    if (written) written = (*writer)->finish();
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, "spool.full");
    EXPECT_EQ(written.error().disposition, Disposition::retry);
    EXPECT_EQ((*writer)->finish().error().code, "spool.full") << "a failed blob never becomes a good one";
    writer->reset();
    EXPECT_EQ(files(), 0U);
  }
}

TEST_F(SpoolTest, OtherTroubleWithTheDiskIsWorthARetry) {
  fs::remove_all(folder_.path() / "spool");
  auto writer = spool_->create({});
  ASSERT_TRUE(writer);
  const auto written = (*writer)->write(pattern(10));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, "spool.io");
  EXPECT_EQ(written.error().disposition, Disposition::retry);
}

TEST_F(SpoolTest, OpeningAnImpossibleFolderSaysWhy) {
  const auto file = folder_.write("file", "x");
  const auto opened = open_spool({file / "spool", test_key(), 0});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "spool.io");
}

}  // namespace
}  // namespace kanal::store
