// Whether the slow part of the tests is wanted (`./test --long`).
#pragma once

#include <cstdlib>

namespace kanal::testing {

/// Thousands of what is a dozen otherwise.
inline bool is_long() { return std::getenv("LONG_TESTS") != nullptr; }

}  // namespace kanal::testing
