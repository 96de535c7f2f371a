// A bounded cache of answers: one load per key at a time, whose outcome all who asked meanwhile share; refusals are
// kept for a while; an answer that was good once stands in for a failed load. The least recently used key goes first.
// Thread-safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.hpp"
#include "base/time.hpp"

namespace kanal::lookup {

/// How long one key's answers are used; the keys of one cache may differ.
struct CacheTerms {
  Duration positive{};  ///< a value is used without a new load
  Duration negative{};  ///< an error of disposition reject is kept; also the pause after a failed load with a stale
                        ///< value at hand
  Duration stale{};     ///< beyond `positive`, a value stands in for a failed load
};

template <class Value>
class Cache {
 public:
  struct Answer {
    std::shared_ptr<const Value> value;
    /// Set when this call's load failed and the value is a stale one: for whoever logs it.
    std::optional<Error> stale_because;
  };
  using Load = std::function<Result<Value>()>;
  /// Which failed loads a stale value may stand in for.
  using MayBeStale = std::function<bool(const Error&)>;

  Cache(Clock& clock, std::size_t max_entries, MayBeStale may_be_stale)
      : clock_(clock), max_entries_(max_entries), may_be_stale_(std::move(may_be_stale)) {}

  /// The cached answer, or that of `load`, which runs without a lock.
  Result<Answer> get(const std::string& key, const CacheTerms& terms, const Load& load) {
    std::unique_lock lock(mutex_);
    if (auto cached = cached_answer(key)) return std::move(*cached);
    if (const auto running = flights_.find(key); running != flights_.end()) {
      const std::shared_ptr<Flight> flight = running->second;
      flight->landed.wait(lock, [&] { return flight->outcome.has_value(); });
      return *flight->outcome;
    }
    const auto flight = std::make_shared<Flight>();
    flights_.emplace(key, flight);
    const auto generation = generation_;
    lock.unlock();
    auto loaded = run(load);
    lock.lock();
    auto outcome = settle(key, terms, std::move(loaded), generation == generation_);
    flight->outcome = outcome;
    if (flight->outcome->has_value()) (*flight->outcome)->stale_because.reset();
    // A flush may have let a later load take this one's place.
    if (const auto mine = flights_.find(key); mine != flights_.end() && mine->second == flight) flights_.erase(mine);
    flight->landed.notify_all();
    return outcome;
  }

  /// Forgets everything; a load under way still answers those who wait, but is not kept.
  void flush() {
    const std::scoped_lock lock(mutex_);
    items_.clear();
    order_.clear();
    flights_.clear();
    ++generation_;
  }

  [[nodiscard]] std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return items_.size();
  }

 private:
  struct Item {
    std::shared_ptr<const Value> value;
    std::optional<Error> refusal;
    Duration use_until{};
    Duration stale_until{};
    std::list<std::string>::iterator place;
  };
  struct Flight {
    std::optional<Result<Answer>> outcome;
    std::condition_variable landed;
  };

  std::optional<Result<Answer>> cached_answer(const std::string& key) {
    const auto found = items_.find(key);
    if (found == items_.end()) return std::nullopt;
    Item& item = found->second;
    order_.splice(order_.begin(), order_, item.place);
    if (clock_.monotonic() >= item.use_until) return std::nullopt;
    if (item.refusal) return Result<Answer>(tl::unexpected(*item.refusal));
    return Result<Answer>(Answer{item.value, {}});
  }

  static Result<Value> run(const Load& load) {
    try {
      return load();
    } catch (const std::exception& broken) {
      return bug("cache.load", std::string("a lookup was broken off: ") + broken.what());
    }
  }

  Result<Answer> settle(const std::string& key, const CacheTerms& terms, Result<Value> loaded, bool keep) {
    const Duration now = clock_.monotonic();
    if (loaded) {
      auto value = std::make_shared<const Value>(std::move(*loaded));
      if (keep) put(key, {value, {}, now + terms.positive, now + terms.positive + terms.stale, {}});
      return Answer{std::move(value), {}};
    }
    const Error error = std::move(loaded).error();
    if (error.disposition == Disposition::reject) {
      if (keep) put(key, {nullptr, error, now + terms.negative, {}, {}});
      return tl::unexpected(error);
    }
    const auto old = items_.find(key);
    if (old != items_.end() && old->second.value && now < old->second.stale_until && may_be_stale_(error)) {
      old->second.use_until = std::min(now + terms.negative, old->second.stale_until);
      return Answer{old->second.value, error};
    }
    return tl::unexpected(error);
  }

  void put(const std::string& key, Item item) {
    if (const auto old = items_.find(key); old != items_.end()) {
      order_.erase(old->second.place);
      items_.erase(old);
    }
    order_.push_front(key);
    item.place = order_.begin();
    items_.emplace(key, std::move(item));
    while (items_.size() > max_entries_) {
      items_.erase(order_.back());
      order_.pop_back();
    }
  }

  Clock& clock_;
  const std::size_t max_entries_;
  const MayBeStale may_be_stale_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Item> items_;
  std::list<std::string> order_;  ///< most recently used first
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;
  std::uint64_t generation_ = 0;
};

}  // namespace kanal::lookup
