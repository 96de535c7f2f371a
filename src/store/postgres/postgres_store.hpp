// The shared store: PostgreSQL, for any number of nodes. Each write is one transaction on one snapshot; a transaction
// that met another one's work, or whose connection broke before its commit, is run again.
#pragma once

#include <memory>

#include "base/log.hpp"
#include "base/time.hpp"
#include "store/common/sql_store.hpp"
#include "store/postgres/connection.hpp"

namespace kanal::store::postgres {

struct PostgresOptions {
  ConnectSettings connect;
  int connections = 10;  ///< at most; half for reads, the rest for writes, one beside them for hints; at least 3
  /// Who this process is, the same after a restart: what it held before is free then. Empty: somebody new each time.
  std::string node{};
  std::chrono::milliseconds fold_every{10'000};  ///< how often the counters are folded
};

/// Connects and runs migrations forward. SBDs, raw receipts and job payloads are sealed with `blobs`; blobs of removed
/// rows are removed from it after the commit.
Result<std::unique_ptr<SqlStore>> open_postgres_store(const PostgresOptions& options, ports::BlobStore& blobs,
                                                      Clock& clock, Log& log);

}  // namespace kanal::store::postgres
