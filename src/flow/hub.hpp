// The hub (channels.md point 8, dpe.md 8.3 no. 4): one installation alone reads what a service has for its organisation
// and gives other installations, its satellites, what is theirs: answers by who sent the message, by channel, by
// conversation; messages by rules. What belongs to a satellite waits here, durable, until the satellite has stored it.
// Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "ports/store.hpp"
#include "ports/transport.hpp"

namespace kanal::flow {

/// Another installation of the organisation, which gets its part from this one.
struct Satellite {
  std::string name;
  std::vector<ServiceIdentifier> services;
  std::vector<std::string> channels;       ///< answers that name one of these are its
  std::vector<std::string> processes;      ///< messages of these processes are its
  std::vector<std::string> organisations;  ///< and messages to or about these: nine digits
};

struct HubSettings {
  std::vector<Satellite> satellites;
  std::string others;  ///< the satellite that gets messages which no rule gives to anybody; empty: this installation
};

/// Something that waits for a satellite.
struct Relayed {
  std::string id;
  std::string sender;
  Time created{};
};

/// How a satellite is served, for health.
struct SatelliteState {
  std::string name;
  std::int64_t waiting = 0;
  std::optional<Time> last_seen;  ///< when it asked last, since this process began
};

class Hub {
 public:
  Hub(ports::Store& store, HubSettings settings, Clock& clock, Log& log);

  // Receiving, inside the transaction that takes an item.

  /// The satellite that a document belongs to. Null: it is this installation's, or nobody is known to own it.
  [[nodiscard]] const Satellite* owner_of(ports::View& view, const ServiceIdentifier& service,
                                          const ports::InboundDocument& document) const;
  /// Puts it into the satellite's inbox, which owns its package from then on. The same item once more is a no-op.
  Result<void> keep(ports::Txn& txn, const Satellite& satellite, const ports::RemoteItem& item,
                    const ports::InboundDocument& document);

  // Serving a satellite, by its name.

  /// From now on what answers this message is the satellite's. `hub.other_sender` (reject) when it is another's.
  Result<void> note_sent(const std::string& satellite, const ServiceIdentifier& service, const MessageId& message_id,
                         const ConversationId& conversation_id);
  /// What waits, oldest first, at most `limit`. Waits up to `patience` for something to come.
  Result<std::vector<Relayed>> waiting(const std::string& satellite, const ServiceIdentifier& service, int limit,
                                       std::chrono::milliseconds patience);
  /// The document (ports/relayed_document.hpp) is the job's payload, its package the job's. Nothing: it is not there.
  Result<std::optional<ports::Job>> find(const std::string& satellite, const ServiceIdentifier& service,
                                         const std::string& id);
  /// The satellite has stored it. False: it was not there (any more).
  Result<bool> finish(const std::string& satellite, const ServiceIdentifier& service, const std::string& id);

  /// Something may have come.
  void hint();
  /// Ends all waiting, for good.
  void stop();
  /// Also of satellites that are configured no more, while something waits for them.
  Result<std::vector<SatelliteState>> states();
  /// Names of those that get their part of a service.
  [[nodiscard]] std::vector<std::string> satellites_of(const ServiceIdentifier& service) const;

 private:
  [[nodiscard]] const Satellite* find_satellite(std::string_view name) const;
  [[nodiscard]] const Satellite* owner_of_answer(ports::View& view, const ServiceIdentifier& service,
                                                 const domain::Sbd& answer) const;
  [[nodiscard]] const Satellite* owner_by_rule(const ServiceIdentifier& service, const domain::Sbd& message) const;
  [[nodiscard]] const Satellite* owner_of_conversation(ports::View& view, const ServiceIdentifier& service,
                                                       const ConversationId& conversation) const;

  ports::Store& store_;
  const HubSettings settings_;
  Clock& clock_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable wakes_;
  std::uint64_t hints_ = 0;
  bool stopped_ = false;
  std::map<std::string, Time> last_seen_;
};

}  // namespace kanal::flow
