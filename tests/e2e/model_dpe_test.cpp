// The random life over DPE (model.hpp): the queue of an organisation belongs to one installation. One beside it that
// only sends gets its answers through an operator's hands, and that it is there is seen. 6 seeds by default, 150 with
// LONG_TESTS, or the one that KANAL_SEED names.
#include <boost/json/serialize.hpp>

#include "tests/e2e/einnsyn.hpp"
#include "tests/e2e/model.hpp"

namespace kanal::testing {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const Names faults{"servicebus.reset",
                   "servicebus.401",
                   "servicebus.429",
                   "servicebus.503",
                   "servicebus.send.lost_answer",
                   "servicebus.send.503_after_store",
                   "servicebus.send.quota",
                   "servicebus.head.lost_answer",
                   "servicebus.head.cut",
                   "servicebus.head.duplicate",
                   "servicebus.head.no_properties",
                   "servicebus.head.text_sequence",
                   "servicebus.complete.lost_answer",
                   "servicebus.complete.lock_lost",
                   "servicebus.complete.500",
                   "registry.503"};

/// Who uses the queue of S.
enum class Arrangement {
  alone,       ///< one installation: as it must be
  sends_only,  ///< another one sends, and leaves the queue alone
  two_readers  ///< another one reads it, too
};
constexpr unsigned arrangements = 3;
const Names arrived{"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"};

class QueueLife final : public Life {
 public:
  explicit QueueLife(unsigned seed) : Life(seed), arrangement_(static_cast<Arrangement>(seed % arrangements)) {
    einnsyn::set_up(national);
    // A message may be unlucky more often than in any real life.
    bus().change_rules([](sim::ServiceBusRules& rules) { rules.max_delivery_count = 1000; });
    names_ = {"S", "R"};
    if (arrangement_ != Arrangement::alone) names_.insert("S-B");
    for (const auto& name : names_) restart(name);
  }

  void judge() override {
    judge_statuses();
    judge_deliveries();
    for (const auto& queue : bus().queues()) {
      EXPECT_THAT(bus().messages(queue + "/$deadletterqueue"), IsEmpty()) << queue;
    }
    for (const auto& name : names_) judge_orphans(name);
    if (arrangement_ != Arrangement::alone) return;
    // A lock that was lost before its time is all that may look like another reader.
    for (const auto& name : names_) EXPECT_THAT(alarms(name), Each(StartsWith("D8 "))) << name;
  }

 private:
  sim::ServiceBusState& bus() { return national.service_bus().state(); }

  InstallationSetup setup_of(const std::string& name) override {
    if (name == "R") return {name, r_org, "", einnsyn::settings(national, "data")};
    auto settings = einnsyn::settings(national, "innsyn");
    if (name == "S") return {name, s_org, "", settings};
    if (arrangement_ == Arrangement::sends_only) settings.emplace_back("--kanal.dpe.receive=false");
    return {name, s_org, "B", settings};
  }
  boost::json::array orphans(const std::string& name, const std::string& given = {}) {
    net::ClientRequest request;
    request.method = given.empty() ? "GET" : "POST";
    request.url = installations.at(name)->url() + "/manage/channels/orphans";
    request.body = given;
    const auto answer = http.send(request);
    EXPECT_TRUE(answer && answer->ok());
    return answer && answer->ok() ? boost::json::parse(answer->body).as_array() : boost::json::array{};
  }
  /// Nobody keeps an answer to what it has sent, and whoever keeps one says so.
  void judge_orphans(const std::string& name) {
    std::set<std::string> kept;
    for (const auto& orphan : orphans(name)) kept.insert(std::string(orphan.at("messageId").as_string()));
    for (const auto& id : kept) {
      ASSERT_TRUE(fates_.contains(id)) << id;
      EXPECT_NE(fates_[id].sender, name) << id;
      EXPECT_TRUE(found(name, "D1 " + id)) << id;
    }
    if (arrangement_ == Arrangement::sends_only && name == "S") {
      for (const auto& [id, fate] : fates_) EXPECT_EQ(kept.contains(id), fate.sender == "S-B") << id;
    }
    if (arrangement_ == Arrangement::alone || name == "R") {
      EXPECT_THAT(kept, IsEmpty()) << name;
    }
  }
  /// An operator carries answers to where they belong.
  void meanwhile() override {
    if (arrangement_ == Arrangement::alone) return;
    for (const auto& [from, to] : {std::pair("S", "S-B"), std::pair("S-B", "S")}) {
      const auto kept = orphans(from);
      if (!kept.empty()) orphans(to, boost::json::serialize(kept));
    }
  }
  bool is_settled() override {
    if (!all_arrived()) return false;
    // Of two readers, one may hold for a while what the other has got from an operator.
    return arrangement_ == Arrangement::two_readers ||
           std::ranges::all_of(bus().queues(), [&](const auto& queue) { return bus().messages(queue).empty(); });
  }
  /// As if the one that has it had been too slow.
  void lock_ends() {
    for (const auto& queue : bus().queues()) {
      const auto waiting = bus().messages(queue);
      if (waiting.empty()) continue;
      const auto& message = pick_of(waiting);
      tell("the lock of " + message.properties.message_id + " ends");
      return bus().break_lock(queue, message.sequence);
    }
  }
  void key_changes() {
    tell("the key of the bus changes");
    national.rotate_sas_key(to_base64(bytes_of(new_uuid())));
  }

  void something_happens() override {
    const auto name = pick_installation();
    const Names of_s = arrangement_ == Arrangement::two_readers ? Names{"S", "S-B"} : Names{"S"};
    switch (pick(14)) {
      case 0:
      case 1:
      case 2:
      case 3:
        post(einnsyn::publication(), {name == "R" ? "S" : name, {"R"}, arrived});
        return;
      case 4:
      case 5:
        post(einnsyn::request(), {"R", of_s, arrived});
        return;
      case 6:
        post(einnsyn::receipt(), {"R", of_s, arrived});
        return;
      case 7:
        return look(name);
      case 8:
        return start_again(name);
      case 9:
      case 10:
        return die_somewhere(name);
      case 11:
        return lock_ends();
      case 12:
        return remote_end_fails(faults);
      default:
        return pick(4) == 0 ? key_changes() : remote_end_fails(faults);
    }
  }

  Arrangement arrangement_;
};

class ModelDpe : public ::testing::TestWithParam<unsigned> {};

TEST_P(ModelDpe, OneReadsTheQueueAndOthersAreSeen) {
  QueueLife life(GetParam());
  live_and_judge(life, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelDpe, ::testing::ValuesIn(seeds(6, 150)));

}  // namespace
}  // namespace kanal::testing
