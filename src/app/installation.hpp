// One installation, wired from its configuration: keystore, tokens, registry, store, spool, services, flow, API. Wiring
// only. make() reads and checks everything; start() opens the port and begins to work; stop() drains.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ops/config.hpp"
#include "ops/logger.hpp"
#include "ports/crash_points.hpp"

namespace kanal::app {

/// What operators may do to the process through /manage; nothing where there is none.
struct ProcessControls {
  ops::ManagedLog* log = nullptr;
  std::function<void()> shut_down{};
};

class Installation {
 public:
  /// The clock, log, crash points and controls outlive it. Errors name property, origin and what to do.
  static Result<std::unique_ptr<Installation>> make(ops::Config config, Clock& clock, Log& log,
                                                    ports::CrashPoints& points, ProcessControls controls = {});
  ~Installation();
  Installation(const Installation&) = delete;
  Installation& operator=(const Installation&) = delete;

  Result<void> start();
  void stop();
  /// `http://127.0.0.1:9093`
  [[nodiscard]] std::string url() const;

 private:
  struct Parts;
  explicit Installation(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

[[nodiscard]] std::string_view version();

}  // namespace kanal::app
