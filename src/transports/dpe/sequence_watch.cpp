#include "transports/dpe/sequence_watch.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace kanal::transports::dpe {
namespace {

constexpr unsigned partition_shift = 48;
/// A larger leap is a new beginning, not so many thefts.
constexpr std::uint64_t largest_gap = 1000;
constexpr std::size_t most_missing = 10'000;

}  // namespace

/// Notes what lies between; false when the number is behind us.
bool SequenceWatch::reach(std::uint64_t sequence, Duration now) {
  const auto [known, first] = highest_.try_emplace(static_cast<std::uint16_t>(sequence >> partition_shift), sequence);
  auto& highest = known->second;
  if (first || sequence <= highest) return first;
  if (sequence - highest <= largest_gap && missing_.size() < most_missing) {
    for (auto between = highest + 1; between < sequence; ++between) missing_.emplace(between, now);
  }
  highest = sequence;
  return true;
}

void SequenceWatch::met(std::uint64_t sequence, Duration now) {
  missing_.erase(sequence);
  reach(sequence, now);
}

void SequenceWatch::withheld(std::uint64_t sequence, Duration now) {
  if (reach(sequence, now) && missing_.size() < most_missing) missing_.emplace(sequence, now);
}

std::vector<std::uint64_t> SequenceWatch::frontiers() const {
  std::vector<std::uint64_t> out;
  out.reserve(highest_.size());
  for (const auto& [partition, highest] : highest_) out.push_back(highest + 1);
  if (out.empty()) out.push_back(0);
  return out;
}

std::vector<std::uint64_t> SequenceWatch::missing_since(Duration until) {
  std::vector<std::uint64_t> found;
  std::erase_if(missing_, [&](const auto& entry) {
    if (entry.second > until) return false;
    found.push_back(entry.first);
    return true;
  });
  return found;
}

void SequenceWatch::forget() {
  highest_.clear();
  missing_.clear();
}

std::string SequenceWatch::marks() const {
  std::vector<std::uint64_t> numbers;
  numbers.reserve(highest_.size());
  for (const auto& [partition, highest] : highest_) numbers.push_back(highest);
  return fmt::format("{}", fmt::join(numbers, " "));
}

void SequenceWatch::recall(std::string_view marks) {
  while (!marks.empty()) {
    const auto mark = marks.substr(0, marks.find(' '));
    std::uint64_t number = 0;
    const auto [stop, error] = std::from_chars(mark.data(), mark.data() + mark.size(), number);
    if (error == std::errc{} && stop == mark.data() + mark.size()) {
      auto& highest = highest_[static_cast<std::uint16_t>(number >> partition_shift)];
      highest = std::max(highest, number);
    }
    marks.remove_prefix(std::min(mark.size() + 1, marks.size()));
  }
}

}  // namespace kanal::transports::dpe
