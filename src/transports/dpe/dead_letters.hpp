// What the broker has put away of our queue, shown to people: it was delivered too often or its time had come, and
// nobody gets it any more (dpe.md section 5). One thread at a time but for problem().
#pragma once

#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/log.hpp"
#include "base/time.hpp"
#include "transports/dpe/queue_reader.hpp"

namespace kanal::transports::dpe {

class DeadLetters {
 public:
  /// All outlive it.
  DeadLetters(std::string queue, QueueReader& reader, Clock& clock, Log& log);
  /// Looks again when it is time; logs what is new.
  void look(const std::stop_token& stop);
  /// How many there are, which is the first and why; empty when there are none, or when nobody may look.
  [[nodiscard]] std::string problem() const;

 private:
  const std::string queue_;
  QueueReader& reader_;
  Clock& clock_;
  Log& log_;
  std::optional<Duration> looked_;
  mutable std::mutex mutex_;
  std::string problem_;
};

}  // namespace kanal::transports::dpe
