#include "transports/dpe/queue_reader.hpp"

namespace kanal::transports::dpe {
namespace {

Result<AtLock> at_lock(const Result<bool>& held) {
  if (!held) return failed(held);
  return *held ? AtLock::done : AtLock::lost;
}

}  // namespace

Result<std::vector<Locked>> RestReader::receive(std::size_t most, std::chrono::seconds wait,
                                                const std::stop_token& stop) {
  std::vector<Locked> messages;
  if (most == 0) return messages;
  auto message = bus_.receive(queue_, wait, stop);
  if (!message) return failed(message);
  if (*message) messages.push_back(std::move(**message));
  return messages;
}

Result<AtLock> RestReader::complete(const Locked& message) { return at_lock(bus_.complete(queue_, message)); }
Result<AtLock> RestReader::unlock(const Locked& message) { return at_lock(bus_.unlock(queue_, message)); }
Result<AtLock> RestReader::renew(const Locked& message) { return at_lock(bus_.renew(queue_, message)); }

}  // namespace kanal::transports::dpe
