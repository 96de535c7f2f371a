// Walks beyond the hundred ids that the broker lists at once (dpo.md 7.4): from the last one's time on, until a page is
// not full. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "transports/dpo/broker_client.hpp"

namespace kanal::transports::dpo {

class BrokerListing {
 public:
  explicit BrokerListing(BrokerClient& broker) : broker_(broker) {}

  /// Every id, oldest first, each once. `dpo.stopped` when it was broken off: half a list would look like a loss.
  Result<std::vector<std::string>> all(const lookup::SystemUser& user, const Search& search, std::optional<Time> from,
                                       const std::stop_token& stop);

 private:
  Result<Time> time_of(const lookup::SystemUser& user, const Search& search, const std::string& id);

  BrokerClient& broker_;
  std::mutex mutex_;
  std::map<std::string, Time> page_ends_;  ///< times of ids that ended a page; they never change
};

}  // namespace kanal::transports::dpo
