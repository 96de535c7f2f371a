// One connection with its channel as a stream of frames: every frame that comes is handled in one place, whatever is
// waited for, so that heartbeats, deliveries, confirms and the broker's farewell are never missed. Internal to this
// folder; one thread.
#pragma once

#include <amqp.h>
#include <amqp_framing.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "net/amqp_errors.hpp"
#include "net/amqp_intake.hpp"
#include "net/amqp_login.hpp"

namespace kanal::net {

class AmqpSession {
 public:
  using Clock = std::chrono::steady_clock;
  using Moment = Clock::time_point;

  /// Connects, logs in and opens the channel.
  static Result<std::unique_ptr<AmqpSession>> open(const AmqpOptions& options);
  /// Says goodbye when the connection lives.
  ~AmqpSession();
  AmqpSession(const AmqpSession&) = delete;
  AmqpSession& operator=(const AmqpSession&) = delete;

  /// Handles the next frame; false when none came until then.
  Result<bool> step(Moment until);
  /// Sends a method; errors that it makes come later, by step().
  Result<void> send(amqp_method_number_t method, void* arguments);
  /// Sends a method and waits for its answer, which `read` sees once.
  Result<void> call(amqp_method_number_t method, void* arguments, amqp_method_number_t answer,
                    const std::function<void(const void*)>& read = {});
  /// The frames of one message.
  Result<void> publish(amqp_basic_publish_t& method, amqp_basic_properties_t& properties, ByteView body);

  [[nodiscard]] std::optional<AmqpDelivery> next_delivery();
  /// A delivery has been under way for longer than it may.
  [[nodiscard]] bool delivery_overdue() const;
  [[nodiscard]] bool blocked() const { return blocked_; }
  [[nodiscard]] int socket() const { return amqp_get_sockfd(state_.get()); }
  [[nodiscard]] const AmqpErrors& errors() const { return errors_; }
  [[nodiscard]] const AmqpOptions& options() const { return options_; }

  /// From now on what is published is counted.
  void count_confirms() { counting_ = true; }
  [[nodiscard]] bool counts_confirms() const { return counting_; }
  [[nodiscard]] bool all_confirmed() const { return unconfirmed_.empty(); }
  /// What the broker returned or refused of what was published; told once.
  [[nodiscard]] std::optional<Error> take_unpublished();

 private:
  AmqpSession(const AmqpOptions& options, AmqpErrors errors, AmqpState state);
  /// Waits until a whole frame can be sent without waiting.
  [[nodiscard]] bool writable(Moment until) const;
  Result<void> send_frame(const amqp_frame_t& frame, Moment until);
  Result<void> serve_heartbeat();
  /// The connection is dead: passes the error on, and keeps it for whoever asks again.
  tl::unexpected<Error> die(Error error);
  /// A send failed: the broker may have told the reason before.
  tl::unexpected<Error> die_told(Error error);
  [[nodiscard]] tl::unexpected<Error> dead() const;
  // Each gives the error that the frame means, or none.
  std::optional<Error> handle(const amqp_frame_t& frame);
  std::optional<Error> handle_connection(const amqp_method_t& method);
  std::optional<Error> handle_channel(const amqp_method_t& method);
  std::optional<Error> handle_content(const amqp_frame_t& frame);
  void confirmed(std::uint64_t tag, bool multiple);
  [[nodiscard]] Error unexpected_frame() const;

  AmqpOptions options_;
  AmqpErrors errors_;
  AmqpState state_;
  std::chrono::milliseconds beat_;  ///< a frame is sent at least this often; 0: no matter
  Moment last_sent_;
  AmqpIntake intake_;
  std::deque<AmqpDelivery> deliveries_;
  std::optional<std::string> dead_;  ///< why
  bool blocked_ = false;
  amqp_method_number_t awaited_ = 0;
  const std::function<void(const void*)>* read_ = nullptr;
  bool counting_ = false;
  std::uint64_t published_ = 0;
  std::set<std::uint64_t> unconfirmed_;
  std::optional<Error> unpublished_;
};

}  // namespace kanal::net
