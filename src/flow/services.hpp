// The message services that are switched on, by identifier. Built once at start, then read by any thread.
#pragma once

#include <memory>
#include <vector>

#include "ports/transport.hpp"

namespace kanal::flow {

class Services {
 public:
  void add(std::unique_ptr<ports::Transport> transport) { transports_.push_back(std::move(transport)); }
  /// Null when the service is not enabled.
  [[nodiscard]] ports::Transport* find(const ServiceIdentifier& service) const {
    for (const auto& transport : transports_) {
      if (transport->descriptor().service == service) return transport.get();
    }
    return nullptr;
  }
  [[nodiscard]] const std::vector<std::unique_ptr<ports::Transport>>& all() const { return transports_; }

 private:
  std::vector<std::unique_ptr<ports::Transport>> transports_;
};

}  // namespace kanal::flow
