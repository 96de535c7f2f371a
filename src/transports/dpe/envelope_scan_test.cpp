#include "transports/dpe/envelope_scan.hpp"

#include <gmock/gmock.h>

namespace kanal::transports::dpe {
namespace {

struct Scan {
  std::string sbd;
  std::string asic;
  std::string error;
};

/// Gives a few bytes at a time.
class Slow final : public Source {
 public:
  explicit Slow(std::string_view text, std::size_t piece) : rest_(bytes_of(text)), piece_(piece) {}
  Result<std::size_t> read(std::span<std::byte> into) override {
    const auto count = std::min({piece_, into.size(), rest_.size()});
    std::ranges::copy(rest_.first(count), into.begin());
    rest_ = rest_.subspan(count);
    return count;
  }

 private:
  ByteView rest_;
  std::size_t piece_;
};

Scan scan(std::string_view text, std::size_t piece = 1000) {
  Slow source(text, piece);
  MemorySink asic(1 << 20);
  const auto found = scan_envelope(source, &asic);
  if (!found) return {{}, {}, found.error().message};
  if (found->asic_error) return {{}, {}, found->asic_error->code};
  return {found->sbd.value_or("none"), std::string(text_of(asic.bytes())), {}};
}

TEST(EnvelopeScan, FindsBothMembersInPiecesOfAnySize) {
  const std::string text =
      R"( { "x" : [1, {"y": "a\"]}"}, null], "asic":"QUJD\/+==", "sbd" : {"a":"}","b":[ ]} , "z":-1.5e9 } )";
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    const auto found = scan(text, piece);
    EXPECT_EQ(found.error, "");
    EXPECT_EQ(found.sbd, R"({"a":"}","b":[ ]})");
    EXPECT_EQ(found.asic, "QUJD/+==");
  }
}

TEST(EnvelopeScan, AnythingElseIsRefused) {
  for (const auto* text :
       {"", " ", "null", "{", "{\"sbd\"", "{\"sbd\":", "{\"sbd\":{}", "{\"sbd\":{}]", "{\"sbd\":{},}", "{\"a\" 1}",
        "{\"a\":1 \"b\":2}", "{a:1}", "{\"asic\":\"abc", "{\"asic\":nul}", "{\"asic\":{}}", "{\"sbd\":1,\"sbd\":2}",
        "{\"asic\":\"\",\"asic\":\"\"}", "{} {}", "{\"a\":]}"}) {
    EXPECT_NE(scan(text).error, "") << text;
  }
}

TEST(EnvelopeScan, DepthAndSizeAreBounded) {
  EXPECT_EQ(scan("{\"a\":" + std::string(64, '[') + std::string(64, ']') + "}").error, "");
  EXPECT_THAT(scan("{\"a\":" + std::string(65, '[') + std::string(65, ']') + "}").error,
              ::testing::HasSubstr("deeply"));
  EXPECT_THAT(scan("{\"sbd\":\"" + std::string(1'100'000, 'x') + "\"}").error, ::testing::HasSubstr("too large"));
  EXPECT_THAT(scan("{\"" + std::string(2000, 'x') + "\":1}").error, ::testing::HasSubstr("too large"));
}

TEST(EnvelopeScan, ATroubledPackageDoesNotHideTheSbd) {
  MemorySink full(2);
  MemorySource source(bytes_of(R"({"asic":"abcdef","sbd":{}})"));
  const auto found = scan_envelope(source, &full);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->asic_error->code, "stream.too_large");
  EXPECT_EQ(*found->sbd, "{}");
}

}  // namespace
}  // namespace kanal::transports::dpe
