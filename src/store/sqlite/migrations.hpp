// The schema as numbered steps forward, recorded in the table schema_version.
#pragma once

#include <span>

#include "base/result.hpp"
#include "base/time.hpp"
#include "store/common/migration.hpp"
#include "store/sqlite/sqlite.hpp"

namespace kanal::store {

/// All steps, in order.
[[nodiscard]] std::span<const Migration> migrations();

/// Takes those of `steps` that the database has not seen, each in its own transaction. `store.newer` when the database
/// was written by a program that knows more steps.
Result<void> migrate(Database& database, std::span<const Migration> steps, Time now);

}  // namespace kanal::store
