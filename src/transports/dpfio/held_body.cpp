#include "transports/dpfio/held_body.hpp"

#include <array>

#include <unistd.h>

namespace kanal::transports::dpfio {
namespace {

constexpr std::size_t small = std::size_t{64} * 1024;

}  // namespace

Result<HeldBody> HeldBody::make(Bytes bytes) {
  HeldBody body;
  body.size_ = bytes.size();
  if (bytes.size() <= small) {
    body.bytes_ = std::move(bytes);
    return body;
  }
  body.file_.reset(std::tmpfile());  // NOLINT(cppcoreguidelines-owning-memory): the pointer closes it
  const bool written = body.file_ && std::fwrite(bytes.data(), 1, bytes.size(), body.file_.get()) == bytes.size() &&
                       std::fflush(body.file_.get()) == 0;
  if (!written)
    return retry("dpfio.no_room", "there is no room for a message of Fiks IO in the folder for temporary files");
  return body;
}

Result<void> HeldBody::copy_to(Sink& into) const {
  if (!file_) return bytes_.empty() ? Result<void>{} : into.write(bytes_);
  std::array<std::byte, stream_chunk> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
  for (std::uint64_t at = 0; at < size_;) {
    const auto read = ::pread(::fileno(file_.get()), chunk.data(), chunk.size(), static_cast<off_t>(at));
    if (read <= 0) return retry("dpfio.no_room", "a message of Fiks IO cannot be read back from its temporary file");
    if (auto written = into.write(ByteView(chunk).first(static_cast<std::size_t>(read))); !written) return written;
    at += static_cast<std::uint64_t>(read);
  }
  return {};
}

}  // namespace kanal::transports::dpfio
