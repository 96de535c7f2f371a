#include "sim/fiks_io_consumer.hpp"

#include <condition_variable>
#include <mutex>

namespace kanal::sim {
namespace {

constexpr std::uint16_t prefetch = 10;
/// How soon a stop is seen.
constexpr std::chrono::milliseconds look_up{100};
constexpr std::chrono::milliseconds before_next_try{300};

}  // namespace

FiksIoConsumer::FiksIoConsumer(FiksIoQueues& queues, std::string queue, Handle handle, Log& log)
    : queues_(queues),
      queue_(std::move(queue)),
      handle_(std::move(handle)),
      log_(log),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void FiksIoConsumer::run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopping;
  while (!stop.stop_requested()) {
    if (auto ended = consume(stop); !ended) {
      log_.debug("sim.fiksio.consumer", {{"queue", queue_}, {"error", ended.error().text()}});
    }
    std::unique_lock lock(mutex);
    stopping.wait_for(lock, stop, before_next_try, [] { return false; });
  }
}

Result<void> FiksIoConsumer::consume(const std::stop_token& stop) {
  auto made = queues_.connect();
  if (!made) return failed(made);
  auto& connection = **made;
  if (auto set = connection.set_prefetch(prefetch); !set) return set;
  if (auto consuming = connection.consume(queue_); !consuming) return consuming;
  while (!stop.stop_requested()) {
    auto delivery = connection.receive(look_up);
    if (!delivery) return failed(delivery);
    if (!*delivery) continue;
    if (auto handled = handle_(**delivery); !handled) return handled;
    if (auto acknowledged = connection.acknowledge((*delivery)->tag); !acknowledged) return acknowledged;
  }
  return {};
}

}  // namespace kanal::sim
