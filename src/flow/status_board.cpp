#include "flow/status_board.hpp"

namespace kanal::flow {

void StatusBoard::succeeded(const ServiceIdentifier& service, const std::string& inbox, Time at,
                            std::int64_t waiting_elsewhere) {
  const std::scoped_lock lock(mutex_);
  auto& state = inboxes_[service.str() + "/" + inbox];
  state = InboxState{service, inbox, at, {}, 0, waiting_elsewhere, false};
}

void StatusBoard::failed(const ServiceIdentifier& service, const std::string& inbox, const std::string& error) {
  const std::scoped_lock lock(mutex_);
  auto& state = inboxes_[service.str() + "/" + inbox];
  state.service = service;
  state.inbox = inbox;
  state.last_error = error;
  ++state.failures_in_a_row;
  state.polled_elsewhere = false;
}

void StatusBoard::left_to_another_node(const ServiceIdentifier& service, const std::string& inbox) {
  const std::scoped_lock lock(mutex_);
  auto& state = inboxes_[service.str() + "/" + inbox];
  state = InboxState{service, inbox, state.last_success, {}, 0, 0, true};
}

std::vector<InboxState> StatusBoard::inboxes() const {
  const std::scoped_lock lock(mutex_);
  std::vector<InboxState> all;
  all.reserve(inboxes_.size());
  for (const auto& [key, state] : inboxes_) all.push_back(state);
  return all;
}

}  // namespace kanal::flow
