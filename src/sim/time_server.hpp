// A time server (SNTP, RFC 4330) on loopback whose clock may be wrong, and that answers badly when told. start() and
// stop() from the owner's thread, the rest from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "base/result.hpp"
#include "base/time.hpp"

namespace kanal::sim {

class TimeServer {
 public:
  enum class Manner {
    right,
    silent,          ///< no answer
    unsynchronised,  ///< leap indicator 3
    kiss,            ///< stratum 0: go away
    echo,            ///< sends the question back
    stale,           ///< an answer to another question
  };
  explicit TimeServer(const Clock& clock) : clock_(clock) {}
  ~TimeServer() { stop(); }
  TimeServer(const TimeServer&) = delete;
  TimeServer& operator=(const TimeServer&) = delete;

  Result<void> start();
  void stop();
  /// `127.0.0.1:41234`
  [[nodiscard]] std::string host() const;

  /// Its time is the clock's plus this.
  void set_offset(Duration offset) { offset_ = offset.count(); }
  void set_manner(Manner manner) { manner_ = manner; }
  /// Questions so far.
  [[nodiscard]] int asked() const { return asked_; }

 private:
  void serve(const std::stop_token& stop);
  void answer();

  const Clock& clock_;
  int socket_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<Duration::rep> offset_ = 0;
  std::atomic<Manner> manner_ = Manner::right;
  std::atomic<int> asked_ = 0;
  std::jthread thread_;
};

}  // namespace kanal::sim
