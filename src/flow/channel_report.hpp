// How this installation is kept apart from the others of its organisation, service by service: the table of channels.md
// for the configuration that runs, with a verdict, the evidence for it and the property to change.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "flow/channel_guard.hpp"
#include "flow/first_look.hpp"
#include "flow/hub.hpp"
#include "flow/services.hpp"
#include "flow/status_board.hpp"
#include "ports/store.hpp"

namespace kanal::flow {

enum class ChannelVerdict {
  good,      ///< set up as it should be, and nothing speaks against it
  notice,    ///< works, but somebody should look at it
  conflict,  ///< another installation takes what is ours, or we take what is its
};
/// `good`, `notice`, `conflict`.
[[nodiscard]] std::string_view name_of(ChannelVerdict verdict);

/// A channel that is listened to.
struct HeardChannel {
  std::string inbox;
  std::string name;  ///< empty: none, the main installation's
  bool retired = false;
  std::optional<Time> last_used;   ///< when a message was last sent on it
  std::optional<Time> open_until;  ///< latest expiry of a message on it that is under way
  /// Retired: when it will be dropped, as far as is known now; absent when the configuration names it.
  std::optional<Time> heard_until{};
  std::int64_t open_messages = 0;  ///< sent on it and not finished; filled in by count_open_messages()
};

struct ServiceChannels {
  ServiceIdentifier service;
  std::string title;
  domain::Isolation isolation{};
  std::string property;
  bool receives = false;
  std::string hub{};                      ///< where it receives from instead of the service itself; empty: nowhere
  std::vector<std::string> satellites{};  ///< who gets their part from this installation
  std::vector<HeardChannel> channels;
  ChannelVerdict verdict = ChannelVerdict::good;
  std::string text;                      ///< the verdict in words
  std::string change;                    ///< what to set, and where; empty: nothing
  std::vector<ports::Finding> evidence;  ///< newest first
  std::int64_t waiting_for_other_channels = 0;
  std::size_t orphans = 0;
  std::size_t quarantined = 0;
  std::vector<std::pair<std::string, FirstLook>> first_looks{};  ///< by inbox
};

/// A finding older than this is history: it is still shown, but the verdict no longer rests on it.
constexpr Duration evidence_counts_for = std::chrono::hours(24);

/// Counting stops here for each service: more is simply many.
constexpr std::int64_t most_open_counted = 10'000;

/// All enabled services, in order. Reads the store. `hub`: null when this installation is none.
Result<std::vector<ServiceChannels>> report_channels(ports::Store& store, const Services& services,
                                                     const ChannelGuard& guard, const StatusBoard& board, Time now,
                                                     const Hub* hub = nullptr);

/// How many messages are under way on each channel of each row, of the inbox's organisation. Reads one row per message,
/// so it is for who looks at the table, not for health.
Result<void> count_open_messages(ports::Store& store, const Services& services, std::vector<ServiceChannels>& rows);

}  // namespace kanal::flow
