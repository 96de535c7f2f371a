// What an installation fetches from a service: one setting for every service (channels.md point 8).
#pragma once

#include <string>
#include <string_view>

#include "ops/config.hpp"

namespace kanal::transports {

enum class ReceiveMode {
  all,      ///< messages, and answers to what was sent
  answers,  ///< only what answers this installation's own messages
  none,     ///< nothing: it only sends
};

/// Reads it from `property`, `kanal.dpo.receive`: all, answers or none; true and false are all and none. `config.value`
/// for anything else.
Result<ReceiveMode> read_receive_mode(const ops::Config& config, const std::string& property);

/// The same for a service that hands out messages and answers together, so that nobody can take only the answers:
/// `config.value` for `answers`, unless a hub sorts them (kanal.hub.url). `service`: `DPE`.
Result<ReceiveMode> read_whole_receive_mode(const ops::Config& config, const std::string& property,
                                            std::string_view service);

/// Why nothing is asked about what was sent: `property` is none, or difi.move.feature.enableReceipts false. Empty: it
/// is asked about.
Result<std::string> why_no_answers(const ops::Config& config, const std::string& property);

}  // namespace kanal::transports
