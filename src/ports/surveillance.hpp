// What a service shows to every installation of an organisation about the traffic of all of them: the evidence of the
// detections D4 to D7 (dpo.md section 9). Looking never touches an item. Thread-safe; may block on the network.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ports/inbox.hpp"
#include "ports/records.hpp"

namespace kanal::ports {

/// A document that somebody sent in an organisation's name.
struct Departure {
  std::string remote_id;
  std::string receiver;
  Time created{};                      ///< at the service
  std::string installation;            ///< the sending one's name for itself; empty when it does not tell
  std::optional<std::string> channel;  ///< of that installation; absent: none, or not told
};

/// What became of an item that nobody here has finished.
enum class Whereabouts {
  waiting,  ///< nobody has begun to take it
  taken,    ///< somebody has begun, or confirmed it
  gone,     ///< expired or removed
};

/// Each service shows what it can; what it does not is left.
class Surveillance {
 public:
  Surveillance() = default;
  Surveillance(const Surveillance&) = delete;
  Surveillance& operator=(const Surveillance&) = delete;
  virtual ~Surveillance() = default;

  /// Ids of what was sent in the name of the inbox's organisation since `since`, by any installation, oldest first.
  virtual Result<std::vector<std::string>> departures(const Inbox&, Time /*since*/, std::stop_token) {
    return std::vector<std::string>{};
  }
  /// Nothing: it was begun and never left.
  virtual Result<std::optional<Departure>> departure(const Inbox&, const std::string& /*remote_id*/) {
    return std::optional<Departure>{};
  }
  /// Ids of items to the inbox's organisation that were confirmed since `since`, by any installation, oldest first.
  virtual Result<std::vector<std::string>> confirmed(const Inbox&, Time /*since*/, std::stop_token) {
    return std::vector<std::string>{};
  }
  virtual Result<Whereabouts> whereabouts(const RemoteItem& item) = 0;
  /// How often the organisation has begun to fetch an item; 0: not known.
  virtual Result<int> fetches(const RemoteItem&) { return 0; }
};

}  // namespace kanal::ports
