// Every status that the Service Bus can answer with, at every call: what it means for this attempt, and that the
// message is there once in the end (dpe.md sections 3, 6, 7 and 10).
#include "transports/dpe/dpe_testing.hpp"

namespace kanal::transports::dpe::testing {
namespace {

using namespace std::chrono;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::array statuses = {400, 401, 403, 404, 410, 429, 500, 503};

class DpeFaults : public DpeBench {
 protected:
  DpeFaults() {
    // Hand-backs of many rounds are no failed deliveries here.
    bus().change_rules([](sim::ServiceBusRules& rules) { rules.max_delivery_count = 1000; });
  }
  /// Arms one fault, for one call.
  std::string arm(const std::string& call, int status) {
    auto name = fmt::format("servicebus.{}.{}", call, status);
    EXPECT_TRUE(national_.faults().arm(name));
    met_before_ = national_.faults().met(name);
    return name;
  }
  void expect_met(const std::string& fault) { EXPECT_EQ(national_.faults().met(fault), met_before_ + 1) << fault; }
  void arrives() {
    const auto sent = send(*sender_, publication_with_file());
    ASSERT_EQ(failure_of(sent), "");
    ASSERT_THAT(bus().messages(journal_queue), SizeIs(1));
  }
  /// One listing, of which nothing is taken.
  std::vector<std::string> round() {
    clock_.advance(std::chrono::seconds(40));
    std::vector<std::string> ids;
    const auto listed = transport_->list(transport_->inboxes().front(), {});
    if (!listed) return ids;
    for (const auto& entry : *listed) ids.push_back(entry.remote_id);
    return ids;
  }
  /// Rounds go on until the message was read and is gone.
  void expect_taken_in_the_end() {
    for (int rounds = 0; rounds < 30; ++rounds) {
      for (const auto& id : round()) {
        const auto item = transport_->describe(transport_->inboxes().front(), id);
        if (!item) continue;
        auto writer = blobs_.create({});
        if (!transport_->fetch(*item, **writer, {}) || !(*writer)->finish()) continue;
        EXPECT_EQ(failure_of(transport_->open(*item, (*writer)->ref(), {blobs_, {}})), "");
        (void)transport_->acknowledge(*item).has_value();
      }
      if (bus().messages(journal_queue).empty()) break;
    }
    EXPECT_THAT(bus().messages(journal_queue), IsEmpty());
    EXPECT_THAT(bus().messages(journal_queue + "/$deadletterqueue"), IsEmpty());
  }

  std::unique_ptr<DpeTransport> sender_ = sender();
  std::unique_ptr<DpeTransport> transport_ = einnsyn();

 private:
  std::uint64_t met_before_ = 0;
};

TEST_F(DpeFaults, ASendThatIsRefusedIsJudgedByItsStatusAndStoredNowhere) {
  const std::map<int, std::string> meanings{{400, "dpe.refused reject"},      {401, "dpe.credentials retry"},
                                            {403, "dpe.quota retry"},         {404, "dpe.queue_missing retry"},
                                            {410, "dpe.queue_missing retry"}, {429, "dpe.away retry"},
                                            {500, "dpe.away retry"},          {503, "dpe.away retry"}};
  for (const int status : statuses) {
    SCOPED_TRACE(status);
    clock_.advance(std::chrono::minutes(20));
    const auto fault = arm("send", status);
    EXPECT_EQ(failure_of(send(*sender_, publication_with_file())), meanings.at(status));
    expect_met(fault);
    EXPECT_THAT(bus().messages(journal_queue), IsEmpty());
    arrives();
    expect_taken_in_the_end();
  }
}

TEST_F(DpeFaults, AQueueThatCannotBeReadIsReadLater) {
  for (const int status : statuses) {
    SCOPED_TRACE(status);
    arrives();
    const auto fault = arm("head", status);
    round();
    expect_met(fault);
    expect_taken_in_the_end();
  }
}

TEST_F(DpeFaults, ACompletionThatFailsIsMadeUpFor) {
  for (const int status : statuses) {
    SCOPED_TRACE(status);
    arrives();
    const auto fault = arm("complete", status);
    expect_taken_in_the_end();
    expect_met(fault);
  }
}

TEST_F(DpeFaults, AHandBackThatFailsLosesNothing) {
  for (const int status : statuses) {
    SCOPED_TRACE(status);
    arrives();
    const auto fault = arm("unlock", status);
    for (int rounds = 0; rounds < 6; ++rounds) round();
    expect_met(fault);
    expect_taken_in_the_end();
  }
}

TEST_F(DpeFaults, ALockThatCannotBeRenewedLosesNothing) {
  for (const int status : statuses) {
    SCOPED_TRACE(status);
    arrives();
    const auto fault = arm("renew", status);
    // After a few hand-backs it is kept, and its lock renewed.
    for (int rounds = 0; rounds < 12; ++rounds) round();
    expect_met(fault);
    expect_taken_in_the_end();
  }
}

}  // namespace
}  // namespace kanal::transports::dpe::testing
