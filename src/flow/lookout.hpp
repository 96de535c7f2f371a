// Looks out for other installations of the same organisations, where a service shows their traffic (dpo.md section 9):
// documents that left and not from here (D4), and items that were confirmed before this installation saw them (the poll
// gap of D6). One thread; looking touches nothing.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "base/log.hpp"
#include "base/time.hpp"
#include "flow/channel_guard.hpp"
#include "flow/services.hpp"
#include "flow/settings.hpp"
#include "ports/store.hpp"

namespace kanal::flow {

class Lookout {
 public:
  Lookout(ports::Store& store, const Services& services, ChannelGuard& guard, const Settings& settings, Clock& clock,
          Log& log);
  ~Lookout();
  Lookout(const Lookout&) = delete;
  Lookout& operator=(const Lookout&) = delete;
  void start();
  void stop();

  /// Detection D4, for one inbox: gives the number of documents that others sent since the last look.
  Result<int> look_at_departures(ports::Transport& transport, const ports::Inbox& inbox, const std::stop_token& stop);
  /// Detection D6, second half, for one inbox: gives the number of items that somebody took unseen.
  Result<int> look_at_arrivals(ports::Transport& transport, const ports::Inbox& inbox, const std::stop_token& stop);

 private:
  using Look = Result<int> (Lookout::*)(ports::Transport&, const ports::Inbox&, const std::stop_token&);
  void run(const std::stop_token& stop);
  void look(Look what, std::string_view name, const std::stop_token& stop);
  Result<Time> first_start();
  Result<Time> cursor(const std::string& name);
  Result<std::vector<std::string>> unknown_of(std::vector<std::string> ids,
                                              const std::function<bool(ports::View&, const std::string&)>& is_known);

  ports::Store& store_;
  const Services& services_;
  ChannelGuard& guard_;
  const Settings& settings_;
  Clock& clock_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable_any wakes_;
  std::jthread thread_;
};

}  // namespace kanal::flow
