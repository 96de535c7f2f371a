// From options to a librabbitmq connection that is logged in and has its one channel open. Internal to this folder.
#pragma once

#include <amqp.h>

#include <memory>

#include "net/amqp_connection.hpp"
#include "net/amqp_errors.hpp"
#include "net/tls_context.hpp"

namespace kanal::net {

constexpr amqp_channel_t amqp_channel = 1;

using AmqpState = std::unique_ptr<amqp_connection_state_t_, Release<amqp_destroy_connection>>;

/// Connects, verifies the broker, logs in. The channel is not open yet.
Result<AmqpState> amqp_log_in(const AmqpOptions& options, const AmqpErrors& errors);

}  // namespace kanal::net
