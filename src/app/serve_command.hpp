// `kanal serve`: one installation until SIGTERM or SIGINT.
#pragma once

#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "ops/config.hpp"
#include "ops/logger.hpp"

namespace kanal::app {

/// Exit codes of every command.
namespace exit_code {
constexpr int good = 0;
constexpr int failed = 1;         ///< the work itself failed
constexpr int configuration = 2;  ///< configuration or arguments are wrong
}  // namespace exit_code

/// Reads the configuration of `folder` with the process's environment and `--name=value` arguments. With a `file` that
/// one is read in place of integrasjonspunkt-local.*, and its folder counts.
Result<ops::Config> load_config(const std::string& folder, const std::vector<std::string>& arguments,
                                const std::string& file = {});

/// The log as the configuration wants it.
std::unique_ptr<ops::ManagedLog> make_log(const ops::Config& config);

int serve(const std::string& folder, const std::vector<std::string>& arguments);

}  // namespace kanal::app
