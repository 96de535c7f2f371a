// The shared transaction (common/sql_txn.hpp) on PostgreSQL. Positions of the feed follow the order of commits: a
// status gets its position when it is read for the first time, by whoever holds the row of feed_end until its own
// commit.
#pragma once

#include "store/common/sql_txn.hpp"

namespace kanal::store::postgres {

class PostgresTxn final : public SqlTxn {
 public:
  using SqlTxn::SqlTxn;

  Result<std::vector<ports::FeedEntry>> feed(std::int64_t position, int limit) override;
  Result<std::int64_t> feed_end() override;
  Result<std::int64_t> feed_position(std::int64_t status) override;

 private:
  /// Gives a position to every status that has none.
  Result<void> give_positions();
  Result<std::optional<std::int64_t>> number(Rows rows);
};

}  // namespace kanal::store::postgres
