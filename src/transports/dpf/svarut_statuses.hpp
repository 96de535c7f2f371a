// Statuses of many forsendelser at once (dpf.md 6.2): one call per sender, smaller ones when an id spoils it. One call
// at a time per object is not required; thread-safe.
#pragma once

#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "ports/transport.hpp"
#include "transports/dpf/svarut_client.hpp"

namespace kanal::transports::dpf {

class SvarUtStatuses {
 public:
  SvarUtStatuses(SvarUtClient& client, Clock& clock, Log& log) : client_(client), clock_(clock), log_(log) {}

  /// One answer per question, in order. An id that SvarUt does not know is FEIL once a day has passed since it was
  /// first missed; until then nothing is reported.
  std::vector<Result<ports::StatusReport>> ask(const std::vector<ports::StatusQuestion>& questions);

 private:
  struct Round;
  void ask(Round& round, const std::string& sender, std::span<const std::size_t> which);
  ports::StatusReport missing(const ports::StatusQuestion& question) const;
  ports::StatusReport told(const ForsendelseStatus& status);

  SvarUtClient& client_;
  Clock& clock_;
  Log& log_;
  std::mutex mutex_;
  std::set<std::string> unknown_;  ///< statuses already told of in the log
};

}  // namespace kanal::transports::dpf
