// The queues of the Service Bus with every rule of dpe.md 5 and 11 that is not about HTTP: peek-lock, locks that end by
// the injected clock, delivery counts, dead letters, sequence numbers without gaps, times to live, quotas. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace kanal::sim {

struct ServiceBusRules {
  std::chrono::milliseconds lock_duration{60'000};
  int max_delivery_count = 10;
  std::chrono::seconds default_ttl{std::chrono::hours(24 * 14)};
  std::uint64_t max_message_bytes = std::uint64_t{1024} * 1024;  ///< properties count too
  std::uint64_t max_queue_bytes = std::uint64_t{1024} << 20U;    ///< what all messages of a queue may take
  bool auto_create = true;                                       ///< a queue nobody declared exists when it is used
  std::chrono::seconds clock_skew{300};                          ///< a token is good for so long after its end
  std::uint16_t partition = 0;                                   ///< the top 16 bits of sequence numbers
  /// By AMQP: is what a link brought free again when the link ends? (unverified) If not, it is when the lock ends.
  bool locks_end_with_link = false;
};

/// What a sender says of a message.
struct BusProperties {
  std::string message_id{};  ///< empty: made by the queue
  std::string correlation_id{};
  std::string label{};
  std::optional<std::chrono::seconds> time_to_live{};
};

/// A message as a receiver gets it.
struct BusMessage {
  std::uint64_t sequence = 0;
  BusProperties properties{};
  std::string content_type{};
  std::shared_ptr<const std::string> body{};
  Time enqueued{};
  Time expires{};
  int delivery_count = 0;
  std::string lock_token{};  ///< empty: not locked
  Time locked_until{};
  std::string dead_letter_reason{};  ///< in a dead-letter queue
};

/// What came of a call about a lock.
enum class LockAnswer { done, lost, no_queue };

class ServiceBusState {
 public:
  ServiceBusState(ServiceBusRules rules, const Clock& clock) : rules_(rules), clock_(clock) {}

  // Queue names are compared ignoring case; `<queue>/$deadletterqueue` is the queue of its dead letters.

  void declare(const std::string& queue);
  /// From now on it does not exist, whatever `auto_create` says, until it is declared.
  void remove(const std::string& queue);
  [[nodiscard]] bool exists(const std::string& queue) const;
  /// Does it exist, or would it when it is used?
  [[nodiscard]] bool receivable(const std::string& queue);
  [[nodiscard]] std::vector<std::string> queues() const;
  /// In order, dead letters not among them; locked ones too.
  [[nodiscard]] std::vector<BusMessage> messages(const std::string& queue) const;
  [[nodiscard]] ServiceBusRules rules() const;
  void change_rules(const std::function<void(ServiceBusRules&)>& change);

  /// Gives the sequence number. `bus.no_queue`, `bus.too_large`, `bus.quota`.
  Result<std::uint64_t> send(const std::string& queue, BusProperties properties, std::string content_type,
                             std::string body);
  /// Locks the first message that nobody has locked; waits for one as long as `wait` in real time. `bus.no_queue`.
  Result<std::optional<BusMessage>> receive(const std::string& queue, std::chrono::milliseconds wait);
  /// `id` is a message id or a sequence number in decimal digits.
  LockAnswer complete(const std::string& queue, const std::string& id, const std::string& lock);
  LockAnswer unlock(const std::string& queue, const std::string& id, const std::string& lock);
  /// `until` is set when it is done.
  LockAnswer renew(const std::string& queue, const std::string& id, const std::string& lock, Time& until);
  LockAnswer dead_letter(const std::string& queue, const std::string& id, const std::string& lock,
                         const std::string& reason);
  /// The number of the message that has this lock now, in decimal digits; empty when none has.
  [[nodiscard]] std::string locked_by(const std::string& queue, const std::string& lock);
  /// Ends whatever lock a message has, as if its time had come.
  void break_lock(const std::string& queue, std::uint64_t sequence);
  /// The next message of the queue gets a number that leaves so many out.
  void skip_sequence(const std::string& queue, std::uint64_t count);

  /// Those who wait give up, now and from now on.
  void close();

 private:
  struct Queue {
    std::vector<BusMessage> messages;  ///< in order of sequence
    std::uint64_t last = 0;
    std::uint64_t bytes = 0;
  };
  Queue* find(const std::string& queue);
  [[nodiscard]] const Queue* find(const std::string& queue) const;
  Queue* find_or_make(const std::string& queue);
  void settle(const std::string& name, Queue& queue, Time now);
  static void erase(Queue& queue, std::vector<BusMessage>::iterator at);
  void give_back(const std::string& name, Queue& queue, std::uint64_t sequence);
  void bury(const std::string& name, Queue& queue, std::vector<BusMessage>::iterator at, const std::string& reason);
  std::vector<BusMessage>::iterator locked(const std::string& name, Queue& queue, const std::string& id,
                                           const std::string& lock);
  std::optional<BusMessage> lock_first(const std::string& name, Queue& queue);

  ServiceBusRules rules_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Queue> queues_;  ///< by name in small letters
  std::map<std::string, bool> removed_;
  std::uint64_t changes_ = 0;
  bool closed_ = false;
};

}  // namespace kanal::sim
