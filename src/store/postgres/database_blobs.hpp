// Blobs in the database: the same sealed frames as in the spool's files, in chunks of 1 MiB, one row each. Scratch
// blobs stay in files of this machine.
#pragma once

#include <memory>

#include "base/time.hpp"
#include "store/postgres/connection.hpp"
#include "store/spool/spool.hpp"

namespace kanal::store::postgres {

struct DatabaseBlobOptions {
  ConnectSettings connect;
  int connections = 4;  ///< at most; each is lent for the time of one chunk
  crypto::Key256 key{};
  std::size_t inline_limit = default_inline_limit;
};

/// `scratch` is a spool of this machine with the same key. The database has the newest schema. sweep() removes blobs
/// that are two days old and not known.
Result<std::unique_ptr<Spool>> open_database_blobs(DatabaseBlobOptions options, std::unique_ptr<Spool> scratch,
                                                   Clock& clock);

}  // namespace kanal::store::postgres
