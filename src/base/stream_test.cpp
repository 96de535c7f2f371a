#include "base/stream.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "base/ids.hpp"
#include "base/worker_pool.hpp"

namespace kanal {
namespace {

TEST(Stream, CopiesEverythingInPieces) {
  const Bytes bytes(stream_chunk * 2 + 17, std::byte{42});
  MemorySource source(bytes);
  MemorySink sink(bytes.size());
  EXPECT_EQ(copy(source, sink).value(), bytes.size());
  EXPECT_EQ(sink.bytes(), bytes);
}

TEST(Stream, MemorySinkHoldsItsLimit) {
  MemorySink sink(3);
  EXPECT_TRUE(sink.write(bytes_of("abc")));
  const auto over = sink.write(bytes_of("d"));
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, "stream.too_large");
  EXPECT_EQ(text_of(sink.bytes()), "abc");
}

TEST(Stream, SeekingStaysInside) {
  MemorySource source(bytes_of("abcdef"));
  EXPECT_TRUE(source.seek(4));
  EXPECT_EQ(text_of(read_all(source, 10).value()), "ef");
  EXPECT_FALSE(source.seek(7));
}

TEST(Ids, AreUuidsAndDiffer) {
  const auto one = new_uuid();
  EXPECT_TRUE(is_uuid(one)) << one;
  EXPECT_NE(one, new_uuid());
  EXPECT_EQ(one[14], '4');
  EXPECT_TRUE(is_uuid("0B0E9D55-6d0c-4b1c-8a8e-3f2f0f6a1c01"));
  EXPECT_FALSE(is_uuid("1-2-3-4-5"));
  EXPECT_FALSE(is_uuid("0b0e9d55-6d0c-4b1c-8a8e-3f2f0f6a1c0g"));
  EXPECT_FALSE(is_uuid("0b0e9d55x6d0c-4b1c-8a8e-3f2f0f6a1c01"));
}

TEST(WorkerPool, RunsEveryTaskOfSeveralBatches) {
  WorkerPool pool(3);
  std::atomic<int> count{0};
  for (int round = 0; round < 10; ++round) {
    std::vector<std::function<void()>> tasks(25, [&] { ++count; });
    pool.run_all(std::move(tasks));
    EXPECT_EQ(count, (round + 1) * 25);
  }
  pool.run_all({});
}

}  // namespace
}  // namespace kanal
