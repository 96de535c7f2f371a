// The shared transaction (common/sql_txn.hpp) on PostgreSQL. Positions of the feed follow the order of commits: a
// status gets its position when it is read for the first time, by whoever holds the row of feed_end until its own
// commit.
#pragma once

#include "store/common/sql_txn.hpp"

namespace kanal::store::postgres {

class PostgresTxn final : public SqlTxn {
 public:
  /// `node`: who leases jobs and takes turns.
  PostgresTxn(Sql& database, ports::BlobStore& blobs, Clock& clock, const std::string& node)
      : SqlTxn(database, blobs, clock), node_(node) {}

  Result<std::vector<ports::FeedEntry>> feed(std::int64_t position, int limit) override;
  Result<std::int64_t> feed_end() override;
  Result<std::int64_t> feed_position(std::int64_t status) override;
  Result<bool> take_turn(std::string_view name, Time now, Time until) override;

 protected:
  Result<void> write_lease(const ports::Job& job, Time until) override;

 private:
  /// Gives a position to every status that has none.
  Result<void> give_positions();
  Result<std::optional<std::int64_t>> number(Rows rows);

  const std::string& node_;
};

}  // namespace kanal::store::postgres
