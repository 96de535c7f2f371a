// The mark beside a database whose content was moved to another one: a store that is used in two places would send
// messages twice. It is a file with a sentence for people, `<database>.moved`; removing it undoes the mark.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace kanal::store {

[[nodiscard]] std::filesystem::path moved_mark(const std::filesystem::path& database);
[[nodiscard]] bool is_marked_as_moved(const std::filesystem::path& database);
/// Durably. `text` says where to, without secrets.
Result<void> mark_as_moved(const std::filesystem::path& database, const std::string& text);
/// False when there was no mark.
Result<bool> undo_moved_mark(const std::filesystem::path& database);

}  // namespace kanal::store
