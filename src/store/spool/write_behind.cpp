#include "store/spool/write_behind.hpp"

#include <algorithm>
#include <utility>

namespace kanal::store {

WriteBehind::WriteBehind(std::size_t frame_size, Work work)
    : frame_size_(frame_size),
      work_(std::move(work)),
      ring_(slots * frame_size),
      thread_([this](const std::stop_token& stop) { serve(stop); }) {}

WriteBehind::~WriteBehind() = default;

Result<void> WriteBehind::push(ByteView frame) {
  std::size_t slot = 0;
  {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [this] { return error_ || pushed_ - done_ < slots; });
    if (error_) return tl::unexpected<Error>(*error_);
    slot = pushed_ % slots;
  }
  std::ranges::copy(frame, ring_.begin() + static_cast<std::ptrdiff_t>(slot * frame_size_));
  {
    const std::scoped_lock lock(mutex_);
    ++pushed_;
  }
  filled_.notify_one();
  return {};
}

Result<void> WriteBehind::finish() {
  {
    const std::scoped_lock lock(mutex_);
    complete_ = true;
  }
  filled_.notify_one();
  thread_.join();
  if (error_) return tl::unexpected<Error>(*error_);
  return {};
}

void WriteBehind::serve(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool go_on = filled_.wait(lock, stop, [this] { return pushed_ > done_ || complete_; });
    if (!go_on || stop.stop_requested() || pushed_ == done_) return;
    const ByteView frame = ByteView(ring_).subspan(done_ % slots * frame_size_, frame_size_);
    lock.unlock();
    auto worked = work_(frame);
    lock.lock();
    if (!worked) error_ = worked.error();
    ++done_;
    freed_.notify_one();
    if (error_) return;
  }
}

}  // namespace kanal::store
