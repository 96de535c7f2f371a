#include "crypto/ber.hpp"

#include "crypto/crypto_test_support.hpp"

namespace kanal::crypto {
namespace {

using namespace testing;

/// Writes events as text: `(16 (4 'hello'))`.
class Transcript final : public BerHandler {
 public:
  Result<void> open(const BerTag& tag) override {
    close_quote();
    text += "(" + std::string(tag.is_context(tag.number) ? "c" : "") + std::to_string(tag.number);
    return {};
  }
  Result<void> content(ByteView piece) override {
    text += in_quote_ ? "" : " '";
    in_quote_ = true;
    text += text_of(piece);
    return {};
  }
  Result<void> close() override {
    close_quote();
    text += ")";
    return {};
  }
  std::string text;

 private:
  void close_quote() {
    if (in_quote_) text += "'";
    in_quote_ = false;
  }
  bool in_quote_ = false;
};

/// The transcript, or the error code; the same for every piece size.
std::string read(std::string_view hex) {
  const Bytes bytes = *from_hex(hex);
  std::string last;
  for (const std::size_t piece : {bytes.size(), std::size_t{3}, std::size_t{1}}) {
    Transcript transcript;
    BerTokenizer tokenizer(transcript);
    Result<void> pushed;
    for (std::size_t at = 0; at < bytes.size() && pushed; at += piece) {
      pushed = tokenizer.push(ByteView(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    }
    const std::string result =
        !pushed ? pushed.error().code : transcript.text + (tokenizer.complete() ? "" : " incomplete");
    EXPECT_TRUE(last.empty() || last == result) << last << " but in pieces of " << piece << " " << result;
    last = result;
  }
  return last;
}

TEST(Ber, DefiniteAndIndefiniteLengths) {
  EXPECT_EQ(read("30050403616263"), "(16(4 'abc'))");
  EXPECT_EQ(read("308004036162630000"), "(16(4 'abc'))");
  EXPECT_EQ(read("3080a08004016100000401620000"), "(16(c0(4 'a'))(4 'b'))");
  EXPECT_EQ(read("308004000401610000"), "(16(4)(4 'a'))");
  EXPECT_EQ(read("3000"), "(16)");
  EXPECT_EQ(read("30800000"), "(16)");
  EXPECT_EQ(read("308400000003040161"), "(16(4 'a'))") << "a length may be longer than it must";
  EXPECT_EQ(read("9f8101026162"), "(c129 'ab')") << "long tag number";
}

TEST(Ber, Incomplete) {
  EXPECT_EQ(read("30"), " incomplete");
  EXPECT_EQ(read("3080"), "(16 incomplete");
  EXPECT_EQ(read("30050403"), "(16(4 incomplete");
}

TEST(Ber, Trailing) {
  EXPECT_EQ(read("300000"), "ber.trailing");
  EXPECT_EQ(read("3080000000"), "ber.trailing");
}

TEST(Ber, Malformed) {
  EXPECT_EQ(read("0480"), "ber.malformed") << "primitive with indefinite length";
  EXPECT_EQ(read("30ff"), "ber.malformed") << "reserved length";
  EXPECT_EQ(read("300304036162"), "ber.malformed") << "child longer than its parent";
  EXPECT_EQ(read("300230800000"), "ber.malformed") << "an indefinite child has no room for its end";
  EXPECT_EQ(read("3001040100"), "ber.malformed") << "parent ends inside a header";
  EXPECT_EQ(read("0000"), "ber.malformed") << "end marker with nothing open";
  EXPECT_EQ(read("30020000"), "ber.malformed") << "end marker in a definite element";
  EXPECT_EQ(read("3080000161"), "ber.malformed") << "end marker with content";
  EXPECT_EQ(read("3089010000000000000000"), "ber.malformed") << "length beyond all measure";
  EXPECT_EQ(read("308affffffffffffffffffff"), "ber.malformed");
  EXPECT_EQ(read("3f8fffffff7f00"), "ber.malformed") << "tag number beyond all measure";
}

TEST(Ber, Depth) {
  std::string deep;
  for (std::size_t i = 0; i < BerTokenizer::max_depth; ++i) deep += "3080";
  EXPECT_EQ(read(deep).substr(0, 3), "(16");
  EXPECT_EQ(read(deep + "3080"), "ber.too_deep");
}

class Capturing final : public BerHandler {
 public:
  explicit Capturing(std::size_t limit) : capture(limit) {}
  Result<void> open(const BerTag& tag) override { return capture.open(tag); }
  Result<void> content(ByteView piece) override { return capture.content(piece); }
  Result<void> close() override {
    capture.close();
    return {};
  }
  BerCapture capture;
};

TEST(Ber, CaptureReencodesWithDefiniteLengths) {
  Capturing handler(10'000);
  BerTokenizer tokenizer(handler);
  const Bytes certificate = alice().certificate.der();
  ASSERT_TRUE(tokenizer.push(certificate));
  ASSERT_TRUE(tokenizer.complete());
  EXPECT_EQ(handler.capture.take().der(), certificate);
}

TEST(Ber, CaptureJoinsSegmentsAndLongTags) {
  Capturing handler(10'000);
  BerTokenizer tokenizer(handler);
  ASSERT_TRUE(tokenizer.push(*from_hex("bf81018024800401610402626300000000")));
  const BerNode node = handler.capture.take();
  EXPECT_EQ(to_hex(node.der()), "bf810109240704016104026263");
  EXPECT_EQ(text_of(node.octets()), "abc");
}

TEST(Ber, CaptureIsLimited) {
  Capturing handler(500);
  BerTokenizer tokenizer(handler);
  const auto pushed = tokenizer.push(alice().certificate.der());
  EXPECT_EQ(code_of(pushed), "ber.too_large");
}

}  // namespace
}  // namespace kanal::crypto
