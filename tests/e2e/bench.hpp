// The multi-installation bench of dpo.md 12: the national services over real sockets, TLS, tokens and signatures, and
// installations of several organisations in this process, on a clock that a test can turn on.
#pragma once

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "app/case_system.hpp"
#include "app/installation.hpp"
#include "base/testing.hpp"
#include "crypto/issue.hpp"
#include "crypto/keystore.hpp"
#include "sim/lent_rabbit_testing.hpp"
#include "sim/national.hpp"
#include "tests/documents.hpp"
#include "tests/e2e/hooked_points.hpp"
#include "tests/e2e/ledger.hpp"
#include "tests/e2e/raw_peer.hpp"

namespace kanal::testing {

using Names = std::vector<std::string>;

inline const std::string s_org = "310700002";
inline const std::string r_org = "310701378";
inline const std::string t_org = "310701386";

/// The machine's clock, turned on.
class ShiftedClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override { return machine_.now() + shift(); }
  [[nodiscard]] Duration monotonic() const override { return machine_.monotonic() + shift(); }
  void advance(Duration by) { shift_ += by.count(); }

 private:
  [[nodiscard]] Duration shift() const { return Duration(shift_.load()); }
  SystemClock machine_;
  std::atomic<Duration::rep> shift_{0};
};

/// Keys take long to make, so one process makes them once.
struct BenchKeys {
  Time from = SystemClock().now() - std::chrono::hours(24);
  Time to = from + std::chrono::hours(24 * 3650);
  crypto::Identity ca = crypto::make_ca("Bench CA", from, to);
  crypto::Identity server = crypto::issue(ca, {"localhost", "Bench", "", {"localhost", "127.0.0.1"}, from, to});
  std::map<std::string, crypto::Identity> organisations = make_organisations();
  sim::DpiSuppliers suppliers = sim::issue_suppliers(ca, from + std::chrono::hours(24));
  crypto::PrivateKey maskinporten = crypto::PrivateKey::generate();
  crypto::PrivateKey exchange = crypto::PrivateKey::generate();
  static const BenchKeys& get() {
    static const BenchKeys keys;
    return keys;
  }

 private:
  std::map<std::string, crypto::Identity> make_organisations() {
    std::map<std::string, crypto::Identity> made;
    for (const auto& orgnr : {s_org, r_org, t_org}) {
      made.emplace(orgnr, crypto::issue(ca, {"Org " + orgnr, "Org " + orgnr, orgnr, {}, from, to}));
    }
    return made;
  }
};

/// One installation to start.
struct InstallationSetup {
  std::string name;  ///< also its folder and, as `IP-<name>`, its client at Maskinporten
  std::string orgnr;
  std::string channel{};
  std::vector<std::string> settings{};
};

/// What a case system got.
struct Delivery {
  std::string installation;
  std::string message_id;
  std::string type;
  std::string related_to;
};

/// What a bench has besides.
struct BenchExtras {
  bool fiks_io = false;
  bool own_broker = false;  ///< a RabbitMQ that the test may end, instead of the program's; its start takes seconds
};

class Bench {
 public:
  explicit Bench(const BenchExtras& extras = {}) : national(options(extras), clock, log), http(client_options()) {
    const auto started = national.start();
    EXPECT_TRUE(started) << started.error().text();
    folder.write("ca.pem", BenchKeys::get().ca.certificate.pem());
    for (const auto& [orgnr, identity] : BenchKeys::get().organisations) {
      national.register_organisation({orgnr, "Org " + orgnr, {}, identity.certificate});
    }
  }
  ~Bench() { installations.clear(); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  // Setting up.
  static std::string client_of(const std::string& name) { return "IP-" + name; }
  static std::string user_of(const std::string& orgnr) { return orgnr + "_integrasjonspunkt_systembruker_" + orgnr; }

  /// Starts an installation, or starts it again with another configuration and the same store.
  void start(const InstallationSetup& setup) {
    stop(setup.name);
    national.register_client(client_of(setup.name), setup.orgnr);
    national.approve_system_user(client_of(setup.name), setup.orgnr, user_of(setup.orgnr));
    auto& points = hooks(setup.name);
    auto config = ops::Config::load(sources_of(setup));
    ASSERT_TRUE(config) << config.error().text();
    auto made = app::Installation::make(std::move(*config), clock, log, points);
    ASSERT_TRUE(made) << made.error().text();
    const auto started = (*made)->start();
    ASSERT_TRUE(started) << started.error().text();
    installations[setup.name] = std::move(*made);
  }
  void stop(const std::string& name) { installations.erase(name); }
  HookedPoints& hooks(const std::string& name) {
    auto& points = all_points[name];
    if (!points) points = std::make_unique<HookedPoints>();
    return *points;
  }
  RawPeer raw_peer(const std::string& orgnr, const std::string& client = "raw") {
    return {national, http, clock, log, BenchKeys::get().organisations.at(orgnr), client + "-" + orgnr, orgnr};
  }
  void arm(std::string_view fault, std::optional<std::uint64_t> times = 1, const std::string& subject = {}) {
    const auto armed = national.faults().arm(fault, times, subject);
    ASSERT_TRUE(armed) << armed.error().text();
  }

  // What clients see.
  app::CaseSystem client(const std::string& name) { return {installations.at(name)->url(), http}; }
  static app::Letter letter(const std::string& to, const std::string& from = {}) {
    app::Letter out;
    out.receiver = "0192:" + to;
    if (!from.empty()) out.sender = "0192:" + from;
    out.files.push_back({"brev.pdf", "application/pdf", app::make_pdf("bench")});
    return out;
  }
  std::string send(const std::string& name, const std::string& to, const std::string& from = {}) {
    auto id = client(name).send(letter(to, from));
    EXPECT_TRUE(id) << id.error().text();
    return id.value_or("");
  }
  Names statuses(const std::string& name, const std::string& id) {
    Names names;
    const auto seen = client(name).statuses(id);
    EXPECT_TRUE(seen) << seen.error().text();
    if (!seen) return names;
    for (const auto& status : *seen) names.push_back(status.status);
    return names;
  }
  bool has(const std::string& name, const std::string& id, const Names& wanted) {
    const auto seen = statuses(name, id);
    return std::ranges::all_of(wanted, [&](const auto& one) { return std::ranges::count(seen, one) == 1; });
  }
  /// A client takes everything that waits, and answers ordinary messages with a receipt.
  void serve(const std::string& name, bool with_receipts = true) {
    auto own = client(name);
    for (;;) {
      auto peeked = own.peek();
      ASSERT_TRUE(peeked) << peeked.error().text();
      if (!*peeked) return;
      const auto& message = **peeked;
      const auto package = own.pop(message.message_id);
      ASSERT_TRUE(package) << package.error().text();
      ASSERT_TRUE(own.remove(message.message_id));
      deliveries.push_back({name, message.message_id, message.type, message.related_to});
      if (with_receipts && message.type == "arkivmelding") {
        const auto sent = own.send_receipt(message, "OK");
        ASSERT_TRUE(sent) << sent.error().text();
      }
    }
  }
  /// Who got a message; several when it was delivered more than once.
  Names receivers_of(const std::string& message_id) const {
    Names names;
    for (const auto& delivery : deliveries) {
      if (delivery.message_id == message_id) names.push_back(delivery.installation);
    }
    return names;
  }
  Names receipts_for(const std::string& message_id) const {
    Names names;
    for (const auto& delivery : deliveries) {
      if (delivery.related_to == message_id) names.push_back(delivery.installation);
    }
    return names;
  }

  // What operators see.
  std::string health(const std::string& name) {
    net::ClientRequest request;
    request.url = installations.at(name)->url() + "/manage/health";
    const auto answer = http.send(request);
    EXPECT_TRUE(answer) << answer.error().text();
    return answer ? answer->body : "";
  }
  /// `D5 <subject>` of every finding.
  Names findings(const std::string& name) {
    Names found;
    const auto text = health(name);
    const auto all = boost::json::parse(text).at_pointer("/components/channels/details/findings");
    for (const auto& finding : all.as_array()) {
      found.push_back(std::string(finding.at("detection").as_string()) + " " +
                      std::string(finding.at("subject").as_string()));
    }
    std::ranges::sort(found);
    return found;
  }
  bool found(const std::string& name, const std::string& finding) {
    return std::ranges::count(findings(name), finding) == 1;
  }
  /// Without D4: that others send for an organisation is legal, and noted.
  Names alarms(const std::string& name) {
    auto all = findings(name);
    std::erase_if(all, [](const auto& one) { return one.starts_with("D4 "); });
    return all;
  }

  /// Looks until it holds; false after a long while.
  static bool eventually(const std::function<bool()>& holds,
                         std::chrono::milliseconds limit = std::chrono::seconds(40)) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
  }
  /// Two rounds of every inbox, so that what must not happen had its chance.
  void let_rounds_pass(const std::string& orgnr, std::uint64_t rounds = 4) {
    const auto& counts = national.broker().counts();
    const auto before = counts.of("search", orgnr);
    ASSERT_TRUE(eventually([&] { return counts.of("search", orgnr) >= before + rounds * 2; }));
  }

  std::string inject(const std::string& from, const std::string& to, const std::string& reference,
                     const domain::Sbd& sbd) {
    auto id = national.broker().inject(from, to, reference, make_package(sbd));
    EXPECT_TRUE(id);
    return id.value_or("");
  }
  /// An answer as an old counterpart makes it, without the channel.
  domain::Sbd status_of(const std::string& message_id, const std::string& status) const {
    return make_sbd("status", "0192:" + r_org, "0192:" + s_org, message_id, {{"status", status}}, clock.now());
  }

  TemporaryFolder folder;
  ShiftedClock clock;
  SilentLog log;
  sim::National national;
  net::HttpClient http;
  Ledger ledger{national};
  std::map<std::string, std::unique_ptr<HookedPoints>> all_points;
  std::map<std::string, std::unique_ptr<app::Installation>> installations;
  std::vector<Delivery> deliveries;

 private:
  sim::NationalOptions options(const BenchExtras& extras) const {
    const auto& keys = BenchKeys::get();
    sim::NationalOptions out;
    out.folder = folder.path() / "transfers";
    out.tls = keys.server;
    out.anchors = {keys.ca.certificate};
    out.maskinporten_key = keys.maskinporten;
    out.exchange_key = keys.exchange;
    out.registry_signer = keys.ca;
    out.suppliers = keys.suppliers;
    out.fiks_io = extras.fiks_io;
    if (extras.fiks_io && !extras.own_broker) rabbit().lend(out);
    return out;
  }
  static const sim::testing::LentRabbit& rabbit() {
    static const sim::testing::LentRabbit made(BenchKeys::get().server);
    return made;
  }
  static net::ClientOptions client_options() {
    net::ClientOptions out;
    out.ca_pem = BenchKeys::get().ca.certificate.pem();
    return out;
  }
  ops::ConfigSources sources_of(const InstallationSetup& setup) {
    const auto home = folder.path() / setup.name;
    if (std::filesystem::create_directories(home)) {
      const auto& identity = BenchKeys::get().organisations.at(setup.orgnr);
      std::ofstream(home / "keystore.p12", std::ios::binary)
          << text_of(crypto::write_pkcs12(identity, "own", Secret("changeit")));
    }
    ops::ConfigSources sources;
    sources.folder = home;
    const auto ca = "file:" + (folder.path() / "ca.pem").string();
    sources.arguments = {"--difi.move.org.number=" + setup.orgnr,
                         "--difi.move.org.keystore.path=file:keystore.p12",
                         "--difi.move.org.keystore.password=changeit",
                         "--difi.move.org.keystore.alias=own",
                         "--difi.ssl.enabled=false",
                         "--difi.move.ntp.disable=true",
                         "--difi.security.enable=false",
                         "--server.port=0",
                         "--difi.move.oidc.url=" + national.token_url(),
                         "--difi.move.oidc.audience=" + national.audience(),
                         "--difi.move.oidc.clientId=" + client_of(setup.name),
                         "--difi.move.serviceregistryEndpoint=" + national.registry_url(),
                         "--difi.move.feature.enableDPO=true",
                         "--difi.move.dpo.brokerserviceUrl=" + national.broker_url(),
                         "--difi.move.dpo.altinnTokenExchangeUrl=" + national.exchange_url(),
                         "--difi.move.dpo.systemUser.orgId=0192:" + setup.orgnr,
                         "--difi.move.dpo.systemUser.name=" + user_of(setup.orgnr),
                         "--difi.move.dpo.pollingrate=50",
                         "--difi.move.nextmove.ttlPollingrate=100",
                         "--kanal.lookout.departures-interval=200",
                         "--kanal.lookout.arrivals-interval=200",
                         "--kanal.send.first-retry=100",
                         "--kanal.tls.extra-ca=" + ca,
                         "--kanal.asic.trusted-ca=" + ca};
    if (!setup.channel.empty()) sources.arguments.push_back("--difi.move.dpo.message-channel=" + setup.channel);
    sources.arguments.insert(sources.arguments.end(), setup.settings.begin(), setup.settings.end());
    return sources;
  }
};

/// A test with a bench of its own.
class BenchTest : public ::testing::Test, protected Bench {};

}  // namespace kanal::testing
