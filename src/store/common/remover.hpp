// Removes blobs that no row refers to any more, on a thread of its own: unlinking a large file takes longer than a
// commit. What it does not get to is left for the sweep at the next start. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "ports/blob_store.hpp"

namespace kanal::store {

class Remover {
 public:
  Remover(ports::BlobStore& blobs, Log& log);
  Remover(const Remover&) = delete;
  Remover& operator=(const Remover&) = delete;
  /// Finishes what is waiting.
  ~Remover();

  void remove(std::vector<BlobId> ids);

 private:
  void serve(const std::stop_token& stop);

  ports::BlobStore& blobs_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable_any available_;
  std::deque<BlobId> waiting_;
  std::jthread thread_;  ///< last: ends before the rest goes
};

}  // namespace kanal::store
