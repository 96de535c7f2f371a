// All owners of messages together, started and stopped in the right order (style.md "Concurrency" 5).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/worker_pool.hpp"
#include "flow/channel_guard.hpp"
#include "flow/client_inbox.hpp"
#include "flow/dispatcher.hpp"
#include "flow/failure_mail.hpp"
#include "flow/housekeeping.hpp"
#include "flow/hub.hpp"
#include "flow/intake.hpp"
#include "flow/lookout.hpp"
#include "flow/orphan_exchange.hpp"
#include "flow/reception.hpp"
#include "flow/status_board.hpp"
#include "flow/status_feed.hpp"
#include "flow/submit.hpp"
#include "flow/webhooks.hpp"

namespace kanal::flow {

/// Who is told of statuses, and how.
struct TellingParts {
  ports::WebhookSender& sender;
  WebhookSettings webhooks{};
  std::vector<std::string> queued_services{};  ///< difi.move.feature.statusQueueIncludes
  ports::Mailer* failure_mailer = nullptr;     ///< gets a mail for every FEIL; null: none is sent
};

class Engine {
 public:
  /// `hub`: gives other installations what is theirs; null: this one has everything to itself. Outlives the engine.
  Engine(SubmitParts parts, TellingParts telling, Hub* hub = nullptr);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Finds the place in the status feed to go on from. Before the first message of this run.
  Result<void> prepare() { return status_feed_.begin(); }
  void start();
  /// Stops polling, lets running jobs end, stops the workers. Idempotent.
  void stop();

  Submit& submit() { return submit_; }
  ClientInbox& inbox() { return inbox_; }
  StatusBoard& board() { return board_; }
  Webhooks& webhooks() { return webhooks_; }
  const ChannelGuard& guard() const { return guard_; }
  OrphanExchange& orphans() { return orphans_; }

 private:
  SubmitParts parts_;
  Hub* hub_;
  StatusBoard board_;
  WorkerPool pool_;
  Dispatcher dispatcher_;
  ChannelGuard guard_;
  Intake intake_;
  OrphanExchange orphans_;
  Submit submit_;
  ClientInbox inbox_;
  Housekeeping housekeeping_;
  Lookout lookout_;
  std::unique_ptr<FailureMail> failure_mail_;
  StatusFeed status_feed_;
  Webhooks webhooks_;
  std::vector<std::unique_ptr<Reception>> receptions_;
};

}  // namespace kanal::flow
