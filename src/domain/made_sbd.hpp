// Documents that are made here, because what came in was none: the header as the Java version fills it. Pure.
#pragma once

#include <chrono>
#include <string>

#include "domain/sbd.hpp"

namespace kanal::domain {

struct MadeSbd {
  std::string sender;    ///< ISO 6523 text
  std::string receiver;  ///< ISO 6523 text
  std::string standard;  ///< document type
  std::string type;      ///< name of the message type
  MessageId message_id;
  ConversationId conversation_id;
  std::string process;
};

/// Created a moment before `now`, for creation times must be in the past and clocks differ; lives `ttl` from now. The
/// body is empty.
[[nodiscard]] Sbd make_sbd(const MadeSbd& wanted, std::chrono::milliseconds ttl, Time now);

/// Adds a scope of this type with this instanceIdentifier.
void add_scope(Sbd& sbd, std::string_view type, std::string instance_identifier);

}  // namespace kanal::domain
