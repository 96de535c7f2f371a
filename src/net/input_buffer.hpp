// Bytes read from a connection and not yet used. Starts small, doubles each time a read fills it (more is waiting
// then), up to the limit of the moment; release() gives the memory back. Internal to this folder; used by one thread at
// a time.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>

#include "base/bytes.hpp"

namespace kanal::net {

class InputBuffer {
 public:
  static constexpr std::size_t initial_size = std::size_t{8} * 1024;

  [[nodiscard]] ByteView data() const { return {memory_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }

  /// Room for more behind data(); empty when data() has reached `limit`.
  [[nodiscard]] std::span<std::byte> prepare(std::size_t limit) {
    if (capacity_ == 0) {
      move_to(initial_size);
    } else if (filled_ && capacity_ < limit) {
      move_to(std::min(limit, capacity_ * 2));
    } else if (begin_ > 0) {
      std::memmove(memory_.get(), memory_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    filled_ = false;
    return {memory_.get() + end_, capacity_ - end_};
  }
  /// So many bytes were put into the room.
  void commit(std::size_t count) {
    end_ += count;
    filled_ = end_ == capacity_;
  }
  /// So many bytes at the front have been used.
  void consume(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  void release() {
    memory_.reset();
    capacity_ = begin_ = end_ = 0;
    filled_ = false;
  }

 private:
  void move_to(std::size_t capacity) {
    auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity);
    std::ranges::copy(data(), larger.get());
    end_ -= begin_;
    begin_ = 0;
    memory_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<std::byte[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool filled_ = false;
};

}  // namespace kanal::net
