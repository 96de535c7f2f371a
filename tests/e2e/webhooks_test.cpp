// Web-hooks from a real message to a real receiver, which is slow, away, wrong or malicious (rest-api.md section 10).
#include <gmock/gmock.h>
#include <boost/json/serialize.hpp>

#include "crypto/digest.hpp"
#include "net/net_testing.hpp"
#include "tests/e2e/bench.hpp"

namespace kanal::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// An archive system that keeps what it is told.
class Receiver {
 public:
  Receiver() {
    net::ServerOptions options;
    options.workers = 8;
    server_ = std::make_unique<net::HttpServer>(
        options, [this](const std::shared_ptr<const net::Request>& request) { return receive(request); }, log_);
    EXPECT_TRUE(server_->start());
  }
  ~Receiver() { server_->stop(std::chrono::milliseconds(100)); }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  [[nodiscard]] std::string url(const std::string& path = "/hook") const { return server_->url() + path; }
  /// `<message id> <status>` of every event, in order.
  Names events() {
    const std::scoped_lock lock(mutex_);
    return events_;
  }
  int requests() {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }
  std::string last_signature() {
    const std::scoped_lock lock(mutex_);
    return signature_;
  }
  std::string last_body() {
    const std::scoped_lock lock(mutex_);
    return body_;
  }
  std::atomic<int> answer = 200;
  std::atomic<int> pause_ms = 0;

 private:
  std::variant<net::Response, std::unique_ptr<net::BodyHandler>> receive(
      const std::shared_ptr<const net::Request>& request) {
    return net::collect_body(
        65536,
        [this, request](const Bytes& body) {
          std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
          const std::scoped_lock lock(mutex_);
          ++requests_;
          net::Response response;
          response.status = answer;
          if (answer == 302) response.headers.emplace_back("Location", "/elsewhere");
          if (request->path != "/hook") response.status = 200;
          const auto event = boost::json::parse(text_of(body)).as_object();
          if (response.status / 100 == 2 && event.contains("status")) {
            events_.push_back(std::string(event.at("messageId").as_string()) + " " +
                              std::string(event.at("status").as_string()));
            signature_ = request->header("X-Kanal-Signature");
            body_ = std::string(text_of(body));
          }
          return response;
        },
        [] { return net::Response(); });
  }
  SilentLog log_;
  std::mutex mutex_;
  Names events_;
  int requests_ = 0;
  std::string signature_;
  std::string body_;
  std::unique_ptr<net::HttpServer> server_;
};

class Webhook : public ::testing::Test {
 protected:
  void start(std::vector<std::string> settings = {}) {
    settings.insert(settings.end(),
                    {"--difi.move.webhooks.connectTimeout=500", "--difi.move.webhooks.readTimeout=700"});
    bench.start({"s", s_org, "", settings});
    bench.start({"r", r_org, "", {}});
  }
  std::string call(const std::string& method, const std::string& path, const std::string& body = {}) {
    net::ClientRequest request;
    request.method = method;
    request.url = bench.installations.at("s")->url() + path;
    request.body = body;
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    const auto answer = bench.http.send(request);
    EXPECT_TRUE(answer);
    EXPECT_EQ(answer->status, wanted_status) << answer->body;
    return answer->body;
  }
  std::string subscribe(const std::string& url, const std::string& filter = "direction=OUTGOING") {
    const auto made = call("POST", "/api/subscriptions",
                           boost::json::serialize(boost::json::object{{"name", "n" + std::to_string(++names)},
                                                                      {"pushEndpoint", url},
                                                                      {"resource", "all"},
                                                                      {"event", "all"},
                                                                      {"filter", filter}}));
    return made.empty() ? "" : std::to_string(boost::json::parse(made).at("id").as_int64());
  }
  /// Its failures so far, and the last reason.
  std::pair<std::int64_t, std::string> trouble(const std::string& id) {
    const auto state = boost::json::parse(call("GET", "/api/subscriptions/" + id)).as_object();
    if (!state.contains("failures")) return {0, ""};
    return {state.at("failures").as_int64(), std::string(state.at("lastError").as_string())};
  }
  bool arrives(Receiver& receiver, const Names& wanted) {
    return Bench::eventually([&] { return receiver.events().size() >= wanted.size(); }) && receiver.events() == wanted;
  }
  bool fails(const std::string& id, const std::string& why) {
    return Bench::eventually([&] { return trouble(id).second.find(why) != std::string::npos; });
  }

  Bench bench;
  int wanted_status = 200;
  int names = 0;
};

TEST_F(Webhook, TellsOfAMessageFromBeginningToEnd) {
  start({"--kanal.webhooks.secret=felles"});
  Receiver receiver;
  Receiver failures_only;
  subscribe(receiver.url());
  subscribe(failures_only.url(), "status=FEIL");
  const auto id = bench.send("s", r_org);
  ASSERT_TRUE(Bench::eventually([&] { return bench.has("s", id, {"MOTTATT"}); }));
  bench.serve("r", false);
  EXPECT_TRUE(arrives(receiver, {id + " OPPRETTET", id + " SENDT", id + " MOTTATT", id + " LEVERT"}));
  EXPECT_THAT(failures_only.events(), ElementsAre());
  // Its receiver can tell that it is from here.
  const auto signature = receiver.last_signature();
  const auto comma = signature.find(",v1=");
  ASSERT_NE(comma, std::string::npos) << signature;
  const auto signed_text = signature.substr(2, comma - 2) + "." + receiver.last_body();
  EXPECT_EQ(signature.substr(comma + 4), to_hex(crypto::hmac_sha256(bytes_of("felles"), bytes_of(signed_text))));
}

TEST_F(Webhook, WhatAReceiverMissedComesLaterInOrder) {
  start();
  Receiver receiver;
  const auto hook = subscribe(receiver.url());
  receiver.answer = 503;
  const auto first = bench.send("s", r_org);
  ASSERT_TRUE(fails(hook, "503"));
  // Neither a restart nor time loses anything.
  start();
  receiver.answer = 200;
  bench.clock.advance(std::chrono::minutes(16));
  EXPECT_TRUE(Bench::eventually([&] { return receiver.events().size() >= 2; }));
  const auto events = receiver.events();
  EXPECT_EQ(events[0], first + " OPPRETTET");
  EXPECT_EQ(events[1], first + " SENDT");
  EXPECT_TRUE(Bench::eventually([&] { return trouble(hook).first == 0; }));
}

TEST_F(Webhook, ASlowOneIsCutAndDelaysNobody) {
  start();
  Receiver slow;
  Receiver quick;
  slow.pause_ms = 2000;
  const auto hook = subscribe(slow.url());
  subscribe(quick.url());
  const auto id = bench.send("s", r_org);
  EXPECT_TRUE(Bench::eventually([&] { return quick.events().size() >= 2; }));
  EXPECT_TRUE(fails(hook, "127.0.0.1"));
  slow.pause_ms = 0;
}

TEST_F(Webhook, RedirectsAreNotFollowed) {
  start();
  Receiver receiver;
  receiver.answer = 302;
  const auto hook = subscribe(receiver.url());
  bench.send("s", r_org);
  EXPECT_TRUE(fails(hook, "redirects are not followed"));
  EXPECT_THAT(receiver.events(), ElementsAre());
}

TEST_F(Webhook, HostileAnswersCostLittle) {
  start();
  net::testing::ScriptedPeer endless([](net::testing::RawSocket& socket, int) {
    socket.receive_until("\r\n\r\n");
    socket.send("HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string block = "10000\r\n" + std::string(65536, 'x') + "\r\n";
    for (int i = 0; i < 10'000; ++i) socket.send(block);
  });
  net::testing::ScriptedPeer headers([](net::testing::RawSocket& socket, int) {
    socket.receive_until("\r\n\r\n");
    socket.send("HTTP/1.1 200 OK\r\n");
    const std::string line = "X-Filler: " + std::string(8000, 'x') + "\r\n";
    for (int i = 0; i < 10'000; ++i) socket.send(line);
  });
  const auto first = subscribe(endless.url());
  const auto second = subscribe(headers.url());
  bench.send("s", r_org);
  EXPECT_TRUE(Bench::eventually([&] { return trouble(first).first > 0; }));
  EXPECT_TRUE(Bench::eventually([&] { return trouble(second).first > 0; }));
}

TEST_F(Webhook, AReceiverThatTalksTooMuchHasBeenTold) {
  start();
  std::atomic<int> told = 0;
  net::testing::ScriptedPeer talker([&](net::testing::RawSocket& socket, int) {
    if (socket.receive_until("\"status\":\"SENDT\"").find("SENDT") != std::string::npos) ++told;
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x'));
  });
  const auto hook = subscribe(talker.url(), "status=SENDT");
  bench.send("s", r_org);
  EXPECT_TRUE(Bench::eventually([&] { return told >= 1; }));
  bench.clock.advance(std::chrono::minutes(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(told, 1);
  EXPECT_EQ(trouble(hook).first, 0);
}

TEST_F(Webhook, AddressesThatOperatorsForbidAreNotCalled) {
  start({"--kanal.webhooks.deny=loopback", "--kanal.webhooks.ping=require"});
  Receiver receiver;
  wanted_status = 400;
  const auto port = receiver.url().substr(receiver.url().find(':', 6));
  for (const auto& url : {receiver.url(), "http://localhost" + port, "http://[::ffff:127.0.0.1]" + port}) {
    const auto refused = call("POST", "/api/subscriptions",
                              R"({"name":"x","resource":"all","event":"all","pushEndpoint":")" + url + R"("})");
    EXPECT_THAT(refused, HasSubstr("where calls may not go")) << url;
    EXPECT_THAT(refused, HasSubstr("WebhookPushEndpointPingFailedException"));
  }
  EXPECT_EQ(receiver.requests(), 0);
}

TEST_F(Webhook, ADeathBetweenAnswerAndCommitRepeatsButLosesNothing) {
  start();
  Receiver receiver;
  subscribe(receiver.url());
  bench.hooks("s").die_at(std::string(ports::webhook_delivered));
  const auto id = bench.send("s", r_org);
  ASSERT_TRUE(Bench::eventually([&] { return bench.hooks("s").dead(); }));
  bench.stop("s");
  bench.hooks("s").revive();
  const auto before = receiver.events();
  EXPECT_THAT(before, ElementsAre(id + " OPPRETTET"));
  start();
  EXPECT_TRUE(arrives(receiver, {id + " OPPRETTET", id + " OPPRETTET", id + " SENDT"}));
}

TEST_F(Webhook, AReplayTellsAgain) {
  start();
  Receiver receiver;
  const auto hook = subscribe(receiver.url(), "status=OPPRETTET");
  const auto id = bench.send("s", r_org);
  EXPECT_TRUE(arrives(receiver, {id + " OPPRETTET"}));
  call("POST", "/api/subscriptions/" + hook + "/replay");
  EXPECT_TRUE(arrives(receiver, {id + " OPPRETTET", id + " OPPRETTET"}));
}

TEST_F(Webhook, TheStatusQueueIsFilledForTheServicesNamed) {
  start({"--difi.move.feature.statusQueueIncludes=DPO"});
  const auto id = bench.send("s", r_org);
  net::ClientRequest request;
  request.url = bench.installations.at("s")->url() + "/api/statuses/peek";
  Names seen;
  EXPECT_TRUE(Bench::eventually([&] {
    const auto peeked = bench.http.send(request);
    if (!peeked || peeked->status != 200) return seen.size() >= 2;
    const auto status = boost::json::parse(peeked->body);
    seen.emplace_back(status.at("status").as_string());
    call("DELETE", "/api/statuses/" + std::to_string(status.at("id").as_int64()));
    return seen.size() >= 2;
  }));
  EXPECT_EQ(seen[0], "OPPRETTET");
  EXPECT_EQ(seen[1], "SENDT");
}

}  // namespace
}  // namespace kanal::testing
