#include "store/common/migration.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kanal::store {

Result<std::span<const Migration>> missing_steps(Sql& database, std::span<const Migration> steps) {
  std::int64_t version = 0;
  {
    auto query = database.query_once("SELECT coalesce(max(version), 0) FROM schema_version", {});
    auto row = query.step();
    if (!row) return failed(row);
    version = query.integer(0);
  }
  const std::int64_t known = steps.empty() ? 0 : steps.back().version;
  if (version > known) {
    return reject("store.newer",
                  fmt::format("the database has schema version {}, this program knows {}: install the newer "
                              "program, or restore the backup taken before it ran",
                              version, known));
  }
  const auto first = std::ranges::find_if(steps, [&](const Migration& step) { return step.version > version; });
  return steps.subspan(static_cast<std::size_t>(first - steps.begin()));
}

Result<void> note_step(Sql& database, const Migration& step, Time now) {
  return database.run("INSERT INTO schema_version (version, name, applied) VALUES (?, ?, ?)", step.version, step.name,
                      now);
}

tl::unexpected<Error> step_failed(const Migration& step, Error cause) {
  return failed(std::move(cause), fmt::format("the database cannot be brought to version {}", step.version));
}

}  // namespace kanal::store
