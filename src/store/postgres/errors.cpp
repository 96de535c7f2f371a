#include "store/postgres/errors.hpp"

#include <string>

#include <fmt/format.h>

namespace kanal::store::postgres {
namespace {

Error made(std::string code, Disposition disposition, std::string_view what, std::string_view sqlstate,
           std::string_view message) {
  return {std::move(code), fmt::format("{} ({} {})", what, sqlstate, message), disposition, {}, {}};
}

}  // namespace

bool is_conflict(std::string_view sqlstate) { return sqlstate == "40001" || sqlstate == "40P01"; }

bool leaves_connection_useless(std::string_view sqlstate) {
  // 57P01-57P05: the server ends it; 25006: a standby.
  return sqlstate.starts_with("57P") || sqlstate.starts_with("08") || sqlstate == "25006";
}

Error error_of(std::string_view sqlstate, std::string_view message) {
  using D = Disposition;
  if (is_conflict(sqlstate) || sqlstate == "55P03" || sqlstate == "57014" || sqlstate == "25P03") {
    return made("store.busy", D::retry, "the database is busy with other work", sqlstate, message);
  }
  if (sqlstate == "53100") {
    return made("store.full", D::retry, "no room left for the database: free space on its disk", sqlstate, message);
  }
  if (leaves_connection_useless(sqlstate) || sqlstate.starts_with("53") || sqlstate.starts_with("58")) {
    return made("store.io", D::retry, "the database cannot do its work now", sqlstate, message);
  }
  if (sqlstate == "23505") return made("store.exists", D::reject, "it is there already", sqlstate, message);
  if (sqlstate == "23503") {
    return made("store.not_found", D::reject, "the row it belongs to is not there", sqlstate, message);
  }
  if (sqlstate == "XX001" || sqlstate == "XX002") {
    return made("store.damaged", D::bug, "the database is damaged: restore it from a backup", sqlstate, message);
  }
  if (sqlstate.starts_with("28") || sqlstate == "3D000" || sqlstate == "42501" || sqlstate == "3F000") {
    return made("store.access", D::reject,
                "the database refuses: check difi.datasource.username and .password, and that the user may use "
                "this database and create tables in its schema",
                sqlstate, message);
  }
  return made("store.sql", D::bug, "a statement that the database does not accept", sqlstate, message);
}

}  // namespace kanal::store::postgres
