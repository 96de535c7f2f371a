// A random life of several installations, and what must hold after it (channels.md, "Beyond the rule", 6): every status
// reached exactly the installation that sent the message, every message was handed over exactly once, and nothing was
// acknowledged by anybody but its owner. What happens follows from the seed. Here is what the services have in common;
// each adds its own installations, events and judgements in a file of its own.
#pragma once

#include <cstdlib>
#include <iostream>
#include <random>
#include <set>

#include "tests/e2e/bench.hpp"
#include "tests/long_tests.hpp"

namespace kanal::testing {

class Life : public Bench {
 public:
  explicit Life(unsigned seed, const BenchExtras& extras = {}) : Bench(extras), random_(seed) {}
  virtual ~Life() = default;

  void live() {
    for (int i = 0; i < events && !::testing::Test::HasFatalFailure(); ++i) {
      something_happens();
      clock.advance(std::chrono::milliseconds(pick(3000)));
      std::this_thread::sleep_for(std::chrono::milliseconds(pick(60)));
    }
  }

  /// Everything runs again, nothing is in the way, and time passes until nothing is under way.
  void settle() {
    national.faults().disarm_all();
    disturbed_ = false;
    calm_down();
    for (const auto& name : names_) {
      if (hooks(name).dead()) restart(name);
      hooks(name).revive();
    }
    EXPECT_TRUE(eventually(
        [&] {
          clock.advance(std::chrono::seconds(5));
          for (const auto& name : names_) serve(name, receipts_);
          meanwhile();
          return is_settled();
        },
        std::chrono::minutes(2)))
        << "not everything arrived";
    for (const auto& name : names_) serve(name, receipts_);
  }

  virtual void judge() = 0;

  [[nodiscard]] std::string story() const { return story_; }

 protected:
  static constexpr int events = 30;

  /// A message, and how it ends.
  struct Fate {
    std::string sender;
    /// Whose client gets it; several when they share what only one may have; none: nobody's here.
    Names receivers;
    Names statuses;  ///< that its sender sees, each once
  };

  // What a service adds.
  virtual InstallationSetup setup_of(const std::string& name) = 0;
  virtual void something_happens() = 0;
  /// No more delays.
  virtual void calm_down() {}
  /// What others do while all settles.
  virtual void meanwhile() {}
  virtual bool is_settled() { return all_arrived(); }
  /// What a receiver may call a message.
  virtual Names ids_there(const std::string& id) { return {id}; }

  // Chance, and what is told of it.
  unsigned pick(unsigned below) { return std::uniform_int_distribution<unsigned>(0, below - 1)(random_); }
  template <typename Container>
  const auto& pick_of(const Container& from) {
    auto at = from.begin();
    std::advance(at, pick(static_cast<unsigned>(from.size())));
    return *at;
  }
  std::string pick_installation() { return pick_of(names_); }
  void tell(const std::string& what) { story_ += what + "\n"; }

  // Events.
  void restart(const std::string& name) {
    stop(name);
    hooks(name).revive();
    start(setup_of(name));
  }
  void start_again(const std::string& name) {
    tell(name + " starts again");
    restart(name);
  }
  void die_somewhere(const std::string& name) {
    if (hooks(name).dead()) return restart(name);
    const std::string point(pick_of(ports::crash_points));
    tell(name + " will die at " + point);
    hooks(name).die_at(point);
  }
  void look(const std::string& name) {
    tell("the client of " + name + " looks");
    serve(name, receipts_);
  }
  void remote_end_fails(const Names& faults) {
    const auto& fault = pick_of(faults);
    tell("the remote end does " + fault);
    arm(fault);
    disturbed_ = true;
  }
  /// False when it could not.
  bool post(const app::Letter& letter, const Fate& fate) {
    const auto id = client(fate.sender).send(letter);
    if (!id) {
      // What has to be known of the receiver is out of reach.
      EXPECT_TRUE(disturbed_) << id.error().text();
      tell(fate.sender + " cannot send: " + id.error().text());
      return false;
    }
    tell(fate.sender + " sends " + *id);
    fates_[*id] = fate;
    return true;
  }

  // What became of them.
  Names takers_of(const std::string& id) {
    Names all;
    for (const auto& there : ids_there(id)) {
      const auto takers = receivers_of(there);
      all.insert(all.end(), takers.begin(), takers.end());
    }
    return all;
  }
  bool all_arrived() {
    return std::ranges::all_of(fates_, [&](const auto& entry) {
      const auto& [id, fate] = entry;
      return (fate.receivers.empty() || !takers_of(id).empty()) && has(fate.sender, id, fate.statuses);
    });
  }
  /// Statuses are where the message was sent, and nowhere else.
  void judge_statuses() {
    for (const auto& [id, fate] : fates_) {
      EXPECT_THAT(statuses(fate.sender, id), ::testing::UnorderedElementsAreArray(fate.statuses))
          << id << " sent by " << fate.sender;
      for (const auto& other : names_) {
        if (other == fate.sender || std::ranges::count(fate.receivers, other) > 0) continue;
        EXPECT_THAT(statuses(other, id), ::testing::IsEmpty()) << other << " knows " << id;
      }
    }
  }
  /// The client that a message is for has it, once. Of those who share an address somebody has it, and nobody twice.
  void judge_deliveries() {
    for (const auto& [id, fate] : fates_) {
      const auto takers = takers_of(id);
      if (fate.receivers.size() < 2) {
        EXPECT_EQ(takers, fate.receivers) << id << " sent by " << fate.sender;
        continue;
      }
      EXPECT_THAT(takers, ::testing::Not(::testing::IsEmpty())) << id << " sent by " << fate.sender;
      EXPECT_EQ(std::set<std::string>(takers.begin(), takers.end()).size(), takers.size()) << id;
      for (const auto& taker : takers) EXPECT_THAT(fate.receivers, ::testing::Contains(taker)) << id;
    }
  }

  std::set<std::string> names_;        ///< of the installations
  std::map<std::string, Fate> fates_;  ///< by message id, as its sender calls it
  bool receipts_ = false;              ///< do clients answer what they get with a receipt?

 private:
  std::mt19937 random_;
  bool disturbed_ = false;  ///< has a remote end been told to fail?
  std::string story_;
};

/// `short_count` seeds by default, `long_count` with LONG_TESTS, or the one that KANAL_SEED names.
inline std::vector<unsigned> seeds(unsigned short_count, unsigned long_count) {
  if (const char* one = std::getenv("KANAL_SEED")) return {static_cast<unsigned>(std::strtoul(one, nullptr, 10))};
  const unsigned count = is_long() ? long_count : short_count;
  std::vector<unsigned> all(count);
  for (unsigned i = 0; i < count; ++i) all[i] = i + 1;
  return all;
}

inline void live_and_judge(Life& life, unsigned seed) {
  life.live();
  life.settle();
  life.judge();
  if (::testing::Test::HasFailure()) std::cerr << "seed " << seed << ":\n" << life.story();
}

}  // namespace kanal::testing
