// What may be the name of a file inside an archive, and when two names would meet in one file on a receiver's disk
// (asic-cms.md sections 7 and 9). Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace kanal::formats {

/// `zip.name` for a name that is empty, absolute, not UTF-8, has a backslash, NUL or other control character, or a
/// component that is empty, `.` or `..`. A slash at the end (a folder) is allowed.
Result<void> check_entry_name(std::string_view name);

/// Two valid names with equal keys are the same file on a system that ignores case or composes accents. Covers
/// ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic; other letters are compared as they are.
[[nodiscard]] std::string entry_name_key(std::string_view name);

/// The name as it may be shown in an error: control characters and broken UTF-8 replaced, long ones cut.
[[nodiscard]] std::string printable_name(std::string_view name);

}  // namespace kanal::formats
