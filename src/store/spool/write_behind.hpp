// Lets encryption and the disk work at the same time: sealed frames go into a ring, a thread of its own writes them to
// the file. Made for large blobs only. Used by one thread; the file belongs to the ring until finish().
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "store/spool/files.hpp"

namespace kanal::store {

class WriteBehind {
 public:
  WriteBehind(File& file, std::size_t slot_size);
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;
  /// Abandons what has not been written.
  ~WriteBehind();

  /// A slot to fill, once there is one; the error of an earlier write otherwise.
  Result<std::span<std::byte>> slot();
  /// Hands the slot over; it is full.
  void push();
  /// Returns when everything has been written; the thread has ended.
  Result<void> finish();

 private:
  void write_slots(const std::stop_token& stop);

  static constexpr std::size_t slots = 8;
  File& file_;
  std::size_t slot_size_;
  Bytes ring_;
  std::mutex mutex_;
  std::condition_variable_any filled_;
  std::condition_variable freed_;
  std::size_t pushed_ = 0;   ///< slots handed over, ever
  std::size_t written_ = 0;  ///< of those, on their way to the disk
  bool complete_ = false;    ///< no more will come
  std::optional<Error> error_;
  std::jthread thread_;  ///< last: stops before the rest goes
};

}  // namespace kanal::store
