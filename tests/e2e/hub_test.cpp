// A hub and its satellites, end to end: DPE has one queue for an organisation, and each installation of it gets what is
// its, once, whoever dies, is away or asks under a wrong name (dpe.md 8.3 no. 4).
#include <random>

#include "app/hub_wiring.hpp"
#include "base/reserved_port.hpp"
#include "crypto/issue.hpp"
#include "tests/e2e/einnsyn.hpp"
#include "tests/long_tests.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Hubs : public ::testing::Test, protected Bench {
 protected:
  Hubs() {
    einnsyn::set_up(national);
    const auto& keys = BenchKeys::get();
    write_identity("hub", keys.server);
    for (const auto& name : {"arkiv", "politikk", "stranger"}) {
      write_identity(name, crypto::issue(keys.ca, {name, name, "", {}, keys.from, keys.to}));
    }
  }
  void write_identity(const std::string& name, const crypto::Identity& identity) {
    folder.write(name + ".pem", identity.certificate.pem());
    folder.write(name + ".key", identity.key.pem());
  }
  Names own_end(const std::string& name) const {
    const auto path = "file:" + (folder.path() / name).string();
    return {"--kanal.hub.certificate=" + path + ".pem", "--kanal.hub.key=" + path + ".key"};
  }
  std::string certificate_of(const std::string& name) const {
    return "file:" + (folder.path() / (name + ".pem")).string();
  }
  void start_hub(const Names& more = {}) {
    auto settings = einnsyn::settings(national, "innsyn");
    const Names hub{"--kanal.hub.port=" + port,
                    "--kanal.hub.address=127.0.0.1",
                    "--kanal.hub.satellites[0].name=arkiv",
                    "--kanal.hub.satellites[0].certificate=" + certificate_of("arkiv"),
                    "--kanal.hub.satellites[0].channels=arkiv",
                    "--kanal.hub.satellites[1].name=politikk",
                    "--kanal.hub.satellites[1].certificate=" + certificate_of("politikk")};
    for (const auto& list : {hub, own_end("hub"), more}) settings.insert(settings.end(), list.begin(), list.end());
    start({"H", s_org, "", settings});
  }
  /// `shows`: whose certificate.
  void start_satellite(const std::string& name, std::string shows = {}, const Names& more = {}) {
    if (shows.empty()) shows = name;
    auto settings = einnsyn::settings(national, "innsyn");
    settings.push_back("--kanal.hub.url=https://127.0.0.1:" + port);
    // It is a satellite for eInnsyn only: the hub receives what comes over DPO.
    settings.push_back("--kanal.dpo.receive=none");
    for (const auto& list : {own_end(shows), more}) settings.insert(settings.end(), list.begin(), list.end());
    start({name, s_org, "", settings});
  }
  void start_einnsyn(const Names& more = {}) {
    auto settings = einnsyn::settings(national, "data");
    settings.insert(settings.end(), more.begin(), more.end());
    start({"R", r_org, "", settings});
  }
  void start_all(const Names& rules = {}) {
    start_hub(rules);
    start_satellite("arkiv");
    start_satellite("politikk");
    start_einnsyn();
  }
  std::string post(const std::string& name, const app::Letter& letter) {
    auto id = client(name).send(letter);
    EXPECT_TRUE(id) << id.error().text();
    return id.value_or("");
  }
  /// In this conversation, or one of its own.
  static app::Letter kvittering(const std::string& conversation = {}) {
    app::Letter receipt;
    receipt.type = "einnsyn_kvittering";
    receipt.receiver = "0192:" + s_org;
    receipt.process = app::einnsyn_response_process;
    receipt.conversation_id = conversation;
    receipt.body = {
        {"dokumentId", "http://data.oslo.no/1"}, {"status", "{\"ok\":true}"}, {"referanseType", "publisering"}};
    return receipt;
  }
  bool in_time(const std::function<bool()>& holds, seconds step = seconds(1)) {
    return eventually([&] {
      clock.advance(step);
      for (const auto& [name, installation] : installations) serve(name, false);
      return holds();
    });
  }
  bool is_final(const std::string& name, const std::string& id) {
    return has(name, id, {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"});
  }
  /// Sent by `from`, final there, handed to `to` once.
  void expect_once(const std::string& id, const std::string& from, const std::string& to) {
    ASSERT_TRUE(in_time([&] { return is_final(from, id); })) << ::testing::PrintToString(statuses(from, id));
    EXPECT_EQ(receivers_of(id), Names{to});
  }
  bool knows(const std::string& name, const std::string& id) { return !statuses(name, id).empty(); }
  std::size_t in_queue() { return national.service_bus().state().messages(einnsyn::agency_queue).size(); }
  net::ClientResponse ask_hub(const std::string& method, const std::string& path, const std::string& as,
                              const std::string& body = {}) {
    net::ClientOptions options;
    options.ca_pem = BenchKeys::get().ca.certificate.pem();
    options.client_certificate_pem = read_file(folder.path() / (as + ".pem"));
    options.client_key_pem = read_file(folder.path() / (as + ".key"));
    net::HttpClient link(std::move(options));
    net::ClientRequest request;
    request.method = method;
    request.url = "https://127.0.0.1:" + port + path;
    request.body = body;
    auto answer = link.send(request);
    return answer ? std::move(*answer) : net::ClientResponse{};
  }

  ReservedPort reserved;
  std::string port = std::to_string(reserved.number());
};

const std::string innsynskrav_rule =
    "--kanal.hub.satellites[0].processes=urn:no:difi:profile:einnsyn:innsynskrav:ver1.0";

TEST_F(Hubs, StatusesReachTheSatelliteThatSentTheMessage) {
  start_all();
  const auto one = post("arkiv", einnsyn::publication());
  const auto other = post("politikk", einnsyn::publication());
  const auto own = post("H", einnsyn::publication());
  expect_once(one, "arkiv", "R");
  expect_once(other, "politikk", "R");
  expect_once(own, "H", "R");
  EXPECT_FALSE(knows("H", one) || knows("H", other) || knows("politikk", one) || knows("arkiv", other));
  EXPECT_TRUE(in_time([&] { return in_queue() == 0; }));
  for (const auto& name : {"H", "arkiv", "politikk"}) EXPECT_THAT(alarms(name), IsEmpty()) << name;
}

TEST_F(Hubs, MessagesGoByRuleAndTheRestStaysAtTheHub) {
  start_all({"--kanal.hub.satellites[1].organisations=" + s_org});
  expect_once(post("R", einnsyn::request()), "R", "politikk");
  start_hub({innsynskrav_rule});
  expect_once(post("R", einnsyn::request()), "R", "arkiv");
  start_hub();
  expect_once(post("R", einnsyn::request()), "R", "H");
  start_hub({"--kanal.hub.others=politikk"});
  expect_once(post("R", einnsyn::request()), "R", "politikk");
}

TEST_F(Hubs, TheFilesArriveAsTheyWereSent) {
  start_all({innsynskrav_rule});
  auto krav = einnsyn::request();
  krav.files.push_back({"stort.bin", "application/octet-stream", std::string(300'000, 'x')});
  const auto id = post("R", krav);
  auto receiver = client("arkiv");
  ASSERT_TRUE(eventually([&] {
    const auto peeked = receiver.peek();
    return peeked && *peeked;
  }));
  const auto package = receiver.pop(id);
  ASSERT_TRUE(package && *package);
  EXPECT_THAT(**package, HasSubstr(std::string(300'000, 'x')));
}

TEST_F(Hubs, AnAnswerThatNamesAChannelGoesToItsSatellite) {
  start_all();
  start_einnsyn({"--kanal.dpe.message-channel=arkiv"});
  expect_once(post("R", kvittering()), "R", "arkiv");
  start_einnsyn({"--kanal.dpe.message-channel=nobody"});
  expect_once(post("R", kvittering()), "R", "H");
}

TEST_F(Hubs, AReceiptInTheConversationOfASatelliteIsItsOwn) {
  start_all();
  auto publication = einnsyn::publication();
  publication.conversation_id = new_uuid();
  expect_once(post("politikk", publication), "politikk", "R");
  expect_once(post("R", kvittering(publication.conversation_id)), "R", "politikk");
}

TEST_F(Hubs, ASatelliteThatIsAwayForDaysLosesNothing) {
  start_all({innsynskrav_rule});
  const auto published = post("arkiv", einnsyn::publication());
  ASSERT_TRUE(in_time([&] { return has("arkiv", published, {"SENDT"}); }));
  stop("arkiv");
  Names requests;
  for (int i = 0; i < 3; ++i) requests.push_back(post("R", einnsyn::request()));
  ASSERT_TRUE(
      in_time([&] { return std::ranges::all_of(requests, [&](const auto& id) { return has("R", id, {"SENDT"}); }); }));
  ASSERT_TRUE(in_time([&] { return in_queue() == 0; })) << "the hub has taken everything from the queue";
  EXPECT_THAT(health("H"), HasSubstr("\"arkiv\""));
  clock.advance(hours(24 * 4));
  start_satellite("arkiv");
  ASSERT_TRUE(in_time(
      [&] { return std::ranges::all_of(requests, [&](const auto& id) { return !receivers_of(id).empty(); }); }));
  for (const auto& id : requests) EXPECT_EQ(receivers_of(id), Names{"arkiv"});
  EXPECT_TRUE(in_time([&] {
    return has("arkiv", published, {"MOTTATT", "LEVERT"});
  })) << ::testing::PrintToString(statuses("arkiv", published));
}

TEST_F(Hubs, NothingLeavesASatelliteBeforeTheHubKnowsWhoseTheAnswersAre) {
  start_hub();
  start_satellite("arkiv");
  start_einnsyn();
  stop("H");
  const auto id = post("arkiv", einnsyn::publication());
  ASSERT_TRUE(in_time([&] { return health("arkiv").find("the hub at https://") != std::string::npos; }));
  EXPECT_FALSE(has("arkiv", id, {"SENDT"}));
  EXPECT_THAT(national.service_bus().state().messages(einnsyn::journal_queue), IsEmpty());
  start_hub();
  expect_once(id, "arkiv", "R");
}

TEST_F(Hubs, DeathsOfSatelliteAndHubDeliverOnce) {
  start_all({innsynskrav_rule});
  for (const auto& name : {"arkiv", "H"}) {
    for (const auto& point :
         {"receive.taking_stored", "receive.unpacked", "receive.committed", "receive.acknowledged"}) {
      hooks(name).die_at(point);
      const auto id = post("R", einnsyn::request());
      ASSERT_TRUE(eventually([&] { return hooks(name).dead(); })) << name << " " << point;
      stop(name);
      hooks(name).revive();
      if (std::string(name) == "H") {
        start_hub({innsynskrav_rule});
      } else {
        start_satellite(name);
      }
      expect_once(id, "R", "arkiv");
    }
  }
  hooks("arkiv").die_at("satellite.noted");
  const auto id = post("arkiv", einnsyn::publication());
  ASSERT_TRUE(eventually([&] { return hooks("arkiv").dead(); }));
  stop("arkiv");
  hooks("arkiv").revive();
  start_satellite("arkiv");
  expect_once(id, "arkiv", "R");
}

TEST_F(Hubs, AStrangerIsNotLetInAndASatelliteGetsNothingOfAnother) {
  start_all({innsynskrav_rule});
  stop("arkiv");
  const auto id = post("R", einnsyn::request());
  const auto listed = [&](const std::string& as) { return ask_hub("GET", "/hub/v1/DPE/items", as); };
  ASSERT_TRUE(eventually([&] { return listed("arkiv").body.find("\"id\"") != std::string::npos; }));
  const auto items = boost::json::parse(listed("arkiv").body).at("items").as_array();
  ASSERT_THAT(items, SizeIs(1));
  const auto item = "/hub/v1/DPE/items/" + std::string(items[0].at("id").as_string());
  EXPECT_EQ(boost::json::parse(listed("politikk").body).at("items").as_array().size(), 0U);
  EXPECT_EQ(ask_hub("GET", item, "politikk").status, 404);
  EXPECT_EQ(ask_hub("DELETE", item, "politikk").status, 404);
  EXPECT_EQ(listed("stranger").status, 0) << "the TLS handshake fails";
  EXPECT_EQ(ask_hub("GET", item, "arkiv").status, 200);

  const auto sent = "/hub/v1/DPE/sent/" + new_uuid();
  const std::string body = R"({"conversationId":"a"})";
  EXPECT_EQ(ask_hub("PUT", sent, "arkiv", body).status, 204);
  EXPECT_EQ(ask_hub("PUT", sent, "arkiv", body).status, 204);
  EXPECT_EQ(ask_hub("PUT", sent, "politikk", body).status, 409);
  EXPECT_EQ(ask_hub("PUT", sent, "arkiv", "nonsense").status, 400);
  EXPECT_EQ(ask_hub("PUT", sent, "arkiv", std::string(5000, ' ')).status, 413);
  EXPECT_EQ(ask_hub("GET", "/hub/v2/DPE/items", "arkiv").status, 404);
  EXPECT_EQ(ask_hub("POST", item, "arkiv").status, 405);

  start_satellite("arkiv");
  expect_once(id, "R", "arkiv");
}

TEST_F(Hubs, ASatelliteWithAnUnknownCertificateSaysSoAndLosesNothing) {
  start_hub({innsynskrav_rule});
  start_satellite("arkiv", "stranger");
  start_einnsyn();
  const auto id = post("R", einnsyn::request());
  ASSERT_TRUE(in_time([&] { return in_queue() == 0; }));
  EXPECT_TRUE(in_time(
      [&] { return health("arkiv").find("does it know this installation's certificate") != std::string::npos; }));
  start_satellite("arkiv");
  expect_once(id, "R", "arkiv");
}

TEST_F(Hubs, WrongSettingsStopTheStart) {
  const auto refused = [&](Names settings) {
    const auto home = folder.path() / "W";
    std::filesystem::create_directories(home);
    ops::ConfigSources sources;
    sources.folder = home;
    sources.arguments = std::move(settings);
    auto config = ops::Config::load(sources);
    EXPECT_TRUE(config);
    auto hub = app::read_hub(*config);
    if (!hub) return hub.error().text();
    auto satellite = app::read_satellite(*config, clock);
    return satellite ? std::string("taken") : satellite.error().text();
  };
  const auto ends = own_end("hub");
  const Names hub{"--kanal.hub.port=0", ends[0], ends[1]};
  const auto with = [](Names list, const Names& more) {
    list.insert(list.end(), more.begin(), more.end());
    return list;
  };
  const std::string first = "--kanal.hub.satellites[0].";
  EXPECT_THAT(refused({"--kanal.hub.port=0"}), HasSubstr("kanal.hub.certificate is needed"));
  EXPECT_THAT(refused(hub), HasSubstr("name the satellites"));
  EXPECT_THAT(refused(with(hub, {first + "name=a b", first + "certificate=" + certificate_of("arkiv")})),
              HasSubstr("kanal.hub.satellites[0].name"));
  EXPECT_THAT(refused(with(hub, {first + "name=a"})), HasSubstr("kanal.hub.satellites[0].certificate is needed"));
  const Names two{first + "name=a", first + "certificate=" + certificate_of("arkiv"),
                  "--kanal.hub.satellites[1].name=b",
                  "--kanal.hub.satellites[1].certificate=" + certificate_of("arkiv")};
  EXPECT_THAT(refused(with(hub, two)), HasSubstr("is the certificate of satellite a already"));
  EXPECT_THAT(refused(with(with(hub, {two[0], two[1]}), {"--kanal.hub.others=c"})), HasSubstr("kanal.hub.others"));
  EXPECT_THAT(refused(with(with(hub, {two[0], two[1]}), {"--kanal.hub.url=https://x"})), HasSubstr("not both"));
  EXPECT_THAT(refused({"--kanal.hub.url=http://x", ends[0], ends[1]}), HasSubstr("must begin with https://"));
  EXPECT_EQ(refused(with(hub, {two[0], two[1]})), "taken");
}

/// Satellites and hub die again and again, at a random place, while all of them send and receive.
/// Installations that die at random points. A world of its own for each thousand, so that they die side by side and no
/// world grows old.
struct HubDeaths : Hubs, ::testing::WithParamInterface<unsigned> {};

TEST_P(HubDeaths, NothingIsLostDoubledOrStolen) {
  const int deaths = is_long() ? 1'000 : 12;
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto one_of = [&](const Names& names) {
    return names[std::uniform_int_distribution<std::size_t>(0, names.size() - 1)(random)];
  };
  start_all({innsynskrav_rule});
  const Names points{"receive.taking_stored", "receive.downloaded", "receive.unpacked",     "receive.committed",
                     "receipt.applied",       "satellite.noted",    "receive.acknowledged", "send.uploaded",
                     "send.committed",        "send.leased"};
  std::map<std::string, std::string> sent;  // id to who sent it
  for (int i = 0; i < deaths; ++i) {
    const auto victim = one_of({"H", "arkiv", "politikk"});
    hooks(victim).die_at(one_of(points));
    const auto from = one_of({"arkiv", "politikk", "R"});
    sent.emplace(post(from, from == "R" ? einnsyn::request() : einnsyn::publication()), from);
    const auto until = steady_clock::now() + milliseconds(150);
    while (!hooks(victim).dead() && steady_clock::now() < until) std::this_thread::sleep_for(milliseconds(5));
    stop(victim);
    hooks(victim).revive();
    if (victim == "H") {
      start_hub({innsynskrav_rule});
    } else {
      start_satellite(victim);
    }
    if (i % 20 != 19 && i + 1 != deaths) continue;
    for (const auto& [id, from] : sent) {
      ASSERT_TRUE(in_time([&] { return is_final(from, id); }))
          << from << " " << id << " " << ::testing::PrintToString(statuses(from, id));
      EXPECT_EQ(receivers_of(id), Names{from == "R" ? "arkiv" : "R"});
    }
    sent.clear();
  }
  EXPECT_TRUE(in_time([&] { return in_queue() == 0; }));
}
INSTANTIATE_TEST_SUITE_P(Worlds, HubDeaths, ::testing::Range(0U, is_long() ? 10U : 1U));

}  // namespace
}  // namespace kanal::testing
