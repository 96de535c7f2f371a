// A mailbox of ours at a message service.
#pragma once

#include <string>

#include "domain/channel.hpp"

namespace kanal::ports {

/// Each has its own schedule, back-off and health.
struct Inbox {
  std::string id;  ///< the organisation it belongs to, `0192:<orgnr>`
  domain::ChannelSet channels;
};

}  // namespace kanal::ports
