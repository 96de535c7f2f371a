#include "store/postgres/database_blobs.hpp"

#include <gtest/gtest.h>

#include "base/testing.hpp"
#include "crypto/issue.hpp"
#include "store/postgres/database_key.hpp"
#include "store/postgres/migrations.hpp"
#include "store/postgres/testing_cluster.hpp"
#include "store/spool/frames.hpp"

namespace kanal::store::postgres {
namespace {

using testing::pattern;

class DatabaseBlobsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    connection_ = std::move(*Connection::open(cluster_.settings(database_)));
    ASSERT_TRUE(migrate(*connection_, migrations(), clock_.now()));
    key_.fill(std::byte{0x33});
    blobs_ = open();
  }
  std::unique_ptr<Spool> open() {
    auto scratch = open_spool({folder_.path() / "spool", key_, 16});
    EXPECT_TRUE(scratch);
    auto blobs = open_database_blobs({cluster_.settings(database_), 3, key_, 16}, std::move(*scratch), clock_);
    EXPECT_TRUE(blobs);
    return std::move(*blobs);
  }
  ports::BlobRef store(ByteView content, ports::BlobOptions options = {}) {
    auto writer = blobs_->create(options);
    EXPECT_TRUE(writer);
    for (std::size_t at = 0; at < content.size(); at += 100'000) {
      const auto written = (*writer)->write(content.subspan(at, std::min<std::size_t>(100'000, content.size() - at)));
      EXPECT_TRUE(written) << written.error().text();
    }
    const auto finished = (*writer)->finish();
    EXPECT_TRUE(finished) << finished.error().text();
    return (*writer)->ref();
  }
  Result<Bytes> load(const ports::BlobRef& ref) {
    auto source = blobs_->open(ref);
    if (!source) return failed(source);
    return read_all(**source, std::uint64_t{1} << 30U);
  }
  std::string rows(const std::string& table) {
    return cluster_.value(database_, "SELECT count(*)::text FROM " + table);
  }

  TestCluster& cluster_ = TestCluster::get();
  std::string database_ = cluster_.new_database();
  testing::TemporaryFolder folder_;
  testing::ManualClock clock_;
  crypto::Key256 key_{};
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Spool> blobs_;
};

TEST_F(DatabaseBlobsTest, RoundTripsSizesAroundFramesAndChunks) {
  constexpr std::size_t chunk = std::size_t{1024} * 1024;
  for (const std::size_t size : {std::size_t{0}, std::size_t{17}, frame_size - 1, frame_size, frame_size + 1,
                                 chunk - 400, chunk - 1, chunk, chunk + 1, 5 * chunk + 77}) {
    const auto content = pattern(size);
    const auto ref = store(content);
    EXPECT_EQ(ref.size, size);
    const auto read = load(ref);
    ASSERT_TRUE(read) << size << ": " << read.error().text();
    EXPECT_EQ(*read, content) << size;
  }
  EXPECT_GT(std::stoi(rows("blob_chunk")), 10);
}

TEST_F(DatabaseBlobsTest, ReadsFromAnyPlaceAndAnyNode) {
  const auto content = pattern(3'000'000);
  const auto ref = store(content);
  blobs_ = open();
  auto source = blobs_->open(ref);
  ASSERT_TRUE(source);
  for (const std::uint64_t offset : {2'999'990U, 0U, 1'048'570U, 1'500'000U}) {
    ASSERT_TRUE((*source)->seek(offset));
    Bytes part(10);
    const auto count = (*source)->read(part);
    ASSERT_TRUE(count) << count.error().text();
    ASSERT_GT(*count, 0U);
    EXPECT_TRUE(std::equal(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(*count),
                           content.begin() + static_cast<std::ptrdiff_t>(offset)));
  }
}

TEST_F(DatabaseBlobsTest, DamageAndLossAreFound) {
  const auto ref = store(pattern(2'500'000));
  cluster_.script(database_,
                  "UPDATE blob_chunk SET content = set_byte(content, 5, get_byte(content, 5) # 1) WHERE number = 1");
  auto read = load(ref);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, "spool.damaged");
  cluster_.script(database_, "DELETE FROM blob_chunk WHERE number = 1");
  read = load(ref);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, "spool.damaged");
  ASSERT_TRUE(blobs_->remove(ref.id));
  ASSERT_TRUE(blobs_->remove(ref.id)) << "gone already";
  EXPECT_EQ(rows("blob_chunk"), "0");
  EXPECT_EQ(load(ref).error().code, "spool.damaged");
}

TEST_F(DatabaseBlobsTest, AWriterThatGivesUpLeavesNothing) {
  {
    auto writer = blobs_->create({});
    ASSERT_TRUE((*writer)->write(pattern(3'000'000)));
    EXPECT_NE(rows("blob_chunk"), "0");
  }
  EXPECT_EQ(rows("blob_chunk"), "0");
  EXPECT_EQ(rows("blob_content"), "0");
}

TEST_F(DatabaseBlobsTest, WhatIsBeingWrittenIsNoBlobYet) {
  auto writer = blobs_->create({});
  ASSERT_TRUE((*writer)->write(pattern(3'000'000)));
  const auto found = blobs_->find((*writer)->ref().id);
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, nullptr);
}

TEST_F(DatabaseBlobsTest, ScratchStaysOnThisMachine) {
  const auto content = pattern(3'000'000);
  const auto ref = store(content, {.scratch = true});
  EXPECT_EQ(rows("blob_content"), "0");
  EXPECT_EQ(load(ref).value_or(Bytes{}), content);
  ASSERT_TRUE(blobs_->remove(ref.id));
  EXPECT_FALSE(load(ref));
}

TEST_F(DatabaseBlobsTest, SweepTakesOldUnknownBlobsOnly) {
  const auto known = store(pattern(100'000));
  const auto unknown = store(pattern(100'000));
  const auto is_known = [&](const BlobId& id) { return id == known.id; };
  clock_.advance(std::chrono::hours(24));
  EXPECT_EQ(blobs_->sweep(is_known).value_or(9), 0U) << "another node may be about to refer to it";
  clock_.advance(std::chrono::hours(25));
  const auto young = store(pattern(100'000));
  EXPECT_EQ(blobs_->sweep(is_known).value_or(9), 1U);
  EXPECT_TRUE(load(known));
  EXPECT_TRUE(load(young));
  EXPECT_FALSE(load(unknown));
}

TEST_F(DatabaseBlobsTest, NodesShareTheKeyOfTheDatabase) {
  const auto from = SystemClock().now() - std::chrono::hours(1);
  const auto ca = crypto::make_ca("CA", from, from + std::chrono::hours(100));
  const auto identity = crypto::issue(ca, {"Org", "Org", "987464291", {}, from, from + std::chrono::hours(100)});
  const auto other = crypto::issue(ca, {"Org", "Org", "987464291", {}, from, from + std::chrono::hours(100)});
  const auto first = load_installation_key(*key_in_database(*connection_), {identity});
  ASSERT_TRUE(first) << first.error().text();
  auto second_node = Connection::open(cluster_.settings(database_));
  EXPECT_EQ(load_installation_key(*key_in_database(**second_node), {identity}).value(), *first);
  EXPECT_EQ(load_installation_key(*key_in_database(**second_node), {other}).error().code, "spool.key");
  // A new keystore with the former one wraps it anew.
  EXPECT_EQ(load_installation_key(*key_in_database(**second_node), {other, identity}).value(), *first);
  EXPECT_EQ(load_installation_key(*key_in_database(*connection_), {other}).value(), *first);
  // A lost key is not replaced while something needs it.
  cluster_.script(database_, "DELETE FROM installation_key; INSERT INTO blob VALUES ('x', 0, 0, '', '', '', 1, '')");
  const auto lost = load_installation_key(*key_in_database(*connection_), {other});
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, "spool.key");
}

}  // namespace
}  // namespace kanal::store::postgres
