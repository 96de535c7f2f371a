#include "store/common/remover.hpp"

#include <utility>

namespace kanal::store {

Remover::Remover(ports::BlobStore& blobs, Log& log)
    : blobs_(blobs), log_(log), thread_([this](const std::stop_token& stop) { serve(stop); }) {}

Remover::~Remover() {
  thread_.request_stop();
  thread_.join();
}

void Remover::remove(std::vector<BlobId> ids) {
  {
    const std::scoped_lock lock(mutex_);
    for (auto& id : ids) waiting_.push_back(std::move(id));
  }
  available_.notify_one();
}

void Remover::serve(const std::stop_token& stop) {
  for (;;) {
    BlobId id;
    {
      std::unique_lock lock(mutex_);
      available_.wait(lock, stop, [this] { return !waiting_.empty(); });
      if (waiting_.empty()) return;
      id = std::move(waiting_.front());
      waiting_.pop_front();
    }
    if (auto removed = blobs_.remove(id); !removed) {
      log_.warning("blob_not_removed", {{"blob", id.str()}, {"reason", removed.error().text()}});
    }
  }
}

}  // namespace kanal::store
