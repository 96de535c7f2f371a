#include "transports/dpe/queue_reader.hpp"

namespace kanal::transports::dpe {
namespace {

Result<AtLock> at_lock(const Result<bool>& held) {
  if (!held) return failed(held);
  return *held ? AtLock::done : AtLock::lost;
}

}  // namespace

std::string dead_letters_of(const std::string& queue) { return queue + "/$deadletterqueue"; }

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

Result<std::optional<Glimpse>> RestReader::look(std::uint64_t, const std::stop_token&) {
  return std::optional<Glimpse>{};
}

/// The next one shows only when those before it are locked. A lock that cannot be given back ends by itself.
Result<std::vector<Glimpse>> RestReader::dead_letters(std::size_t most, const std::stop_token& stop) {
  const auto letters = dead_letters_of(queue_);
  std::vector<Locked> locked;
  std::optional<Error> problem;
  while (locked.size() < most) {
    auto letter = bus_.receive(letters, std::chrono::seconds(0), stop);
    if (!letter) problem = letter.error();
    if (!letter || !*letter) break;
    locked.push_back(std::move(**letter));
    locked.back().body.reset();  // it stays where it is
  }
  for (const auto& letter : locked) (void)bus_.unlock(letters, letter).has_value();
  if (problem) return tl::unexpected(std::move(*problem));
  std::vector<Glimpse> out;
  out.reserve(locked.size());
  for (auto& letter : locked) {
    out.push_back(
        {letter.sequence, std::move(letter.message_id), letter.enqueued, std::move(letter.dead_letter_reason)});
  }
  return out;
}

}  // namespace kanal::transports::dpe
