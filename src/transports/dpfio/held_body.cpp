#include "transports/dpfio/held_body.hpp"

#include <array>

#include <unistd.h>

namespace kanal::transports::dpfio {
namespace {

constexpr std::size_t small = std::size_t{64} * 1024;

}  // namespace

HeldBody::HeldBody(Bytes bytes) : bytes_(std::move(bytes)), size_(bytes_.size()) {
  if (size_ <= small) return;
  file_.reset(std::tmpfile());  // NOLINT(cppcoreguidelines-owning-memory): the pointer closes it
  const bool written = file_ && std::fwrite(bytes_.data(), 1, bytes_.size(), file_.get()) == bytes_.size() &&
                       std::fflush(file_.get()) == 0;
  if (written) {
    bytes_ = {};
  } else {
    file_.reset();  // no room there: then here
  }
}

Result<void> HeldBody::copy_to(Sink& into) const {
  if (!file_) return bytes_.empty() ? Result<void>{} : into.write(bytes_);
  std::array<std::byte, stream_chunk> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
  for (std::uint64_t at = 0; at < size_;) {
    const auto read = ::pread(::fileno(file_.get()), chunk.data(), chunk.size(), static_cast<off_t>(at));
    if (read <= 0) return retry("dpfio.held", "a message of Fiks IO cannot be read back from its temporary file");
    if (auto written = into.write(ByteView(chunk).first(static_cast<std::size_t>(read))); !written) return written;
    at += static_cast<std::uint64_t>(read);
  }
  return {};
}

}  // namespace kanal::transports::dpfio
