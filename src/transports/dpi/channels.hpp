// Channel names of DPI (dpi.md 6.1 and 6.2): which ones an installation sends on and polls, by the properties `mpcId`,
// `mpcConcurrency` and `mpcIdListe`. The access point compares them without regard to case.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ops/config.hpp"

namespace kanal::transports::dpi {

/// As the reference writes a configured name on the wire: `.` becomes `_`.
[[nodiscard]] std::string normalised(std::string_view name);
/// `^[A-Za-z0-9_-]{1,28}$`.
[[nodiscard]] bool is_channel_name(std::string_view name);
/// One of the reference's built-in names, which are longer than the rule allows and in use all the same.
[[nodiscard]] bool is_builtin_name(std::string_view name);
/// Do two normalised names mean one channel?
[[nodiscard]] bool same_channel(std::string_view a, std::string_view b);

/// One list for sending and polling.
struct ChannelList {
  std::vector<std::string> names;  ///< normalised, different from each other, never empty
  std::vector<std::string> warnings;
};

/// `config.value` with value, rule and property for a name that is none.
Result<ChannelList> read_channels(const ops::Config& config);

/// Gives the channels of a list in turn, and goes on where the last message left off. Thread-safe.
class ChannelTurns {
 public:
  explicit ChannelTurns(std::vector<std::string> names) : names_(std::move(names)) {}
  /// `last`: the channel of the message before, asked for once after a start.
  [[nodiscard]] std::string next(const std::function<std::optional<std::string>()>& last);

 private:
  const std::vector<std::string> names_;
  std::mutex mutex_;
  std::optional<std::size_t> next_;
};

}  // namespace kanal::transports::dpi
