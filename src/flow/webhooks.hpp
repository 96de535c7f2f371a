// Delivers statuses to the subscriptions of clients (rest-api.md section 10). The statuses themselves are the outbox:
// each subscription has a position in their feed that moves only after its receiver answered 2xx, so a crash repeats an
// event at most, and never loses one. Every subscription is delivered in order and on its own: a slow or dead receiver
// delays nobody else, unless as many are slow as there are workers.
//
// start()/stop() by the owner; everything else from any thread.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ports/crash_points.hpp"
#include "ports/store.hpp"
#include "ports/webhook_sender.hpp"

namespace kanal::flow {

struct WebhookSettings {
  int workers = 8;                       ///< kanal.webhooks.workers
  std::chrono::hours disable_after{72};  ///< kanal.webhooks.disable-after: of nothing but failures
  bool ping_must_succeed = false;        ///< kanal.webhooks.ping=require
};

class Webhooks {
 public:
  Webhooks(ports::Store& store, ports::WebhookSender& sender, ports::CrashPoints& points, WebhookSettings settings,
           Clock& clock, Log& log);
  ~Webhooks();
  Webhooks(const Webhooks&) = delete;
  Webhooks& operator=(const Webhooks&) = delete;

  void start();
  /// Lets the requests under way end or cuts them.
  void stop();
  /// There may be new statuses, or a subscription has changed.
  void hint();

  /// Tries the address with the ping of section 10. An Error (`webhook.ping`) only when pings must succeed; otherwise a
  /// failure is logged.
  Result<void> ping(const std::string& url);

  /// Delivers what is due to one subscription until nothing is left or an attempt fails. True when nothing is left.
  Result<bool> deliver(std::int64_t subscription, const std::stop_token& stop);

 private:
  struct Batch {
    ports::Subscription subscription;
    std::vector<ports::FeedEntry> entries;
  };
  void schedule(const std::stop_token& stop);
  void work(const std::stop_token& stop);
  /// Subscriptions that something may be due for; nothing of those that are being delivered.
  void find_due();
  Result<std::optional<Batch>> next_batch(std::int64_t subscription);
  Result<bool> move_on(const ports::Subscription& from, std::int64_t position);
  Result<void> note_failure(const ports::Subscription& from, std::int64_t position, const Error& error);

  ports::Store& store_;
  ports::WebhookSender& sender_;
  ports::CrashPoints& points_;
  const WebhookSettings settings_;
  Clock& clock_;
  Log& log_;

  std::mutex mutex_;
  std::condition_variable_any scheduler_wakes_;
  std::condition_variable_any work_there_;
  bool hinted_ = true;
  std::vector<std::int64_t> ready_;
  std::set<std::int64_t> held_;  ///< ready or being delivered
  std::vector<std::jthread> threads_;
};

}  // namespace kanal::flow
