#include "flow/housekeeping.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "domain/partner.hpp"
#include "flow/dispatcher.hpp"
#include "flow/turn.hpp"

namespace kanal::flow {
namespace {

constexpr int batch = 200;
constexpr int unanswered_batch = 50;
/// How long a message that was sent waits for its inbox to be read.
constexpr Duration patience = std::chrono::minutes(10);

}  // namespace

Housekeeping::Housekeeping(ports::Store& store, const Services& services, const StatusBoard& board,
                           const Settings& settings, Clock& clock, Log& log)
    : store_(store),
      services_(services),
      board_(board),
      settings_(settings),
      clock_(clock),
      log_(log),
      retention_(store, settings.retention, clock, log),
      started_(clock.now()) {}

Housekeeping::~Housekeeping() { stop(); }

void Housekeeping::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Housekeeping::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Housekeeping::run(const std::stop_token& stop) {
  const auto note = [this](const Result<void>& done, std::string_view what) {
    if (!done) log_.error("housekeeping_failed", {{"what", what}, {"reason", done.error().text()}});
  };
  note(find_left_channels(), "channels");
  while (!stop.stop_requested()) {
    const auto turn = take_turn(store_, clock_, "housekeeping");
    if (!turn) note(failed(turn), "turn");
    if (turn.value_or(false)) {
      if (auto expired = expire(); !expired) note(failed(expired), "expiry");
      note(find_unanswered(), "unanswered");
      if (retention_.due()) {
        if (auto removed = retention_.run(stop); !removed) note(failed(removed), "retention");
      }
    }
    std::unique_lock lock(mutex_);
    wakes_.wait_for(lock, stop, settings_.expiry_interval, [] { return false; });
  }
}

Result<bool> Housekeeping::expire(ports::Txn& txn, const ports::Conversation& conversation) {
  const Time now = clock_.now();
  std::optional<std::string> description;
  if (const auto message = txn.message(conversation.message_id, conversation.direction)) {
    if (conversation.direction == ports::Direction::incoming && message->lock_until && *message->lock_until > now) {
      return false;
    }
    if (message->queued) {
      const auto job = txn.job(send_job, message->message_id.str());
      // A job with a remembered state may have reached the service: the dispatcher finds out.
      if (job && job->payload != "{}") return false;
      auto cancelled = txn.cancel_job(send_job, message->message_id.str());
      if (!cancelled) return failed(cancelled);
      if (job && !*cancelled) return false;
    }
    auto removed = txn.remove_message(message->id);
    if (!removed) return failed(removed);
    description = std::string(domain::expired_description);
  }
  if (auto noted = note_missing_receipt(txn, conversation); !noted) return failed(noted);
  auto added = txn.add_status(conversation.id, domain::ReceiptStatus::levetid_utlopt, now, description);
  if (!added) return failed(added);
  return true;
}

Result<void> Housekeeping::note_missing_receipt(ports::Txn& txn, const ports::Conversation& conversation) const {
  const auto* transport = services_.find(conversation.service);
  if (conversation.direction != ports::Direction::outgoing || transport == nullptr) return {};
  const auto& service = transport->descriptor();
  const bool taken_over = ports::has_status(conversation, domain::ReceiptStatus::mottatt);
  if (!service.receipts_follow || !taken_over) return {};
  const Time now = clock_.now();
  const auto& channel = conversation.message_channel;
  return txn.report({service.service, "D3", conversation.message_id.str(),
                     fmt::format("message {} was taken over by the service, but no receipt of its delivery came on "
                                 "channel '{}' in its time to live: it was possibly taken by an installation that has "
                                 "the same {}, or that asks without a channel; do not send it again before asking the "
                                 "receiver",
                                 conversation.message_id.str(), channel.value_or(""), service.isolation_property),
                     now, now, 1});
}

bool Housekeeping::answer_may_wait(const ports::Conversation& conversation) const {
  if (conversation.direction != ports::Direction::outgoing || !conversation.external_system_reference) return false;
  // A service that stays away keeps nothing open for ever.
  if (clock_.now() > std::max(conversation.expiry, started_) + patience) return false;
  const auto* transport = services_.find(conversation.service);
  if (transport == nullptr || !transport->descriptor().answers_with_status) return false;
  const auto states = board_.inboxes();
  return std::ranges::any_of(transport->inboxes(), [&](const ports::Inbox& inbox) {
    if (domain::without_icd(inbox.id) != conversation.sender_identifier) return false;
    const auto read_past = [&](const InboxState& state) {
      return state.service == conversation.service && state.inbox == inbox.id && state.last_success &&
             *state.last_success > conversation.expiry;
    };
    return std::ranges::none_of(states, read_past);
  });
}

Result<int> Housekeeping::expire() {
  int count = 0;
  std::vector<ports::Conversation> expired;
  auto looked = store_.read([&](ports::View& view) -> Result<void> {
    expired = view.expired(clock_.now(), batch);
    return {};
  });
  if (!looked) return failed(looked);
  for (const auto& conversation : expired) {
    if (answer_may_wait(conversation)) continue;
    bool done = false;
    auto written = store_.write([&](ports::Txn& txn) -> Result<void> {
      auto ended = expire(txn, conversation);
      if (!ended) return failed(ended);
      done = *ended;
      return {};
    });
    if (!written) return failed(written);
    if (!done) continue;
    ++count;
    log_.warning("message_expired", {{"message_id", conversation.message_id.str()},
                                     {"conversation_id", conversation.conversation_id.str()},
                                     {"direction", name_of(conversation.direction)}});
  }
  return count;
}

Result<void> Housekeeping::find_unanswered() {
  const Time now = clock_.now();
  for (const auto& transport : services_.all()) {
    if (!transport->descriptor().answers_with_status) continue;
    const auto& service = transport->descriptor().service;
    std::vector<ports::Conversation> waiting;
    auto looked = store_.read([&](ports::View& view) -> Result<void> {
      waiting = view.sent_without_answer(service, now - settings_.unanswered_after, unanswered_batch);
      const auto known = view.findings();
      std::erase_if(waiting, [&](const auto& conversation) {
        return std::ranges::any_of(known, [&](const auto& finding) {
          return finding.detection == "D3" && finding.subject == conversation.message_id.str();
        });
      });
      return {};
    });
    if (!looked) return failed(looked);
    for (const auto& conversation : waiting) {
      if (!conversation.external_system_reference) continue;
      const auto report = transport->status({*conversation.external_system_reference, conversation.sender});
      if (!report || !report->taken_by_receiver) continue;
      auto written = store_.write([&](ports::Txn& txn) {
        return txn.report(
            {service, "D3", conversation.message_id.str(),
             fmt::format("message {} to {} was taken by its receiver, but no MOTTATT came: its answer was "
                         "possibly taken by another installation; do not resend before asking the receiver",
                         conversation.message_id.str(), conversation.receiver),
             now, now, 1});
      });
      if (!written) return failed(written);
    }
  }
  return {};
}

Result<void> Housekeeping::find_left_channels() {
  for (const auto& transport : services_.all()) {
    const auto& descriptor = transport->descriptor();
    if (descriptor.isolation != domain::Isolation::by_channel) continue;
    std::vector<std::pair<std::string, Time>> open;
    auto looked = store_.read([&](ports::View& view) -> Result<void> {
      open = view.open_channels(descriptor.service);
      return {};
    });
    if (!looked) return failed(looked);
    for (const auto& [channel, expiry] : open) {
      const bool configured = std::ranges::any_of(
          transport->inboxes(), [&](const auto& inbox) { return domain::is_current(inbox.channels, channel); });
      if (configured) continue;
      auto written = store_.write([&](ports::Txn& txn) {
        return txn.report(
            {descriptor.service, "D10", channel.empty() ? "-" : channel,
             channel.empty()
                 ? fmt::format("messages sent without a channel are under way until {}, but {} is set now; their "
                               "answers wait for the installation without one",
                               format_iso(expiry), descriptor.isolation_property)
                 : fmt::format("messages sent on channel '{}' are under way until {}, but {} is something else now; "
                               "the old channel is listened to until they are final",
                               channel, format_iso(expiry), descriptor.isolation_property),
             clock_.now(), clock_.now(), 1});
      });
      if (!written) return failed(written);
    }
  }
  return {};
}

}  // namespace kanal::flow
