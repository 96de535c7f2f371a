// Removes what is only history after the times that the operator has set. A batch per transaction, so that a first run
// over years of history holds nobody up.
#pragma once

#include <optional>
#include <stop_token>

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "flow/settings.hpp"
#include "ports/store.hpp"

namespace kanal::flow {

class Retention {
 public:
  Retention(ports::Store& store, const RetentionSettings& settings, Clock& clock, Log& log);

  /// Once an hour.
  [[nodiscard]] bool due() const;
  /// Removes everything that is due; gives the number of rows.
  Result<int> run(const std::stop_token& stop);

 private:
  Result<int> remove(ports::Leftover kind, std::chrono::days kept, const std::stop_token& stop);

  ports::Store& store_;
  const RetentionSettings& settings_;
  Clock& clock_;
  Log& log_;
  std::optional<Time> last_run_;
};

}  // namespace kanal::flow
