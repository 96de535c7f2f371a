// Puts a message together from its frames (AMQP 0-9-1, 4.2.6): a method that announces it, one header frame with the
// size and the properties, and body frames until the size is reached. Internal to this folder; one thread.
#pragma once

#include <amqp.h>

#include <chrono>
#include <optional>
#include <string>

#include "net/amqp_connection.hpp"

namespace kanal::net {

class AmqpIntake {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  explicit AmqpIntake(std::uint64_t max_body) : max_body_(max_body) {}

  // Each is false when the frame must not come now.
  bool delivered(const amqp_basic_deliver_t& method, Moment now);
  /// basic.return: what the broker gave back, whose content is dropped.
  bool returned(Moment now);
  bool header(std::uint64_t body_size, const amqp_basic_properties_t& properties);
  bool body(ByteView piece);

  /// A delivery that is complete; taken once.
  std::optional<AmqpDelivery> take();
  /// Since when a message has been under way.
  [[nodiscard]] std::optional<Moment> since() const;

 private:
  enum class Awaits { method, header, body };
  bool begin(Moment now);
  void complete();

  std::uint64_t max_body_;
  Awaits awaits_ = Awaits::method;
  Moment begun_{};
  bool wanted_ = false;     ///< a delivery, not a return
  std::uint64_t rest_ = 0;  ///< of the body
  AmqpDelivery delivery_;
  std::optional<AmqpDelivery> done_;
};

}  // namespace kanal::net
