// The shared transaction (common/sql_txn.hpp) on SQLite. There is one writer, so ids of statuses grow in the order of
// commits and serve as positions of the feed.
#pragma once

#include "store/common/sql_txn.hpp"

namespace kanal::store {

class SqliteTxn final : public SqlTxn {
 public:
  using SqlTxn::SqlTxn;

  Result<std::vector<ports::FeedEntry>> feed(std::int64_t position, int limit) override;
  Result<std::int64_t> feed_end() override;
  Result<std::int64_t> feed_position(std::int64_t status) override;
};

}  // namespace kanal::store
