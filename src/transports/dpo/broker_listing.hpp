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
  /// As a recipient. Not asked again for an id that ended a page.
  Result<Overview> overview(const lookup::SystemUser& user, const std::string& id);

 private:
  Result<Time> time_of(const lookup::SystemUser& user, const Search& search, const std::string& id);
  [[nodiscard]] std::optional<Overview> known(const std::string& id) const;

  BrokerClient& broker_;
  mutable std::mutex mutex_;
  std::map<std::string, Overview> page_ends_;  ///< of ids that ended a page
};

}  // namespace kanal::transports::dpo
