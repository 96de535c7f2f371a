// Puts messages into queues as Fiks IO does (dpfio.md 7): headers, expiration, large payloads to dokumentlager; and
// spoils them when a fault says so. Thread-safe.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "sim/fiks_io_queues.hpp"
#include "sim/fiks_io_state.hpp"
#include "sim/fiks_io_types.hpp"

namespace kanal::sim {

/// What only some messages have.
struct FiksIoExtra {
  std::optional<std::string> svar_til_type{};
  std::optional<bool> offload{};  ///< absent: by size
  std::map<std::string, std::optional<net::AmqpValue>> raw_headers{};
  int times = 1;
};

class FiksIoPost {
 public:
  /// `state` and `queues` must outlive this.
  FiksIoPost(FiksIoState& state, FiksIoQueues& queues, const Environment& environment)
      : state_(state), queues_(queues), environment_(environment) {}

  /// Gives the message as it was posted: with dokumentlager_id when its payload went there, and the time. The broker
  /// has it then. `payload` null: none. The errors of an AmqpConnection and of the file; nothing remains then, unless
  /// the broker took it and could not say so.
  Result<FiksIoMessage> post(FiksIoMessage message, const std::shared_ptr<const TemporaryFile>& payload,
                             const FiksIoExtra& extra = {});

 private:
  [[nodiscard]] net::AmqpProperties properties(const FiksIoMessage& message, const FiksIoExtra& extra) const;
  void spoil(net::AmqpProperties& properties, const FiksIoMessage& message) const;
  [[nodiscard]] bool met(std::string_view fault, const FiksIoMessage& message) const;

  FiksIoState& state_;
  FiksIoQueues& queues_;
  Environment environment_;
};

}  // namespace kanal::sim
