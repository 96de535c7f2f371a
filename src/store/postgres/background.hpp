// What goes on beside the transactions, on a thread and a connection of its own: telling other nodes of commits and
// hearing of theirs (LISTEN/NOTIFY), and folding the counters. Hints are sent after the commit and in bunches, as a
// NOTIFY inside a transaction would make all commits queue. A lost connection is opened again.
#pragma once

#include <functional>
#include <mutex>
#include <thread>

#include "base/log.hpp"
#include "ports/store.hpp"
#include "store/postgres/connection.hpp"

namespace kanal::store::postgres {

class Background {
 public:
  /// `heard` runs on this thread after commits of other nodes, and when some may have been missed.
  Background(ConnectSettings settings, std::function<void(ports::Change)> heard, std::chrono::milliseconds fold_every,
             Log& log);
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background();

  /// After a commit here.
  void committed(bool status, bool job);

 private:
  void serve(const std::stop_token& stop);
  Result<void> connect();
  /// One round of waiting and working.
  Result<void> round();
  Result<void> notify();
  Result<void> fold();
  void hear(std::string_view payload);
  void wake();
  void await(int socket, std::chrono::milliseconds limit);

  ConnectSettings settings_;
  std::function<void(ports::Change)> heard_;
  std::chrono::milliseconds fold_every_;
  Log& log_;
  int wake_;  ///< eventfd
  std::mutex mutex_;
  bool status_ = false;  ///< to be told
  bool job_ = false;
  std::uint64_t commits_ = 0;  ///< since the counters were folded
  std::unique_ptr<Connection> connection_;
  std::string channel_;
  std::chrono::steady_clock::time_point fold_next_{};
  std::jthread thread_;  ///< last: ends before the rest goes
};

}  // namespace kanal::store::postgres
