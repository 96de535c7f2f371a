// Answers that were kept as nobody's (channels.md, point 1), from the installation that saw them to the one that they
// belong to: an operator exports them there and imports them here.
#pragma once

#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "flow/intake.hpp"
#include "flow/services.hpp"
#include "ports/store.hpp"

namespace kanal::flow {

/// What became of one that was handed over.
struct OrphanOutcome {
  bool taken = false;
  std::string text;  ///< why not, or that it was taken before
};

/// Thread-safe.
class OrphanExchange {
 public:
  OrphanExchange(ports::Store& store, const Services& services, Intake& intake, Clock& clock, Log& log);

  /// Takes an answer if the message it is about was sent from here: its status is stored, and the item is acknowledged
  /// at the service in the next round, which whoever kept it never did; one that only sends leaves that to whoever kept
  /// it. Repeats change nothing. Only `service`, `remote_id` and `sbd` of the orphan count.
  Result<OrphanOutcome> take(const ports::Orphan& orphan);

 private:
  Result<bool> is_ours(ports::View& view, const ServiceIdentifier& service,
                       const ports::InboundDocument& document) const;

  ports::Store& store_;
  const Services& services_;
  Intake& intake_;
  Clock& clock_;
  Log& log_;
};

}  // namespace kanal::flow
