#include "lookup/cache.hpp"

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <stdexcept>

#include "lookup/lookup_testing.hpp"

namespace kanal::lookup {
namespace {

using namespace testing;
using std::chrono::hours;
using std::chrono::seconds;

class CacheTest : public ::testing::Test {
 protected:
  Result<Cache<std::string>::Answer> get(const std::string& key = "key") {
    return cache.get(key, terms, [this] {
      ++loads;
      return next;
    });
  }
  std::string value(const std::string& key = "key") {
    const auto answer = get(key);
    return answer ? *answer->value : answer.error().code;
  }

  ManualClock clock;
  Cache<std::string> cache{clock, 3, [](const Error& error) { return error.code != "never.stale"; }};
  CacheTerms terms{seconds(300), seconds(45), hours(24)};
  Result<std::string> next = std::string("one");
  int loads = 0;
};

TEST_F(CacheTest, ValueIsUsedUntilItsEnd) {
  EXPECT_EQ(value(), "one");
  next = std::string("two");
  clock.advance(seconds(300) - Duration(1));
  EXPECT_EQ(value(), "one");
  EXPECT_EQ(loads, 1);
  clock.advance(Duration(1));
  EXPECT_EQ(value(), "two");
  EXPECT_EQ(loads, 2);
}

TEST_F(CacheTest, RefusalIsKeptForItsOwnTime) {
  next = reject("not.found", "x");
  EXPECT_EQ(value(), "not.found");
  clock.advance(seconds(44));
  EXPECT_EQ(value(), "not.found");
  EXPECT_EQ(loads, 1);
  clock.advance(seconds(1));
  next = std::string("one");
  EXPECT_EQ(value(), "one");
}

TEST_F(CacheTest, PassingErrorWithoutOldValueIsNotKept) {
  next = retry("away", "x");
  EXPECT_EQ(value(), "away");
  EXPECT_EQ(value(), "away");
  EXPECT_EQ(loads, 2);
}

TEST_F(CacheTest, StaleValueStandsInAndPausesTheLoads) {
  EXPECT_EQ(value(), "one");
  clock.advance(seconds(300));
  next = retry("away", "x");
  const auto stale = get();
  ASSERT_TRUE(stale);
  EXPECT_EQ(*stale->value, "one");
  ASSERT_TRUE(stale->stale_because);
  EXPECT_EQ(stale->stale_because->code, "away");
  const auto again = get();
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->stale_because) << "told once per failed load";
  EXPECT_EQ(loads, 2);
  clock.advance(seconds(45));
  EXPECT_EQ(value(), "one");
  EXPECT_EQ(loads, 3);
  next = std::string("two");
  clock.advance(seconds(45));
  EXPECT_EQ(value(), "two");
}

TEST_F(CacheTest, StaleValueHasAnEnd) {
  EXPECT_EQ(value(), "one");
  next = retry("away", "x");
  clock.advance(hours(24) + seconds(300) - seconds(10));
  EXPECT_EQ(value(), "one");
  clock.advance(seconds(10));
  EXPECT_EQ(value(), "away") << "the pause does not outlast the end";
}

TEST_F(CacheTest, SomeErrorsHideNoStaleValue) {
  EXPECT_EQ(value(), "one");
  clock.advance(seconds(300));
  next = retry("never.stale", "x");
  EXPECT_EQ(value(), "never.stale");
  next = retry("away", "x");
  EXPECT_EQ(value(), "one") << "it is still there for others";
}

TEST_F(CacheTest, RefusalReplacesTheValueForGood) {
  EXPECT_EQ(value(), "one");
  clock.advance(seconds(300));
  next = reject("not.found", "x");
  EXPECT_EQ(value(), "not.found");
  clock.advance(seconds(45));
  next = retry("away", "x");
  EXPECT_EQ(value(), "away");
}

TEST_F(CacheTest, LeastRecentlyUsedGoesFirst) {
  for (const char* key : {"a", "b", "c"}) EXPECT_EQ(value(key), "one");
  EXPECT_EQ(value("a"), "one");
  EXPECT_EQ(value("d"), "one");
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_EQ(loads, 4);
  next = std::string("two");
  EXPECT_EQ(value("a"), "one");
  EXPECT_EQ(value("b"), "two") << "it was used least recently";
}

TEST_F(CacheTest, FlushForgets) {
  EXPECT_EQ(value(), "one");
  cache.flush();
  EXPECT_EQ(cache.size(), 0u);
  next = std::string("two");
  EXPECT_EQ(value(), "two");
}

TEST_F(CacheTest, LoadUnderWayAtAFlushIsNotKept) {
  const auto answer = cache.get("key", terms, [this] {
    cache.flush();
    return std::string("old");
  });
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer->value, "old");
  EXPECT_EQ(value(), "one");
}

TEST_F(CacheTest, ManyCallersShareOneLoad) {
  constexpr int callers = 16;
  std::latch all_here(callers);
  std::atomic<int> concurrent_loads = 0;
  std::vector<std::future<std::string>> results;
  for (int i = 0; i < callers; ++i) {
    results.push_back(std::async(std::launch::async, [&] {
      all_here.count_down();
      const auto answer = cache.get("key", terms, [&] {
        ++concurrent_loads;
        all_here.wait();
        return std::string("shared");
      });
      return answer ? *answer->value : answer.error().code;
    }));
  }
  for (auto& result : results) EXPECT_EQ(result.get(), "shared");
  EXPECT_EQ(concurrent_loads, 1);
}

TEST_F(CacheTest, BrokenLoadBlocksNobody) {
  const auto answer = cache.get("key", terms, []() -> Result<std::string> { throw std::runtime_error("broken"); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().disposition, Disposition::bug);
  EXPECT_EQ(value(), "one");
}

}  // namespace
}  // namespace kanal::lookup
