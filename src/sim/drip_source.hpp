// An answer that comes a few bytes at a time with a long wait before each, with an end or without one: a client needs a
// limit on the whole answer. One thread.
#pragma once

#include <string>

#include "base/stream.hpp"
#include "sim/faults.hpp"

namespace kanal::sim {

class DripSource final : public Source {
 public:
  /// `endless`: white space follows the text for as long as anybody reads. `faults` must outlive this; its release()
  /// ends a wait.
  DripSource(std::string text, Faults& faults, bool endless = false)
      : text_(std::move(text)), rest_(bytes_of(text_)), faults_(faults), endless_(endless) {}
  Result<std::size_t> read(std::span<std::byte> into) override;

 private:
  std::string text_;
  ByteView rest_;
  Faults& faults_;
  bool endless_;
};

}  // namespace kanal::sim
