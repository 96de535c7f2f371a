// Gaps in the numbers that the broker gives to the messages of a queue: each is one that somebody else took, or that
// expired (dpe.md 8.2, D1). Begins with the first message ever, or with what an earlier run kept. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace kanal::transports::dpe {

class SequenceWatch {
 public:
  /// A message with this number was met.
  void met(std::uint64_t sequence, Duration now);
  /// One with this number was seen, and not given to us: missing until it is met (D8).
  void withheld(std::uint64_t sequence, Duration now);
  /// From where on nothing is known: one number for each partition.
  [[nodiscard]] std::vector<std::uint64_t> frontiers() const;
  /// Numbers that have been missing since `until` or longer, and will be told only this once.
  [[nodiscard]] std::vector<std::uint64_t> missing_since(Duration until);
  /// Nobody looked for a while: what was missed meanwhile proves nothing.
  void forget();
  /// The highest numbers met, one for each partition, as a text that an earlier run or another node can have kept.
  [[nodiscard]] std::string marks() const;
  /// Goes on from such a text; what is unreadable in it is passed over.
  void recall(std::string_view marks);

 private:
  bool reach(std::uint64_t sequence, Duration now);

  std::map<std::uint16_t, std::uint64_t> highest_;  ///< by partition, the top 16 bits of a number
  std::map<std::uint64_t, Duration> missing_;       ///< and when that was noticed
};

}  // namespace kanal::transports::dpe
