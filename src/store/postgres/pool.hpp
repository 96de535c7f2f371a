// Connections, opened when needed and lent to one thread at a time. Thread-safe; a caller waits while all are lent out,
// but not for ever.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "store/postgres/connection.hpp"

namespace kanal::store::postgres {

class Pool {
 public:
  Pool(ConnectSettings settings, int most) : settings_(std::move(settings)), most_(most) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() = default;

  struct Return {
    Pool* pool = nullptr;
    void operator()(Connection* connection) const { pool->give_back(std::unique_ptr<Connection>(connection)); }
  };
  /// Goes back by itself; a broken one takes the idle ones with it, as they lead to the same server.
  using Lent = std::unique_ptr<Connection, Return>;

  /// `store.busy` when none comes back in time; the error of Connection::open().
  Result<Lent> take();

 private:
  void give_back(std::unique_ptr<Connection> connection);

  ConnectSettings settings_;
  int most_;
  std::mutex mutex_;
  std::condition_variable returned_;
  int lent_ = 0;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace kanal::store::postgres
