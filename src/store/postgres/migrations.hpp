// The schema as numbered steps forward, recorded in the table schema_version.
#pragma once

#include <span>

#include "base/result.hpp"
#include "base/time.hpp"
#include "store/common/migration.hpp"
#include "store/postgres/connection.hpp"

namespace kanal::store::postgres {

/// All steps, in order.
[[nodiscard]] std::span<const Migration> migrations();

/// Takes those of `steps` that the database has not seen, all in one transaction, one node at a time: a node that is
/// killed meanwhile leaves neither a lock nor half a schema. `store.newer` when the database was written by a program
/// that knows more steps; `store.busy` when another node has been at it for too long.
Result<void> migrate(Connection& connection, std::span<const Migration> steps, Time now);

}  // namespace kanal::store::postgres
