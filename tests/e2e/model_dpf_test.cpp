// The random life over DPF (model.hpp): out by SvarUt, where each asks for its own forsendelser by their ids, and in by
// SvarInn, whose one account exactly one installation empties. 5 seeds by default, a hundred with LONG_TESTS, or the
// one that KANAL_SEED names.
#include "tests/e2e/ks.hpp"
#include "tests/e2e/model.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::Each;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Names ways_out{"svarut.reset",
                     "svarut.send.lost_answer",
                     "svarut.send.503_after_store",
                     "svarut.send.401",
                     "svarut.send.429",
                     "svarut.send.empty_200",
                     "svarut.send.no_id",
                     "svarut.status.503",
                     "svarut.status.unknown_status",
                     "svarut.status.null_status",
                     "svarut.status.missing",
                     "svarut.status.duplicated",
                     "svarut.status.foreign_id",
                     "svarut.soap.fault",
                     "svarut.soap.multipart_answer"};
const Names ways_in{"svarinn.reset",
                    "svarinn.401",
                    "svarinn.429",
                    "svarinn.list.cut",
                    "svarinn.list.nulls",
                    "svarinn.list.unknown_fields",
                    "svarinn.list.no_sha256",
                    "svarinn.download.503",
                    "svarinn.download.reset",
                    "svarinn.download.folders",
                    "svarinn.kvitterMottak.503",
                    "svarinn.kvitterMottak.lost_answer",
                    "svarinn.kvitterMottak.500_after"};

/// Who empties the account of T.
enum class Arrangement {
  right,          ///< one; the other's switch is off
  two_receivers,  ///< both: that is what must not be configured
};
constexpr unsigned arrangements = 2;
/// What the installation that is switched off would log in with.
const std::string switched_off = "avslaatt";

class ForsendelseLife final : public Life {
 public:
  explicit ForsendelseLife(unsigned seed) : Life(seed), arrangement_(static_cast<Arrangement>(seed % arrangements)) {
    ks::set_up(national);
    names_ = {"S-A", "S-B", "T", "T-B"};
    for (const auto& name : names_) restart(name);
  }

  void judge() override {
    judge_statuses();
    for (const auto& [id, fate] : fates_) {
      EXPECT_EQ(receipts_for(id), Names{fate.sender}) << "made where it was sent: " << id;
      const auto there = ids_there(id);
      ASSERT_THAT(there, SizeIs(1)) << id;
      expect_only(caller_of(fate.sender), "status", there.front());
      expect_only(caller_of(fate.sender), "eksternref", id);
      judge_arrival(there.front());
    }
    for (const auto& id : injected_) judge_arrival(id);
    if (arrangement_ == Arrangement::two_receivers) return;
    EXPECT_EQ(national.audit().count({.simulator = "svarinn", .vendor = switched_off}), 0U) << "not one request";
    for (const auto& name : names_) EXPECT_THAT(alarms(name), IsEmpty()) << name;
  }

 private:
  sim::SvarUtState& svarut() { return national.svarut().state(); }
  [[nodiscard]] static bool sends(const std::string& name) { return name.front() == 'S'; }
  /// One of S speaks SOAP, where the account is all that KS knows of the caller.
  static std::string type_of(const std::string& name) { return name == "S-B" ? "ws" : "rest"; }
  static std::string caller_of(const std::string& name) {
    return type_of(name) == "ws" ? ks::username : client_of(name);
  }

  InstallationSetup setup_of(const std::string& name) override {
    if (sends(name)) {
      auto settings = ks::sending(national, type_of(name));
      settings.emplace_back("--kanal.status.interval=500");
      return {name, s_org, name.substr(2), settings};
    }
    const std::string channel = name == "T" ? "" : "B";
    if (name == "T" || arrangement_ == Arrangement::two_receivers)
      return {name, t_org, channel, ks::receiving(national)};
    return {name,
            t_org,
            channel,
            {"--difi.move.feature.enableDPF=true", "--difi.move.fiks.inn.enable=false",
             "--difi.move.fiks.inn.baseUrl=" + national.svarinn_url(), "--difi.move.fiks.inn.username=" + switched_off,
             "--difi.move.fiks.inn.password=hemmelig", "--difi.move.fiks.ut.type=rest",
             "--difi.move.fiks.ut.endpointUrl=" + national.svarut_url()}};
  }
  Names ids_there(const std::string& id) override {
    Names ids;
    for (const auto& forsendelse : svarut().by_ekstern_ref(id, ks::konto)) ids.push_back(forsendelse.id);
    return ids;
  }
  /// Nobody but `caller` has asked this about `subject`.
  void expect_only(const std::string& caller, const std::string& action, const std::string& subject) {
    const auto asked = national.audit().find({.simulator = "svarut", .action = action, .subject = subject});
    EXPECT_THAT(asked, Each(Field(&sim::AuditEntry::vendor, caller))) << action << " of " << subject;
  }
  /// A client has it, once, and KS was told so, once. What two installations took is seen.
  void judge_arrival(const std::string& id) {
    const auto takers = receivers_of(id);
    EXPECT_EQ(national.audit().count({.simulator = "svarinn", .action = "kvitterMottak", .subject = id}), 1U) << id;
    if (arrangement_ == Arrangement::right) {
      EXPECT_EQ(takers, Names{"T"}) << id;
      return;
    }
    for (const std::string name : {"T", "T-B"}) EXPECT_LE(std::ranges::count(takers, name), 1) << id;
    ASSERT_THAT(takers, ::testing::Not(IsEmpty())) << id;
    if (takers.size() == 1) return;
    const bool seen = found("T", "D8 " + id) || found("T-B", "D8 " + id);
    EXPECT_TRUE(seen) << id << " was delivered twice, and nobody noticed";
  }
  void delay(milliseconds by) {
    auto rules = svarut().rules();
    rules.accept_delay = rules.ready_delay = by;
    svarut().set_rules(rules);
  }
  void calm_down() override { delay(milliseconds(0)); }
  bool is_settled() override {
    return all_arrived() && svarut().queue(ks::receiver).empty() &&
           std::ranges::all_of(injected_, [&](const auto& id) { return !receivers_of(id).empty(); });
  }
  void somebody_writes() {
    const auto number = static_cast<int>(injected_.size());
    injected_.push_back(ks::arrives(national, "krav " + std::to_string(number), number));
    tell("somebody writes " + injected_.back());
  }
  /// Two that empty one account see each other by what happens between their steps: they live in peace otherwise.
  [[nodiscard]] bool is_spared(const std::string& name) const {
    return arrangement_ == Arrangement::two_receivers && !sends(name);
  }

  void something_happens() override {
    const auto name = pick_installation();
    switch (pick(13)) {
      case 0:
      case 1:
      case 2:
        post(letter(t_org), {pick(2) == 0 ? "S-A" : "S-B", {"T", "T-B"}, {"OPPRETTET", "SENDT", "LEVERT", "LEST"}});
        return;
      case 3:
      case 4:
        return somebody_writes();
      case 5:
        return look(name);
      case 6:
        return is_spared(name) ? look(name) : start_again(name);
      case 7:
      case 8:
        return is_spared(name) ? look(name) : die_somewhere(name);
      case 9:
        return remote_end_fails(ways_out);
      case 10:
      case 11:
        return remote_end_fails(arrangement_ == Arrangement::right ? ways_in : ways_out);
      default: {
        const auto time = milliseconds(pick(4000));
        tell("forsendelser take " + std::to_string(time.count()) + " ms");
        return delay(time);
      }
    }
  }

  Arrangement arrangement_;
  Names injected_;  ///< what T gets from others, by its id at KS
};

class ModelDpf : public ::testing::TestWithParam<unsigned> {};

TEST_P(ModelDpf, OneReceivesAndEachAsksForItsOwn) {
  ForsendelseLife life(GetParam());
  live_and_judge(life, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelDpf, ::testing::ValuesIn(seeds(5, 100)));

}  // namespace
}  // namespace kanal::testing
