// The messages of the queue that are locked for this installation: the listing that a peek-lock queue does not have
// (dpe.md 8.3 and 10). Bounded; locks are renewed, and what nobody here wants is given back a few times. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "transports/dpe/queue_reader.hpp"
#include "transports/dpe/sequence_watch.hpp"
#include "transports/transport_factory.hpp"

namespace kanal::transports::dpe {

class LockedMessages {
 public:
  /// All outlive it. `kept` remembers how far the queue was read.
  LockedMessages(const Settings& settings, QueueReader& reader, Clock& clock, Log& log, KeptSecrets kept = {});

  /// Ids of all that is locked now, in the order of the queue: renews what it has, and locks what has come. What the
  /// round before left untouched goes back, for its owner may wait for it, unless it has gone back often enough.
  Result<std::vector<std::string>> refresh(std::stop_token stop);
  /// `dpe.not_locked` (retry) for one that is not.
  Result<Locked> find(const std::string& id);
  /// The same, with a lock that lasts a good while yet.
  Result<Locked> find_renewed(const std::string& id);

  enum class Completed { done, lost, lost_early };
  /// One whose lock has ended will come again, and then waits here to be completed: `lost`. `lost_early`: the lock
  /// ended before its time, so somebody else may have it.
  Result<Completed> complete(const std::string& id);

  /// Could this id still come, although it is not locked here: by a lock of a call that died?
  [[nodiscard]] bool may_return(const std::string& id) const;
  /// Numbers that never came. Each is told once.
  [[nodiscard]] std::vector<std::uint64_t> missing();

 private:
  struct Held {
    Locked message;
    Duration locked_at{};
    bool offered = false;  ///< a round has seen it
    bool wanted = false;   ///< it is stored; only its completion failed
  };
  using HeldById = std::map<std::string, Held>;
  void renew_all();
  Result<void> renew(Held& held);
  [[nodiscard]] std::vector<std::string> unwanted() const;
  void give_back(const std::vector<std::string>& ids);
  Result<void> lock_more(const std::stop_token& stop);
  void look_behind(const std::stop_token& stop);
  void add(Locked message);
  [[nodiscard]] std::string mark_name() const;
  void recall_mark();
  void keep_mark();

  const Settings& settings_;
  QueueReader& reader_;
  Clock& clock_;
  Log& log_;
  mutable std::mutex mutex_;
  HeldById held_;
  std::map<std::string, Duration> seen_;
  Duration seen_from_;            ///< what came before is not in `seen_`
  std::set<std::string> stored_;  ///< acknowledged while not locked: completed as soon as they come again
  SequenceWatch watch_;
  const KeptSecrets kept_;
  std::string kept_mark_;
  Duration lock_length_ = std::chrono::seconds(60);
  std::optional<Duration> looked_;
};

/// `<number>.<message id>`: the number alone would begin again with a new queue.
[[nodiscard]] std::string id_of(const Locked& message);

}  // namespace kanal::transports::dpe
