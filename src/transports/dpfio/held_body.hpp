// The payload of a message that waits to be stored: in a file without a name when it is large and there is room, else
// in memory. It is encrypted for us (dpfio.md section 5), so it may lie there. Immutable once made; any thread reads.
#pragma once

#include <cstdio>
#include <memory>

#include "base/stream.hpp"

namespace kanal::transports::dpfio {

class HeldBody {
 public:
  HeldBody() = default;
  explicit HeldBody(Bytes bytes);

  /// Everything, into a sink that it does not finish. `dpfio.held` (retry) when it cannot be read back.
  Result<void> copy_to(Sink& into) const;

 private:
  struct Close {
    // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): the pointer owns it
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  Bytes bytes_;
  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t size_ = 0;
};

}  // namespace kanal::transports::dpfio
