// Steps of a schema, forward only. What every database does alike: which steps are missing, and taking one.
#pragma once

#include <span>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "store/common/sql.hpp"

namespace kanal::store {

struct Migration {
  int version;  ///< 1, 2, ... without gaps
  std::string_view name;
  std::string_view sql;
};

/// The steps that the database has not taken; it has a table schema_version. `store.newer` when it knows more than this
/// program.
Result<std::span<const Migration>> missing_steps(Sql& database, std::span<const Migration> steps);

/// After a step's statements: the version is noted.
Result<void> note_step(Sql& database, const Migration& step, Time now);

/// The error of a step that failed.
[[nodiscard]] tl::unexpected<Error> step_failed(const Migration& step, Error cause);

}  // namespace kanal::store
