// The client against the simulated broker, over TLS and with real tokens: the calls of dpo.md 3.2 and what faults make
// of them.
#include <thread>

#include "transports/dpo/dpo_testing.hpp"

namespace kanal::transports::dpo::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BrokerClientTest : public DpoBench {
 protected:
  std::string published(std::string_view content = "bytes") {
    const auto id = sender_.initialize(content);
    EXPECT_EQ(failure_of(id), "");
    EXPECT_EQ(failure_of(sender_.upload(*id, content)), "");
    return *id;
  }
  Result<std::vector<std::string>> search(std::optional<Time> from = {}) {
    return receiver_.broker.search(receiver_.user, waiting, from);
  }

  Side sender_{settings_of(agency), http_, clock_, log_};
  Side receiver_{settings_of(municipality), http_, clock_, log_};
};

TEST_F(BrokerClientTest, InitializesAsTheBrokerWantsIt) {
  auto given = sender_.initialization("bytes");
  given.properties = {{"ip.channel", "-"}};
  const auto id = sender_.broker.initialize(sender_.user, given);
  ASSERT_EQ(failure_of(id), "");
  const auto made = transfer(*id);
  EXPECT_EQ(made.given.file_name, "sbd.zip");
  EXPECT_EQ(made.given.resource, sim::testing::resource);
  EXPECT_EQ(made.given.reference, given.reference);
  EXPECT_EQ(made.given.sender, iso6523(agency));
  EXPECT_THAT(made.given.recipients, ElementsAre(municipality));
  EXPECT_EQ(made.given.checksum, "4b3a6218bb3e3a7303e8a171a60fcf92") << "MD5 of the package";
  EXPECT_THAT(made.given.properties, ElementsAre(::testing::Pair("ip.channel", "-")));
  EXPECT_FALSE(made.given.disable_virus_scan);
}

TEST_F(BrokerClientTest, CarriesAFileAcross) {
  const std::string content(300'000, 'x');
  const auto id = published(content);
  EXPECT_EQ(status_of(id), "Published");
  EXPECT_THAT(*search(), ElementsAre(id));
  const auto overview = receiver_.broker.overview(receiver_.user, id, false);
  ASSERT_EQ(failure_of(overview), "");
  EXPECT_EQ(overview->id, id);
  EXPECT_EQ(overview->status, "Published");
  EXPECT_EQ(overview->sender, iso6523(agency));
  EXPECT_EQ(overview->checksum, md5_of(content));
  EXPECT_EQ(overview->size, content.size());
  EXPECT_EQ(overview->created, clock_.now());
  EXPECT_EQ(overview->published, clock_.now());
  EXPECT_EQ(overview->recipients.at(iso6523(municipality)), "Initialized");
  EXPECT_EQ(*receiver_.download(id), content);
  EXPECT_EQ(*receiver_.broker.confirm(receiver_.user, id), true);
  EXPECT_EQ(status_of(id), "AllConfirmedDownloaded");
}

TEST_F(BrokerClientTest, SearchesOldestFirstAndFromATimeOn) {
  const auto first = injected("1");
  const auto began = clock_.now();
  clock_.advance(std::chrono::milliseconds(1));
  const auto second = injected("2");
  clock_.advance(std::chrono::milliseconds(1));
  const auto third = injected("3");
  EXPECT_THAT(*search(), ElementsAre(first, second, third));
  EXPECT_THAT(*search(began), ElementsAre(second, third)) << "exclusive";
  ASSERT_TRUE(receiver_.download(second));
  EXPECT_THAT(*search(), ElementsAre(first, third));
  EXPECT_THAT(*receiver_.broker.search(receiver_.user, begun, {}), ElementsAre(second));
}

TEST_F(BrokerClientTest, SayingItTwiceIsNoError) {
  const auto id = published();
  ASSERT_TRUE(receiver_.download(id));
  EXPECT_EQ(*receiver_.broker.confirm(receiver_.user, id), true);
  EXPECT_EQ(*receiver_.broker.confirm(receiver_.user, id), false) << "BRO-00010";
}

TEST_F(BrokerClientTest, TheBrokersRefusalsCarryTheirCode) {
  const auto id = published();
  EXPECT_EQ(failure_of(sender_.broker.overview(sender_.user, new_uuid(), true)), "dpo.BRO-00001 reject");
  EXPECT_EQ(failure_of(sender_.upload(id)), "dpo.BRO-00004 retry") << "uploaded before: ask what became of it";
  EXPECT_EQ(failure_of(receiver_.broker.confirm(receiver_.user, id)), "dpo.BRO-00019 reject");
  const auto waiting = sender_.initialize();
  EXPECT_EQ(failure_of(receiver_.download(*waiting)), "dpo.BRO-00007 retry");
  EXPECT_EQ(failure_of(sender_.upload(*waiting, "other bytes")), "dpo.BRO-00009 retry");
  ASSERT_TRUE(receiver_.download(id));
  broker_state().purge(id);
  EXPECT_EQ(failure_of(receiver_.broker.confirm(receiver_.user, id)), "dpo.BRO-00003 reject");
  sim::ResourceSettings small;
  small.max_size = 3;
  broker_state().set_resource(sim::testing::resource, small);
  EXPECT_EQ(failure_of(sender_.upload(*sender_.initialize())), "dpo.BRO-00016 reject");
}

TEST_F(BrokerClientTest, RefusalsOfInitialize) {
  const std::map<std::string, std::string> dispositions{{"00002", "retry"},  {"00005", "retry"}, {"00020", "reject"},
                                                        {"00021", "retry"},  {"00025", "retry"}, {"00026", "reject"},
                                                        {"00027", "reject"}, {"00028", "reject"}};
  for (const auto& [code, disposition] : dispositions) {
    arm("broker.initialize.BRO-" + code);
    EXPECT_EQ(failure_of(sender_.initialize()), "dpo.BRO-" + code + " " + disposition);
  }
  auto wrong = sender_.initialization("bytes");
  wrong.receiver = "0192:310701378:part";
  const auto refused = sender_.broker.initialize(sender_.user, wrong);
  EXPECT_EQ(failure_of(refused), "dpo.http reject") << "a model error has no code";
  EXPECT_THAT(refused.error().message, HasSubstr("400 to initialize One or more validation errors occurred."));
  wrong = sender_.initialization("bytes");
  wrong.reference = "";
  EXPECT_EQ(failure_of(sender_.broker.initialize(sender_.user, wrong)), "dpo.http reject");
}

TEST_F(BrokerClientTest, AnExpiredTokenIsRenewedOnceAndUnseen) {
  const auto id = published();
  ASSERT_TRUE(search());
  const auto unseen = [&](const std::string& endpoint, const auto& call) {
    clock_.advance(std::chrono::minutes(2));  // a token is given up at most once a minute
    const auto before = tokens_given();
    arm("broker." + endpoint + ".401");
    EXPECT_EQ(failure_of(call()), "") << endpoint;
    EXPECT_EQ(tokens_given(), before + 1) << endpoint;
  };
  unseen("initialize", [&] { return sender_.initialize(); });
  unseen("search", [&] { return search(); });
  unseen("overview", [&] { return receiver_.broker.overview(receiver_.user, id, false); });
  ASSERT_TRUE(receiver_.download(id));
  unseen("confirm", [&] { return receiver_.broker.confirm(receiver_.user, id); });
}

TEST_F(BrokerClientTest, AStreamCannotBeRepeatedButTheNextAttemptHasANewToken) {
  const auto id = sender_.initialize();
  arm("broker.upload.401");
  const auto before = tokens_given();
  EXPECT_EQ(failure_of(sender_.upload(*id)), "dpo.http retry");
  EXPECT_EQ(failure_of(sender_.upload(*id)), "");
  EXPECT_EQ(tokens_given(), before + 1);
  ASSERT_TRUE(search());
  const auto reading = tokens_given();
  arm("broker.download.401");
  EXPECT_EQ(failure_of(receiver_.download(*id)), "dpo.http retry");
  EXPECT_EQ(failure_of(receiver_.download(*id)), "");
  EXPECT_EQ(tokens_given(), reading + 1);
}

TEST_F(BrokerClientTest, ARightThatIsMissingIsReportedWithoutALoop) {
  const auto id = published();
  ASSERT_TRUE(search());
  arm("broker.deny_reportee", {}, municipality);
  const auto tokens = tokens_given();
  const auto searches = calls("search");
  for (int i = 0; i < 3; ++i) {
    const auto denied = search();
    ASSERT_EQ(failure_of(denied), "dpo.BRO-00006 retry");
    EXPECT_EQ(denied.error().retry_after, std::chrono::minutes(1)) << "an operator has to act";
    EXPECT_THAT(denied.error().message, HasSubstr("difi.move.dpo.systemUser"));
  }
  EXPECT_EQ(calls("search"), searches + 3) << "one request each";
  EXPECT_EQ(failure_of(receiver_.download(id)), "dpo.BRO-00006 retry");
  EXPECT_EQ(failure_of(receiver_.broker.confirm(receiver_.user, id)), "dpo.BRO-00006 retry");
  EXPECT_EQ(tokens_given(), tokens) << "a new token would have no more rights";
  EXPECT_EQ(failure_of(sender_.initialize()), "") << "others go on";
}

TEST_F(BrokerClientTest, ATokenThatIsNeverTakenMakesNoLoop) {
  ASSERT_TRUE(search());
  arm("broker.401", {}, municipality);
  const auto tokens = tokens_given();
  const auto searches = calls("search");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(failure_of(search()), "dpo.http retry");
  EXPECT_EQ(tokens_given(), tokens + 1);
  EXPECT_LE(calls("search"), searches + 6);
}

TEST_F(BrokerClientTest, UnavailabilityIsWorthAnotherTry) {
  const auto id = published();
  for (const char* status : {"429", "500", "503"}) {
    for (const std::string endpoint : {"initialize", "upload", "search", "overview", "download", "confirm"}) {
      arm("broker." + endpoint + "." + status);
    }
    EXPECT_EQ(failure_of(sender_.initialize()), "dpo.http retry") << status;
    EXPECT_EQ(failure_of(sender_.upload(id)), "dpo.http retry") << status;
    EXPECT_EQ(failure_of(search()), "dpo.http retry") << status;
    EXPECT_EQ(failure_of(receiver_.broker.overview(receiver_.user, id, false)), "dpo.http retry") << status;
    EXPECT_EQ(failure_of(receiver_.download(id)), "dpo.http retry") << status;
    EXPECT_EQ(failure_of(receiver_.broker.confirm(receiver_.user, id)), "dpo.http retry") << status;
  }
  EXPECT_THAT(*receiver_.download(id), "bytes");
}

TEST_F(BrokerClientTest, UnknownStatusesAndMembersAreNoFault) {
  const auto id = published();
  arm("broker.overview.unknown_status", 1, id);
  const auto overview = receiver_.broker.overview(receiver_.user, id, false);
  ASSERT_EQ(failure_of(overview), "");
  EXPECT_EQ(overview->status, "Hibernating");
  EXPECT_EQ(overview->recipients.at(iso6523(municipality)), "Pondering");
}

TEST_F(BrokerClientTest, ACutUploadFailsTheTransfer) {
  const auto id = sender_.initialize();
  arm("broker.upload.cut");
  EXPECT_EQ(failure_of(sender_.upload(*id)), "http.broken retry");
  EXPECT_EQ(status_of(*id), "Failed");
  EXPECT_EQ(failure_of(sender_.upload(*id)), "dpo.BRO-00004 retry");
}

TEST_F(BrokerClientTest, ALostAnswerIsNotASuccess) {
  const auto id = sender_.initialize();
  arm("broker.upload.lost_answer");
  EXPECT_EQ(failure_of(sender_.upload(*id)), "http.broken retry");
  EXPECT_EQ(audited("broker", "upload"), 1U) << "curl must not send it again by itself";
  arm("broker.initialize.lost_answer");
  EXPECT_EQ(failure_of(sender_.initialize()), "http.broken retry");
  EXPECT_EQ(audited("broker", "initialize"), 2U);
}

TEST_F(BrokerClientTest, ACutDownloadStartsAgain) {
  const std::string content(500'000, 'x');
  const auto id = published(content);
  arm("broker.download.cut");
  EXPECT_EQ(failure_of(receiver_.download(id)), "http.broken retry");
  EXPECT_THAT(*search(), IsEmpty()) << "begun";
  EXPECT_EQ(*receiver_.download(id), content);
}

TEST_F(BrokerClientTest, ASinkThatIsFullEndsTheDownload) {
  const auto id = published(std::string(100'000, 'x'));
  MemorySink small(1000);
  EXPECT_EQ(failure_of(receiver_.broker.download(receiver_.user, id, small, {})), "stream.too_large reject");
}

TEST_F(BrokerClientTest, AHangingBrokerIsGivenUp) {
  const auto id = published();
  auto settings = settings_of(municipality);
  settings.request_timeout = std::chrono::milliseconds(150);
  Side hasty(settings, http_, clock_, log_);
  ASSERT_TRUE(hasty.broker.search(hasty.user, waiting, {}));
  arm("broker.hang", {}, municipality);
  EXPECT_EQ(failure_of(hasty.broker.search(hasty.user, waiting, {})), "http.timeout retry");
  EXPECT_EQ(failure_of(hasty.download(id)), "http.timeout retry");
  EXPECT_EQ(failure_of(hasty.upload(id)), "http.timeout retry");
}

TEST_F(BrokerClientTest, AStopEndsATransfer) {
  const auto id = published();
  ASSERT_TRUE(search());
  arm("broker.hang", {}, municipality);
  std::stop_source stop;
  std::jthread stopper([&] {
    // The request has arrived, so the client waits for its answer.
    while (calls("download") == 0) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_EQ(failure_of(receiver_.download(id, stop.get_token())), "http.stopped retry");
}

}  // namespace
}  // namespace kanal::transports::dpo::testing
