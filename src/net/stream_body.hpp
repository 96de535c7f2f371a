// A streamed answer as the bytes of the wire: reads the source and adds the framing. Runs on a worker. Internal to this
// folder.
#pragma once

#include <memory>

#include "net/exact_source.hpp"
#include "net/response_head.hpp"

namespace kanal::net {

class StreamBody {
 public:
  StreamBody(Source* source, const Framing& framing);

  /// What to write now, valid until the next call; empty when all has been given. After an error the connection must be
  /// broken.
  [[nodiscard]] Result<ByteView> next();

 private:
  [[nodiscard]] ByteView chunk(std::size_t count);

  ExactSource source_;
  bool chunked_;
  bool ended_ = false;
  std::unique_ptr<std::byte[]> buffer_;
};

}  // namespace kanal::net
