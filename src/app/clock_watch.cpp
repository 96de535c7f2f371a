#include "app/clock_watch.hpp"

#include <condition_variable>
#include <mutex>

#include <fmt/format.h>

#include "net/sntp_client.hpp"

namespace kanal::app {
namespace {

using namespace std::chrono;

constexpr seconds tolerable{5};
constexpr seconds alarming{9};

std::string in_seconds(Duration offset) { return fmt::format("{:.3f}", duration<double>(offset).count()); }

}  // namespace

Result<void> ClockWatch::check_at_start() {
  const auto offset = net::clock_offset(options_.host, options_.timeout, clock_);
  if (!offset) {
    log_.warning("clock_not_compared", {{"error", offset.error().text()}});
    return {};
  }
  if (abs(*offset) <= tolerable) return {};
  return reject(
      "clock.offset",
      fmt::format("The clock of this machine is {} seconds {} that of {}: set it (timedatectl set-ntp true), or "
                  "skip the comparison with difi.move.ntp.disable=true",
                  in_seconds(abs(*offset)), *offset > Duration(0) ? "behind" : "ahead of", options_.host));
}

void ClockWatch::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopping;
    std::unique_lock lock(mutex);
    while (!stopping.wait_for(lock, stop, options_.interval, [&] { return stop.stop_requested(); })) {
      if (stop.stop_requested()) return;
      look();
    }
  });
}

void ClockWatch::look() {
  const auto offset = net::clock_offset(options_.host, options_.timeout, clock_);
  if (!offset) {
    log_.warning("clock_not_compared", {{"error", offset.error().text()}});
  } else if (abs(*offset) > alarming) {
    log_.error("clock_off", {{"seconds", in_seconds(*offset)}, {"host", options_.host}});
  } else if (abs(*offset) > tolerable) {
    log_.warning("clock_off", {{"seconds", in_seconds(*offset)}, {"host", options_.host}});
  }
}

}  // namespace kanal::app
