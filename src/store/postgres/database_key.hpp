// The wrapped installation key as a row of the database, so that all nodes share it.
#pragma once

#include <memory>

#include "store/postgres/connection.hpp"
#include "store/spool/spool.hpp"

namespace kanal::store::postgres {

/// Its database has the newest schema. The connection outlives it.
std::unique_ptr<KeyPlace> key_in_database(Connection& connection);

}  // namespace kanal::store::postgres
