#include "base/stream.hpp"

#include <algorithm>

namespace kanal {

Result<std::size_t> MemorySource::read(std::span<std::byte> into) {
  const std::size_t count = std::min(into.size(), bytes_.size() - position_);
  std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(position_), count, into.begin());
  position_ += count;
  return count;
}

Result<void> MemorySource::seek(std::uint64_t offset) {
  if (offset > bytes_.size()) return bug("stream.seek", "seek past the end");
  position_ = offset;
  return {};
}

Result<void> MemorySink::write(ByteView bytes) {
  if (bytes.size() > limit_ - bytes_.size()) {
    return reject("stream.too_large", "more than " + std::to_string(limit_) + " bytes");
  }
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return {};
}

Result<std::uint64_t> copy(Source& from, Sink& to) {
  Bytes buffer(stream_chunk);
  std::uint64_t total = 0;
  for (;;) {
    auto count = from.read(buffer);
    if (!count) return failed(count);
    if (*count == 0) return total;
    if (auto written = to.write(ByteView(buffer).first(*count)); !written) return failed(written);
    total += *count;
  }
}

Result<Bytes> read_all(Source& from, std::uint64_t limit) {
  MemorySink sink(limit);
  if (auto copied = copy(from, sink); !copied) return failed(copied);
  return sink.take();
}

}  // namespace kanal
