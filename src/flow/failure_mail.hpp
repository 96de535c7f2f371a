// One mail for every message that fails (difi.move.feature.mailErrorStatus). A job row owns each mail until the mail
// server has taken it: a server that is away delays it, a crash repeats it at most.
#pragma once

#include <string_view>

#include "base/log.hpp"
#include "base/time.hpp"
#include "flow/job_runner.hpp"
#include "ports/mailer.hpp"
#include "ports/store.hpp"

namespace kanal::flow {

inline constexpr std::string_view mail_job = "mail";

class FailureMail {
 public:
  FailureMail(ports::Store& store, ports::Mailer& mailer, Clock& clock, Log& log);

  /// In the transaction that takes note of the failure.
  static Result<void> order(ports::Txn& txn, const ports::FeedEntry& failure, Time now);

  void start() { jobs_.start(); }
  void stop() { jobs_.stop(); }
  void hint() { jobs_.hint(); }

 private:
  void handle(const ports::Job& job);

  ports::Store& store_;
  ports::Mailer& mailer_;
  Clock& clock_;
  Log& log_;
  JobRunner jobs_;
};

/// What the mail says: ids and the reason, never the content.
[[nodiscard]] ports::Mail failure_mail(const ports::FeedEntry& failure);

}  // namespace kanal::flow
