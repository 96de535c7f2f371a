#include "net/request_parser.hpp"

#include <gtest/gtest.h>

namespace kanal::net {
namespace {

using State = RequestParser::State;

/// Feeds `text` in pieces of `piece` bytes, as a connection would.
struct Feed {
  explicit Feed(std::string text, std::size_t piece = SIZE_MAX, std::size_t limit = 1024) : parser(limit) {
    std::string waiting;
    while (!parser.failed() && parser.state() != State::done) {
      const std::size_t before = waiting.size();
      waiting += text.substr(0, piece);
      text.erase(0, piece);
      for (std::size_t used = 1; used > 0 && parser.state() < State::done;) {
        used = parser.feed(bytes_of(waiting), [&](ByteView part) { body += text_of(part); });
        waiting.erase(0, used);
      }
      if (waiting.size() == before && text.empty()) break;
      if (text.empty() && parser.state() < State::done) break;
    }
    rest = waiting + text;
  }
  RequestParser parser;
  std::string body;
  std::string rest;
};

TEST(RequestParser, ReadsHeadAndBodyInAnyPieces) {
  const std::string text = "POST /a%20b?c=d HTTP/1.1\r\nHost: x\r\nX-A:  1 \r\nContent-Length: 5\r\n\r\nhelloNEXT";
  for (const std::size_t piece : {1, 2, 3, 7, 40, 1000}) {
    Feed run(text, piece);
    ASSERT_EQ(run.parser.state(), State::done) << piece;
    EXPECT_EQ(run.body, "hello");
    EXPECT_EQ(run.rest, "NEXT");
    const Request request = run.parser.take_request();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/a%20b?c=d");
    EXPECT_EQ(request.path, "/a b");
    EXPECT_EQ(request.parameter("c"), "d");
    EXPECT_EQ(request.header("x-a"), "1");
    EXPECT_EQ(request.content_length, 5U);
    EXPECT_TRUE(run.parser.keep_alive());
  }
}

TEST(RequestParser, ReadsChunksInAnyPieces) {
  const std::string text =
      "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: "
      "v\r\n\r\nNEXT";
  for (const std::size_t piece : {1, 2, 3, 7, 1000}) {
    Feed run(text, piece);
    ASSERT_EQ(run.parser.state(), State::done) << piece;
    EXPECT_EQ(run.body, "abc0123456789");
    EXPECT_EQ(run.rest, "NEXT");
    EXPECT_EQ(run.parser.remaining(), std::nullopt);
    EXPECT_EQ(run.parser.take_request().headers.size(), 2U) << "trailers are no headers";
  }
}

TEST(RequestParser, ReadsAnEmptyChunkedBodyInAnyPieces) {
  for (const std::size_t piece : {1, 2, 3, 4, 1000}) {
    Feed run("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", piece);
    EXPECT_EQ(run.parser.state(), State::done) << piece;
    EXPECT_EQ(run.body, "");
  }
}

TEST(RequestParser, ForgivesEmptyLinesInFront) {
  for (const std::size_t piece : {1, 2, 3, 1000}) {
    Feed run("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", piece);
    EXPECT_EQ(run.parser.state(), State::done) << piece;
  }
}

TEST(RequestParser, KnowsConnectionAndExpectation) {
  EXPECT_FALSE(Feed("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").parser.keep_alive());
  EXPECT_FALSE(Feed("GET / HTTP/1.0\r\n\r\n").parser.keep_alive());
  EXPECT_TRUE(Feed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").parser.keep_alive());
  EXPECT_TRUE(
      Feed("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 9\r\n\r\n").parser.expects_continue());
  EXPECT_FALSE(Feed("PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n").parser.expects_continue());
}

TEST(RequestParser, RefusesMalformedAndAmbiguousRequests) {
  const char* const cases[] = {
      "GET\r\n\r\n",
      "GET / HTTP/2.0\r\n\r\n",
      "GET / HTTP/1.1\nHost: x\n\n",
      "GET / HTTP/1.1\r\nHost x\r\n\r\n",
      "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
      "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
      "CONNECT host:443 HTTP/1.1\r\nHost: x\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n",
  };
  for (const char* text : cases) EXPECT_EQ(Feed(text).parser.state(), State::malformed) << text;
}

TEST(RequestParser, DoesNotGuessAnUnknownTransferCoding) {
  for (const char* coding : {"gzip, chunked", "gzip", "identity"}) {
    Feed run("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + std::string(coding) + "\r\n\r\n");
    EXPECT_EQ(run.parser.state(), State::unsupported) << coding;
  }
}

TEST(RequestParser, LimitsTheHeadHoweverItArrives) {
  const std::string start = "GET / HTTP/1.1\r\nHost: x\r\n";
  std::string many = start;
  for (int i = 0; i < 100; ++i) many += "X-" + std::to_string(i) + ": 0123456789\r\n";
  for (const std::size_t piece : {1, 10, 100, 100'000}) {
    EXPECT_EQ(Feed(start + "X: " + std::string(2000, 'x'), piece).parser.state(), State::head_too_large) << piece;
    EXPECT_EQ(Feed(many + "\r\n", piece).parser.state(), State::head_too_large) << piece;
    EXPECT_EQ(Feed("GET /" + std::string(2000, 'x'), piece).parser.state(), State::head_too_large) << piece;
    std::string fits = start + "X: " + std::string(1024 - start.size() - 7, 'x') + "\r\n\r\n";
    ASSERT_EQ(fits.size(), 1024U);
    EXPECT_EQ(Feed(fits, piece).parser.state(), State::done) << piece;
  }
}

TEST(RequestParser, LimitsTheNumberOfHeaders) {
  std::string text = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 300; ++i) text += "a:\r\n";
  EXPECT_EQ(Feed(text + "\r\n", SIZE_MAX, 100'000).parser.state(), State::head_too_large);
}

}  // namespace
}  // namespace kanal::net
