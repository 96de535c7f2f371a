// Web-hooks and the status feed over a real store, on a clock that is turned by hand (rest-api.md sections 8 and 10).
#include "flow/webhooks.hpp"

#include <gmock/gmock.h>
#include <boost/json/parse.hpp>

#include "flow/failure_mail.hpp"
#include "flow/status_feed.hpp"
#include "tests/flow/stage.hpp"

namespace kanal::testing {
namespace {

using domain::ReceiptStatus;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A receiver that the test switches on and off.
class Receiver final : public ports::WebhookSender {
 public:
  Result<void> post(const std::string& url, const std::string& body, std::stop_token) override {
    if (down) return retry("http.connect", "nobody there");
    const std::scoped_lock lock(mutex);
    const auto event = boost::json::parse(body).as_object();
    got.push_back(url + " " + std::string(event.at(event.contains("status") ? "status" : "event").as_string()));
    last = body;
    return {};
  }
  std::mutex mutex;
  std::vector<std::string> got;
  std::string last;
  std::atomic<bool> down = false;
};

class LogLines final : public Log {
 public:
  void write(LogLevel, std::string_view event, std::initializer_list<LogField> fields) override {
    const std::scoped_lock lock(mutex_);
    std::string line(event);
    for (const auto& field : fields) line += " " + std::string(field.name) + "=" + field.value;
    lines.push_back(std::move(line));
  }
  std::vector<std::string> lines;

 private:
  std::mutex mutex_;
};

class WebhookTest : public FlowStage {
 protected:
  ports::Subscription subscribe(const std::string& name, std::optional<std::string> filter = {}) {
    ports::Subscription made;
    made.name = name;
    made.push_endpoint = name;
    made.resource = made.event = "all";
    made.filter = std::move(filter);
    made.created = clock.now();
    EXPECT_TRUE(database->write([&](ports::Txn& txn) { return txn.insert(made); }));
    return made;
  }
  ports::Subscription stored(const ports::Subscription& s) {
    return look<std::optional<ports::Subscription>>([&](ports::View& view) { return view.subscription(s.id); }).value();
  }
  std::int64_t conversation(const std::string& receiver = "0192:910076787") {
    ports::Conversation c;
    c.message_id = MessageId(new_uuid());
    c.conversation_id = ConversationId("c1");
    c.service = ServiceIdentifier("DPO");
    c.sender = "0192:987464291";
    c.receiver = receiver;
    c.last_update = c.expiry = clock.now();
    EXPECT_TRUE(database->write([&](ports::Txn& txn) { return txn.insert(c); }));
    last_message = c.message_id.str();
    return c.id;
  }
  void happens(std::int64_t conversation, ReceiptStatus status, std::optional<std::string> description = {}) {
    EXPECT_TRUE(database->write([&](ports::Txn& txn) -> Result<void> {
      auto added = txn.add_status(conversation, status, clock.now(), description);
      return added ? Result<void>{} : Result<void>(failed(added));
    }));
  }
  bool deliver(const ports::Subscription& s) {
    const auto done = webhooks.deliver(s.id, {});
    EXPECT_TRUE(done) << (done ? "" : done.error().text());
    return done.value_or(false);
  }

  Receiver receiver;
  LogLines lines;
  std::string last_message;
  flow::Webhooks webhooks{*database, receiver, points, {2, std::chrono::hours(72), false}, clock, lines};
};

TEST_F(WebhookTest, EventsAreThoseOfTheSpecification) {
  const auto s = subscribe("a");
  happens(conversation(), ReceiptStatus::feil, "Mottaker avviste");
  EXPECT_TRUE(deliver(s));
  const auto event = boost::json::parse(receiver.last).as_object();
  EXPECT_EQ(event.size(), 9U);
  EXPECT_EQ(event.at("createdTs"), "2026-09-01T10:00:00+02:00");
  EXPECT_EQ(event.at("resource"), "messages");
  EXPECT_EQ(event.at("event"), "status");
  EXPECT_EQ(event.at("messageId").as_string(), last_message);
  EXPECT_EQ(event.at("conversationId"), "c1");
  EXPECT_EQ(event.at("direction"), "OUTGOING");
  EXPECT_EQ(event.at("serviceIdentifier"), "DPO");
  EXPECT_EQ(event.at("status"), "FEIL");
  EXPECT_EQ(event.at("description"), "Mottaker avviste");
  happens(conversation(), ReceiptStatus::opprettet);
  EXPECT_TRUE(deliver(s));
  EXPECT_FALSE(boost::json::parse(receiver.last).as_object().contains("description"));
}

TEST_F(WebhookTest, EachSubscriptionGetsWhatItsFilterWantsInOrder) {
  const auto every = subscribe("all");
  const auto some = subscribe("some", "status=SENDT,FEIL&direction=OUTGOING");
  const auto c = conversation();
  happens(c, ReceiptStatus::opprettet);
  happens(c, ReceiptStatus::sendt);
  happens(c, ReceiptStatus::levert);
  EXPECT_TRUE(deliver(every));
  EXPECT_TRUE(deliver(some));
  EXPECT_THAT(receiver.got, ElementsAre("all OPPRETTET", "all SENDT", "all LEVERT", "some SENDT"));
  EXPECT_TRUE(deliver(every));
  EXPECT_TRUE(deliver(some));
  EXPECT_EQ(receiver.got.size(), 4U);
  EXPECT_EQ(stored(some).position, stored(every).position);
}

TEST_F(WebhookTest, ADeadReceiverGetsEverythingLaterInOrder) {
  const auto s = subscribe("a");
  const auto c = conversation();
  happens(c, ReceiptStatus::opprettet);
  receiver.down = true;
  EXPECT_FALSE(deliver(s));
  auto now = stored(s);
  EXPECT_EQ(now.failures, 1);
  EXPECT_EQ(now.position, 0);
  EXPECT_EQ(now.not_before, clock.now() + std::chrono::seconds(5));
  EXPECT_EQ(now.last_error, "nobody there");
  happens(c, ReceiptStatus::sendt);
  EXPECT_FALSE(deliver(s));
  EXPECT_EQ(stored(s).not_before, clock.now() + std::chrono::seconds(10));
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(deliver(s));
  EXPECT_EQ(stored(s).not_before, clock.now() + std::chrono::minutes(15));
  receiver.down = false;
  EXPECT_TRUE(deliver(s));
  EXPECT_THAT(receiver.got, ElementsAre("a OPPRETTET", "a SENDT"));
  now = stored(s);
  EXPECT_EQ(now.failures, 0);
  EXPECT_FALSE(now.not_before);
  EXPECT_EQ(now.last_error, "");
}

TEST_F(WebhookTest, OnlyFailuresForLongDisableIt) {
  const auto s = subscribe("a");
  happens(conversation(), ReceiptStatus::opprettet);
  receiver.down = true;
  EXPECT_FALSE(deliver(s));
  clock.advance(std::chrono::hours(71));
  EXPECT_FALSE(deliver(s));
  EXPECT_FALSE(stored(s).disabled);
  clock.advance(std::chrono::hours(1));
  EXPECT_FALSE(deliver(s));
  EXPECT_EQ(stored(s).disabled, clock.now());
  receiver.down = false;
  EXPECT_TRUE(deliver(s));
  EXPECT_THAT(receiver.got, IsEmpty());
  EXPECT_THAT(lines.lines.back(), ::testing::HasSubstr("webhook_disabled"));
}

TEST_F(WebhookTest, APositionThatWasSetBackMeanwhileCounts) {
  const auto s = subscribe("a");
  const auto c = conversation();
  happens(c, ReceiptStatus::opprettet);
  EXPECT_TRUE(deliver(s));
  EXPECT_TRUE(database->write([&](ports::Txn& txn) {
    auto back = *txn.subscription(s.id);
    back.position = 0;
    return txn.update(back);
  }));
  EXPECT_TRUE(deliver(s));
  EXPECT_THAT(receiver.got, ElementsAre("a OPPRETTET", "a OPPRETTET"));
}

TEST_F(WebhookTest, ItsThreadsDeliverAndADeadOneDelaysNobody) {
  const auto dead = subscribe("dead", "status=SENDT");
  const auto alive = subscribe("alive");
  // Disabled ones are left alone.
  EXPECT_TRUE(database->write([&](ports::Txn& txn) {
    auto off = *txn.subscription(dead.id);
    off.disabled = clock.now();
    return txn.update(off);
  }));
  webhooks.start();
  const auto c = conversation();
  happens(c, ReceiptStatus::opprettet);
  happens(c, ReceiptStatus::sendt);
  webhooks.hint();
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (stored(alive).position < 2 && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  webhooks.stop();
  EXPECT_THAT(receiver.got, ElementsAre("alive OPPRETTET", "alive SENDT"));
  EXPECT_EQ(stored(dead).position, 0);
}

class StatusFeedTest : public WebhookTest {
 protected:
  std::vector<std::string> failures;
  flow::StatusFeed feed{*database,
                        {"DPO"},
                        [this](ports::Txn& txn, const ports::FeedEntry& entry) {
                          failures.push_back(entry.status.message_id.str());
                          return flow::FailureMail::order(txn, entry, clock.now());
                        },
                        clock,
                        lines};
  std::optional<ports::MessageStatus> offered() {
    return look<std::optional<ports::MessageStatus>>([](ports::View& view) { return view.offered_status(); });
  }
};

TEST_F(StatusFeedTest, WhatHappenedBeforeItsFirstStartIsHistory) {
  happens(conversation(), ReceiptStatus::opprettet);
  ASSERT_TRUE(feed.begin());
  EXPECT_EQ(feed.follow().value_or(-1), 0);
  happens(conversation(), ReceiptStatus::opprettet);
  ASSERT_TRUE(feed.begin());  // a second start goes on
  EXPECT_EQ(feed.follow().value_or(-1), 1);
}

TEST_F(StatusFeedTest, LogsOffersAndTellsOfFailures) {
  ASSERT_TRUE(feed.begin());
  const auto c = conversation();
  happens(c, ReceiptStatus::opprettet);
  happens(c, ReceiptStatus::feil, "why");
  EXPECT_EQ(feed.follow().value_or(-1), 2);
  EXPECT_EQ(feed.follow().value_or(-1), 0);
  ASSERT_EQ(lines.lines.size(), 2U);
  EXPECT_EQ(lines.lines[1],
            "status text=Message [id=" + last_message + "] updated with status \"FEIL\" message_id=" + last_message +
                " conversation_id=c1 status=FEIL description=why direction=OUTGOING service_identifier=DPO "
                "process_identifier= document_identifier= sender=0192:987464291 receiver=0192:910076787");
  EXPECT_THAT(failures, ElementsAre(last_message));
  EXPECT_EQ(look<std::int64_t>([](ports::View& view) { return view.job_count(flow::mail_job); }), 1);
  ASSERT_TRUE(offered());
  EXPECT_EQ(offered()->status, ReceiptStatus::opprettet);
}

/// A mail server that is away at first.
class Postbox final : public ports::Mailer {
 public:
  Result<void> send(const ports::Mail& mail) override {
    const std::scoped_lock lock(mutex);
    ++attempts;
    if (fail) return tl::unexpected<Error>(*fail);
    mails.push_back(mail);
    return {};
  }
  std::mutex mutex;
  std::optional<Error> fail;
  std::atomic<int> attempts = 0;
  std::vector<ports::Mail> mails;
};

TEST_F(StatusFeedTest, AFailureIsMailedWhenTheServerComesBack) {
  ASSERT_TRUE(feed.begin());
  happens(conversation("21838197184"), ReceiptStatus::feil, "Mottaker avviste");
  ASSERT_EQ(feed.follow().value_or(-1), 1);
  Postbox postbox;
  postbox.fail = Error{"mail.connect", "away", Disposition::retry, {}, {}};
  const auto jobs = [&] {
    return look<std::int64_t>([](ports::View& view) { return view.job_count(flow::mail_job); });
  };
  const auto run_until = [&](const std::function<bool()>& done) {
    flow::FailureMail mail(*database, postbox, clock, lines);
    mail.start();
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done() && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
    mail.stop();
    EXPECT_TRUE(done());
  };
  run_until([&] { return postbox.attempts == 1; });
  EXPECT_EQ(jobs(), 1);
  postbox.fail.reset();
  clock.advance(std::chrono::minutes(2));
  run_until([&] { return jobs() == 0; });
  ASSERT_EQ(postbox.mails.size(), 1U);
  EXPECT_EQ(postbox.mails[0].subject, "eFormidling: message " + last_message + " failed");
  EXPECT_THAT(postbox.mails[0].text, ::testing::HasSubstr("Mottaker avviste"));
  EXPECT_THAT(postbox.mails[0].text, ::testing::Not(::testing::HasSubstr("21838197184")));
}

TEST_F(StatusFeedTest, AMailThatIsRefusedIsGivenUp) {
  ASSERT_TRUE(feed.begin());
  happens(conversation(), ReceiptStatus::feil);
  ASSERT_EQ(feed.follow().value_or(-1), 1);
  Postbox postbox;
  postbox.fail = Error{"mail.refused", "no such receiver", Disposition::reject, {}, {}};
  flow::FailureMail mail(*database, postbox, clock, lines);
  mail.start();
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto jobs = [&] {
    return look<std::int64_t>([](ports::View& view) { return view.job_count(flow::mail_job); });
  };
  while (jobs() > 0 && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  mail.stop();
  EXPECT_EQ(jobs(), 0);
  EXPECT_EQ(postbox.attempts, 1);
}

TEST_F(StatusFeedTest, APersonIsNotNamed) {
  ASSERT_TRUE(feed.begin());
  happens(conversation("21838197184"), ReceiptStatus::opprettet);
  ASSERT_EQ(feed.follow().value_or(-1), 1);
  EXPECT_THAT(lines.lines[0], ::testing::Not(::testing::HasSubstr("21838197184")));
}

TEST_F(StatusFeedTest, OtherServicesAreNotOffered) {
  flow::StatusFeed other(*database, {"DPV"}, {}, clock, lines);
  ASSERT_TRUE(other.begin());
  happens(conversation(), ReceiptStatus::feil);
  EXPECT_EQ(other.follow().value_or(-1), 1);
  EXPECT_FALSE(offered());
}

}  // namespace
}  // namespace kanal::testing
