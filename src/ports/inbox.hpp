// A mailbox of ours at a message service.
#pragma once

#include <string>

#include "domain/channel.hpp"

namespace kanal::ports {

/// Each has its own schedule, back-off and health.
struct Inbox {
  std::string id;  ///< the organisation it belongs to, `0192:<orgnr>`
  domain::ChannelSet channels;
  bool all_senders = false;  ///< answers to whatever this installation sent come here, in whose name it ever was
};

}  // namespace kanal::ports
