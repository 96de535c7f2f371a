// A source held to its promised length, and to its own verdict: the last bytes are given only after the source has
// confirmed its end, so that one failing there (a bad tag, a lost file) is never mistaken for success. Turns what it
// throws into errors. Internal to this folder.
#pragma once

#include <optional>

#include "base/stream.hpp"

namespace kanal::net {

class ExactSource final : public Source {
 public:
  /// Owns nothing. A null source fails at the first read; without a length only the exceptions are handled.
  ExactSource(Source* source, std::optional<std::uint64_t> length) : source_(source), remaining_(length) {}

  /// `http.source` (bug): shorter or longer than promised, or thrown.
  Result<std::size_t> read(std::span<std::byte> into) override;
  /// The promised length has been given.
  [[nodiscard]] bool complete() const { return remaining_ == 0U; }

 private:
  Result<std::size_t> pull(std::span<std::byte> into);

  Source* source_;
  std::optional<std::uint64_t> remaining_;
  bool confirmed_ = false;
};

}  // namespace kanal::net
