// State of the running flow for health, `/manage/health` and `kanal channels`. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace kanal::flow {

/// One polled inbox.
struct InboxState {
  ServiceIdentifier service;
  std::string inbox;
  std::optional<Time> last_success;
  std::string last_error;  ///< empty after a success
  int failures_in_a_row = 0;
  std::int64_t waiting_elsewhere = 0;  ///< items of other channels seen in the last round
  bool polled_elsewhere = false;       ///< another node polls it now
};

class StatusBoard {
 public:
  void succeeded(const ServiceIdentifier& service, const std::string& inbox, Time at, std::int64_t waiting_elsewhere);
  void failed(const ServiceIdentifier& service, const std::string& inbox, const std::string& error);
  void left_to_another_node(const ServiceIdentifier& service, const std::string& inbox);
  [[nodiscard]] std::vector<InboxState> inboxes() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, InboxState> inboxes_;
};

}  // namespace kanal::flow
