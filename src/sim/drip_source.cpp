#include "sim/drip_source.hpp"

#include <algorithm>
#include <chrono>

namespace kanal::sim {
namespace {

constexpr std::chrono::milliseconds drip_interval{500};
constexpr std::size_t drip_bytes = 16;

}  // namespace

Result<std::size_t> DripSource::read(std::span<std::byte> into) {
  if (rest_.empty() && !endless_) return std::size_t{0};
  faults_.hold(drip_interval);
  if (rest_.empty()) {
    into.front() = std::byte{' '};
    return std::size_t{1};
  }
  const auto count = std::min({into.size(), rest_.size(), drip_bytes});
  std::copy_n(rest_.begin(), count, into.begin());
  rest_ = rest_.subspan(count);
  return count;
}

}  // namespace kanal::sim
