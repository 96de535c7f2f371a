#include "store/postgres/pool.hpp"

#include <utility>

namespace kanal::store::postgres {
namespace {

constexpr std::chrono::seconds longest_wait{30};

}  // namespace

Result<Pool::Lent> Pool::take() {
  {
    std::unique_lock lock(mutex_);
    if (!returned_.wait_for(lock, longest_wait, [this] { return lent_ < most_; })) {
      return retry("store.busy",
                   "all connections to the database are in use: raise spring.datasource.hikari.maximum-pool-size");
    }
    ++lent_;
    if (!idle_.empty()) {
      Lent lent(idle_.back().release(), Return{this});
      idle_.pop_back();
      return lent;
    }
  }
  auto opened = Connection::open(settings_);
  if (opened) return Lent(opened->release(), Return{this});
  give_back(nullptr);
  return failed(opened);
}

void Pool::give_back(std::unique_ptr<Connection> connection) {
  std::vector<std::unique_ptr<Connection>> closing;
  {
    const std::scoped_lock lock(mutex_);
    --lent_;
    if (connection && connection->usable() && connection->idle()) {
      idle_.push_back(std::move(connection));
    } else if (connection) {
      closing = std::exchange(idle_, {});
    }
  }
  returned_.notify_one();
}

}  // namespace kanal::store::postgres
