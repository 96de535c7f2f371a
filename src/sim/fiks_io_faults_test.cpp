// Every fault of Fiks IO, provoked; the last test sees to it that none is forgotten.
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sim/fiks_io_testing.hpp"

namespace kanal::sim::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class FiksIoFaultsTest : public FiksIoBench {
 protected:
  /// The status of each endpoint's answer, in the order of `endpoints`.
  net::ClientResponse call(std::string_view endpoint) {
    const auto konto = "/fiks-io/katalog/api/v1/kontoer/" + receiver_;
    if (endpoint == "send") return send_message();
    if (endpoint == "konto") return get_as(integration_, konto);
    if (endpoint == "status") return get_as(integration_, konto + "/status");
    if (endpoint == "nokkel") return get(at(konto + "/offentligNokkel"));
    const auto document = "/dokumentlager/nedlasting/" + stored();
    return get_as(other_, document + (endpoint == "metadata" ? "/metadata" : ""));
  }
  /// The id of a document of the receiver in dokumentlager.
  const std::string& stored() {
    if (stored_.empty()) {
      FiksIoDelivery delivery;
      delivery.to = receiver_;
      delivery.type = "a.b";
      delivery.body = kanal::testing::pattern(100);
      delivery.offload = true;
      const auto id = fiks().deliver(delivery);
      EXPECT_TRUE(id);
      stored_ = fiks().state().message(*id)->dokumentlager_id;
    }
    return stored_;
  }
  /// The error code of a call that breaks.
  std::string broken(net::ClientRequest request) {
    const auto response = http_.send(request);
    return response ? "" : response.error().code;
  }
  /// The headers of the message that was just sent with this fault.
  net::AmqpDelivery delivered_with(const std::string& fault) {
    arm(fault, 1, receiver_);
    sent({.change = [](json::object& metadata) { metadata["svarPaMelding"] = new_uuid(); }});
    const auto connection = consumer(other_, receiver_);
    auto delivery = next(*connection);
    EXPECT_TRUE(connection->acknowledge(delivery.tag));
    EXPECT_TRUE(eventually([&] { return waiting(receiver_) == 0; }));
    return delivery;
  }
  std::string login_code() const {
    const auto connection = net::AmqpConnection::open(login(other_));
    return connection ? "" : connection.error().code;
  }

  std::string stored_;
};

TEST_F(FiksIoFaultsTest, EachEndpointAnswersWithEachStatus) {
  const auto statuses = {400, 401, 403, 404, 413, 422, 429, 500, 502, 503};
  for (const std::string_view endpoint : {"send", "konto", "status", "nokkel", "nedlasting", "metadata"}) {
    for (const int status : statuses) {
      arm(fmt::format("fiksio.{}.{}", endpoint, status));
      const auto answer = call(endpoint);
      EXPECT_EQ(answer.status, status) << endpoint;
      if (status != 502) problem_of(answer);
      if (status == 429) {
        EXPECT_EQ(answer.header("Retry-After"), "2");
      }
    }
    EXPECT_EQ(call(endpoint).status, 200) << endpoint;
  }
  for (const int status : statuses) {
    arm(fmt::format("fiksio.{}", status), 1, integration_);
    EXPECT_EQ(call("konto").status, status);
  }
  EXPECT_EQ(waiting(receiver_), 2U) << "one was sent, one is the document's";
}

TEST_F(FiksIoFaultsTest, AnswersCanBeSlowOrAbsent) {
  arm("fiksio.slow", std::nullopt, receiver_);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(call("konto").status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 1s);
  world().faults.disarm_all();

  auto request = request_for({});
  arm("fiksio.reset");
  EXPECT_THAT(broken(request), StartsWith("http."));
  arm("fiksio.hang");
  request.total_timeout = 500ms;
  EXPECT_THAT(broken(request), StartsWith("http."));
  world().faults.release();
  EXPECT_EQ(waiting(receiver_), 0U) << "nothing was sent";
}

TEST_F(FiksIoFaultsTest, AMessageCanBeSentWithoutTheSenderKnowing) {
  arm("fiksio.send.lost_answer", 1, receiver_);
  EXPECT_THAT(broken(request_for({})), StartsWith("http."));
  arm("fiksio.send.500_after_store");
  EXPECT_EQ(refusal({}), "500 Fault injected");
  arm("fiksio.send.empty_200");
  EXPECT_EQ(send_message().body, "");
  arm("fiksio.send.no_id");
  const auto answer = send_message();
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(object_of(answer).contains("meldingId"));
  EXPECT_TRUE(eventually([&] { return waiting(receiver_) == 4; }));
}

TEST_F(FiksIoFaultsTest, TheCatalogueCanSpoilAccountsAndKeys) {
  arm("fiksio.status.ugyldig_mottaker", 2);
  auto status = object_of(call("status"));
  EXPECT_EQ(status.at("gyldigMottaker"), false);
  EXPECT_EQ(text(status, "melding"), "Kontoen er sperret");
  EXPECT_EQ(object_of(call("konto")).at("status").at("gyldigMottaker"), false);

  arm("fiksio.nokkel.missing", 1, receiver_);
  EXPECT_EQ(problem_of(call("nokkel")), "404 Kontoen har ingen nøkkel");
  const auto now = world().clock.now();
  arm("fiksio.nokkel.expired");
  auto key = object_of(call("nokkel"));
  EXPECT_EQ(key.at("valid"), false);
  EXPECT_FALSE(text(key, "statusMessage").empty());
  EXPECT_LT(crypto::Certificate::from_pem(text(key, "nokkel"))->not_after(), now);
  arm("fiksio.nokkel.changed");
  key = object_of(call("nokkel"));
  const auto changed = crypto::Certificate::from_pem(text(key, "nokkel"));
  ASSERT_TRUE(changed);
  EXPECT_TRUE(changed->valid_at(now));
  EXPECT_FALSE(changed->same_as(Keys::get().municipality_identity.certificate));
  arm("fiksio.nokkel.malformed");
  EXPECT_FALSE(crypto::Certificate::from_pem(text(object_of(call("nokkel")), "nokkel")));
}

TEST_F(FiksIoFaultsTest, ADownloadCanFailInManyWays) {
  const auto whole = call("nedlasting").body;
  EXPECT_EQ(whole.size(), 100U);
  arm("fiksio.nedlasting.truncated", 1, stored());
  EXPECT_EQ(call("nedlasting").body, whole.substr(0, 50));
  net::ClientRequest request;
  request.url = at("/dokumentlager/nedlasting/" + stored());
  request.headers = three_headers(other_);
  arm("fiksio.nedlasting.reset", 1, other_);
  EXPECT_THAT(broken(request), StartsWith("http."));
  arm("fiksio.nedlasting.drip");
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(call("nedlasting").body, whole);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 2s);
}

TEST_F(FiksIoFaultsTest, HeadersCanBeMissingOrWrong) {
  const auto with = [&](const std::string& fault, std::string_view name) {
    return header_of(delivered_with("fiksio.header." + fault), name);
  };
  EXPECT_EQ(with("no_melding_id", "melding-id"), "absent");
  EXPECT_EQ(with("bad_melding_id", "melding-id"), "ikke en uuid");
  EXPECT_EQ(with("no_type", "type"), "absent");
  EXPECT_EQ(with("number_type", "type"), "no text");
  EXPECT_EQ(with("no_avsender_id", "avsender-id"), "absent");
  EXPECT_EQ(with("bad_avsender_id", "avsender-id"), "ikke en uuid");
  EXPECT_EQ(with("bad_svar_til", "svar-til"), "ikke en uuid");
  const auto empty = delivered_with("fiksio.deliver.no_payload");
  EXPECT_TRUE(empty.body.empty());
  EXPECT_EQ(header_of(empty, "dokumentlager-id"), "absent");
}

TEST_F(FiksIoFaultsTest, AMessageCanComeTwiceOrNever) {
  arm("fiksio.deliver.duplicate", 1, sender_);
  const auto id = sent();
  const auto connection = consumer(other_, receiver_);
  for (int i = 0; i < 2; ++i) {
    const auto delivery = next(*connection);
    EXPECT_EQ(header_of(delivery, "melding-id"), id);
    EXPECT_FALSE(delivery.redelivered);
  }
  arm("fiksio.deliver.lost", 1, receiver_);
  sent();
  const auto after = sent();
  EXPECT_EQ(header_of(next(*connection), "melding-id"), after);
}

TEST_F(FiksIoFaultsTest, TheBrokerCanRefuseLoginsAndQueues) {
  arm("fiksio.amqp.refused", std::nullopt, other_);
  EXPECT_EQ(login_code(), "amqp.refused");
  EXPECT_EQ(login_code(), "amqp.refused");
  world().faults.disarm_all();
  arm("fiksio.amqp.token_refused");
  EXPECT_EQ(login_code(), "amqp.refused");
  EXPECT_EQ(login_code(), "");
  arm("fiksio.amqp.500", 1, other_);
  EXPECT_THAT(login_code(), StartsWith("amqp."));
  arm("fiksio.amqp.no_access", 1, fiks_io_queue(receiver_));
  const auto connection = connect(other_);
  const auto consuming = connection->consume(fiks_io_queue(receiver_));
  ASSERT_FALSE(consuming);
  EXPECT_EQ(consuming.error().code, "amqp.refused");
}

TEST_F(FiksIoFaultsTest, NoFaultIsForgotten) {
  const auto& suite = *::testing::UnitTest::GetInstance()->current_test_suite();
  if (suite.test_to_run_count() != suite.total_test_count()) GTEST_SKIP() << "of use behind all others only";
  std::set<std::string> never;
  for (const auto& fault : fault_catalogue()) {
    if (fault.name.starts_with("fiksio.") && world().faults.met(fault.name) == 0) never.insert(fault.name);
  }
  EXPECT_THAT(never, IsEmpty());
}

}  // namespace
}  // namespace kanal::sim::testing
