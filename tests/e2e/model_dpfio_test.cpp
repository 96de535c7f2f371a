// The random life over DPFIO (model.hpp), over a real RabbitMQ: each installation has an account, and nobody reads
// another's queue. In some, what becomes of a message is told by the answers to it only. 4 seeds by default, a hundred
// with LONG_TESTS, or the one that KANAL_SEED names.
#include "sim/fiks_io_queues.hpp"
#include "tests/e2e/fiks.hpp"
#include "tests/e2e/model.hpp"

namespace kanal::testing {
namespace {

using ::testing::Each;
using ::testing::Field;
using ::testing::IsEmpty;

const Names faults{"fiksio.reset",          "fiksio.send.401",          "fiksio.send.429",
                   "fiksio.send.503",       "fiksio.send.lost_answer",  "fiksio.send.500_after_store",
                   "fiksio.send.empty_200", "fiksio.send.no_id",        "fiksio.konto.503",
                   "fiksio.nokkel.missing", "fiksio.deliver.duplicate", "fiksio.amqp.500",
                   "maskinporten.expired"};

/// Whose accounts the installations of S read.
enum class Arrangement {
  right,   ///< each its own
  shared,  ///< two read one: that is what must not be configured
};
constexpr unsigned arrangements = 2;
const Names sent{"OPPRETTET", "SENDT"};
const Names taken{"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"};

/// An account, and the integration that may use it.
struct Address {
  std::string konto;
  std::string integration;
};
const Address main_account{fiks::s_konto, fiks::s_integrasjon};
const Address second_account{"0c4ad7a1-0bb0-4cc8-9a3c-d7d8a5c9f011", "11111111-aaaa-4bbb-8ccc-000000000011"};
const Address of_r{fiks::r_konto, fiks::r_integrasjon};

class AccountLife final : public Life {
 public:
  explicit AccountLife(unsigned seed)
      : Life(seed, {.fiks_io = true}),
        arrangement_(static_cast<Arrangement>(seed % arrangements)),
        strict_(arrangement_ == Arrangement::right && seed % 4 == 0) {
    // A message may be unlucky more often than in any real life.
    fiks_io().state().change_rules([](sim::FiksIoRules& rules) { rules.max_deliveries = 1000; });
    fiks::set_up(national);
    EXPECT_TRUE(fiks_io().add_account(fiks::account(second_account.konto, s_org)));
    fiks_io().add_integration({second_account.integration, Secret(fiks::password), s_org, {second_account.konto}});
    names_ = {"S-A", "S-B", "R"};
    for (const auto& name : names_) restart(name);
  }

  void judge() override {
    judge_statuses();
    judge_deliveries();
    for (const auto& address : {main_account, second_account, of_r}) {
      const auto asked = national.audit().find(
          {.simulator = "fiksio", .action = "amqp.resource", .subject = sim::fiks_io_queue(address.konto)});
      EXPECT_THAT(asked, Each(Field(&sim::AuditEntry::vendor, address.integration))) << "who read the queue";
    }
    for (const auto& [id, fate] : fates_) {
      for (const auto& there : ids_there(id)) {
        EXPECT_EQ(fiks_io().state().message(there)->integration, address_of(fate.sender).integration) << id;
      }
    }
    EXPECT_EQ(national.audit().count({.simulator = "fiksio", .action = "dead_letter"}), 0U);
    if (arrangement_ == Arrangement::shared) return;
    for (const auto& name : names_) EXPECT_THAT(alarms(name), IsEmpty()) << name;
  }

 private:
  sim::FiksIo& fiks_io() { return national.fiks_io(); }
  [[nodiscard]] const Address& address_of(const std::string& name) const {
    if (name == "R") return of_r;
    return name == "S-B" && arrangement_ == Arrangement::right ? second_account : main_account;
  }
  InstallationSetup setup_of(const std::string& name) override {
    const auto& [konto, integration] = address_of(name);
    auto settings = fiks::settings(national, konto, integration);
    if (name == "R") return {name, r_org, "", settings};
    if (strict_) settings.emplace_back("--kanal.dpfio.status-mode=strict");
    return {name, s_org, name == "S-B" ? "B" : "", settings};
  }
  Names ids_there(const std::string& id) override { return fiks::ids_of(national, id); }
  bool is_settled() override {
    if (!all_arrived()) return false;
    for (const auto& address : {main_account, second_account, of_r}) {
      const auto waiting = fiks_io().count(address.konto);
      if (!waiting || waiting->messages > 0) return false;
    }
    return arrangement_ == Arrangement::right || tells_of_sharing("S-A") || tells_of_sharing("S-B");
  }
  bool tells_of_sharing(const std::string& name) {
    return health(name).find("connections read account " + main_account.konto) != std::string::npos;
  }
  void write_from(const std::string& name) {
    if (name != "R") {
      post(fiks::letter(), {name, {"R"}, strict_ ? sent : taken});
      return;
    }
    const std::string to = pick(2) == 0 ? "S-A" : "S-B";
    const auto readers = arrangement_ == Arrangement::shared ? Names{"S-A", "S-B"} : Names{to};
    post(fiks::letter(address_of(to).konto), {"R", readers, taken});
  }
  /// The client of R answers what it has got. An answer names what Fiks calls the message: a sender that never heard
  /// it, because it died or the word was lost, could not tell what it is about.
  void answers() {
    if (!strict_) return;
    const auto all = fates_;
    for (const auto& [id, fate] : all) {
      const auto there = ids_there(id);
      if (fate.statuses != sent || there.size() != 1 || takers_of(id).empty() || !has(fate.sender, id, sent)) continue;
      for (const auto& [kind, status] : {std::pair(".mottatt", "MOTTATT"), std::pair(".kvittering", "LEVERT")}) {
        auto answer = fiks::letter(address_of(fate.sender).konto);
        answer.process += kind;
        answer.answers = there.front();
        if (post(answer, {"R", {fate.sender}, taken})) fates_[id].statuses.emplace_back(status);
      }
    }
  }
  void meanwhile() override { answers(); }
  /// As when its token ends: what it has not acknowledged comes again.
  void connection_ends(const std::string& name) {
    tell("the connection of " + name + " ends");
    EXPECT_TRUE(fiks_io().close_connections(address_of(name).integration, "token expired"));
  }

  void something_happens() override {
    const auto name = pick_installation();
    switch (pick(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return write_from(name);
      case 5:
        look(name);
        return answers();
      case 6:
        return start_again(name);
      case 7:
      case 8:
        return die_somewhere(name);
      case 9:
        return connection_ends(name);
      default:
        return remote_end_fails(faults);
    }
  }

  Arrangement arrangement_;
  bool strict_;  ///< do only answers tell S what becomes of a message?
};

class ModelDpfio : public ::testing::TestWithParam<unsigned> {};

TEST_P(ModelDpfio, EachReadsItsOwnAccount) {
  AccountLife life(GetParam());
  live_and_judge(life, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelDpfio, ::testing::ValuesIn(seeds(4, 100)));

}  // namespace
}  // namespace kanal::testing
