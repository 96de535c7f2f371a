// The client against our server, plain and TLS, and against peers that break the rules.
#include "net/http_client.hpp"

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
using Answer = std::variant<Response, std::unique_ptr<BodyHandler>>;

constexpr std::uint64_t large = std::uint64_t{64} * 1024 * 1024;

/// Checks a pattern without keeping it.
class PatternHandler final : public BodyHandler {
 public:
  PatternHandler(std::atomic<std::size_t>& largest, Events& events) : largest_(largest), events_(events) {}
  ~PatternHandler() override { events_.add("destroyed"); }
  std::optional<Response> data(ByteView bytes) override {
    largest_ = std::max<std::size_t>(largest_, bytes.size());
    EXPECT_TRUE(sink_.write(bytes));
    return std::nullopt;
  }
  Response finish() override {
    events_.add("finish");
    return text_response(sink_.good ? 200 : 500, std::to_string(sink_.count));
  }

 private:
  PatternSink sink_;
  std::atomic<std::size_t>& largest_;
  Events& events_;
};

class HttpClientTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) options.tls = ServerTls{Certificates::get().server, Certificates::get().server_key, {}};
    start();
  }
  void start() {
    options.workers = 4;
    server = std::make_unique<HttpServer>(
        options, [this](auto request) { return handle(request); }, log);
    const auto started = server->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  Answer handle(const std::shared_ptr<const Request>& request) {
    events.add(request->method);
    if (request->path == "/pattern") return std::make_unique<PatternHandler>(largest, events);
    if (request->path == "/stream") {
      Response response;
      response.body = std::make_unique<PatternSource>(size, fail_at);
      response.body_length = promised;
      response.done = [this](bool ok) { events.add(ok ? "done" : "not done"); };
      return response;
    }
    if (request->path == "/echo") {
      return collect_body(
          1'000'000,
          [request](Bytes body) {
            auto response = text_response(200, std::string(text_of(body)));
            response.headers.emplace_back("X-Method", request->method);
            response.headers.emplace_back("X-Type", request->header("Content-Type"));
            response.headers.emplace_back("X-Agent", request->header("User-Agent"));
            response.headers.emplace_back("X-Expect", request->header("Expect"));
            return response;
          },
          [] { return text_response(413, ""); });
    }
    if (request->path == "/moved") {
      auto response = text_response(302, "");
      response.headers.emplace_back("Location", "/echo");
      return response;
    }
    if (request->path == "/status") return text_response(std::stoi(*request->parameter("code")), "reason");
    return text_response(200, "hello");
  }
  ClientRequest request(std::string method, const std::string& path) {
    ClientRequest made;
    made.method = std::move(method);
    made.url = server->url() + path;
    return made;
  }

  SilentLog log;
  ServerOptions options;
  Events events;
  std::atomic<std::size_t> largest = 0;
  std::uint64_t size = 1000;
  std::uint64_t fail_at = UINT64_MAX;
  std::optional<std::uint64_t> promised;
  std::unique_ptr<HttpServer> server;
  HttpClient client{{.ca_pem = Certificates::get().ca}};
};

INSTANTIATE_TEST_SUITE_P(Both, HttpClientTest, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Tls" : "Plain"; });

TEST_P(HttpClientTest, SendsMethodsHeadersAndBodies) {
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    auto call = request(method, "/echo");
    call.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}};
    call.body = "{}";
    const auto answer = client.send(call);
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->header("x-method"), method);
    EXPECT_EQ(answer->header("x-type"), "application/json");
    EXPECT_EQ(answer->header("x-agent"), "kanal");
    EXPECT_EQ(answer->header("x-expect"), "");
    EXPECT_EQ(answer->body, "{}");
  }
}

TEST_P(HttpClientTest, SendsNoBodyAndNoTypeOfItsOwn) {
  for (const char* method : {"GET", "POST", "PUT", "DELETE"}) {
    const auto answer = client.send(request(method, "/echo"));
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->header("x-method"), method);
    EXPECT_EQ(answer->header("x-type"), "");
    EXPECT_EQ(answer->body, "");
  }
  const auto head = client.send(request("HEAD", "/"));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->header("Content-Length"), "5");
}

TEST_P(HttpClientTest, EveryStatusIsAValueAndNoRedirectIsFollowed) {
  for (const int status : {200, 204, 401, 404, 429, 500, 503}) {
    const auto answer = client.send(request("GET", "/status?code=" + std::to_string(status)));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, status);
  }
  const auto moved = client.send(request("GET", "/moved"));
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->status, 302);
  EXPECT_EQ(moved->header("Location"), "/echo");
  EXPECT_FALSE(moved->ok());
}

TEST_P(HttpClientTest, StreamsUpInBoundedPieces) {
  for (const bool known : {true, false}) {
    PatternSource source(large);
    auto call = request("PUT", "/pattern");
    call.upload = &source;
    if (known) call.upload_size = large;
    const auto answer = client.send(call);
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, std::to_string(large));
  }
  EXPECT_LE(largest, 256 * 1024U);
  EXPECT_GT(largest, 16 * 1024U) << "tiny pieces make uploads slow";
}

TEST_P(HttpClientTest, AnEarlyRefusalOfALargeUploadIsSeen) {
  PatternSource source(large);
  auto call = request("PUT", "/status?code=413");
  call.upload = &source;
  call.upload_size = large;
  const auto answer = client.send(call);
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->status, 413);
  EXPECT_LT(source.position(), large);
}

TEST_P(HttpClientTest, StreamsDownIntoASink) {
  size = large;
  for (const bool known : {true, false}) {
    if (known) promised = size;
    PatternSink sink;
    const auto answer = client.send(request("GET", "/stream"), sink);
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(sink.count, large);
    EXPECT_TRUE(sink.good);
    EXPECT_EQ(answer->body, "");
    promised.reset();
  }
}

TEST_P(HttpClientTest, OnlySuccessGoesToTheSink) {
  MemorySink sink(100);
  const auto answer = client.send(request("GET", "/status?code=404"), sink);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "reason");
  EXPECT_TRUE(sink.bytes().empty());
}

TEST_P(HttpClientTest, ASinkThatRefusesEndsTheCallWithItsOwnError) {
  MemorySink sink(10);
  const auto answer = client.send(request("GET", "/stream"), sink);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "stream.too_large");
}

TEST_P(HttpClientTest, ASourceThatFailsOnTheServerIsSeenAsBroken) {
  size = 1'000'000;
  fail_at = 500'000;
  for (const bool known : {true, false}) {
    promised.reset();
    if (known) promised = size;
    PatternSink sink;
    const auto answer = client.send(request("GET", "/stream"), sink);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "http.broken");
    EXPECT_EQ(answer.error().disposition, Disposition::retry);
  }
  EXPECT_TRUE(events.wait_for("not done", 2));
}

TEST_P(HttpClientTest, AnUploadsOwnErrorComesBackAndNothingIsFinished) {
  for (const bool known : {true, false}) {
    PatternSource source(1'000'000, 700'000);
    auto call = request("PUT", "/pattern");
    call.upload = &source;
    if (known) call.upload_size = 1'000'000;
    const auto answer = client.send(call);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "test.source");
  }
  EXPECT_TRUE(events.wait_for("destroyed", 2));
  EXPECT_EQ(events.times("finish"), 0);
}

TEST_P(HttpClientTest, AnUploadOfAnotherLengthThanPromisedIsNotFinished) {
  for (const std::uint64_t length : {std::uint64_t{999'999}, std::uint64_t{1'000'001}}) {
    PatternSource source(1'000'000);
    auto call = request("PUT", "/pattern");
    call.upload = &source;
    call.upload_size = length;
    const auto answer = client.send(call);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "http.source");
    EXPECT_EQ(answer.error().disposition, Disposition::bug);
  }
  EXPECT_TRUE(events.wait_for("destroyed", 2));
  EXPECT_EQ(events.times("finish"), 0);
}

TEST_P(HttpClientTest, ATooLargeAnswerIsRefused) {
  auto call = request("GET", "/stream");
  call.max_response_bytes = 999;
  const auto answer = client.send(call);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "http.too_large");
  EXPECT_EQ(answer.error().disposition, Disposition::reject);
  call.max_response_bytes = 1000;
  EXPECT_TRUE(client.send(call));
}

TEST_P(HttpClientTest, ManyCallsShareFewConnections) {
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 8; ++i) {
      callers.emplace_back([&] {
        for (int n = 0; n < 8; ++n) {
          auto call = request("POST", "/echo");
          call.body = std::to_string(n);
          const auto answer = client.send(call);
          if (answer && answer->body == call.body) ++good;
        }
      });
    }
  }
  EXPECT_EQ(good, 64);
  EXPECT_EQ(events.times("POST"), 64);
}

TEST_P(HttpClientTest, AStoppedServerIsNoConnection) {
  const auto call = request("GET", "/?secret=1");
  server->stop();
  const auto answer = client.send(call);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "http.connect");
  EXPECT_EQ(answer.error().disposition, Disposition::retry);
  EXPECT_THAT(answer.error().message, HasSubstr("127.0.0.1:" + std::to_string(server->port())));
  EXPECT_THAT(answer.error().text(), Not(HasSubstr("secret")));
}

class TlsTest : public ::testing::Test {
 protected:
  void start(const std::string& client_ca) {
    ServerOptions options;
    options.workers = 2;
    options.tls = ServerTls{made.server, made.server_key, client_ca};
    server = std::make_unique<HttpServer>(
        options, [](const auto& request) { return text_response(request->tls ? 200 : 500, "hello"); }, log);
    ASSERT_TRUE(server->start());
    EXPECT_THAT(server->url(), ::testing::StartsWith("https://"));
  }
  Result<ClientResponse> call(ClientOptions options) {
    HttpClient client(std::move(options));
    ClientRequest request;
    request.url = server->url() + "/?secret=1";
    auto first = client.send(request);
    return first ? client.send(request) : std::move(first);
  }
  void expect_refused(ClientOptions options) {
    const auto answer = call(std::move(options));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "http.tls");
    EXPECT_EQ(answer.error().disposition, Disposition::reject);
    EXPECT_THAT(answer.error().text(), Not(HasSubstr("secret")));
  }
  const Certificates& made = Certificates::get();
  SilentLog log;
  std::unique_ptr<HttpServer> server;
};

TEST_F(TlsTest, AnUntrustedServerIsRefused) {
  start("");
  expect_refused({});
  expect_refused({.ca_pem = made.stranger});
  EXPECT_TRUE(call({.ca_pem = made.stranger + made.ca}));
  EXPECT_TRUE(call({.ca_pem = made.server})) << "the server's own certificate may be named as trusted";
}

TEST_F(TlsTest, AuthoritiesThatCannotBeReadAreNotIgnored) {
  start("");
  expect_refused({.ca_pem = "no pem"});
  expect_refused({.ca_pem = made.ca + "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n"});
}

TEST_F(TlsTest, MutualTlsAcceptsItsOwnOnly) {
  start(made.ca);
  const auto accepted =
      call({.ca_pem = made.ca, .client_certificate_pem = made.client, .client_key_pem = made.client_key});
  ASSERT_TRUE(accepted) << accepted.error().text();
  EXPECT_EQ(accepted->status, 200);
  expect_refused({.ca_pem = made.ca});
  expect_refused({.ca_pem = made.ca, .client_certificate_pem = made.stranger, .client_key_pem = made.stranger_key});
  expect_refused({.ca_pem = made.ca, .client_certificate_pem = made.client, .client_key_pem = made.stranger_key});
  expect_refused({.ca_pem = made.ca, .client_certificate_pem = "no pem", .client_key_pem = "no pem"});
}

TEST_F(TlsTest, APlainPeerIsNoTlsConnection) {
  ScriptedPeer peer([](RawSocket& socket, int) { socket.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); });
  HttpClient client(ClientOptions{});
  ClientRequest request;
  request.url = "https" + peer.url().substr(4);
  const auto answer = client.send(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "http.connect");
}

class PeerTest : public ::testing::Test {
 protected:
  static std::string ok(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  Result<ClientResponse> call(const ScriptedPeer& peer, const std::string& method = "GET",
                              const std::string& body = {}) {
    ClientRequest request;
    request.method = method;
    request.url = peer.url() + "/path?secret=1";
    request.body = body;
    request.inactivity_timeout = inactivity;
    request.total_timeout = total;
    request.stop = stop.get_token();
    return client.send(request);
  }
  static void expect(const Result<ClientResponse>& answer, const char* code) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, code);
    EXPECT_EQ(answer.error().disposition, Disposition::retry);
    EXPECT_THAT(answer.error().message, HasSubstr("127.0.0.1:"));
    EXPECT_THAT(answer.error().text(), Not(HasSubstr("secret")));
  }
  milliseconds inactivity{patience_ms};
  std::optional<milliseconds> total = milliseconds(patience_ms);
  std::stop_source stop;
  HttpClient client{{}};
};

TEST_F(PeerTest, GoesOnlyWhereTheRequestAllows) {
  ScriptedPeer peer([](RawSocket& socket, int) {
    while (!socket.receive_until("\r\n\r\n").empty()) socket.send(ok("x"));
  });
  ClientRequest request;
  request.url = peer.url();
  std::vector<std::string> asked;
  bool allow = false;
  request.may_connect = [&](std::string_view address) {
    asked.emplace_back(address);
    return allow;
  };
  const auto refused = client.send(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "http.forbidden");
  EXPECT_EQ(refused.error().disposition, Disposition::reject);
  EXPECT_EQ(asked, std::vector<std::string>{"127.0.0.1"});
  EXPECT_EQ(peer.accepted(), 0);
  allow = true;
  ASSERT_TRUE(client.send(request));
  // A connection that is kept open is no way around the rule.
  allow = false;
  const auto kept = client.send(request);
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().code, "http.forbidden");
  EXPECT_EQ(peer.accepted(), 1);
}

TEST_F(PeerTest, ReusesAConnection) {
  ScriptedPeer peer([](RawSocket& socket, int) {
    while (!socket.receive_until("\r\n\r\n").empty()) socket.send(ok("x"));
  });
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(call(peer));
  EXPECT_EQ(peer.accepted(), 1);
}

TEST_F(PeerTest, AnswersThatEndEarlyAreBroken) {
  for (const char* text : {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "nonsense\r\n\r\n"}) {
    ScriptedPeer peer([&](RawSocket& socket, int) {
      socket.receive_until("\r\n\r\n");
      socket.send(text);
    });
    expect(call(peer), "http.broken");
  }
}

TEST_F(PeerTest, AReusedConnectionThatDiesIsTriedAgainOnlyWhenHarmless) {
  const struct {
    const char* method;
    const char* body;
    bool again;
  } cases[] = {{"GET", "", true},       {"PUT", "text", true}, {"DELETE", "", true},
               {"POST", "text", false}, {"POST", "", false},   {"PATCH", "text", false}};
  for (const auto& c : cases) {
    std::atomic<int> effects = 0;
    HttpClient fresh{{}};
    ScriptedPeer peer([&](RawSocket& socket, int connection) {
      const std::string end = *c.body ? c.body : "\r\n\r\n";
      if (socket.receive_until("\r\n\r\n").empty()) return;
      if (connection > 0) ++effects;
      socket.send(ok("first"));
      if (connection > 0) return;
      if (!socket.receive_until(end).empty()) ++effects;  // the effect happens, the answer is lost
    });
    ClientRequest request;
    request.url = peer.url();
    ASSERT_TRUE(fresh.send(request));
    request.method = c.method;
    request.body = c.body;
    const auto answer = fresh.send(request);
    EXPECT_EQ(answer.has_value(), c.again) << c.method;
    if (!c.again) {
      EXPECT_EQ(effects, 1) << c.method;
      EXPECT_EQ(answer.error().code, "http.broken");
    }
  }
}

TEST_F(PeerTest, ASilentPeerTimesOut) {
  ScriptedPeer peer([](RawSocket& socket, int) { socket.receive_all(); });
  inactivity = milliseconds(50);
  total.reset();
  expect(call(peer), "http.timeout");
}

TEST_F(PeerTest, ATricklingPeerTimesOut) {
  ScriptedPeer peer([](RawSocket& socket, int) {
    socket.receive_until("\r\n\r\n");
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    pollfd pause{-1, 0, 0};
    while (socket.send("x")) ::poll(&pause, 1, 5);
  });
  inactivity = milliseconds(100);
  total.reset();
  expect(call(peer), "http.timeout");
}

TEST_F(PeerTest, TheWholeCallHasATimeout) {
  ScriptedPeer peer([](RawSocket& socket, int) { socket.receive_all(); });
  total = milliseconds(50);
  expect(call(peer), "http.timeout");
}

TEST_F(PeerTest, AStopEndsAWaitingCall) {
  ScriptedPeer peer([&](RawSocket& socket, int) {
    socket.receive_until("\r\n\r\n");
    stop.request_stop();
    socket.receive_all();
  });
  const auto before = std::chrono::steady_clock::now();
  expect(call(peer), "http.stopped");
  EXPECT_LT(std::chrono::steady_clock::now() - before, milliseconds(900)) << "it must not wait for a time-out";
  expect(call(peer), "http.stopped");
}

TEST_F(PeerTest, AnInterimAnswerIsNotTheAnswer) {
  ScriptedPeer peer([](RawSocket& socket, int) {
    socket.receive_until("\r\n\r\n");
    socket.send("HTTP/1.1 103 Early\r\nX-A: early\r\n\r\n" + ok("final"));
  });
  const auto answer = call(peer);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "final");
  EXPECT_EQ(answer->header("X-A"), "");
}

TEST_F(PeerTest, EndlessHeadersAreRefused) {
  ScriptedPeer peer([](RawSocket& socket, int) {
    socket.receive_until("\r\n\r\n");
    socket.send("HTTP/1.1 200 OK\r\n");
    while (socket.send("X: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  const auto answer = call(peer);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "http.too_large");
}

TEST_F(PeerTest, AProxyIsUsedWhenConfigured) {
  std::string line;
  ScriptedPeer proxy([&](RawSocket& socket, int) {
    line = socket.receive_until("\r\n");
    socket.receive_until("\r\n\r\n");
    socket.send(ok("through"));
  });
  HttpClient through({.proxy = proxy.url()});
  ClientRequest request;
  request.url = "http://example.invalid/x";
  const auto answer = through.send(request);
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->body, "through");
  EXPECT_EQ(line, "GET http://example.invalid/x HTTP/1.1\r\n");
}

TEST_F(PeerTest, TheEnvironmentChoosesNoProxy) {
  ScriptedPeer proxy([](RawSocket& socket, int) { socket.send(ok("wrong")); });
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  ClientRequest request;
  request.url = "http://example.invalid/x";
  const auto answer = client.send(request);
  ::unsetenv("http_proxy");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "http.connect");
  EXPECT_EQ(proxy.accepted(), 0);
}

TEST(HttpClientUrl, OnlyHttpIsCalled) {
  HttpClient client{{}};
  for (const char* url : {"", "nonsense", "/path", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http://a b/",
                          "http://127.0.0.1/\r\nX: y"}) {
    ClientRequest request;
    request.url = url;
    const auto answer = client.send(request);
    ASSERT_FALSE(answer) << url;
    EXPECT_EQ(answer.error().code, "http.url") << url;
    EXPECT_EQ(answer.error().disposition, Disposition::reject) << url;
  }
}

TEST(HttpClientRequest, NothingIsSmuggledIntoTheHead) {
  HttpClient client{{}};
  ClientRequest request;
  request.url = "http://127.0.0.1:1/";
  request.headers = {{"X", "a\r\nY: b"}};
  EXPECT_EQ(client.send(request).error().code, "http.request");
  request.headers.clear();
  request.method = "GET /x HTTP/1.1\r\n";
  EXPECT_EQ(client.send(request).error().code, "http.request");
}

}  // namespace
}  // namespace kanal::net
