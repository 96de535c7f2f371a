// Named places between two durable steps. Product code says when it passes one; tests kill the process there
// and count afterwards that nothing was lost or doubled.
#pragma once

#include <array>
#include <string_view>

namespace kanal::ports {

/// Every point, in the order a message passes them. A test runs through the whole list.
constexpr std::array<std::string_view, 17> crash_points = {
    "submit.blob_written", "submit.created",        "submit.queued",         "send.leased",
    "send.package_stored", "send.initialized",      "send.reference_stored", "send.uploaded",
    "send.committed",      "receive.taking_stored", "receive.downloaded",    "receive.unpacked",
    "receive.committed",   "receive.acknowledged",  "answer.uploaded",       "client.delete_committed",
    "receipt.applied",
};

/// Beside a message's way: the receiver of a web-hook has answered, and the store does not know yet.
constexpr std::string_view webhook_delivered = "webhook.delivered";

class CrashPoints {
 public:
  CrashPoints() = default;
  CrashPoints(const CrashPoints&) = delete;
  CrashPoints& operator=(const CrashPoints&) = delete;
  virtual ~CrashPoints() = default;
  /// Does nothing in operation.
  virtual void reach(std::string_view point) = 0;
};

/// The one used in operation.
class NoCrashPoints final : public CrashPoints {
 public:
  void reach(std::string_view) override {}
};

}  // namespace kanal::ports
