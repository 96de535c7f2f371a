// The random life over DPV (model.hpp): several installations send to one organisation, and each asks Altinn about its
// own letters only, by their ids. 4 seeds by default, a hundred with LONG_TESTS, or the one that KANAL_SEED names.
#include "tests/e2e/model.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::Each;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Names faults{"correspondence.reset",
                   "correspondence.revoked_token",
                   "correspondence.outage",
                   "correspondence.empty_body",
                   "correspondence.upload.lost_answer",
                   "correspondence.upload.503_after_store",
                   "correspondence.upload.null_list",
                   "correspondence.upload.429",
                   "correspondence.overview.429",
                   "correspondence.overview.503",
                   "correspondence.overview.unknown_status",
                   "correspondence.overview.unknown_members",
                   "correspondence.lookup.503",
                   "exchange.object",
                   "registry.503"};

class LetterLife final : public Life {
 public:
  explicit LetterLife(unsigned seed) : Life(seed) {
    national.register_organisation({t_org, "HAVNA BYGG AS", std::set<std::string>{}, {}});
    names_ = {"S-A", "S-B", "S-C"};
    for (const auto& name : names_) restart(name);
  }

  void judge() override {
    judge_statuses();
    for (const auto& [id, fate] : fates_) {
      EXPECT_EQ(receipts_for(id), Names{fate.sender}) << "made where it was sent: " << id;
      expect_only(fate.sender, "lookup", id);
      const auto letters = altinn().find_by_reference(id);
      ASSERT_THAT(letters, SizeIs(1)) << id;
      EXPECT_EQ(letters.front().caller.vendor, client_of(fate.sender)) << id;
      expect_only(fate.sender, "overview", letters.front().id);
    }
    EXPECT_EQ(altinn().size(), fates_.size());
    for (const auto& name : names_) EXPECT_THAT(alarms(name), IsEmpty()) << name;
  }

 private:
  sim::CorrespondenceState& altinn() { return national.correspondence().state(); }

  InstallationSetup setup_of(const std::string& name) override {
    return {name,
            s_org,
            name.substr(2),
            {"--difi.move.feature.enableDPV=true",
             "--difi.move.dpv.correspondenceServiceUrl=" + national.correspondence_url(),
             "--difi.move.dpv.altinnTokenExchangeUrl=" + national.exchange_url(),
             "--difi.move.dpv.health-check-url=", "--kanal.status.interval=500"}};
  }
  /// Nobody but `name` has asked this about `subject`.
  void expect_only(const std::string& name, const std::string& action, const std::string& subject) {
    const auto asked = national.audit().find({.simulator = "correspondence", .action = action, .subject = subject});
    EXPECT_THAT(asked, Each(Field(&sim::AuditEntry::vendor, client_of(name)))) << action << " of " << subject;
  }
  void delay(milliseconds by) {
    auto rules = altinn().rules();
    rules.scan_delay = rules.publish_delay = rules.read_delay = by;
    altinn().set_rules(rules);
  }
  /// A letter whose receiver takes its time is read now.
  void somebody_reads() {
    const auto letters = altinn().newest(1000);
    if (letters.empty()) return;
    const auto& letter = pick_of(letters);
    tell("somebody reads " + letter.request->senders_reference);
    EXPECT_TRUE(altinn().read(letter.id));
  }
  void calm_down() override {
    delay(milliseconds(0));
    altinn().set_behaviour(t_org, {sim::CorrespondenceFate::read, {}});
    for (const auto& letter : altinn().newest(1000)) EXPECT_TRUE(altinn().read(letter.id));
  }

  void something_happens() override {
    const auto name = pick_installation();
    switch (pick(12)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        const bool at_once = pick(2) == 0;
        altinn().set_behaviour(t_org, {at_once ? sim::CorrespondenceFate::read : sim::CorrespondenceFate::unread, {}});
        post(letter(t_org), {name, {}, {"OPPRETTET", "SENDT", "LEVERT", "LEST"}});
        return;
      }
      case 4:
        return look(name);
      case 5:
        return start_again(name);
      case 6:
      case 7:
        return die_somewhere(name);
      case 8:
      case 9:
        return remote_end_fails(faults);
      case 10:
        return somebody_reads();
      default: {
        const auto time = milliseconds(pick(4000));
        tell("letters take " + std::to_string(time.count()) + " ms");
        return delay(time);
      }
    }
  }
};

class ModelDpv : public ::testing::TestWithParam<unsigned> {};

TEST_P(ModelDpv, EachAsksForItsOwn) {
  LetterLife life(GetParam());
  live_and_judge(life, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelDpv, ::testing::ValuesIn(seeds(4, 100)));

}  // namespace
}  // namespace kanal::testing
