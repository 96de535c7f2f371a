// Fills the store of an installation that is not running with letters that were delivered and that nobody has read yet:
// what it asks about for months.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/time.hpp"

namespace kanal::bench {

struct OpenLetters {
  ServiceIdentifier service;
  std::string sender;    ///< nine digits
  std::string receiver;  ///< nine digits
  std::int64_t count = 0;
  Duration oldest{};  ///< their ages lie evenly from nothing to this
  /// Makes so many at the service and gives what it calls them.
  std::function<std::vector<std::string>(std::int64_t)> make;
};

/// Stores them through ports::Store with the jobs that ask about them: each at a chance point of the time between two
/// questions that its age has, so that questions come as evenly as in an installation that has run for long. `folder`
/// is the installation's, with its configuration. Gives the number of questions a minute to be expected; 0 when it
/// failed, and stderr says why.
double store_open_letters(const std::filesystem::path& folder, const OpenLetters& letters, Clock& clock, Log& log);

}  // namespace kanal::bench
