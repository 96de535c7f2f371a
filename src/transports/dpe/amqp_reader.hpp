// The queue read by AMQP 1.0 (dpe.md 7.2, "batch read"): one connection, whose token is renewed before it ends, and one
// link that brings what is asked for. What ends the connection is normal: the next call makes a new one, at growing
// intervals while that fails. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "base/log.hpp"
#include "net/amqp10_connection.hpp"
#include "transports/dpe/amqp_forms.hpp"
#include "transports/dpe/queue_reader.hpp"
#include "transports/dpe/sas_key.hpp"

namespace kanal::transports::dpe {

class AmqpReader final : public QueueReader {
 public:
  /// All outlive it.
  AmqpReader(const Settings& settings, SasKeySource& keys, Clock& clock, Log& log);

  Result<std::vector<Locked>> receive(std::size_t most, std::chrono::seconds wait,
                                      const std::stop_token& stop) override;
  Result<AtLock> complete(const Locked& message) override;
  Result<AtLock> unlock(const Locked& message) override;
  Result<AtLock> renew(const Locked& message) override;
  Result<std::optional<Glimpse>> look(std::uint64_t from, const std::stop_token& stop) override;
  Result<std::vector<Glimpse>> dead_letters(std::size_t most, const std::stop_token& stop) override;

 private:
  /// A connection that has a token and a link.
  struct Line {
    std::uint64_t number = 0;
    std::unique_ptr<net::Amqp10Connection> connection;
    Duration token_put{};
  };
  using SharedLine = std::shared_ptr<Line>;

  Result<SharedLine> line(const std::stop_token& stop);
  Result<SharedLine> open(const std::stop_token& stop);
  Result<SharedLine> open_with(const Secret& key, const std::stop_token& stop);
  Result<void> put_token(Line& line, const Secret& key, const std::stop_token& stop);
  bool keep_token(Line& line, const std::stop_token& stop);
  Result<AtLock> settle(const Locked& message, net::Amqp10Outcome outcome, const std::string& disposition);
  Result<AtLock> manage(Line& line, const Locked& message, const net::Amqp10Message& request);
  Result<std::optional<Glimpse>> look_at(const std::string& queue, std::uint64_t from, const std::stop_token& stop);
  [[nodiscard]] Error meaning_of(const Error& error) const;
  [[nodiscard]] Error meaning_of(const NodeAnswer& answer) const;
  void wait_after(const Error& error);

  const Settings& settings_;
  SasKeySource& keys_;
  Clock& clock_;
  Log& log_;
  const std::string queue_;
  const std::string audience_;
  std::mutex mutex_;  ///< guards what follows; held while a connection is made
  SharedLine line_;
  std::uint64_t lines_ = 0;
  int failures_ = 0;
  std::optional<Duration> not_before_;  ///< no connection is tried earlier
  std::optional<Error> last_error_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace kanal::transports::dpe
