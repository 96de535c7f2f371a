#include <gmock/gmock.h>

#include "sim/fiks_io_testing.hpp"

namespace kanal::sim::testing {
namespace {

using ::testing::HasSubstr;

class FiksIoAdminTest : public FiksIoBench {
 protected:
  json::object account_of(const std::string& konto) {
    const auto answer = admin("GET", "/kontoer");
    EXPECT_EQ(answer.status, 200);
    const auto all = json::parse(answer.body);
    for (const auto& account : all.as_array()) {
      if (text(account.as_object(), "konto_id") == konto) return account.as_object();
    }
    ADD_FAILURE() << "no account " << konto;
    return {};
  }
};

TEST_F(FiksIoAdminTest, AccountsAndIntegrationsAreMadeAndChanged) {
  const auto& identity = Keys::get().agency_identity;
  const auto made = admin("POST", "/kontoer",
                          {{"navn", "Ny"},
                           {"orgnr", agency},
                           {"certificate", identity.certificate.pem()},
                           {"private_key", identity.key.pem()}});
  ASSERT_EQ(made.status, 200) << made.body;
  const auto konto = text(object_of(made), "konto_id");
  auto account = account_of(konto);
  EXPECT_EQ(text(account, "navn"), "Ny");
  EXPECT_EQ(account.at("counterpart"), true);
  EXPECT_EQ(account.at("messages"), 0);
  EXPECT_EQ(account.at("consumers"), 0);

  EXPECT_EQ(admin("PUT", "/kontoer/" + konto, {{"gyldig_mottaker", false}, {"melding", "stengt"}}).status, 204);
  EXPECT_EQ(refusal({.to = konto}), "422 Kontoen er ikke gyldig som mottaker: stengt");
  EXPECT_EQ(admin("PUT", "/kontoer/" + konto, {{"certificate", nullptr}}).status, 204);
  EXPECT_EQ(get(at("/fiks-io/katalog/api/v1/kontoer/" + konto + "/offentligNokkel")).status, 404);
  EXPECT_EQ(admin("PUT", "/kontoer/" + new_uuid()).status, 404);
  EXPECT_EQ(admin("PUT", "/kontoer/" + konto, {{"gyldig_mottaker", "nei"}}).status, 400);
  EXPECT_EQ(admin("POST", "/kontoer", {{"navn", "Ny"}}).status, 400);
  EXPECT_EQ(admin("POST", "/kontoer", {{"navn", "Ny"}, {"orgnr", agency}, {"konto_id", "x"}}).status, 400);
  EXPECT_EQ(admin("POST", "/kontoer", {{"navn", "Ny"}, {"orgnr", agency}, {"certificate", "x"}}).status, 400);
  EXPECT_EQ(admin("POST", "/kontoer",
                  {{"navn", "Ny"},
                   {"orgnr", agency},
                   {"certificate", identity.certificate.pem()},
                   {"private_key", Keys::get().stranger.key.pem()}})
                .status,
            400);

  const auto added =
      admin("POST", "/integrasjoner", {{"password", "annet"}, {"orgnr", municipality}, {"konto_ids", {konto}}});
  ASSERT_EQ(added.status, 200) << added.body;
  const auto integration = text(object_of(added), "id");
  const auto shown = admin("GET", "/integrasjoner").body;
  EXPECT_THAT(shown, HasSubstr(integration));
  EXPECT_THAT(shown, ::testing::Not(HasSubstr("annet")));
  EXPECT_NE(consumer(integration, konto), nullptr);
  EXPECT_EQ(admin("POST", "/integrasjoner", {{"orgnr", agency}}).status, 400);
}

TEST_F(FiksIoAdminTest, MessagesAreShownAndPutIntoQueues) {
  const auto id = sent();
  EXPECT_EQ(text(object_of(admin("GET", "/messages/" + id)), "integration"), integration_);
  EXPECT_THAT(admin("GET", "/messages?limit=1").body, HasSubstr(id));
  EXPECT_EQ(admin("GET", "/messages/" + new_uuid()).status, 404);

  json::object delivery{{"to", counterpart_},
                        {"from", sender_},
                        {"type", "a.b"},
                        {"svar_til", id},
                        {"svar_til_type", "a"},
                        {"ttl", 60'000},
                        {"headere", json::object{{"klientMeldingId", "x"}}},
                        {"body", to_base64(bytes_of("raw"))},
                        {"offload", false},
                        {"raw_headers", json::object{{"avsender-navn", nullptr}, {"n", 7}, {"b", true}, {"t", "x"}}},
                        {"count", 2},
                        {"times", 2}};
  const auto delivered = admin("POST", "/messages", delivery);
  ASSERT_EQ(delivered.status, 200) << delivered.body;
  EXPECT_EQ(object_of(delivered).at("melding_ids").as_array().size(), 2U);
  EXPECT_TRUE(eventually([&] { return waiting(counterpart_) == 4; }));
  EXPECT_EQ(text(object_of(admin("GET", "/messages?limit=1")), "x"), "");
  const auto wrong = [&](const char* name, const json::value& value) {
    auto changed = delivery;
    changed[name] = value;
    return admin("POST", "/messages", changed).status;
  };
  EXPECT_EQ(wrong("to", json::string(new_uuid())), 409);
  EXPECT_EQ(wrong("body", "*"), 400);
  EXPECT_EQ(wrong("asic", "*"), 400);
  EXPECT_EQ(wrong("ttl", "x"), 400);
  EXPECT_EQ(wrong("headere", json::object{{"a", 1}}), 400);
  EXPECT_EQ(wrong("raw_headers", json::object{{"a", json::array{}}}), 400);
  EXPECT_EQ(wrong("count", 0), 400);
  EXPECT_EQ(wrong("times", 0), 400);
  EXPECT_EQ(wrong("documents", json::array{json::object{}}), 400);
  EXPECT_EQ(waiting(counterpart_), 4U);
}

TEST_F(FiksIoAdminTest, CounterpartsAreScripted) {
  const json::object script{
      {"replies",
       json::array{json::object{{"type", ".mottatt"}},
                   json::object{{"type", ".kvittering"},
                                {"ttl", 60'000},
                                {"headere", json::object{{"a", "b"}}},
                                {"documents", json::array{json::object{{"name", "k.xml"},
                                                                       {"content", to_base64(bytes_of("<k/>"))},
                                                                       {"mimetype", "application/xml"}}}}}}}};
  const auto path = "/kontoer/" + counterpart_ + "/script";
  EXPECT_EQ(admin("PUT", path, script).status, 204);
  EXPECT_EQ(account_of(counterpart_).at("scripted"), true);
  sent({.to = counterpart_, .type = "a.b"});
  const auto connection = consumer(integration_, sender_);
  EXPECT_EQ(header_of(next(*connection), "type"), "a.b.mottatt");
  const auto receipt = next(*connection);
  EXPECT_EQ(header_of(receipt, "type"), "a.b.kvittering");
  EXPECT_EQ(header_of(receipt, "egendefinert-header.a"), "b");
  EXPECT_FALSE(receipt.body.empty());
  EXPECT_EQ(admin("DELETE", path).status, 204);
  EXPECT_EQ(account_of(counterpart_).at("scripted"), false);
  EXPECT_EQ(admin("PUT", path, {{"replies", 1}}).status, 400);
  EXPECT_EQ(admin("PUT", path, {{"replies", json::array{json::object{}}}}).status, 400);
  EXPECT_EQ(admin("PUT", "/kontoer/" + new_uuid() + "/script", script).status, 409);
}

TEST_F(FiksIoAdminTest, RulesAreShownAndChanged) {
  EXPECT_EQ(object_of(admin("GET", "/rules")).at("offload_over"), 5'000'000);
  EXPECT_EQ(admin("PUT", "/rules", {{"offload_over", 3}, {"check_payloads", false}, {"min_ttl", 2'000}}).status, 204);
  const auto rules = object_of(admin("GET", "/rules"));
  EXPECT_EQ(rules.at("offload_over"), 3);
  EXPECT_EQ(rules.at("check_payloads"), false);
  EXPECT_EQ(rules.at("min_ttl"), 2'000);
  EXPECT_EQ(rules.at("max_deliveries"), 3);
  const auto answer = send_message();
  EXPECT_TRUE(is_uuid(text(object_of(answer), "dokumentlagerId")));
  EXPECT_EQ(admin("PUT", "/rules", {{"max_deliveries", 0}}).status, 400);
  EXPECT_EQ(admin("PUT", "/rules", {{"default_ttl", "x"}}).status, 400);
  EXPECT_EQ(admin("PUT", "/rules", {{"check_payloads", 1}}).status, 400);
}

TEST_F(FiksIoAdminTest, ConnectionsAndBrokerAreOperated) {
  const auto ended = [](net::AmqpConnection& connection) {
    const auto delivery = connection.receive(std::chrono::milliseconds(100));
    return !delivery && delivery.error().code != "amqp.timeout";
  };
  auto connection = consumer(other_, receiver_);
  EXPECT_TRUE(eventually([&] {
    EXPECT_EQ(admin("DELETE", "/integrasjoner/" + other_ + "/connections").status, 204);
    return ended(*connection);
  }));
  connection = consumer(other_, receiver_);
  EXPECT_EQ(admin("DELETE", "/kontoer/" + receiver_ + "/consumers").status, 204);
  EXPECT_TRUE(eventually([&] { return ended(*connection); }));
  EXPECT_EQ(admin("DELETE", "/kontoer/" + new_uuid() + "/consumers").status, 409);

  connection = consumer(other_, receiver_);
  auto restart = [&](const char* what) {
    net::ClientRequest request;
    request.method = "POST";
    request.url = at("/sim/broker/" + std::string(what));
    request.total_timeout = std::chrono::minutes(2);
    request.inactivity_timeout = std::chrono::minutes(2);
    return send(std::move(request)).status;
  };
  EXPECT_EQ(restart("restart"), 204);
  EXPECT_TRUE(eventually([&] { return ended(*connection); }));
  EXPECT_NE(consumer(other_, receiver_), nullptr);
  EXPECT_EQ(restart("kill"), 204);
  EXPECT_EQ(restart("start"), 204);
  EXPECT_EQ(restart("stop"), 204);
  EXPECT_FALSE(net::AmqpConnection::open(login(other_)));
  EXPECT_EQ(restart("start"), 204);
  EXPECT_NE(consumer(other_, receiver_), nullptr);
  EXPECT_EQ(restart("dance"), 404);
}

TEST(FiksIoInNational, IsThereWhenItIsWanted) {
  const kanal::testing::TemporaryFolder folder;
  kanal::testing::ManualClock clock;
  SilentLog log;
  const auto& keys = Keys::get();
  NationalOptions options;
  options.folder = folder.path();
  options.tls = keys.server;
  options.maskinporten_key = keys.maskinporten;
  options.exchange_key = keys.exchange;
  options.registry_signer = keys.foreign_ca;
  options.suppliers = keys.suppliers;
  options.svarut_identity = keys.svarut;
  EXPECT_FALSE(National(options, clock, log).has_fiks_io());
  options.fiks_io = true;
  options.fiks_io_rules.offload_over = 7;
  National national(options, clock, log);
  ASSERT_TRUE(national.has_fiks_io());
  const auto konto = new_uuid();
  ASSERT_TRUE(national.fiks_io().add_account({.konto_id = konto, .navn = "Før start", .orgnr = agency}));
  const auto started = national.start();
  ASSERT_TRUE(started) << started.error().text();
  EXPECT_EQ(national.fiks_io().state().rules().offload_over, 7U);
  EXPECT_TRUE(national.fiks_io().url().ends_with("://" + national.fiks_io().api_host()));
  EXPECT_TRUE(national.fiks_io().url().starts_with("https://127.0.0.1:"));
  EXPECT_EQ(national.fiks_io().count(konto)->messages, 0U) << "its queue was made at the start";
  EXPECT_TRUE(National::usual_scopes().contains("ks:fiks"));
  national.stop();
  EXPECT_FALSE(national.fiks_io().count(konto));
}

class LentBroker : public Bench {
 protected:
  LentBroker() : Bench(true) {}
  static void open_account(National& national) {
    const auto opened = national.fiks_io().add_account({.konto_id = konto, .navn = "Lånt", .orgnr = agency});
    ASSERT_TRUE(opened) << opened.error().text();
  }
  static std::uint32_t waiting(National& national) {
    const auto count = national.fiks_io().count(konto);
    EXPECT_TRUE(count) << (count ? "" : count.error().text());
    return count ? count->messages : 0;
  }
  static constexpr const char* konto = "3f0c0a52-6f3e-4a7b-9a55-0d6a41a7c001";
};

TEST_F(LentBroker, IsLeftAsItWas) {
  open_account(national_);
  const auto port = national_.fiks_io().amqp_port();
  FiksIoDelivery letter;
  letter.to = letter.from = konto;
  letter.type = "no.example.v1";
  ASSERT_TRUE(national_.fiks_io().deliver(letter));
  const auto until = std::chrono::steady_clock::now() + patience;
  while (waiting(national_) != 1 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_EQ(waiting(national_), 1U);
  national_.stop();
  EXPECT_FALSE(national_.fiks_io().count(konto));

  National next(options(true), clock_, log_);
  const auto started = next.start();
  ASSERT_TRUE(started) << started.error().text();
  EXPECT_EQ(next.fiks_io().amqp_port(), port) << "it was not started again";
  open_account(next);
  EXPECT_EQ(waiting(next), 0U) << "another's queue, though its account has the same id";
}

}  // namespace
}  // namespace kanal::sim::testing
