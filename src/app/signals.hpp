// SIGTERM and SIGINT as something to wait for. Made before any thread, so that all inherit the mask.
#pragma once

#include <csignal>

#include <chrono>

#include <pthread.h>

namespace kanal::app {

class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
  }
  /// Returns when one of them has come.
  void wait() const {
    int received = 0;
    sigwait(&set_, &received);
  }
  /// True when one of them came within the time.
  [[nodiscard]] bool wait_for(std::chrono::milliseconds time) const {
    const timespec limit{time.count() / 1000, (time.count() % 1000) * 1'000'000};
    return sigtimedwait(&set_, nullptr, &limit) > 0;
  }

 private:
  sigset_t set_{};
};

}  // namespace kanal::app
