// The reader of one account's queue (dpfio.md sections 7 and 10): one long-lived connection on a thread of its own,
// which holds at most `prefetch` messages until they are acknowledged. It connects when it is first asked, and lets go
// when nobody has asked for a while, so that of several nodes only the one that polls reads. Thread-safe.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "lookup/token_source.hpp"
#include "net/amqp_connection.hpp"
#include "transports/dpfio/dpfio_settings.hpp"
#include "transports/dpfio/held_body.hpp"
#include "transports/dpfio/melding.hpp"

namespace kanal::transports::dpfio {

/// A message that was delivered and is not acknowledged.
struct Waiting {
  std::optional<Melding> melding;  ///< absent: `problem` says why
  std::optional<Error> problem;
  HeldBody body;
  Time arrived{};
};

class QueueReader {
 public:
  /// All outlive it.
  QueueReader(const Settings& settings, const Account& account, lookup::TokenSource& tokens, Clock& clock, Log& log);
  ~QueueReader();
  QueueReader(const QueueReader&) = delete;
  QueueReader& operator=(const QueueReader&) = delete;

  /// Ids of what is held, in the order of the queue; waits for something to come. An error says why nothing can.
  Result<std::vector<std::string>> waiting(std::chrono::milliseconds wait, const std::stop_token& stop);
  /// `dpfio.not_held` (retry) for one that the connection which brought it took with it: it comes again.
  Result<std::shared_ptr<const Waiting>> find(const std::string& id) const;
  /// False: its connection is gone, and it comes again.
  Result<bool> acknowledge(const std::string& id);
  /// How long the present connection has lasted; nothing without one.
  [[nodiscard]] std::optional<Duration> connected_for() const;
  /// Why the queue cannot be read; empty when it can, or when nobody has asked yet.
  [[nodiscard]] std::string problem() const;

 private:
  struct Held {
    std::vector<std::uint64_t> tags;  ///< several when the very same message came again meanwhile
    std::shared_ptr<const Waiting> message;
  };
  void run(const std::stop_token& stop);
  Result<std::unique_ptr<net::AmqpConnection>> connect();
  /// Takes what has come; false when the connection is dead.
  bool drain();
  void add(net::AmqpDelivery delivery);
  void lose(const Error& why);
  /// Nobody asks any more.
  [[nodiscard]] bool idle() const;
  void pause(Duration length, const std::stop_token& stop);
  Duration delay_after(const Error& error);

  const Settings& settings_;
  const Account& account_;
  lookup::TokenSource& tokens_;
  Clock& clock_;
  Log& log_;

  mutable std::mutex mutex_;  ///< what is held, and problem_
  std::condition_variable_any changed_;
  std::map<std::string, Held> held_;
  std::vector<std::string> order_;
  std::string problem_;
  std::optional<Duration> asked_;
  int asking_ = 0;  ///< calls of waiting() under way
  std::optional<Duration> connected_at_;

  std::mutex connection_mutex_;  ///< taken before mutex_ where both are
  std::unique_ptr<net::AmqpConnection> connection_;
  int failures_ = 0;
  std::minstd_rand random_{std::random_device{}()};
  std::jthread thread_;
};

}  // namespace kanal::transports::dpfio
