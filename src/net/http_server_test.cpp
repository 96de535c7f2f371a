// The server seen from raw sockets: what it accepts, refuses, and does when the client or the handler misbehaves.
#include "net/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "net/net_testing.hpp"

namespace kanal::net {
namespace {

using namespace kanal::net::testing;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Answer = std::variant<Response, std::unique_ptr<BodyHandler>>;

/// Notes what the server does with a body.
class NotingHandler final : public BodyHandler {
 public:
  NotingHandler(Events& events, std::string& body) : events_(events), body_(body) {}
  ~NotingHandler() override { events_.add("destroyed"); }
  std::optional<Response> data(ByteView bytes) override {
    body_ += text_of(bytes);
    events_.add("data");
    if (body_.find("early") != std::string::npos) return text_response(413, "enough");
    if (body_.find("throw") != std::string::npos) throw std::runtime_error("data");
    return std::nullopt;
  }
  Response finish() override {
    events_.add("finish");
    return text_response(200, body_);
  }

 private:
  Events& events_;
  std::string& body_;
};

class HttpServerTest : public ::testing::Test {
 protected:
  void start() {
    server = std::make_unique<HttpServer>(
        options, [this](auto request) { return handle(request); }, log);
    const auto started = server->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  Answer handle(const std::shared_ptr<const Request>& request) {
    events.add(request->method + " " + request->path);
    last = request;
    if (request->path == "/body") return std::make_unique<NotingHandler>(events, body);
    if (request->path == "/throw") throw std::runtime_error("head");
    if (request->path == "/none") return std::unique_ptr<BodyHandler>();
    if (request->path == "/wait") {
      events.add("waiting");
      release.wait();
    }
    if (request->path == "/answer") return std::move(answer);
    if (request->path == "/stream") return stream(request->method == "GET" || request->method == "HEAD");
    return text_response(200, "hello");
  }
  Response stream(bool) {
    Response response;
    response.body = std::make_unique<PatternSource>(size, fail_at);
    response.body_length = promised;
    response.done = [this](bool ok) { events.add(ok ? "done" : "not done"); };
    return response;
  }
  RawSocket client() { return RawSocket::connect(server->port()); }
  std::string ask(const std::string& text) {
    auto socket = client();
    socket.send(text);
    return socket.response();
  }
  static std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"; }
  static std::string put(const std::string& path, const std::string& text) {
    return "PUT " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text;
  }

  SilentLog log;
  ServerOptions options;
  Events events;
  std::string body;
  std::shared_ptr<const Request> last;
  std::promise<void> gate;
  std::shared_future<void> release = gate.get_future().share();
  Response answer;
  std::uint64_t size = 100'000;
  std::uint64_t fail_at = UINT64_MAX;
  std::optional<std::uint64_t> promised;
  std::unique_ptr<HttpServer> server;
};

TEST_F(HttpServerTest, AnswersAndKeepsTheConnection) {
  start();
  auto socket = client();
  for (int i = 0; i < 3; ++i) {
    socket.send(get("/a%20b?x=1"));
    const auto response = socket.response();
    EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(response, HasSubstr("Date: "));
    EXPECT_THAT(response, HasSubstr("Content-Length: 5\r\n"));
    EXPECT_THAT(response, Not(HasSubstr("Server:")));
    EXPECT_THAT(response, Not(HasSubstr("Connection:")));
    EXPECT_THAT(response, ::testing::EndsWith("\r\n\r\nhello"));
  }
  EXPECT_EQ(last->path, "/a b");
  EXPECT_EQ(last->parameter("x"), "1");
  EXPECT_EQ(last->remote_address, "127.0.0.1");
  EXPECT_FALSE(last->tls);
  EXPECT_EQ(last->content_length, std::nullopt);
  EXPECT_EQ(server->url(), "http://127.0.0.1:" + std::to_string(server->port()));
}

TEST_F(HttpServerTest, NamesItselfWhenAsked) {
  options.server_name = "kanal";
  start();
  EXPECT_THAT(ask(get("/")), HasSubstr("Server: kanal\r\n"));
}

TEST_F(HttpServerTest, ClosesWhenEitherSideWantsIt) {
  start();
  auto socket = client();
  socket.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(socket.receive_all(), HasSubstr("Connection: close\r\n"));
  answer = text_response(200, "bye");
  answer.close = true;
  auto other = client();
  other.send(get("/answer"));
  EXPECT_THAT(other.receive_all(), HasSubstr("Connection: close\r\n"));
  EXPECT_FALSE(other.reset());
}

TEST_F(HttpServerTest, SpeaksHttp10) {
  start();
  auto socket = client();
  socket.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(socket.response(), HasSubstr("Connection: keep-alive\r\n"));
  socket.send("GET /stream HTTP/1.0\r\n\r\n");
  const auto streamed = socket.receive_all();
  EXPECT_THAT(streamed, Not(HasSubstr("Transfer-Encoding")));
  EXPECT_EQ(streamed.size() - streamed.find("\r\n\r\n") - 4, size);
  EXPECT_TRUE(events.wait_for("done"));
}

TEST_F(HttpServerTest, ReadsBodiesOfBothFramings) {
  start();
  auto socket = client();
  socket.send(put("/body", "first"));
  EXPECT_THAT(socket.response(), ::testing::EndsWith("first"));
  EXPECT_EQ(last->content_length, 5U);
  socket.send("PUT /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  ASSERT_TRUE(events.wait_for("data", 2));
  socket.send("2\r\nde\r\n0\r\n\r\n");
  EXPECT_THAT(socket.response(), ::testing::EndsWith("firstabcde"));
  EXPECT_EQ(events.times("destroyed"), 2);
}

TEST_F(HttpServerTest, AnEmptyBodyIsFinishedToo) {
  start();
  EXPECT_THAT(ask(get("/body")), HasSubstr("Content-Length: 0\r\n"));
  EXPECT_EQ(events.times("finish"), 1);
  EXPECT_EQ(events.times("data"), 0);
}

TEST_F(HttpServerTest, AnswersWhatArrivedTogetherInOrder) {
  start();
  auto socket = client();
  socket.send(put("/body", "one") + get("/a") + get("/b"));
  EXPECT_THAT(socket.response(), ::testing::EndsWith("one"));
  EXPECT_THAT(socket.response(), ::testing::EndsWith("hello"));
  EXPECT_THAT(socket.response(), ::testing::EndsWith("hello"));
  EXPECT_EQ(events.times("GET /b"), 1);
}

TEST_F(HttpServerTest, AsksForTheBodyOnlyWhenTheHandlerWantsIt) {
  start();
  auto wanted = client();
  wanted.send("PUT /body HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(wanted.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  wanted.send("data");
  EXPECT_THAT(wanted.response(), ::testing::EndsWith("data"));
  auto unwanted = client();
  unwanted.send("PUT /other HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  const auto refused = unwanted.response();
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(refused, HasSubstr("Connection: close\r\n"));
}

TEST_F(HttpServerTest, KeepsTheConnectionBehindASmallUnwantedBody) {
  start();
  auto socket = client();
  socket.send(put("/other", std::string(100'000, 'x')));
  EXPECT_THAT(socket.response(), Not(HasSubstr("Connection: close")));
  socket.send(put("/body", "early" + std::string(100'000, 'x')));
  EXPECT_THAT(socket.response(), StartsWith("HTTP/1.1 413 "));
  EXPECT_TRUE(events.wait_for("destroyed"));
  EXPECT_EQ(events.times("finish"), 0);
  socket.send(get("/after"));
  EXPECT_THAT(socket.response(), ::testing::EndsWith("hello"));
}

TEST_F(HttpServerTest, ClosesBehindALargeUnwantedBodyWithoutLosingTheAnswer) {
  start();
  auto socket = client();
  socket.send("PUT /other HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n");
  const auto response = socket.response();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(socket.send(std::string(3'000'000, 'x'))) << "the client must be able to read the answer first";
  socket.half_close();
  EXPECT_EQ(socket.receive_all(), "");
}

TEST_F(HttpServerTest, AnUnwantedChunkedBodyIsDrainedUpToALimit) {
  start();
  auto small = client();
  const std::string head = "PUT /other HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  small.send(head + "5\r\nhello\r\n0\r\n\r\n" + get("/next"));
  EXPECT_THAT(small.response(), ::testing::EndsWith("hello"));
  EXPECT_THAT(small.response(), ::testing::EndsWith("hello"));
  auto large = client();
  large.send(head + "200000\r\n" + std::string(0x200000, 'x') + "\r\n0\r\n\r\n" + get("/never"));
  EXPECT_THAT(large.response(), ::testing::EndsWith("hello"));
  EXPECT_EQ(large.receive_all(), "");
  EXPECT_EQ(events.times("GET /never"), 0);
}

TEST_F(HttpServerTest, AClientThatGoesAwayLeavesNothingFinished) {
  start();
  for (const bool reset : {false, true}) {
    const int before = events.times("destroyed");
    auto socket = client();
    socket.send("PUT /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
    ASSERT_TRUE(events.wait_for("data", before + 1));
    reset ? socket.abort() : socket.close();
    EXPECT_TRUE(events.wait_for("destroyed", before + 1));
  }
  EXPECT_EQ(events.times("finish"), 0);
}

TEST_F(HttpServerTest, ABrokenChunkIsRefusedAndNotFinished) {
  start();
  auto socket = client();
  socket.send("PUT /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n");
  EXPECT_THAT(socket.receive_all(), StartsWith("HTTP/1.1 400 "));
  EXPECT_TRUE(events.wait_for("destroyed"));
  EXPECT_EQ(events.times("finish"), 0);
}

TEST_F(HttpServerTest, WhatAHandlerThrowsBecomesAnEmpty500) {
  start();
  for (const auto& text : {get("/throw"), get("/none"), put("/body", "throw")}) {
    const auto response = ask(text);
    EXPECT_THAT(response, StartsWith("HTTP/1.1 500 Internal Server Error\r\n"));
    EXPECT_THAT(response, HasSubstr("Content-Length: 0\r\n"));
    EXPECT_THAT(response, ::testing::EndsWith("\r\n\r\n"));
  }
}

TEST_F(HttpServerTest, RefusesMalformedHeads) {
  start();
  const std::pair<std::string, const char*> cases[] = {
      {"nonsense\r\n\r\n", "HTTP/1.1 400 "},
      {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
      {"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 "},
      {"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 501 "},
      {"GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n", "HTTP/1.1 431 "},
      {"GET /" + std::string(100'000, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 431 "}};
  for (const auto& [text, status] : cases) {
    auto socket = client();
    socket.send(text);
    socket.half_close();
    const auto response = socket.receive_all();
    EXPECT_THAT(response, StartsWith(status)) << text.substr(0, 60);
    EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
    EXPECT_FALSE(socket.reset());
  }
}

TEST_F(HttpServerTest, AcceptsALargeHeadWithinTheLimit) {
  start();
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(60'000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, ASlowHeadGets408) {
  options.header_timeout = milliseconds(30);
  start();
  auto socket = client();
  socket.send("GET / HT");
  EXPECT_THAT(socket.receive_all(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, AnIdleConnectionIsClosedWithoutAWord) {
  options.idle_timeout = milliseconds(30);
  start();
  auto socket = client();
  socket.send(get("/"));
  EXPECT_THAT(socket.response(), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(socket.receive_all(), "");
}

TEST_F(HttpServerTest, ABodyWithoutProgressIsCut) {
  options.body_timeout = milliseconds(30);
  start();
  auto socket = client();
  socket.send("PUT /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_EQ(socket.receive_all(), "");
  EXPECT_TRUE(events.wait_for("destroyed"));
  EXPECT_EQ(events.times("finish"), 0);
}

TEST_F(HttpServerTest, ABodyThatTricklesIsCut) {
  options.body_rate_window = milliseconds(200);
  options.min_body_rate = 10'000;
  start();
  auto socket = client();
  socket.send("PUT /body HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  bool alive = true;
  for (int i = 0; i < 200 && alive; ++i) {
    alive = socket.send("x");
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_FALSE(alive) << "a byte now and then keeps the connection";
  EXPECT_EQ(events.times("finish"), 0);
}

TEST_F(HttpServerTest, ASlowHandlerIsNoSlowBody) {
  options.body_rate_window = milliseconds(50);
  options.min_body_rate = 1'000'000;
  start();
  auto socket = client();
  const std::string text(100'000, 'x');
  socket.send(put("/body", text));
  EXPECT_THAT(socket.response(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, AHeadThatTricklesGets408) {
  options.header_timeout = milliseconds(200);
  start();
  auto socket = client();
  socket.send("GET / HTTP/1.1\r\nHost: x\r\n");
  for (int i = 0; i < 100; ++i) {
    if (!socket.send("X-" + std::to_string(i) + ": slow\r\n")) break;
    std::this_thread::sleep_for(milliseconds(10));
  }
  // Each header moved something, but the whole head has one deadline.
  EXPECT_THAT(socket.response(), StartsWith("HTTP/1.1 408"));
}

TEST_F(HttpServerTest, TooManyHeadersGet431) {
  start();
  std::string head = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 300; ++i) head += "a: b\r\n";
  EXPECT_THAT(ask(head + "\r\n"), StartsWith("HTTP/1.1 431"));
}

TEST_F(HttpServerTest, ImpossibleChunkSizesAreNotFinished) {
  start();
  for (const auto* chunk : {"FFFFFFFFFFFFFFFFF\r\n", "-1\r\nx\r\n", "0x5\r\nhello\r\n", " 5\r\nhello\r\n"}) {
    auto socket = client();
    socket.send(std::string("PUT /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n") + chunk +
                "0\r\n\r\n");
    EXPECT_THAT(socket.response(), Not(StartsWith("HTTP/1.1 200"))) << chunk;
  }
  EXPECT_EQ(events.times("finish"), 0);
}

TEST_F(HttpServerTest, WhoIsNotAllowedIsClosedBeforeAWord) {
  options.allow = *AddressRules::parse({"10.0.0.0/8"});
  start();
  auto socket = client();
  socket.send(get("/"));
  EXPECT_EQ(socket.receive(), "");
  EXPECT_EQ(events.times("GET /"), 0);
  EXPECT_EQ(server->refused(), 1U);
}

TEST_F(HttpServerTest, WhoIsAllowedComesIn) {
  options.allow = *AddressRules::parse({"loopback"});
  start();
  EXPECT_THAT(ask(get("/")), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(server->refused(), 0U);
}

TEST_F(HttpServerTest, AClientThatDoesNotReadIsCut) {
  options.body_timeout = milliseconds(50);
  size = std::uint64_t{64} * 1024 * 1024;
  start();
  auto socket = client();
  socket.send(get("/stream"));
  EXPECT_TRUE(events.wait_for("not done"));
}

TEST_F(HttpServerTest, AHandlerMayTakeLongerThanEveryTimeout) {
  options.body_timeout = options.header_timeout = options.idle_timeout = milliseconds(10);
  start();
  auto socket = client();
  socket.send(get("/wait"));
  ASSERT_TRUE(events.wait_for("waiting"));
  pollfd nothing{-1, 0, 0};
  ::poll(&nothing, 1, 60);  // several watchdog rounds; there is no event to wait for when nothing must happen
  gate.set_value();
  EXPECT_THAT(socket.response(), ::testing::EndsWith("hello"));
}

TEST_F(HttpServerTest, StreamsWithAndWithoutLength) {
  start();
  auto socket = client();
  promised = size;
  socket.send(get("/stream"));
  EXPECT_EQ(socket.response().substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_TRUE(events.wait_for("done", 1));
  promised.reset();
  socket.send(get("/stream"));
  EXPECT_THAT(socket.receive_until("\r\n\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(socket.receive_until("\r\n"), "10000\r\n");
  socket.receive_until("\r\n0\r\n\r\n");
  EXPECT_TRUE(events.wait_for("done", 2));
  size = 0;
  socket.send(get("/stream"));
  EXPECT_THAT(socket.receive_until("\r\n0\r\n\r\n"), HasSubstr("chunked"));
  promised = 0;
  socket.send(get("/stream"));
  EXPECT_THAT(socket.response(), HasSubstr("Content-Length: 0\r\n"));
  EXPECT_TRUE(events.wait_for("done", 4));
}

TEST_F(HttpServerTest, ASourceThatFailsBreaksTheConnection) {
  start();
  fail_at = 80'000;
  for (const std::optional<std::uint64_t> length :
       {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(size)}) {
    promised = length;
    auto socket = client();
    socket.send(get("/stream"));
    EXPECT_THAT(socket.receive_all(), Not(HasSubstr("\r\n0\r\n\r\n")));
    EXPECT_TRUE(socket.reset()) << "a clean end could be taken for the whole";
  }
  EXPECT_TRUE(events.wait_for("not done", 2));
}

TEST_F(HttpServerTest, ASourceThatFailsAtItsVeryEndIsNotASuccess) {
  start();
  fail_at = promised.emplace(size);
  auto socket = client();
  socket.send(get("/stream"));
  EXPECT_LT(socket.receive_all().size(), size);
  EXPECT_TRUE(socket.reset());
  EXPECT_TRUE(events.wait_for("not done"));
}

TEST_F(HttpServerTest, ASourceOfAnotherLengthThanPromisedBreaksTheConnection) {
  start();
  for (const std::uint64_t length : {size - 1, size + 1}) {
    promised = length;
    auto socket = client();
    socket.send(get("/stream"));
    socket.receive_all();
    EXPECT_TRUE(socket.reset()) << length;
  }
  EXPECT_TRUE(events.wait_for("not done", 2));
}

TEST_F(HttpServerTest, ASourceThatFailsBeforeAnythingWasSentIsA500) {
  start();
  fail_at = 0;
  auto socket = client();
  socket.send(get("/stream"));
  EXPECT_THAT(socket.response(), StartsWith("HTTP/1.1 500 "));
  EXPECT_TRUE(events.wait_for("not done"));
  socket.send(get("/"));
  EXPECT_THAT(socket.response(), ::testing::EndsWith("hello"));
}

TEST_F(HttpServerTest, HeadHasHeadersOnly) {
  start();
  auto socket = client();
  socket.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(socket.receive_until("\r\n\r\n"), HasSubstr("Content-Length: 5\r\n"));
  promised = size;
  socket.send("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(socket.receive_until("\r\n\r\n"), HasSubstr("Content-Length: 100000\r\n"));
  EXPECT_TRUE(events.wait_for("done"));
  socket.send("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(socket.response(), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(events.times("OPTIONS *"), 1);
}

TEST_F(HttpServerTest, NoContentHasNeitherBodyNorLength) {
  start();
  for (const int status : {204, 304}) {
    answer = Response{};
    answer.status = status;
    answer.body = "ignored";
    EXPECT_THAT(ask(get("/answer")), Not(HasSubstr("Content-Length"))) << status;
  }
}

TEST_F(HttpServerTest, AHeaderValueCannotEndAHeader) {
  start();
  answer = text_response(200, "x");
  answer.headers = {{"X-A", "a\r\nX-B: b"}, {"Content-Length", "99"}, {"Date", "mine"}};
  const auto response = ask(get("/answer"));
  EXPECT_THAT(response, HasSubstr("X-A: a  X-B: b\r\n"));
  EXPECT_THAT(response, HasSubstr("Content-Length: 1\r\n"));
  EXPECT_THAT(response, Not(HasSubstr("99")));
  EXPECT_THAT(response, HasSubstr("Date: mine\r\n"));
}

TEST_F(HttpServerTest, DoneIsToldOnceAlsoForText) {
  start();
  answer = text_response(200, std::string(300'000, 'x'));
  answer.done = [this](bool ok) { events.add(ok ? "done" : "not done"); };
  EXPECT_EQ(ask(get("/answer")).substr(0, 12), "HTTP/1.1 200");
  EXPECT_TRUE(events.wait_for("done"));
  server->stop();
  EXPECT_EQ(events.times("done") + events.times("not done"), 1);
}

TEST_F(HttpServerTest, TooManyConnectionsAreClosedAtOnce) {
  options.max_connections = 1;
  start();
  auto first = client();
  first.send(get("/"));
  first.response();
  auto second = client();
  EXPECT_EQ(second.receive_all(), "");
  first.send(get("/"));
  EXPECT_THAT(first.response(), ::testing::EndsWith("hello"));
}

TEST_F(HttpServerTest, BlockedHandlersDoNotBlockOthers) {
  options.workers = 8;
  start();
  std::vector<RawSocket> blocked;
  for (int i = 0; i < 7; ++i) {
    blocked.push_back(client());
    blocked.back().send(get("/wait"));
  }
  ASSERT_TRUE(events.wait_for("waiting", 7));
  EXPECT_THAT(ask(get("/")), ::testing::EndsWith("hello"));
  gate.set_value();
  for (auto& socket : blocked) EXPECT_THAT(socket.response(), ::testing::EndsWith("hello"));
}

TEST_F(HttpServerTest, StopLetsRunningRequestsEndAndClosesIdleConnections) {
  start();
  auto idle = client();
  idle.send(get("/"));
  idle.response();
  auto running = client();
  running.send(get("/wait"));
  ASSERT_TRUE(events.wait_for("waiting"));
  auto stopping = std::async(std::launch::async, [&] { server->stop(std::chrono::seconds(10)); });
  EXPECT_EQ(idle.receive_all(), "");
  gate.set_value();
  const auto response = running.receive_all();
  EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(response, ::testing::EndsWith("hello"));
  stopping.get();
  server->stop();
}

TEST_F(HttpServerTest, StopCutsWhatOutlivesTheDeadline) {
  start();
  auto socket = client();
  socket.send("PUT /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
  ASSERT_TRUE(events.wait_for("data"));
  server->stop(milliseconds(20));
  EXPECT_EQ(events.times("destroyed"), 1);
  EXPECT_EQ(events.times("finish"), 0);
  EXPECT_EQ(socket.receive_all(), "");
}

TEST_F(HttpServerTest, StopRefusesNewConnections) {
  start();
  const auto port = server->port();
  server->stop();
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_NE(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(socket);
}

TEST_F(HttpServerTest, AStarIsEveryInterface) {
  options.address = "*";
  start();
  EXPECT_THAT(ask(get("/")), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(last->remote_address, "127.0.0.1") << "IPv4 clients keep their address";
  EXPECT_THAT(server->url(), StartsWith("http://127.0.0.1:"));
}

TEST_F(HttpServerTest, ATakenPortIsAnError) {
  start();
  options.port = server->port();
  HttpServer second(
      options, [](auto) { return Response{}; }, log);
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, "server.bind");
  EXPECT_THAT(started.error().message, HasSubstr("127.0.0.1 port " + std::to_string(options.port)));
}

TEST_F(HttpServerTest, AnUnusableAddressIsAnError) {
  options.address = "300.1.2.3";
  HttpServer wrong(
      options, [](auto) { return Response{}; }, log);
  const auto started = wrong.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, "server.bind");
}

TEST_F(HttpServerTest, UnusableKeysAreAnError) {
  const auto& made = Certificates::get();
  const ServerTls cases[] = {{"no pem", made.server_key, {}},
                             {made.server, "no pem", {}},
                             {made.server, made.client_key, {}},
                             {made.server, made.server_key, "no pem"}};
  for (const auto& tls : cases) {
    options.tls = tls;
    HttpServer wrong(
        options, [](auto) { return Response{}; }, log);
    const auto started = wrong.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, "server.tls");
    EXPECT_THAT(started.error().message, Not(HasSubstr("PRIVATE KEY-")));
  }
}

TEST(CollectBody, CollectsUpToTheLimit) {
  std::string got;
  const auto make = [&] {
    return collect_body(
        5, [&](Bytes bytes) { return text_response(200, got = text_of(bytes)); },
        [] { return text_response(413, ""); });
  };
  auto fits = make();
  EXPECT_FALSE(fits->data(bytes_of("abc")));
  EXPECT_FALSE(fits->data(bytes_of("de")));
  EXPECT_EQ(fits->finish().status, 200);
  EXPECT_EQ(got, "abcde");
  auto over = make();
  EXPECT_FALSE(over->data(bytes_of("abc")));
  const auto early = over->data(bytes_of("def"));
  ASSERT_TRUE(early);
  EXPECT_EQ(early->status, 413);
}

}  // namespace
}  // namespace kanal::net
