// What both ends of an AMQP 1.0 connection do with proton's engine. Internal to this folder.
#pragma once

#include <proton/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/amqp10_connection.hpp"

namespace kanal::net {

/// What the other end may have sent of a session and we have not read yet.
constexpr std::size_t amqp10_window = std::size_t{4} << 20U;

std::string text_or_empty(const char* text);

/// Lives as long as the delivery.
std::string_view tag_of(pn_delivery_t* delivery);

/// Reads what has come of the link's current delivery; what goes over `limit` is dropped. True when something was.
bool read_some(pn_link_t* link, Bytes& into, std::size_t limit);

/// The engine's number of an outcome, and back; nothing for a state that is none.
std::uint64_t state_of(Amqp10Outcome outcome);
std::optional<Amqp10Outcome> outcome_of(std::uint64_t state);

}  // namespace kanal::net
