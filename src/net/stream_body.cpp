// chunk      = 1*HEXDIG CRLF bytes CRLF            RFC 9112 section 7.1
// last-chunk = "0" CRLF CRLF
#include "net/stream_body.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kanal::net {
namespace {

constexpr std::size_t head_room = 16;  // size in hexadecimal and its line end, right before the bytes
constexpr std::string_view line_end = "\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace

StreamBody::StreamBody(Source* source, const Framing& framing)
    : source_(source, framing.length),
      chunked_(framing.chunked),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(head_room + stream_chunk + line_end.size())) {}

Result<ByteView> StreamBody::next() {
  if (ended_) return ByteView{};
  const auto count = source_.read({buffer_.get() + head_room, stream_chunk});
  if (!count) return failed(count);
  ended_ = *count == 0 || source_.complete();
  return chunked_ ? chunk(*count) : ByteView(buffer_.get() + head_room, *count);
}

ByteView StreamBody::chunk(std::size_t count) {
  if (count == 0) return bytes_of(last_chunk);
  const auto size = fmt::format("{:x}\r\n", count);
  std::byte* const start = buffer_.get() + head_room - size.size();
  std::ranges::copy(bytes_of(size), start);
  std::ranges::copy(bytes_of(line_end), buffer_.get() + head_room + count);
  return {start, size.size() + count + line_end.size()};
}

}  // namespace kanal::net
