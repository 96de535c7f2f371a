// What a client does with incoming messages: peek (lock), pop (read), delete (rest-api.md section 6). Thread-safe;
// durable before it returns. Error codes: `inbox.not_found`, `inbox.not_locked`, `inbox.damaged` (the message is gone),
// `spool.*`, `store.*`.
#pragma once

#include <memory>
#include <optional>

#include "base/log.hpp"
#include "base/time.hpp"
#include "domain/sbd.hpp"
#include "flow/services.hpp"
#include "flow/settings.hpp"
#include "flow/submit.hpp"
#include "ports/crash_points.hpp"
#include "ports/store.hpp"

namespace kanal::flow {

/// The package of a popped message.
struct Popped {
  std::unique_ptr<SeekableSource> content;  ///< null: the message has no package (204)
};

class ClientInbox {
 public:
  ClientInbox(ports::Store& store, ports::BlobStore& blobs, const Services& services, const Settings& settings,
              ports::CrashPoints& points, Clock& clock, Log& log, Hint work_available);

  /// Locks and gives the oldest unlocked match; nothing when there is none.
  Result<std::optional<domain::Sbd>> peek(const ports::MessageQuery& query);
  /// The decrypted, verified package. Extends the lock, so that a long download does not lose it.
  Result<Popped> pop(const MessageId& id);
  /// Removes the message, registers INNKOMMENDE_LEVERT and queues LEVERT to the sender. Gives the document.
  Result<domain::Sbd> remove(const MessageId& id);

 private:
  Result<std::unique_ptr<SeekableSource>> open_package(const ports::BlobRef& package);
  Result<Popped> drop_damaged(const ports::Message& message, const Error& damage);

  ports::Store& store_;
  ports::BlobStore& blobs_;
  const Services& services_;
  const Settings& settings_;
  ports::CrashPoints& points_;
  Clock& clock_;
  Log& log_;
  Hint work_available_;
};

}  // namespace kanal::flow
