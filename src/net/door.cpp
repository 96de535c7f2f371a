#include "net/door.hpp"

namespace kanal::net {
namespace {

constexpr std::chrono::hours quiet_for{1};
/// An attacker with a whole IPv6 network must fill neither memory nor log.
constexpr std::size_t addresses_remembered = 1'000;

}  // namespace

bool Door::admits(const std::string& address) {
  if (allowed_.empty() || allowed_.matches(address)) return true;
  ++refused_;
  const Duration now = clock_.monotonic();
  const std::scoped_lock lock(mutex_);
  std::erase_if(logged_, [&](const auto& entry) { return now - entry.second >= quiet_for; });
  if (logged_.size() >= addresses_remembered || !logged_.emplace(address, now).second) return false;
  log_.warning("http.address_refused", {{"remote", address}, {"setting", "kanal.http.allow"}});
  return false;
}

}  // namespace kanal::net
