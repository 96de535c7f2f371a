// What Fiks IO itself does with messages in the broker (dpfio.md 7): notices to senders about dead letters, and the
// answers of scripted counterparts. Called on consumers' threads; thread-safe.
#pragma once

#include <filesystem>

#include "sim/fiks_io_post.hpp"
#include "sim/fiks_io_state.hpp"

namespace kanal::sim {

class FiksIoReplies {
 public:
  /// `state` and `post` must outlive this.
  FiksIoReplies(FiksIoState& state, FiksIoPost& post, std::filesystem::path folder, const Environment& environment)
      : state_(state), post_(post), folder_(std::move(folder)), environment_(environment) {}

  /// Tells the sender of a dead letter, unless the receiver threw it away or it is such a notice itself. The errors of
  /// FiksIoPost::post(): the notice is still to be given.
  Result<void> bury(const net::AmqpDelivery& letter);
  /// The answers of the script of the account in whose queue it was.
  void answer(const net::AmqpDelivery& delivery);
  /// A payload as the delivery wants it; null: none. `fiksio.payload` when nobody can sign it or there is no key.
  Result<std::shared_ptr<const TemporaryFile>> payload(const FiksIoDelivery& delivery) const;

 private:
  Result<void> answer_with(const FiksIoReply& reply, const FiksIoMessage& original);

  FiksIoState& state_;
  FiksIoPost& post_;
  std::filesystem::path folder_;
  Environment environment_;
};

}  // namespace kanal::sim
