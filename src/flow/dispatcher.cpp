#include "flow/dispatcher.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "domain/json_text.hpp"
#include "domain/message_type.hpp"
#include "flow/retry.hpp"

namespace kanal::flow {
namespace {

namespace json = boost::json;
using namespace std::chrono;

std::string member_of(const std::string& payload, std::string_view name) {
  json::error_code error;
  const auto parsed = json::parse(payload, error);
  const auto* object = error ? nullptr : parsed.if_object();
  return object != nullptr ? domain::text_member(*object, name) : std::string{};
}

}  // namespace

/// What a transport remembers goes into the job's own row.
class Dispatcher::JobDispatch final : public ports::Dispatch {
 public:
  JobDispatch(Dispatcher& owner, ports::Job& job, std::string state,
              std::function<std::string(const std::string&)> payload)
      : owner_(owner), job_(job), state_(std::move(state)), payload_(std::move(payload)) {}

  [[nodiscard]] const std::string& remembered() const override { return state_; }
  Result<void> remember(std::string state, const std::optional<ports::BlobRef>& package,
                        const std::string& remote_reference) override {
    state_ = std::move(state);
    job_.payload = payload_(state_);
    if (package) job_.package = package;
    return owner_.store_.write([&](ports::Txn& txn) -> Result<void> {
      if (auto saved = txn.save_progress(job_); !saved || remote_reference.empty()) return saved;
      // Before the document can leave: it must never look like another installation's (D4).
      return txn.note_departure(job_.service, remote_reference, owner_.clock_.now());
    });
  }
  [[nodiscard]] const std::optional<ports::BlobRef>& package() const override { return job_.package; }
  ports::BlobStore& blobs() override { return owner_.blobs_; }
  void reach(std::string_view point) override { owner_.points_.reach(point); }

 private:
  Dispatcher& owner_;
  ports::Job& job_;
  std::string state_;
  std::function<std::string(const std::string&)> payload_;
};

Dispatcher::Dispatcher(ports::Store& store, ports::BlobStore& blobs, const Services& services, const Settings& settings,
                       ports::CrashPoints& points, Clock& clock, Log& log)
    : store_(store),
      blobs_(blobs),
      services_(services),
      settings_(settings),
      points_(points),
      clock_(clock),
      log_(log),
      sends_(std::string(send_job), settings.send_workers, store, clock, log,
             [this](ports::Job job, const std::stop_token& stop) { send(std::move(job), stop); }),
      answers_(std::string(answer_job), std::max(1, settings.send_workers / 2), store, clock, log,
               [this](ports::Job job, const std::stop_token& stop) { answer(std::move(job), stop); }),
      follower_(store, services, settings, clock, log) {}

void Dispatcher::start() {
  sends_.start();
  answers_.start();
  follower_.start();
}

void Dispatcher::stop() {
  follower_.stop();
  answers_.stop();
  sends_.stop();
}

void Dispatcher::hint() {
  sends_.hint();
  answers_.hint();
}

void Dispatcher::drop(const ports::Job& job, std::string_view why) {
  auto done = store_.write([&](ports::Txn& txn) { return txn.complete(job); });
  if (!done) log_.error("job_not_ended", {{"kind", job.kind}, {"key", job.key}, {"reason", done.error().text()}});
  log_.info("job_dropped", {{"kind", job.kind}, {"key", job.key}, {"reason", why}});
}

void Dispatcher::postpone(const ports::Job& job, const Error& error) {
  const Duration delay = retry_delay(job.attempt + 1, settings_.first_retry, error);
  auto done = store_.write(
      [&](ports::Txn& txn) { return txn.postpone(job, clock_.now() + delay, error.text(), counts_as_attempt(error)); });
  if (!done) log_.error("job_not_postponed", {{"kind", job.kind}, {"key", job.key}, {"reason", done.error().text()}});
  log_.warning("send_postponed", {{"message_id", job.key},
                                  {"service_identifier", job.service.str()},
                                  {"attempt", job.attempt + 1},
                                  {"next_seconds", duration_cast<seconds>(delay).count()},
                                  {"code", error.code},
                                  {"reason", error.text()}});
}

void Dispatcher::give_up(const ports::Job& job, const ports::Message& message, domain::ReceiptStatus status,
                         const std::string& description, std::optional<std::string> raw_receipt) {
  auto done = store_.write([&](ports::Txn& txn) -> Result<void> {
    if (auto ended = txn.complete(job); !ended) return failed(ended);
    if (const auto conversation = txn.conversation(message.message_id, ports::Direction::outgoing)) {
      auto added = txn.add_status(conversation->id, status, clock_.now(), description, raw_receipt);
      if (!added) return failed(added);
    }
    auto removed = txn.remove_message(message.id);
    if (!removed) return failed(removed);
    return {};
  });
  if (!done) log_.error("job_not_ended", {{"kind", job.kind}, {"key", job.key}, {"reason", done.error().text()}});
  log_.error("message_failed", {{"message_id", message.message_id.str()},
                                {"conversation_id", message.conversation_id.str()},
                                {"service_identifier", message.service.str()},
                                {"status", domain::name_of(status)},
                                {"description", description},
                                {"reason", raw_receipt.value_or("")}});
}

Result<ports::OutboundDocument> Dispatcher::load(const ports::Message& message) {
  auto reading = domain::read_sbd(message.sbd);
  if (!reading) return bug("send.stored_sbd", "a stored SBD cannot be read: " + reading.error().message);
  ports::OutboundDocument document;
  document.sbd = std::move(reading->sbd);
  auto loaded = store_.read([&](ports::View& view) -> Result<void> {
    document.files = view.attachments(message.id);
    const auto* type = domain::find_message_type(document.sbd.document.type);
    if (type == nullptr || (!type->is_receipt && !type->is_status)) return {};
    // A receipt answers a message: the channel that came with it goes back, whatever ours is called (dpo.md 8.7 case
    // 7).
    document.role = domain::DocumentRole::answer_to_receipt;
    document.answer_channel = document.sbd.message_channel();
    const auto related = document.sbd.body_text("relatedToMessageId");
    const auto answered = related.empty() ? std::optional<ports::Conversation>{}
                                          : view.conversation(MessageId(related), ports::Direction::incoming);
    if (answered) {
      document.role = domain::DocumentRole::answer_to_message;
      // What was remembered replaces anything else (8.7 case 4); a client that repeats it itself may also be right
      // (case 5).
      if (answered->message_channel) document.answer_channel = answered->message_channel;
    }
    return {};
  });
  if (!loaded) return failed(loaded);
  std::ranges::stable_sort(document.files, [](const auto& a, const auto& b) {
    return a.primary != b.primary ? a.primary : a.number < b.number;
  });
  return document;
}

void Dispatcher::send(ports::Job job, const std::stop_token& stop) {
  points_.reach("send.leased");
  std::optional<ports::Message> message;
  auto looked = store_.read([&](ports::View& view) -> Result<void> {
    message = view.message(MessageId(job.key), ports::Direction::outgoing);
    return {};
  });
  if (!looked) return postpone(job, looked.error());
  if (!message) return drop(job, "the message is gone");
  auto* transport = services_.find(message->service);
  if (transport == nullptr) {
    return postpone(job, Error{"send.service_disabled",
                               "the service is switched off; switch it on to send this message",
                               Disposition::retry,
                               {},
                               {}});
  }
  auto document = load(*message);
  if (!document) {
    return give_up(job, *message, domain::ReceiptStatus::feil, "Failed to deliver message - check raw receipt",
                   document.error().text());
  }
  const std::string state = member_of(job.payload, "state");
  const auto ttl = document->sbd.expected_response();
  // With a remembered state the service may have it already: then find out, do not declare it expired.
  if (ttl && clock_.now() > ttl->utc && state.empty()) {
    return give_up(job, *message, domain::ReceiptStatus::levetid_utlopt, std::string(domain::expired_description), {});
  }
  JobDispatch dispatch(*this, job, state, [](const std::string& remembered) {
    return json::serialize(json::object{{"state", remembered}});
  });
  auto result = transport->send(*document, dispatch, stop);
  if (result) return sent(job, *message, transport->descriptor().follow, *result);
  const Error& error = result.error();
  if (error.disposition == Disposition::retry) {
    if (job.attempt + 1 < settings_.max_attempts) return postpone(job, error);
    return give_up(job, *message, domain::ReceiptStatus::feil,
                   fmt::format("Request to receiver '{}' failed delivery over {} - Moved to DLQ",
                               document->sbd.receiver_value(), message->service.str()),
                   error.text());
  }
  give_up(job, *message, domain::ReceiptStatus::feil, "Failed to deliver message - check raw receipt", error.text());
}

void Dispatcher::sent(const ports::Job& job, const ports::Message& message, const ports::FollowPlan& plan,
                      const ports::Sent& result) {
  points_.reach("send.uploaded");
  const Time now = clock_.now();
  auto done = store_.write([&](ports::Txn& txn) -> Result<void> {
    if (auto ended = txn.complete(job); !ended) return failed(ended);
    if (auto conversation = txn.conversation(message.message_id, ports::Direction::outgoing)) {
      conversation->external_system_reference = result.remote_reference;
      if (!result.message_title.empty()) conversation->message_title = result.message_title;
      if (auto updated = txn.update(*conversation); !updated) return failed(updated);
      auto added = txn.add_status(conversation->id, domain::ReceiptStatus::sendt, now);
      if (!added) return failed(added);
      for (const auto status : result.at_once) {
        if (auto at_once = txn.add_status(conversation->id, status, now); !at_once) return failed(at_once);
      }
      // A receipt may have been here before the service's answer was.
      if (result.follow && !conversation->finished) {
        auto followed = begin_following(txn, plan, *conversation, result.remote_reference, now);
        if (!followed) return failed(followed);
      }
    }
    auto removed = txn.remove_message(message.id);
    if (!removed) return failed(removed);
    return {};
  });
  if (!done) {
    // What the transport remembered makes the next attempt find the document at the service.
    log_.error("sent_not_stored", {{"message_id", message.message_id.str()}, {"reason", done.error().text()}});
    return;
  }
  points_.reach("send.committed");
  log_.info("message_sent", {{"message_id", message.message_id.str()},
                             {"conversation_id", message.conversation_id.str()},
                             {"service_identifier", message.service.str()},
                             {"remote_id", result.remote_reference}});
}

void Dispatcher::answer(ports::Job job, const std::stop_token& stop) {
  auto answer = read_answer(job.payload);
  if (!answer) return drop(job, answer.error().text());
  auto* transport = services_.find(job.service);
  if (transport == nullptr) {
    return postpone(job, Error{"send.service_disabled", "the service is switched off", Disposition::retry, {}, {}});
  }
  ports::OutboundDocument document{answer->sbd, answer->role, answer->channel, {}};
  JobDispatch dispatch(*this, job, answer->state, [&](const std::string& remembered) {
    answer->state = remembered;
    return write_answer(*answer);
  });
  auto result = transport->send(document, dispatch, stop);
  if (!result) {
    if (result.error().disposition == Disposition::retry && job.attempt + 1 < settings_.max_attempts) {
      return postpone(job, result.error());
    }
    log_.error("status_not_sent", {{"message_id", answer->sbd.message_id().str()}, {"reason", result.error().text()}});
    return drop(job, result.error().text());
  }
  points_.reach("answer.uploaded");
  auto done = store_.write([&](ports::Txn& txn) { return txn.complete(job); });
  if (!done) log_.error("job_not_ended", {{"kind", job.kind}, {"key", job.key}, {"reason", done.error().text()}});
}

}  // namespace kanal::flow
