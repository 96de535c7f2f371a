#include "transports/dpi/letter_body.hpp"

#include <gtest/gtest.h>

namespace kanal::transports::dpi {
namespace {

std::string all_of(Source& source, std::size_t piece) {
  std::string out;
  Bytes buffer(piece);
  for (;;) {
    const auto count = source.read(buffer);
    EXPECT_TRUE(count);
    if (!count || *count == 0) return out;
    out += text_of(ByteView(buffer).first(*count));
  }
}

TEST(LetterBody, IsTheDocumentThenThePackage) {
  for (const auto& package : {std::string(), std::string("cms"), std::string(200000, 'p')}) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{65536}}) {
      if (piece == 1 && package.size() > 1000) continue;
      MemorySource content(bytes_of(package));
      LetterBody body("head.payload.signature", content);
      const auto type = body.content_type();
      const auto boundary = "--" + type.substr(type.find('=') + 1);
      const auto text = all_of(body, piece);
      EXPECT_EQ(text.size(), body.size());
      EXPECT_EQ(text, boundary +
                          "\r\nContent-Disposition: form-data; name=\"forretningsmelding\"; filename=\"sbd.jwt\"\r\n"
                          "Content-Type: application/jwt\r\n\r\nhead.payload.signature\r\n" +
                          boundary +
                          "\r\nContent-Disposition: form-data; name=\"dokumentpakke\"; filename=\"asic.cms\"\r\n"
                          "Content-Type: application/cms\r\n\r\n" +
                          package + "\r\n" + boundary + "--\r\n");
    }
  }
}

}  // namespace
}  // namespace kanal::transports::dpi
