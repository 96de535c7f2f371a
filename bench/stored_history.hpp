// Fills a store that nobody has open with history, by SQL, so that a million conversations take seconds.
#pragma once

#include <cstdint>
#include <string>

namespace kanal::bench {

/// `rows` conversations, every second one outgoing and nine of ten finished, with two statuses each. `database` is a
/// file of SQLite or a jdbc:postgresql address. False when that failed; stderr says why.
bool store_history(const std::string& database, std::int64_t rows);

/// The message id of row `number`; even numbers are outgoing.
[[nodiscard]] std::string stored_message_id(std::int64_t number);

}  // namespace kanal::bench
