// What each frame of the broker means to a session.
#include <utility>

#include <fmt/format.h>

#include "net/amqp_session.hpp"
#include "net/amqp_tables.hpp"

namespace kanal::net {

Error AmqpSession::unexpected_frame() const {
  return errors_.make("amqp.protocol", "sends a frame that must not come here");
}

std::optional<Error> AmqpSession::handle(const amqp_frame_t& frame) {
  if (frame.frame_type == AMQP_FRAME_HEARTBEAT) return std::nullopt;
  if (frame.channel == 0 && frame.frame_type == AMQP_FRAME_METHOD) return handle_connection(frame.payload.method);
  if (frame.channel != amqp_channel) return unexpected_frame();
  return frame.frame_type == AMQP_FRAME_METHOD ? handle_channel(frame.payload.method) : handle_content(frame);
}

std::optional<Error> AmqpSession::handle_connection(const amqp_method_t& method) {
  switch (method.id) {
    case AMQP_CONNECTION_CLOSE_METHOD: {
      const auto& close = *static_cast<const amqp_connection_close_t*>(method.decoded);
      auto error = errors_.told(close.reply_code, from_wire(close.reply_text));
      amqp_connection_close_ok_t ok{};
      if (writable(Clock::now())) amqp_send_method(state_.get(), 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
      return error;
    }
    case AMQP_CONNECTION_CLOSE_OK_METHOD:
      if (awaited_ != AMQP_CONNECTION_CLOSE_OK_METHOD) return unexpected_frame();
      awaited_ = 0;
      return std::nullopt;
    case AMQP_CONNECTION_BLOCKED_METHOD:
      blocked_ = true;
      return std::nullopt;
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      blocked_ = false;
      return std::nullopt;
    default:
      return unexpected_frame();
  }
}

std::optional<Error> AmqpSession::handle_channel(const amqp_method_t& method) {
  if (awaited_ != 0 && method.id == awaited_) {
    awaited_ = 0;
    if (read_ != nullptr && *read_) (*read_)(method.decoded);
    return std::nullopt;
  }
  switch (method.id) {
    case AMQP_BASIC_DELIVER_METHOD: {
      const auto& delivered = *static_cast<const amqp_basic_deliver_t*>(method.decoded);
      if (!intake_.delivered(delivered, Clock::now())) return unexpected_frame();
      return std::nullopt;
    }
    case AMQP_BASIC_RETURN_METHOD: {
      const auto& returned = *static_cast<const amqp_basic_return_t*>(method.decoded);
      if (!intake_.returned(Clock::now())) return unexpected_frame();
      unpublished_ = errors_.told(returned.reply_code, from_wire(returned.reply_text));
      return std::nullopt;
    }
    case AMQP_BASIC_ACK_METHOD: {
      const auto& ack = *static_cast<const amqp_basic_ack_t*>(method.decoded);
      confirmed(ack.delivery_tag, ack.multiple != 0);
      return std::nullopt;
    }
    case AMQP_BASIC_NACK_METHOD: {
      const auto& nack = *static_cast<const amqp_basic_nack_t*>(method.decoded);
      confirmed(nack.delivery_tag, nack.multiple != 0);
      unpublished_ = errors_.make("amqp.refused", "does not take what was published (basic.nack)");
      return std::nullopt;
    }
    case AMQP_BASIC_CANCEL_METHOD:
      return errors_.make("amqp.closed", "has cancelled the consumer: the queue is gone or has moved");
    case AMQP_CHANNEL_CLOSE_METHOD: {
      const auto& close = *static_cast<const amqp_channel_close_t*>(method.decoded);
      return errors_.told(close.reply_code, from_wire(close.reply_text));
    }
    default:
      return unexpected_frame();
  }
}

std::optional<Error> AmqpSession::handle_content(const amqp_frame_t& frame) {
  bool taken = false;
  if (frame.frame_type == AMQP_FRAME_HEADER && frame.payload.properties.class_id == AMQP_BASIC_CLASS) {
    const auto& content = frame.payload.properties;
    taken = intake_.header(content.body_size, *static_cast<const amqp_basic_properties_t*>(content.decoded));
  } else if (frame.frame_type == AMQP_FRAME_BODY) {
    taken = intake_.body(bytes_of(from_wire(frame.payload.body_fragment)));
  }
  if (!taken) return unexpected_frame();
  if (auto delivery = intake_.take()) deliveries_.push_back(std::move(*delivery));
  return std::nullopt;
}

void AmqpSession::confirmed(std::uint64_t tag, bool multiple) {
  if (!multiple) {
    unconfirmed_.erase(tag);
  } else {
    // Tag 0 means all so far (AMQP 0-9-1, basic.ack).
    unconfirmed_.erase(unconfirmed_.begin(), tag == 0 ? unconfirmed_.end() : unconfirmed_.upper_bound(tag));
  }
}

}  // namespace kanal::net
