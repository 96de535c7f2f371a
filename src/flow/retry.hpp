// When to try again: the only place that decides (operations.md section 4). Pure functions.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

namespace kanal::flow {

/// Delay before the next try after `attempt` failed ones (1, 2, ...): `first`, then three times as long each, at most
/// an hour; never before the counterpart's own wish.
[[nodiscard]] Duration retry_delay(int attempt, Duration first, const Error& error);

/// Is this failure the message's fault? Tokens and registers that do not answer are not: they do not use up attempts.
[[nodiscard]] bool counts_as_attempt(const Error& error);

/// Delay before an item that is nobody's is looked at again: 1, 5, 15 minutes, then hourly.
[[nodiscard]] Duration look_again_delay(int looks);

/// Delay before a failing inbox is polled again: the interval, doubled per failure in a row, at most five minutes.
[[nodiscard]] Duration poll_delay(Duration interval, int failures_in_a_row);

}  // namespace kanal::flow
