#include "flow/client_inbox.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "domain/message_type.hpp"

#include "flow/answers.hpp"

namespace kanal::flow {
namespace {

tl::unexpected<Error> not_found(const MessageId& id) {
  return reject("inbox.not_found", fmt::format("Message with messageId = {} was not found", id.str()));
}

tl::unexpected<Error> not_locked(const MessageId& id) {
  return reject("inbox.not_locked", fmt::format("Message with messageId = {} was not locked", id.str()));
}

bool is_locked(const ports::Message& message, Time now) { return message.lock_until && *message.lock_until > now; }

Result<domain::Sbd> document_of(const ports::Message& message) {
  auto reading = domain::read_sbd(message.sbd);
  if (!reading) return bug("inbox.stored_sbd", "a stored SBD cannot be read: " + reading.error().message);
  return std::move(reading->sbd);
}

/// A receipt says everything in its SBD; what its sender packed with it is nobody's (rest-api.md 6.3).
bool is_receipt(const ports::Message& message) {
  const auto reading = domain::read_sbd(message.sbd);
  const auto* type = reading ? domain::find_message_type(reading->sbd.document.type) : nullptr;
  return type != nullptr && type->is_receipt;
}

}  // namespace

ClientInbox::ClientInbox(ports::Store& store, ports::BlobStore& blobs, const Services& services,
                         const Settings& settings, ports::CrashPoints& points, Clock& clock, Log& log,
                         Hint work_available)
    : store_(store),
      blobs_(blobs),
      services_(services),
      settings_(settings),
      points_(points),
      clock_(clock),
      log_(log),
      work_available_(std::move(work_available)) {}

Result<std::optional<domain::Sbd>> ClientInbox::peek(const ports::MessageQuery& query) {
  std::optional<ports::Message> locked;
  auto done = store_.write([&](ports::Txn& txn) -> Result<void> {
    const Time now = clock_.now();
    auto next = txn.lock_next(query, now, now + settings_.lock_timeout);
    if (!next) return failed(next);
    locked = std::move(*next);
    return {};
  });
  if (!done) return failed(done);
  if (!locked) return std::optional<domain::Sbd>{};
  auto sbd = document_of(*locked);
  if (!sbd) return failed(sbd);
  return std::optional(std::move(*sbd));
}

Result<Popped> ClientInbox::pop(const MessageId& id) {
  std::optional<ports::Message> message;
  auto extended = store_.write([&](ports::Txn& txn) -> Result<void> {
    message = txn.message(id, ports::Direction::incoming);
    if (!message) return not_found(id);
    const Time now = clock_.now();
    if (!is_locked(*message, now)) return not_locked(id);
    message->lock_until = std::max(*message->lock_until, now + settings_.lock_timeout);
    return txn.update(*message);
  });
  if (!extended) return failed(extended);
  Popped popped;
  if (!message->package || is_receipt(*message)) return popped;
  auto content = open_package(*message->package);
  if (!content && content.error().code == "spool.damaged") return drop_damaged(*message, content.error());
  if (!content) return failed(content);
  popped.content = std::move(*content);
  return popped;
}

/// Opened and begun, so that most damage shows before a byte of it has been given out.
Result<std::unique_ptr<SeekableSource>> ClientInbox::open_package(const ports::BlobRef& package) {
  auto content = blobs_.open(package);
  if (!content) return failed(content);
  std::array<std::byte, 1> first{};
  if (auto read = (*content)->read(first); !read) return failed(read);
  if (auto back = (*content)->seek(0); !back) return failed(back);
  return content;
}

/// A package that cannot be read will never be: the message leaves the queue and its conversation says why
/// (rest-api.md 6.3).
Result<Popped> ClientInbox::drop_damaged(const ports::Message& message, const Error& damage) {
  const auto& id = message.message_id;
  auto dropped = store_.write([&](ports::Txn& txn) -> Result<void> {
    if (const auto conversation = txn.conversation(id, ports::Direction::incoming)) {
      auto added = txn.add_status(
          conversation->id, domain::ReceiptStatus::feil, clock_.now(),
          fmt::format("Can not read file \"asic.zip\" for message [messageId={}, sender={}], removing from queue.",
                      id.str(), message.sender_identifier));
      if (!added) return failed(added);
    }
    auto gone = txn.remove_message(message.id);
    if (!gone) return failed(gone);
    return {};
  });
  if (!dropped) return failed(dropped);
  log_.error("package_damaged", {{"message_id", id.str()}, {"reason", damage.text()}});
  return failed(Error{"inbox.damaged", damage.text(), Disposition::reject, {}, {}},
                "File(s) named asic.zip was not found");
}

Result<domain::Sbd> ClientInbox::remove(const MessageId& id) {
  domain::Sbd document;
  auto removed = store_.write([&](ports::Txn& txn) -> Result<void> {
    const auto message = txn.message(id, ports::Direction::incoming);
    if (!message) return not_found(id);
    const Time now = clock_.now();
    if (!is_locked(*message, now)) return not_locked(id);
    auto sbd = document_of(*message);
    if (!sbd) return failed(sbd);
    document = std::move(*sbd);
    if (const auto conversation = txn.conversation(id, ports::Direction::incoming)) {
      auto added = txn.add_status(conversation->id, domain::ReceiptStatus::innkommende_levert, now);
      if (!added) return failed(added);
    }
    if (const auto* transport = services_.find(message->service)) {
      auto queued = queue_status(txn, transport->descriptor(), document, domain::ReceiptStatus::levert, settings_, now);
      if (!queued) return failed(queued);
    }
    auto gone = txn.remove_message(message->id);
    if (!gone) return failed(gone);
    return {};
  });
  if (!removed) return failed(removed);
  points_.reach("client.delete_committed");
  log_.info("message_delivered", {{"message_id", id.str()}});
  work_available_();
  return document;
}

}  // namespace kanal::flow
