// Lets two cores work on one large blob: its frames go into a ring, a thread of its own digests, seals and writes them
// while the next ones are made. Used by one thread; what the work touches belongs to the ring until finish().
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace kanal::store {

class WriteBehind {
 public:
  /// Done with each frame, in order, by the ring's thread.
  using Work = std::function<Result<void>(ByteView frame)>;

  WriteBehind(std::size_t frame_size, Work work);
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;
  /// Abandons what has not been worked on.
  ~WriteBehind();

  /// Takes a copy of a full frame, once there is room; the error of earlier work otherwise.
  Result<void> push(ByteView frame);
  /// Returns when everything has been worked on; the thread has ended.
  Result<void> finish();

 private:
  void serve(const std::stop_token& stop);

  static constexpr std::size_t slots = 8;
  std::size_t frame_size_;
  Work work_;
  Bytes ring_;
  std::mutex mutex_;
  std::condition_variable_any filled_;
  std::condition_variable freed_;
  std::size_t pushed_ = 0;  ///< frames taken, ever
  std::size_t done_ = 0;    ///< of those, worked on
  bool complete_ = false;   ///< no more will come
  std::optional<Error> error_;
  std::jthread thread_;  ///< last: stops before the rest goes
};

}  // namespace kanal::store
