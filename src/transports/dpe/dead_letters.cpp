#include "transports/dpe/dead_letters.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "lookup/remote_answer.hpp"

namespace kanal::transports::dpe {
namespace {

constexpr Duration interval = std::chrono::minutes(15);
/// More are not counted.
constexpr std::size_t most = 20;

std::string told(const std::vector<Glimpse>& letters, const std::string& queue) {
  if (letters.empty()) return {};
  const auto& first = letters.front();
  return fmt::format(
      "{}{} of this organisation's messages from eInnsyn lie in {}: the broker has given them up, and they have to be "
      "sent again. The first is {} of {:%Y-%m-%d %H:%M} UTC{}{}",
      letters.size() < most ? "" : "at least ", letters.size(), dead_letters_of(queue),
      lookup::remote_text(first.message_id), std::chrono::floor<std::chrono::seconds>(first.enqueued),
      first.reason.empty() ? "" : ": ", first.reason);
}

}  // namespace

DeadLetters::DeadLetters(std::string queue, QueueReader& reader, Clock& clock, Log& log)
    : queue_(std::move(queue)), reader_(reader), clock_(clock), log_(log) {}

void DeadLetters::look(const std::stop_token& stop) {
  const auto now = clock_.monotonic();
  if (looked_ && now - *looked_ < interval) return;
  looked_ = now;
  const auto letters = reader_.dead_letters(most, stop);
  if (!letters) {  // the policy may not permit it
    log_.debug("dead_letters_not_seen", {{"queue", queue_}, {"reason", letters.error().text()}});
    return;
  }
  auto problem = told(*letters, queue_);
  const std::scoped_lock lock(mutex_);
  if (!problem.empty() && problem != problem_) {
    log_.warning("dead_letters", {{"queue", queue_}, {"reason", problem}});
  }
  problem_ = std::move(problem);
}

std::string DeadLetters::problem() const {
  const std::scoped_lock lock(mutex_);
  return problem_;
}

}  // namespace kanal::transports::dpe
