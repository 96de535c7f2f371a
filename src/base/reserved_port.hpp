// A TCP port that is kept for one who listens on it later. Thread-compatible.
#pragma once

#include <cstdint>

namespace kanal {

/// While it lives, nobody else on this machine is given the port: not by the kernel, not by another ReservedPort, in
/// whatever process. A server that allows reuse (`SO_REUSEADDR`, as all of them do) may listen on it, end and come
/// back.
class ReservedPort {
 public:
  ReservedPort();
  ReservedPort(ReservedPort&& other) noexcept;
  ReservedPort& operator=(ReservedPort&& other) noexcept;
  ReservedPort(const ReservedPort&) = delete;
  ReservedPort& operator=(const ReservedPort&) = delete;
  ~ReservedPort();

  /// 0: none was to be had.
  [[nodiscard]] std::uint16_t number() const { return number_; }

 private:
  int handle_ = -1;
  std::uint16_t number_ = 0;
};

}  // namespace kanal
