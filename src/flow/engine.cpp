#include "flow/engine.hpp"

namespace kanal::flow {

namespace {

StatusFeed::FailureHandler mail_orders(const SubmitParts& parts, const TellingParts& telling) {
  if (telling.failure_mailer == nullptr) return {};
  return [&clock = parts.clock](ports::Txn& txn, const ports::FeedEntry& failure) {
    return FailureMail::order(txn, failure, clock.now());
  };
}

}  // namespace

Engine::Engine(SubmitParts parts, TellingParts telling, Hub* hub)
    : parts_(parts),
      hub_(hub),
      pool_(parts.settings.receive_workers),
      dispatcher_(parts.store, parts.blobs, parts.services, parts.settings, parts.points, parts.clock, parts.log),
      guard_(parts.store, parts.clock, parts.log),
      intake_(guard_, hub, parts.settings, parts.clock, parts.log),
      orphans_(parts.store, parts.services, intake_, parts.clock, parts.log),
      submit_(parts, [this] { dispatcher_.hint(); }),
      inbox_(parts.store, parts.blobs, parts.services, parts.settings, parts.points, parts.clock, parts.log,
             [this] { dispatcher_.hint(); }),
      housekeeping_(parts.store, parts.services, board_, parts.settings, parts.clock, parts.log),
      lookout_(parts.store, parts.services, guard_, parts.settings, parts.clock, parts.log),
      failure_mail_(telling.failure_mailer == nullptr
                        ? nullptr
                        : std::make_unique<FailureMail>(parts.store, *telling.failure_mailer, parts.clock, parts.log)),
      status_feed_(parts.store, std::move(telling.queued_services), mail_orders(parts, telling), parts.clock,
                   parts.log),
      webhooks_(parts.store, telling.sender, parts.points, telling.webhooks, parts.clock, parts.log) {
  for (const auto& transport : parts_.services.all()) {
    if (!transport->descriptor().receives) continue;
    receptions_.push_back(std::make_unique<Reception>(*transport, parts_.store, parts_.blobs, guard_, intake_, pool_,
                                                      board_, parts_.settings, parts_.points, parts_.clock, parts_.log,
                                                      [this] { dispatcher_.hint(); }));
  }
}

Engine::~Engine() { stop(); }

void Engine::start() {
  parts_.store.listen([this](ports::Change change) {
    if (change == ports::Change::job) {
      dispatcher_.hint();
      if (hub_ != nullptr) hub_->hint();
      if (failure_mail_) failure_mail_->hint();
      return;
    }
    status_feed_.hint();
    webhooks_.hint();
  });
  status_feed_.start();
  webhooks_.start();
  if (failure_mail_) failure_mail_->start();
  dispatcher_.start();
  for (const auto& reception : receptions_) reception->start();
  housekeeping_.start();
  lookout_.start();
}

void Engine::stop() {
  for (const auto& reception : receptions_) reception->stop();
  lookout_.stop();
  housekeeping_.stop();
  dispatcher_.stop();
  webhooks_.stop();
  status_feed_.stop();
  if (failure_mail_) failure_mail_->stop();
  parts_.store.listen({});
}

}  // namespace kanal::flow
