#include "flow/retry.hpp"

#include <algorithm>
#include <array>

namespace kanal::flow {

using namespace std::chrono;

Duration retry_delay(int attempt, Duration first, const Error& error) {
  constexpr Duration longest = hours(1);
  Duration delay = std::min(first, longest);
  for (int i = 1; i < attempt && delay < longest; ++i) delay = std::min(delay * 3, longest);
  return std::max(delay, duration_cast<Duration>(error.retry_after.value_or(std::chrono::milliseconds(0))));
}

bool counts_as_attempt(const Error& error) {
  return !error.code.starts_with("token.") && !error.code.starts_with("directory.");
}

Duration look_again_delay(int looks) {
  constexpr std::array<minutes, 4> steps = {minutes(1), minutes(5), minutes(15), minutes(60)};
  return steps.at(std::clamp<std::size_t>(static_cast<std::size_t>(std::max(looks, 0)), 0, steps.size() - 1));
}

Duration poll_delay(Duration interval, int failures_in_a_row) {
  constexpr Duration longest = minutes(5);
  Duration delay = interval;
  for (int i = 0; i < failures_in_a_row && delay < longest; ++i) delay *= 2;
  return failures_in_a_row == 0 ? interval : std::max(interval, std::min(delay, longest));
}

}  // namespace kanal::flow
