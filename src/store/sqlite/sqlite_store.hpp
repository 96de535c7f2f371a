// The embedded store: SQLite in WAL with synchronous=FULL, one writer thread that gathers waiting transactions into one
// commit (at most 64, or what has come within 2 ms), a few read connections (stack.md "SQLite", style.md "Concurrency"
// 3).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "base/log.hpp"
#include "base/time.hpp"
#include "store/common/sql_store.hpp"

namespace kanal::store {

struct SqliteOptions {
  std::filesystem::path file;
  int read_connections = 4;
};

/// Opens the file, takes the process lock (`store.locked` when another process has it), runs migrations forward. SBDs,
/// raw receipts and job payloads are sealed with `blobs`; blobs of removed rows are removed from it after the commit.
Result<std::unique_ptr<SqlStore>> open_sqlite_store(const SqliteOptions& options, ports::BlobStore& blobs, Clock& clock,
                                                    Log& log);

}  // namespace kanal::store
