// The address of a PostgreSQL database as the Java version's driver takes it (configuration.md, difi.datasource.url).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "store/postgres/connection.hpp"

namespace kanal::store::postgres {

/// Is this `jdbc:postgresql:...`?
[[nodiscard]] bool is_postgres_url(std::string_view url);

/// `jdbc:postgresql://host[:port][,host...]/database[?parameters]`, `jdbc:postgresql:database`. TLS, schema, time-outs
/// and the like are honoured; parameters that only matter inside the Java driver are passed over. Empty user or
/// password: those of the address. Certificate files of the address are relative to `folder`. `config.datasource` when
/// it cannot be understood; the text never holds a password.
Result<ConnectSettings> parse_jdbc_url(std::string_view url, const std::string& user, const std::string& password,
                                       const std::filesystem::path& folder);

}  // namespace kanal::store::postgres
