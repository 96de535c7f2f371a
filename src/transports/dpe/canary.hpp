// The self-canary (dpe.md 8.2, D6): a status to this installation's own queue, with its own organisation as both
// parties. One that does not come back was taken by somebody else; a Java reader merely does not know what it is about.
// Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "domain/sbd.hpp"
#include "transports/dpe/dpe_settings.hpp"

namespace kanal::transports::dpe {

class Canary {
 public:
  /// `settings` outlive it. `installation_id` tells this installation's canaries from others'.
  Canary(const Settings& settings, std::string installation_id);

  /// The next one, when its time has come; nothing while they are off (kanal.dpe.canary-interval).
  [[nodiscard]] std::optional<domain::Sbd> next(Time now);
  /// It is on its way.
  void sent(const domain::Sbd& canary, Time now);
  /// Is this a canary of this installation, of this run or an earlier one?
  [[nodiscard]] bool is_own(const domain::Sbd& document) const;
  /// It came back.
  void returned(const domain::Sbd& canary);
  /// Ids of those that should have come back by now. Each is told once.
  [[nodiscard]] std::vector<std::string> lost(Time now);

 private:
  [[nodiscard]] std::string id_at(const OffsetTime& creation) const;

  const Settings& settings_;
  const std::string installation_id_;
  std::optional<Time> last_;
  std::map<std::string, Time> under_way_;
};

}  // namespace kanal::transports::dpe
