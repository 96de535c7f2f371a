// Answers that the simulator does not give: every code of dpo.md 3.9, bodies that make no sense, and a peer that is
// slow in more ways than one. A scripted peer takes the broker's place; tokens are real.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>

#include "transports/dpo/dpo_testing.hpp"

namespace kanal::transports::dpo::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class BrokerAnswers : public DpoBench {
 protected:
  Settings scripted(std::chrono::milliseconds timeout = std::chrono::seconds(30)) {
    auto settings = settings_of(municipality);
    settings.broker_url = peer_.url();
    settings.request_timeout = timeout;
    return settings;
  }
  void answer_with(int status, const std::string& body, const net::Headers& headers = {}) {
    peer_.set([=](const lookup::testing::Seen&) { return lookup::testing::answer(status, body, headers); });
  }
  Result<std::vector<std::string>> search() { return client_.broker.search(client_.user, waiting, {}); }
  Result<Overview> overview() { return client_.broker.overview(client_.user, new_uuid(), false); }

  lookup::testing::Peer peer_{[](const auto&) { return lookup::testing::answer(500); }};
  Side client_{scripted(), http_, clock_, log_};
};

TEST_F(BrokerAnswers, EveryCodeHasItsDisposition) {
  struct Row {
    const char* code;
    int http;
    const char* disposition;
    bool operator_must_act = false;
  };
  const std::vector<Row> rows{
      {"BRO-00001", 404, "reject"},      {"BRO-00002", 400, "retry", true}, {"BRO-00003", 400, "reject"},
      {"BRO-00004", 409, "retry"},       {"BRO-00005", 403, "retry", true}, {"BRO-00006", 401, "retry", true},
      {"BRO-00007", 403, "retry"},       {"BRO-00008", 500, "retry"},       {"BRO-00009", 400, "retry"},
      {"BRO-00010", 400, "reject"},      {"BRO-00016", 400, "reject"},      {"BRO-00019", 400, "reject"},
      {"BRO-00020", 400, "reject"},      {"BRO-00021", 503, "retry"},       {"BRO-00024", 400, "retry", true},
      {"BRO-00025", 400, "retry", true}, {"BRO-00026", 400, "reject"},      {"BRO-00027", 400, "reject"},
      {"BRO-00028", 400, "reject"},      {"BRO-00029", 416, "retry"},       {"BRO-00030", 503, "retry"},
      {"BRO-09999", 400, "reject"},      {"BRO-09999", 503, "retry"}};
  for (const auto& row : rows) {
    answer_with(row.http, std::string(R"({"title":"Bad","detail":"The reason.","code":")") + row.code + "\"}");
    const auto refused = overview();
    EXPECT_EQ(failure_of(refused), std::string("dpo.") + row.code + " " + row.disposition);
    EXPECT_THAT(refused.error().message, HasSubstr(std::string(row.code) + " The reason."));
    EXPECT_EQ(refused.error().retry_after.has_value(), row.operator_must_act) << row.code;
  }
}

TEST_F(BrokerAnswers, WithoutACodeTheStatusDecides) {
  const std::map<int, std::string> rows{{302, "retry"},  {400, "reject"}, {401, "retry"}, {403, "retry"},
                                        {404, "reject"}, {406, "reject"}, {408, "retry"}, {413, "reject"},
                                        {415, "reject"}, {429, "retry"},  {500, "retry"}, {502, "retry"},
                                        {503, "retry"},  {504, "retry"}};
  for (const auto& [status, disposition] : rows) {
    for (const char* body : {"", "<html>no</html>", "[]", "{\"code\":7}"}) {
      answer_with(status, body);
      EXPECT_EQ(failure_of(overview()), "dpo.http " + disposition) << status << body;
    }
  }
}

TEST_F(BrokerAnswers, AForbiddenTokenIsNotTheMessagesFault) {
  answer_with(403, "");
  const auto refused = overview();
  ASSERT_EQ(failure_of(refused), "dpo.http retry");
  EXPECT_EQ(refused.error().retry_after, std::chrono::minutes(1));
  EXPECT_THAT(refused.error().message, HasSubstr("altinn:broker.write"));
}

TEST_F(BrokerAnswers, WaitsAsLongAsItIsTold) {
  answer_with(503, "", {{"Retry-After", "120"}});
  EXPECT_EQ(overview().error().retry_after, std::chrono::seconds(120));
}

TEST_F(BrokerAnswers, ForeignTextIsMadeFit) {
  answer_with(400, R"({"code":"BRO-00026","detail":"eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln )" +
                       std::string(100'000, 'x') + "\"}");
  const auto refused = overview();
  ASSERT_FALSE(refused);
  EXPECT_LT(refused.error().message.size(), 1000U);
  EXPECT_THAT(refused.error().message, ::testing::Not(HasSubstr("eyJhbGci")));
}

TEST_F(BrokerAnswers, NonsenseIsWorthAnotherTry) {
  const std::string deep(100'000, '[');
  for (const std::string& body : {std::string(), std::string("<html>"), std::string("["), std::string("7"), deep}) {
    answer_with(200, body);
    EXPECT_EQ(failure_of(client_.initialize()), "dpo.answer retry") << body.substr(0, 10);
    EXPECT_EQ(failure_of(overview()), "dpo.answer retry") << body.substr(0, 10);
    EXPECT_EQ(failure_of(search()), "dpo.answer retry") << body.substr(0, 10);
  }
  answer_with(200, "{\"fileTransferId\":null}");
  EXPECT_EQ(failure_of(client_.initialize()), "dpo.answer retry");
  EXPECT_EQ(failure_of(search()), "dpo.answer retry");
  answer_with(200, "[1]");
  EXPECT_EQ(failure_of(overview()), "dpo.answer retry");
}

TEST_F(BrokerAnswers, TakesWhatItKnowsAndSkipsTheRest) {
  answer_with(200, R"(["a",1,null,{"id":"c"},"b"])");
  EXPECT_THAT(*search(), ElementsAre("a", "b"));
  answer_with(200, R"({"fileTransferId":"a","fileTransferStatus":3,"sender":null,"checksum":7,"fileTransferSize":-1,
                       "created":"yesterday","published":null,"recipients":[1,{"recipient":"r"}],"new":{"x":[1]}})");
  const auto read = overview();
  ASSERT_EQ(failure_of(read), "");
  EXPECT_EQ(read->status, "");
  EXPECT_EQ(read->reference, std::nullopt);
  EXPECT_EQ(read->checksum, std::nullopt);
  EXPECT_EQ(read->size, 0U);
  EXPECT_EQ(read->created, Time{});
  EXPECT_EQ(read->recipients.at("r"), "");
}

TEST_F(BrokerAnswers, AsksForJsonWithATokenAndAtTheRightPlace) {
  answer_with(200, "[]");
  ASSERT_TRUE(client_.broker.search(client_.user, waiting, clock_.now()));
  const auto seen = peer_.seen().at(0);
  EXPECT_EQ(seen.header("Accept"), "application/json");
  EXPECT_THAT(seen.header("Authorization"), ::testing::StartsWith("Bearer "));
  EXPECT_EQ(seen.target,
            "/filetransfer?resourceId=eformidling-dpo-meldingsutveksling&orderAscending=true&status=Published"
            "&recipientStatus=Initialized&from=2026-09-01T08%3A00%3A00Z");
}

/// Gives `piece` bytes at a time with a pause before each. The network's time is real, so the pause has to be.
class DripSource final : public Source {
 public:
  DripSource(std::size_t piece, int pieces, std::chrono::milliseconds pause)
      : piece_(piece), left_(pieces), pause_(pause) {}
  Result<std::size_t> read(std::span<std::byte> into) override {
    if (left_-- <= 0) return std::size_t{0};
    std::unique_lock lock(mutex_);
    never_.wait_for(lock, pause_);
    const auto count = std::min(piece_, into.size());
    std::fill_n(into.begin(), count, std::byte{'x'});
    return count;
  }

 private:
  std::size_t piece_;
  int left_;
  std::chrono::milliseconds pause_;
  std::mutex mutex_;
  std::condition_variable never_;
};

TEST_F(BrokerAnswers, ALongDownloadGoesOnAsLongAsItMoves) {
  peer_.set([](const auto&) {
    auto response = lookup::testing::answer(200);
    response.body = std::make_unique<DripSource>(4096, 25, std::chrono::milliseconds(60));
    return response;
  });
  Side client(scripted(std::chrono::milliseconds(1000)), http_, clock_, log_);
  const auto begin = std::chrono::steady_clock::now();
  const auto content = client.download(new_uuid());
  ASSERT_EQ(failure_of(content), "");
  EXPECT_EQ(content->size(), 25U * 4096U);
  EXPECT_GT(std::chrono::steady_clock::now() - begin, client.settings.request_timeout)
      << "the time-out is about silence, not about length";
}

TEST_F(BrokerAnswers, ATrickleCountsAsSilence) {
  peer_.set([](const auto&) {
    auto response = lookup::testing::answer(200);
    response.body = std::make_unique<DripSource>(1, 1000, std::chrono::milliseconds(20));
    return response;
  });
  Side client(scripted(std::chrono::milliseconds(300)), http_, clock_, log_);
  EXPECT_EQ(failure_of(client.download(new_uuid())), "http.timeout retry");
}

/// A port that takes no connection: its queue is full and nobody accepts.
class FullPort {
 public:
  FullPort() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, raw, size), 0);
    EXPECT_EQ(::listen(listener_, 0), 0);
    EXPECT_EQ(::getsockname(listener_, raw, &size), 0);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < 4; ++i) {
      waiting_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      static_cast<void>(::connect(waiting_.back(), raw, size));
    }
  }
  FullPort(const FullPort&) = delete;
  FullPort& operator=(const FullPort&) = delete;
  ~FullPort() {
    for (const int one : waiting_) ::close(one);
    ::close(listener_);
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  int listener_;
  int port_ = 0;
  std::vector<int> waiting_;
};

TEST_F(BrokerAnswers, AConnectionThatHangsHasItsOwnTimeOut) {
  const FullPort port;
  auto settings = scripted();
  settings.broker_url = port.url();
  settings.connect_timeout = std::chrono::milliseconds(200);
  Side client(settings, http_, clock_, log_);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(failure_of(client.broker.search(client.user, waiting, {})), "http.connect retry");
  EXPECT_EQ(failure_of(client.download(new_uuid())), "http.connect retry");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4)) << "not the client's own 5 s";
}

}  // namespace
}  // namespace kanal::transports::dpo::testing
