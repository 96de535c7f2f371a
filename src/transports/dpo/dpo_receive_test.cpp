// Inboxes: listing beyond the broker's hundred, describing once, opening and confirming (dpo.md 7.3, 7.4 and 3.8).
#include <set>

#include "transports/dpo/transport_testing.hpp"

namespace kanal::transports::dpo::testing {
namespace {

using ports::Acknowledged;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

class DpoReceive : public TransportBench {
 protected:
  std::vector<ports::Listed> list() {
    auto listed = transport_->list(inbox_, {});
    EXPECT_EQ(failure_of(listed), "");
    return listed.value_or(std::vector<ports::Listed>{});
  }
  std::vector<std::string> ids() {
    std::vector<std::string> out;
    for (auto& one : list()) out.push_back(std::move(one.remote_id));
    return out;
  }
  ports::RemoteItem item(const std::string& id) {
    auto described = transport_->describe(inbox_, id);
    EXPECT_EQ(failure_of(described), "");
    return described.value_or(ports::RemoteItem{});
  }
  Result<ports::BlobRef> fetch(const ports::RemoteItem& item) {
    auto writer = blobs_.create({.md5 = true, .scratch = true});
    if (auto fetched = transport_->fetch(item, **writer, {}); !fetched) return failed(fetched);
    EXPECT_TRUE((*writer)->finish());
    return (*writer)->ref();
  }
  Acknowledged take(const std::string& id) {
    const auto described = item(id);
    EXPECT_TRUE(fetch(described));
    const auto done = transport_->acknowledge(described);
    EXPECT_EQ(failure_of(done), "");
    return done.value_or(Acknowledged::already_done);
  }

  std::unique_ptr<DpoTransport> transport_ = transport_of(municipality);
  ports::Inbox inbox_ = transport_->inboxes().at(0);
};

TEST_F(DpoReceive, ListsBeyondAHundredOldestFirst) {
  std::vector<std::string> expected;
  for (int i = 0; i < 250; ++i) {
    // Most share their time with neighbours, also across the hundreds.
    if (i % 7 == 0) clock_.advance(std::chrono::microseconds(300));
    expected.push_back(injected(std::to_string(i)));
  }
  EXPECT_THAT(ids(), ElementsAreArray(expected));
}

TEST_F(DpoReceive, FindsOursBehindADeadChannel) {
  const auto ours = injected("ours");
  clock_.advance(std::chrono::hours(1));
  for (int i = 0; i < 150; ++i) {
    injected("x", "dead-channel");
    clock_.advance(std::chrono::seconds(1));
  }
  const auto newest = injected("ours too");
  const auto all = ids();
  ASSERT_EQ(all.size(), 152U);
  EXPECT_EQ(all.front(), ours);
  EXPECT_EQ(all.back(), newest);
}

TEST_F(DpoReceive, MoreOfOneInstantThanAPageComeWhenTheFirstAreTaken) {
  std::set<std::string> expected;
  for (int i = 0; i < 220; ++i) expected.insert(injected(std::to_string(i)));
  std::set<std::string> taken;
  for (int round = 0; round < 4; ++round) {
    for (const auto& id : ids()) {
      EXPECT_EQ(take(id), Acknowledged::done);
      EXPECT_TRUE(taken.insert(id).second) << "once only";
    }
  }
  EXPECT_EQ(taken, expected);
}

TEST_F(DpoReceive, DescribesEachItemOnce) {
  for (int i = 0; i < 250; ++i) {
    clock_.advance(std::chrono::milliseconds(2));
    injected(std::to_string(i));
  }
  const auto all = ids();
  ASSERT_EQ(all.size(), 250U);
  for (const auto& id : all) item(id);
  EXPECT_EQ(calls("overview"), 250U) << "also of those that end a page";
  ids();
  EXPECT_EQ(calls("overview"), 250U);
}

TEST_F(DpoReceive, DescribesWithoutTouching) {
  const auto id = injected("content", "fagsys-A");
  const auto described = item(id);
  EXPECT_EQ(described.service.str(), "DPO");
  EXPECT_EQ(described.inbox, iso6523(municipality));
  EXPECT_EQ(described.remote_id, id);
  EXPECT_EQ(described.channel_seen, "fagsys-A");
  EXPECT_EQ(described.sender, iso6523(agency));
  EXPECT_EQ(described.created, clock_.now());
  EXPECT_EQ(described.published, clock_.now());
  EXPECT_THAT(described.detail, HasSubstr(md5_of("content")));
  EXPECT_FALSE(list().at(0).touched);
  EXPECT_EQ(item(injected("content", {})).channel_seen, std::nullopt);
}

TEST_F(DpoReceive, WhatWasBegunIsListedAsTouched) {
  const auto begun = injected("begun");
  const auto waiting = injected("waiting");
  ASSERT_TRUE(fetch(item(begun)));
  const auto listed = list();
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].remote_id, waiting);
  EXPECT_FALSE(listed[0].touched);
  EXPECT_EQ(listed[1].remote_id, begun);
  EXPECT_TRUE(listed[1].touched);
  EXPECT_EQ(take(begun), Acknowledged::done) << "after a crash it is fetched again";
  EXPECT_EQ(ids(), std::vector{waiting});
}

TEST_F(DpoReceive, OneThatIsBegunBetweenTheSearchesIsListedOnce) {
  lookup::testing::Peer peer([](const auto&) { return lookup::testing::answer(200, R"(["a","b"])"); });
  auto settings = settings_of(municipality);
  settings.broker_url = peer.url();
  const auto listed = transport_of(settings)->list(inbox_, {});
  ASSERT_EQ(failure_of(listed), "");
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_TRUE(listed->at(0).touched);
  EXPECT_TRUE(listed->at(1).touched);
}

TEST_F(DpoReceive, ABrokerThatTellsNoTimesIsNotAskedForEver) {
  std::string page;
  for (int i = 0; i < 100; ++i) page += (i == 0 ? "[\"" : ",\"") + std::to_string(i) + "\"";
  lookup::testing::Peer peer([page](const lookup::testing::Seen& seen) {
    return lookup::testing::answer(200, seen.path == "/filetransfer" ? page + "]" : "{}");
  });
  auto settings = settings_of(municipality);
  settings.broker_url = peer.url();
  const auto listed = transport_of(settings)->list(inbox_, {});
  ASSERT_EQ(failure_of(listed), "");
  EXPECT_EQ(listed->size(), 100U);
  EXPECT_LE(peer.count(), 10U);
}

TEST_F(DpoReceive, AFailedSearchIsAFailedList) {
  injected("x");
  arm("broker.search.500");
  EXPECT_EQ(failure_of(transport_->list(inbox_, {})), "dpo.http retry");
  EXPECT_EQ(failure_of(transport_->list({"0192:999999999", {}}, {})), "dpo.no_system_user retry");
}

TEST_F(DpoReceive, OpensWhatTheUploaderSent) {
  const auto opened_as = [&](const std::string& from, const std::string& checksum) {
    auto document = sbd();
    document.sender.front().value = from;
    const auto described = item(injected(packed(domain::write_sbd(document))));
    auto changed = described;
    if (!checksum.empty()) changed.detail = R"({"checksum":")" + checksum + "\"}";
    const auto raw = fetch(described);
    const auto before = blobs_.count();
    auto opened = transport_->open(changed, *raw, {blobs_, {}});
    EXPECT_EQ(blobs_.count(), before);
    return failure_of(opened);
  };
  EXPECT_EQ(opened_as("0192:310700002", ""), "");
  EXPECT_EQ(opened_as("0192:991825827:310700002", ""), "") << "on behalf, by an old sender";
  EXPECT_EQ(opened_as("0192:991825827", ""), "dpo.sender reject");
  EXPECT_EQ(opened_as("0192:310700002", md5_of("other")), "dpo.checksum retry");
}

TEST_F(DpoReceive, AForeignSendersFilesAreNotKept) {
  auto document = sbd();
  document.sender.front().value = iso6523(represented);
  auto settings = settings_of(municipality);
  settings.verify = VerifyPolicy::off;
  const auto careless = transport_of(settings);
  const auto described = item(injected(packed(
      domain::write_sbd(document), encrypted("files", sim::testing::Keys::get().municipality_identity.certificate))));
  const auto raw = fetch(described);
  const auto before = blobs_.count();
  EXPECT_EQ(failure_of(careless->open(described, *raw, {blobs_, {}})), "dpo.sender reject");
  EXPECT_EQ(blobs_.count(), before);
}

TEST_F(DpoReceive, ConfirmingTwiceIsAlreadyDone) {
  const auto id = injected("x");
  EXPECT_EQ(take(id), Acknowledged::done);
  EXPECT_EQ(*transport_->acknowledge(item(id)), Acknowledged::already_done);
  const auto lost = injected("y");
  arm("broker.confirm.lost_answer");
  const auto described = item(lost);
  ASSERT_TRUE(fetch(described));
  EXPECT_EQ(failure_of(transport_->acknowledge(described)), "http.broken retry");
  EXPECT_EQ(*transport_->acknowledge(described), Acknowledged::already_done);
}

TEST_F(DpoReceive, WhatIsGoneNeedsNoConfirmation) {
  const auto id = injected("x");
  auto described = item(id);
  ASSERT_TRUE(fetch(described));
  broker_state().purge(id);
  EXPECT_EQ(*transport_->acknowledge(described), Acknowledged::already_done);
  described.remote_id = new_uuid();
  EXPECT_EQ(*transport_->acknowledge(described), Acknowledged::already_done);
}

TEST_F(DpoReceive, ARefusedConfirmationIsNotTakenForDone) {
  const auto id = injected("x");
  const auto described = item(id);
  ASSERT_TRUE(fetch(described));
  broker_state().force_status(id, sim::FileStatus::upload_processing, "scanned again");
  const auto refused = transport_->acknowledge(described);
  EXPECT_EQ(failure_of(refused), "dpo.BRO-00010 retry");
  EXPECT_THAT(refused.error().message, HasSubstr("UploadProcessing"));
}

TEST_F(DpoReceive, ADownloadThatTheBrokerForgotIsRepeated) {
  const auto id = injected("x");
  EXPECT_EQ(*transport_->acknowledge(item(id)), Acknowledged::done) << "BRO-00019: download first";
  EXPECT_EQ(audited("broker", "download"), 1U);
  EXPECT_EQ(status_of(id), "AllConfirmedDownloaded");
}

TEST_F(DpoReceive, HealthNamesWhatTheTokenLacks) {
  list();
  EXPECT_TRUE(transport_->health().up);
  auto settings = settings_of(municipality);
  settings.reportees = {{{iso6523(municipality), "not_approved"}, {}}};
  const auto broken = transport_of(settings);
  EXPECT_FALSE(broken->list(inbox_, {}));
  const auto health = broken->health();
  EXPECT_FALSE(health.up);
  EXPECT_THAT(health.detail, HasSubstr("0192:310701378 (altinn:broker.read): token.system_user"));
}

TEST_F(DpoReceive, DescribesItself) {
  auto settings = settings_of(municipality);
  settings.upload_size_limit = 7;
  settings.upload_size_text = "7";
  settings.default_ttl = std::chrono::hours(5);
  settings.polling_interval = std::chrono::seconds(3);
  settings.answers_with_status = false;
  const auto described = transport_of(settings)->descriptor();
  EXPECT_EQ(described.isolation, domain::Isolation::by_channel);
  EXPECT_EQ(described.isolation_property, "difi.move.dpo.message-channel");
  EXPECT_EQ(described.upload_size_limit, 7U);
  EXPECT_EQ(described.default_ttl, std::chrono::hours(5));
  EXPECT_EQ(described.polling_interval, std::chrono::seconds(3));
  EXPECT_FALSE(described.answers_with_status);
  EXPECT_TRUE(described.receives);
}

}  // namespace
}  // namespace kanal::transports::dpo::testing
