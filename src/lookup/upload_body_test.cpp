#include "lookup/upload_body.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.hpp"
#include "crypto/cms.hpp"
#include "crypto/issue.hpp"
#include "ports/memory_testing.hpp"

namespace kanal::lookup::testing {
namespace {

crypto::Identity make_recipient() {
  const Time from = SystemClock().now() - std::chrono::hours(1);
  const auto ca = crypto::make_ca("Body CA", from, from + std::chrono::hours(24));
  return crypto::issue(ca, {"Receiver", "Receiver", "310701378", {}, from, from + std::chrono::hours(24)});
}

std::string decrypted(const crypto::Identity& recipient, std::string_view cms) {
  MemorySink plain(1U << 24U);
  auto decryptor = crypto::make_cms_decryptor({recipient}, plain);
  if (auto written = decryptor->write(bytes_of(cms)); !written) return "error: " + written.error().text();
  if (auto finished = decryptor->finish(); !finished) return "error: " + finished.error().text();
  return std::string(text_of(plain.bytes()));
}

/// All of it, in reads of so many bytes.
std::string read_in(UploadBody& body, std::size_t piece) {
  std::string all;
  Bytes buffer(piece);
  for (;;) {
    const auto count = body.read(buffer);
    EXPECT_TRUE(count) << count.error().text();
    if (!count || *count == 0) return all;
    all += text_of(ByteView(buffer).first(*count));
  }
}

TEST(UploadBody, GivesTextsAndDocumentsInTurn) {
  ports::testing::MemoryBlobs blobs;
  const auto one = blobs.put("EN");
  const auto empty = blobs.put("");
  for (const std::size_t piece : {1U, 3U, 100U}) {
    UploadBody body(blobs, {});
    body.add("a");
    body.add(one);
    body.add("");
    body.add("bc");
    body.add(empty);
    body.add("d");
    EXPECT_EQ(read_in(body, piece), "aENbcd") << piece;
  }
}

TEST(UploadBody, EncryptsEachDocumentByItself) {
  const auto recipient = make_recipient();
  ports::testing::MemoryBlobs blobs;
  const auto content = kanal::testing::pattern(300'000);
  const auto large = blobs.put(text_of(content));
  const auto empty = blobs.put("");
  for (const std::size_t piece : {997U, 65'536U}) {
    UploadBody body(blobs, recipient.certificate);
    body.add("<1>");
    body.add(large);
    body.add("<2>");
    body.add(empty);
    body.add("<3>");
    const auto all = read_in(body, piece);
    const auto second = all.rfind("<2>");
    ASSERT_NE(second, std::string::npos);
    EXPECT_EQ(decrypted(recipient, all.substr(3, second - 3)), text_of(content));
    EXPECT_EQ(decrypted(recipient, all.substr(second + 3, all.size() - second - 6)), "");
  }
}

TEST(UploadBody, ADocumentThatIsGoneIsAnError) {
  ports::testing::MemoryBlobs blobs;
  const auto lost = blobs.put("x");
  ASSERT_TRUE(blobs.remove(lost.id));
  UploadBody body(blobs, {});
  body.add(lost);
  Bytes buffer(10);
  EXPECT_EQ(body.read(buffer).error().code, "spool.damaged");
}

}  // namespace
}  // namespace kanal::lookup::testing
