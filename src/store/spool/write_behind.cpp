#include "store/spool/write_behind.hpp"

#include <algorithm>

namespace kanal::store {

WriteBehind::WriteBehind(File& file, std::size_t slot_size)
    : file_(file),
      slot_size_(slot_size),
      ring_(slots * slot_size),
      thread_([this](const std::stop_token& stop) { write_slots(stop); }) {}

WriteBehind::~WriteBehind() = default;

Result<std::span<std::byte>> WriteBehind::slot() {
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [this] { return error_ || pushed_ - written_ < slots; });
  if (error_) return tl::unexpected<Error>(*error_);
  return std::span(ring_).subspan(pushed_ % slots * slot_size_, slot_size_);
}

void WriteBehind::push() {
  {
    const std::scoped_lock lock(mutex_);
    ++pushed_;
  }
  filled_.notify_one();
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

void WriteBehind::write_slots(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool go_on = filled_.wait(lock, stop, [this] { return pushed_ > written_ || complete_; });
    if (!go_on || stop.stop_requested() || pushed_ == written_) return;
    // All that is ready and contiguous in the ring, in one call.
    const std::size_t first = written_ % slots;
    const std::size_t count = std::min(pushed_ - written_, slots - first);
    lock.unlock();
    auto written = file_.write_all(ByteView(ring_).subspan(first * slot_size_, count * slot_size_));
    lock.lock();
    if (!written) error_ = written.error();
    written_ += count;
    freed_.notify_one();
    if (error_) return;
  }
}

}  // namespace kanal::store
