// What corner 2 keeps and how it may be told to behave (dpi.md 13). Values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "sim/dpi_package.hpp"
#include "sim/dpi_sbd.hpp"

namespace kanal::sim {

/// What happens to channel names outside `[A-Za-z0-9_-]{1,28}` (dpi.md 6.2): nobody knows what the real one does.
enum class ChannelRule {
  any,     ///< accepted as they are; the names that the reference has by default are among them
  strict,  ///< 400
  cut,     ///< the first 28 characters count
};

struct Corner2Rules {
  ChannelRule channels = ChannelRule::any;
  std::chrono::milliseconds sent_delay{0};      ///< from acceptance to `SENDT` or `FEILET`
  std::chrono::milliseconds delivery_delay{0};  ///< from there to the first receipt
  std::chrono::milliseconds later_delay{0};     ///< from one receipt to the next one
  bool unknown_is_404 = true;                   ///< statuses of an unknown message; else an empty list
  std::uint64_t first_page = 0;
  std::size_t default_page_size = 100;
  std::uint64_t max_package = 50'000'000;             ///< bytes
  std::optional<std::set<std::string>> agreements{};  ///< senders that may use DPI; absent: all
};

/// What becomes of messages to an addressee.
enum class Fate {
  deliver,
  fail_at_corner2,      ///< `FEILET` with the text
  supplier_error,       ///< `feil` receipt with the text
  notification_failed,  ///< delivered, then `varslingfeiletkvittering` with the text
  returned,             ///< letters: delivered, then `returpostkvittering`
};
struct Behaviour {
  Fate fate = Fate::deliver;
  std::string text{};
};
[[nodiscard]] std::optional<Fate> parse_fate(std::string_view name);

struct DpiStatus {
  std::string status;  ///< OPPRETTET, SENDT, FEILET
  std::string text;
  Time time{};  ///< from then on
};

/// Who made a call.
struct DpiCaller {
  std::string organisation;  ///< the token's supplier, else its consumer: whose mailbox of receipts it is
  std::string vendor;        ///< client id
};

struct AcceptedMessage {
  DpiMessage message;  ///< without its token
  DpiCaller sender;
  std::string channel;  ///< lower case; empty: none was given
  Time accepted{};
  std::vector<DpiStatus> statuses;
  std::vector<ReceivedDocument> documents;
};

struct QueuedReceipt {
  std::uint64_t number = 0;
  std::string id;
  std::string type;
  std::string flaw;  ///< empty: none
  std::optional<std::string> jws;
  std::string conversation;
  DpiCaller owner;  ///< sent the message; vendor empty: queued by hand
  std::string channel;
  std::string sender_unit;
  Bytes package;  ///< of a message with documents; empty for receipts
  Time visible{};
  std::optional<Time> read{};
  DpiCaller reader{};
};

/// A poll.
struct InboxQuery {
  std::optional<std::string> channel{};  ///< absent: all
  std::optional<std::string> sender_unit{};
  std::size_t page_size = 100;
  std::uint64_t page = 0;  ///< from 0
};

}  // namespace kanal::sim
