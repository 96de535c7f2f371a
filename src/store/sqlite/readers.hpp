// The read connections: each read borrows one for a deferred transaction, which sees one snapshot. Thread-safe; a
// caller waits while all are lent out.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.hpp"
#include "store/sqlite/sqlite.hpp"

namespace kanal::store {

class Readers {
 public:
  static Result<std::unique_ptr<Readers>> open(const std::filesystem::path& file, int connections);
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;
  ~Readers() = default;

  Result<void> run(const std::function<Result<void>(Database&)>& work);

 private:
  Readers() = default;

  std::vector<std::unique_ptr<Database>> connections_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<Database*> idle_;
};

}  // namespace kanal::store
