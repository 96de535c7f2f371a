// A random life of several installations of one organisation, and what must hold after it (channels.md, "Beyond the
// rule", 6): every status reached exactly the installation that sent the message, every message was handed over exactly
// once, and nothing was acknowledged by anybody but its owner. The sequence of events follows from the seed; three
// seeds by default, as many as KANAL_LONG says, or the one that KANAL_SEED names.
#include <cstdlib>
#include <random>

#include "tests/e2e/bench.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::ElementsAre;

const Names all_five{"OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"};
constexpr int events = 60;

/// How the installations of S are kept apart, or not.
enum class Arrangement {
  right,      ///< one main, others with channels of their own
  namesakes,  ///< two with the same channel
  two_mains,  ///< two without a channel
};

class Life : public Bench {
 public:
  explicit Life(unsigned seed) : random_(seed), arrangement_(static_cast<Arrangement>(seed % 3)) {
    channels_ = {{"S-main", ""}, {"S-A", "A"}, {"S-B", "B"}, {"R", ""}};
    if (arrangement_ == Arrangement::namesakes) channels_["S-C"] = "A";
    if (arrangement_ == Arrangement::two_mains) channels_["S-B"] = "";
    for (const auto& [name, channel] : channels_) restart(name);
  }

  void live() {
    for (int i = 0; i < events && !::testing::Test::HasFatalFailure(); ++i) {
      something_happens();
      clock.advance(milliseconds(pick(3000)));
      std::this_thread::sleep_for(milliseconds(pick(60)));
    }
  }

  /// Everything runs again, and time passes until nothing is under way.
  void settle() {
    national.broker().state().set_scan_time(milliseconds(0));
    for (const auto& [name, channel] : channels_) {
      if (hooks(name).dead()) restart(name);
      hooks(name).revive();
    }
    EXPECT_TRUE(eventually([&] {
      clock.advance(seconds(5));
      for (const auto& [name, channel] : channels_) serve(name);
      return std::ranges::all_of(sender_, [&](const auto& sent) { return complete(sent.first); }) &&
             std::ranges::none_of(ledger.read(), [](const auto& one) { return one.confirmed_by.empty(); });
    })) << "not everything arrived";
  }

  void judge() {
    for (const auto& [id, name] : sender_) {
      EXPECT_THAT(statuses(name, id), ::testing::UnorderedElementsAreArray(all_five)) << id << " sent by " << name;
      const std::string receiver = name == "R" ? "S-main" : "R";
      EXPECT_THAT(receivers_of(id), ElementsAre(receiver)) << id << " sent by " << name;
      EXPECT_THAT(receipts_for(id), ElementsAre(name)) << id;
      for (const auto& [other, channel] : channels_) {
        if (other == name || other == receiver) continue;
        EXPECT_TRUE(statuses(other, id).empty()) << other << " knows " << id;
      }
    }
    for (const auto& delivery : deliveries) {
      if (!delivery.related_to.empty())
        sender_[delivery.message_id] = sender_[delivery.related_to] == "R" ? "S-main" : "R";
    }
    for (const auto& document : ledger.read()) {
      EXPECT_THAT(document.confirmed_by, ElementsAre(client_of(owner_of(document))))
          << document.type << document.status << " about " << document.about << " on " << document.reference;
      if (arrangement_ != Arrangement::right) continue;
      EXPECT_THAT(document.downloaded_by, ::testing::Each(client_of(owner_of(document))))
          << document.type << document.status << " about " << document.about << " on " << document.reference;
    }
    if (arrangement_ != Arrangement::right) return;
    // Neither crashes nor copies nor new channel names look like theft; only the names that were left are noted.
    for (const auto& [name, channel] : channels_) {
      EXPECT_THAT(alarms(name), ::testing::Each(::testing::StartsWith("D10 "))) << name;
    }
  }

  [[nodiscard]] std::string story() const { return story_; }

 private:
  unsigned pick(unsigned below) { return std::uniform_int_distribution<unsigned>(0, below - 1)(random_); }
  std::string pick_installation() {
    auto at = channels_.begin();
    std::advance(at, pick(static_cast<unsigned>(channels_.size())));
    return at->first;
  }
  void tell(const std::string& what) { story_ += what + "\n"; }

  void restart(const std::string& name) {
    stop(name);
    hooks(name).revive();
    start({name, name == "R" ? r_org : s_org, channels_[name]});
  }

  void something_happens() {
    const auto name = pick_installation();
    switch (pick(10)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        const bool to_s = name == "R";
        // Of two mains, either may take the mail of the organisation: that is what must not be configured.
        if (to_s && arrangement_ == Arrangement::two_mains) return;
        const auto id = send(name, to_s ? s_org : r_org);
        tell(name + " sends " + id);
        sender_[id] = name;
        return;
      }
      case 4:
      case 5:
        tell("the client of " + name + " looks");
        return serve(name);
      case 6:
        return deliver_again();
      case 7:
        if (!channels_[name].empty() && arrangement_ != Arrangement::namesakes) {
          channels_[name] = name.substr(2) + std::to_string(pick(3));
        }
        tell(name + " starts again on '" + channels_[name] + "'");
        return restart(name);
      case 8: {
        if (hooks(name).dead()) return restart(name);
        const std::string point(ports::crash_points.at(pick(ports::crash_points.size())));
        tell(name + " will die at " + point);
        return hooks(name).die_at(point);
      }
      default: {
        const auto time = milliseconds(pick(2000));
        tell("the scan takes " + std::to_string(time.count()) + " ms");
        national.broker().state().set_scan_time(time);
      }
    }
  }

  /// The same document in a second transfer, later than others.
  void deliver_again() {
    const auto all = ledger.read();
    if (all.empty()) return;
    const auto& chosen = all.at(pick(static_cast<unsigned>(all.size())));
    const auto transfer = national.broker().state().find(chosen.id);
    if (!transfer || !transfer->content) return;
    auto source = sim::Content::open(transfer->content, 0, transfer->size);
    ASSERT_TRUE(source);
    const auto content = read_all(**source, 64 * 1024 * 1024);
    ASSERT_TRUE(content);
    tell(chosen.type + chosen.status + " about " + chosen.about + " comes again");
    ASSERT_TRUE(national.broker().inject(chosen.from, chosen.to, chosen.reference, *content));
  }

  bool complete(const std::string& id) {
    return has(sender_[id], id, all_five) && !receivers_of(id).empty() && !receipts_for(id).empty();
  }
  std::string owner_of(const Document& document) {
    if (!document.about.empty()) return sender_[document.about];
    return document.to == s_org ? "S-main" : "R";
  }

  std::mt19937 random_;
  Arrangement arrangement_;
  std::map<std::string, std::string> channels_;
  std::map<std::string, std::string> sender_;  ///< of every message, by id
  std::string story_;
};

std::vector<unsigned> seeds() {
  if (const char* one = std::getenv("KANAL_SEED")) return {static_cast<unsigned>(std::strtoul(one, nullptr, 10))};
  unsigned count = 3;
  if (const char* many = std::getenv("KANAL_LONG")) {
    count = std::max(static_cast<unsigned>(std::strtoul(many, nullptr, 10)), 50U);
  }
  std::vector<unsigned> all(count);
  for (unsigned i = 0; i < count; ++i) all[i] = i + 1;
  return all;
}

class Model : public ::testing::TestWithParam<unsigned> {};

TEST_P(Model, NothingIsStolen) {
  Life life(GetParam());
  life.live();
  life.settle();
  life.judge();
  if (HasFailure()) std::cerr << "seed " << GetParam() << ":\n" << life.story();
}

INSTANTIATE_TEST_SUITE_P(Seeds, Model, ::testing::ValuesIn(seeds()));

}  // namespace
}  // namespace kanal::testing
