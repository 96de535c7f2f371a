// One Fiks IO for all tests of a program, for a broker takes seconds to start; each test has accounts of its own. Never
// included by product code.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/eventually_testing.hpp"
#include "sim/fiks_io.hpp"
#include "sim/fiks_io_payload.hpp"
#include "sim/fiks_io_queues.hpp"
#include "sim/fiks_io_state.hpp"
#include "sim/sim_testing.hpp"

namespace kanal::sim::testing {

struct FiksIoWorld {
  kanal::testing::TemporaryFolder folder;
  kanal::testing::ManualClock clock;
  SilentLog log;
  AuditTrail audit{clock};
  Faults faults;
  Environment environment{clock, audit, faults, log};
  Issuer maskinporten{"https://test.maskinporten.no/", Keys::get().maskinporten};
  FiksIo fiks_io{options(folder.path()), maskinporten, environment};

  FiksIoWorld() {
    const auto started = fiks_io.start();
    EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().text());
  }
  static FiksIoOptions options(const std::filesystem::path& folder) {
    FiksIoOptions out;
    out.site.tls = Keys::get().server;
    out.folder = folder;
    return out;
  }
  static FiksIoWorld& get() {
    static FiksIoWorld world;
    return world;
  }
};

/// One message to send; what is left alone is good.
struct Sending {
  std::optional<std::string> from{};
  std::optional<std::string> to{};
  std::string type = "no.dibk.arkivlett.byggesak.hentbyggesaker.v1";
  std::optional<std::string> payload = "encrypted bytes";
  std::function<void(json::object& metadata)> change{};
  std::function<void(std::string& body)> change_body{};
  std::optional<std::string> integration{};
};

class FiksIoBench : public ::testing::Test {
 protected:
  FiksIoBench() : http_(client_options()) {
    const auto& keys = Keys::get();
    EXPECT_TRUE(fiks().add_account({.konto_id = sender_,
                                    .navn = "Prøvevik kommune",
                                    .orgnr = agency,
                                    .certificate = keys.agency_identity.certificate}));
    EXPECT_TRUE(fiks().add_account({.konto_id = receiver_,
                                    .navn = "Bergvik kommune",
                                    .orgnr = municipality,
                                    .kommunenummer = "4601",
                                    .certificate = keys.municipality_identity.certificate}));
    EXPECT_TRUE(fiks().add_account({.konto_id = counterpart_,
                                    .navn = "Fagsystem",
                                    .orgnr = municipality,
                                    .identity = keys.municipality_identity}));
    fiks().add_integration({integration_, Secret("hemmelig"), agency, {sender_}});
    fiks().add_integration({other_, Secret("annet"), municipality, {receiver_}});
  }
  ~FiksIoBench() override {
    world().faults.disarm_all();
    fiks().state().change_rules([](FiksIoRules& rules) { rules = {}; });
    EXPECT_TRUE(fiks().set_script(counterpart_, std::nullopt));
  }

  static FiksIoWorld& world() { return FiksIoWorld::get(); }
  static FiksIo& fiks() { return world().fiks_io; }
  static net::ClientOptions client_options() {
    net::ClientOptions out;
    out.ca_pem = Keys::get().ca.certificate.pem();
    return out;
  }

  /// A Maskinporten token of an organisation.
  static std::string token(const std::string& orgnr = agency, const std::string& scope = "ks:fiks",
                           std::chrono::seconds lives = std::chrono::seconds(120)) {
    const auto now = std::chrono::floor<std::chrono::seconds>(world().clock.now().time_since_epoch());
    return world().maskinporten.mint(
        {{"client_id", "MOVE_IP_" + orgnr},
         {"scope", scope},
         {"exp", (now + lives).count()},
         {"consumer", json::object{{"authority", "iso6523-actorid-upis"}, {"ID", "0192:" + orgnr}}}});
  }
  std::string password_of(const std::string& integration) const {
    return integration == integration_ ? "hemmelig" : "annet";
  }
  std::string orgnr_of(const std::string& integration) const {
    return integration == integration_ ? agency : municipality;
  }
  net::Headers three_headers(const std::string& integration) const {
    return {{"Authorization", "Bearer " + token(orgnr_of(integration))},
            {"integrasjonid", integration},
            {"INTEGRASJONPASSORD", password_of(integration)}};
  }

  static std::string at(const std::string& path) { return fiks().url() + path; }
  net::ClientResponse send(net::ClientRequest request) {
    auto response = http_.send(request);
    EXPECT_TRUE(response.has_value()) << (response ? "" : response.error().text());
    return response ? *response : net::ClientResponse{};
  }
  net::ClientResponse get(const std::string& url, net::Headers headers = {}) {
    net::ClientRequest request;
    request.url = url;
    request.headers = std::move(headers);
    return send(std::move(request));
  }
  net::ClientResponse get_as(const std::string& integration, const std::string& path) {
    return get(at(path), three_headers(integration));
  }
  net::ClientResponse admin(const std::string& method, const std::string& path, const json::object& body = {}) {
    net::ClientRequest request;
    request.method = method;
    request.url = at("/sim" + path);
    if (method != "GET" && method != "DELETE") request.body = json::serialize(body);
    request.headers = {{"Content-Type", "application/json"}};
    return send(std::move(request));
  }

  json::object metadata(const Sending& sending) const {
    json::object out{{"avsenderKontoId", sending.from.value_or(sender_)},
                     {"mottakerKontoId", sending.to.value_or(receiver_)},
                     {"meldingType", sending.type},
                     {"svarPaMelding", nullptr},
                     {"ttl", nullptr},
                     {"headere", nullptr}};
    if (sending.change) sending.change(out);
    return out;
  }
  std::string body(const Sending& sending) const {
    auto out =
        "--b7\r\nContent-Disposition: form-data; name=\"metadata\"\r\nContent-Type: application/json; "
        "charset=UTF-8\r\n\r\n" +
        json::serialize(metadata(sending)) + "\r\n";
    if (sending.payload) {
      out += "--b7\r\nContent-Disposition: form-data; name=\"data\"; filename=\"" + new_uuid() +
             "\"\r\nContent-Type: application/octet-stream\r\n\r\n" + *sending.payload + "\r\n";
    }
    out += "--b7--\r\n";
    if (sending.change_body) sending.change_body(out);
    return out;
  }
  net::ClientRequest request_for(const Sending& sending) const {
    net::ClientRequest request;
    request.method = "POST";
    request.url = at("/fiks-io/api/v1/send");
    request.body = body(sending);
    request.headers = three_headers(sending.integration.value_or(integration_));
    request.headers.emplace_back("Content-Type", "multipart/form-data; boundary=b7");
    return request;
  }
  net::ClientResponse send_message(const Sending& sending = {}) { return send(request_for(sending)); }
  /// Gives the melding-id.
  std::string sent(const Sending& sending = {}) {
    const auto answer = send_message(sending);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return text(object_of(answer), "meldingId");
  }
  /// Status and sentence of an error, after a look at its shape.
  static std::string problem_of(const net::ClientResponse& answer) {
    const auto body = object_of(answer);
    EXPECT_EQ(answer.header("Content-Type"), "application/json; charset=utf-8") << answer.body;
    for (const auto* name :
         {"timestamp", "status", "error", "errorId", "path", "originalPath", "message", "errorCode", "errorJson"}) {
      EXPECT_TRUE(body.contains(name)) << name << " in " << answer.body;
    }
    EXPECT_TRUE(is_uuid(text(body, "errorId")));
    return std::to_string(answer.status) + " " + text(body, "message");
  }
  std::string refusal(const Sending& sending) { return problem_of(send_message(sending)); }

  /// An ASiC-E in a CMS, from the agency.
  static std::string payload_for(const crypto::Certificate& recipient,
                                 std::vector<FiksIoDocument> documents = {
                                     {"arkivmelding.xml", "<arkivmelding/>", "application/xml"}}) {
    const auto made = make_fiks_io_payload(documents, Keys::get().agency_identity, recipient, world().clock.now(),
                                           world().folder.path());
    EXPECT_TRUE(made) << (made ? "" : made.error().text());
    const auto bytes = read_all(*(*made)->reader(), 100'000'000);
    return std::string(text_of(*bytes));
  }

  net::AmqpOptions login(const std::string& integration) const {
    net::AmqpOptions out;
    out.host = fiks().amqp_host();
    out.port = fiks().amqp_port();
    out.ca_pem = Keys::get().ca.certificate.pem();
    out.user = integration;
    out.password = Secret(password_of(integration) + " " + token(orgnr_of(integration)));
    out.connection_name = "test";
    return out;
  }
  std::unique_ptr<net::AmqpConnection> connect(const std::string& integration) const {
    auto connection = net::AmqpConnection::open(login(integration));
    EXPECT_TRUE(connection) << (connection ? "" : connection.error().text());
    return connection ? std::move(*connection) : nullptr;
  }
  std::unique_ptr<net::AmqpConnection> consumer(const std::string& integration, const std::string& konto) const {
    auto connection = connect(integration);
    if (connection) {
      const auto set = connection->set_prefetch(10);
      EXPECT_TRUE(set) << (set ? "" : set.error().text());
      const auto consuming = connection->consume(fiks_io_queue(konto));
      EXPECT_TRUE(consuming) << (consuming ? "" : consuming.error().text());
    }
    return connection;
  }
  /// The next delivery, however long it takes.
  static net::AmqpDelivery next(net::AmqpConnection& connection) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < until) {
      auto delivery = connection.receive(std::chrono::milliseconds(200));
      if (!delivery) {
        ADD_FAILURE() << delivery.error().text();
        return {};
      }
      if (*delivery) return std::move(**delivery);
    }
    ADD_FAILURE() << "nothing was delivered";
    return {};
  }
  static std::string header_of(const net::AmqpDelivery& delivery, std::string_view name) {
    const auto found = delivery.properties.headers.find(name);
    if (found == delivery.properties.headers.end()) return "absent";
    const auto* value = std::get_if<std::string>(&found->second);
    return value != nullptr ? *value : "no text";
  }
  static std::size_t audited(const std::string& action, const std::string& subject) {
    return world().audit.count({.simulator = "fiksio", .action = action, .subject = subject});
  }
  static void arm(std::string_view fault, std::optional<std::uint64_t> times = 1, std::string subject = {}) {
    const auto armed = world().faults.arm(fault, times, std::move(subject));
    EXPECT_TRUE(armed.has_value()) << (armed ? "" : armed.error().message);
  }
  static std::uint32_t waiting(const std::string& konto) {
    const auto count = fiks().count(konto);
    EXPECT_TRUE(count) << (count ? "" : count.error().text());
    return count ? count->messages : 0;
  }

  const std::string sender_ = new_uuid();
  const std::string receiver_ = new_uuid();
  const std::string counterpart_ = new_uuid();
  const std::string integration_ = new_uuid();
  const std::string other_ = new_uuid();
  net::HttpClient http_;
};

}  // namespace kanal::sim::testing
