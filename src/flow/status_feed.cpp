#include "flow/status_feed.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "flow/party.hpp"
#include "flow/turn.hpp"

namespace kanal::flow {
namespace {

constexpr std::string_view position_setting = "feed.position";
constexpr int batch = 200;
/// Hints may get lost between nodes.
constexpr std::chrono::seconds look_anyway{1};
constexpr std::chrono::seconds after_failure{5};

}  // namespace

StatusFeed::StatusFeed(ports::Store& store, std::vector<std::string> queued_services, FailureHandler on_failure,
                       Clock& clock, Log& log)
    : store_(store),
      queued_services_(std::move(queued_services)),
      on_failure_(std::move(on_failure)),
      clock_(clock),
      log_(log) {}

StatusFeed::~StatusFeed() { stop(); }

Result<void> StatusFeed::begin() {
  return store_.write([](ports::Txn& txn) -> Result<void> {
    if (txn.setting(position_setting)) return {};
    const auto end = txn.feed_end();
    if (!end) return failed(end);
    return txn.put_setting(position_setting, std::to_string(*end));
  });
}

void StatusFeed::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void StatusFeed::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void StatusFeed::hint() {
  {
    const std::scoped_lock lock(mutex_);
    hinted_ = true;
  }
  wakes_.notify_one();
}

void StatusFeed::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto followed = follow();
    if (!followed) log_.error("status_feed_failed", {{"reason", followed.error().text()}});
    if (followed && *followed == batch) continue;
    std::unique_lock lock(mutex_);
    wakes_.wait_for(lock, stop, followed ? look_anyway : after_failure, [this] { return hinted_; });
    hinted_ = false;
  }
}

bool StatusFeed::is_queued(const ports::FeedEntry& entry) const {
  return std::ranges::find(queued_services_, entry.service.str()) != queued_services_.end();
}

void StatusFeed::tell(const ports::FeedEntry& entry) {
  const auto& status = entry.status;
  const auto name = name_of(status.status);
  log_.info("status",
            {{"text", fmt::format("Message [id={}] updated with status \"{}\"", status.message_id.str(), name)},
             {"message_id", status.message_id.str()},
             {"conversation_id", status.conversation_id.str()},
             {"status", name},
             {"description", status.description.value_or("")},
             {"direction", name_of(entry.direction)},
             {"service_identifier", entry.service.str()},
             {"process_identifier", entry.process},
             {"document_identifier", entry.document_type},
             {"sender", shown_party(entry.sender)},
             {"receiver", shown_party(entry.receiver)}});
}

Result<int> StatusFeed::follow() {
  const auto turn = take_turn(store_, clock_, "status feed");
  if (!turn) return failed(turn);
  if (!*turn) return 0;
  std::vector<ports::FeedEntry> entries;
  auto read = store_.write([&](ports::Txn& txn) -> Result<void> {
    const auto kept = txn.setting(position_setting).value_or("0");
    std::int64_t position = 0;
    std::from_chars(kept.data(), kept.data() + kept.size(), position);
    auto fed = txn.feed(position, batch);
    if (!fed) return failed(fed);
    entries = std::move(*fed);
    return {};
  });
  if (!read) return failed(read);
  if (entries.empty()) return 0;
  for (const auto& entry : entries) tell(entry);
  auto moved = store_.write([&](ports::Txn& txn) -> Result<void> {
    for (const auto& entry : entries) {
      // A conversation may have been deleted meanwhile, and its statuses with it.
      if (is_queued(entry) && txn.conversation(entry.status.conversation)) {
        if (auto offered = txn.offer_status(entry.status.id); !offered) return offered;
      }
      if (on_failure_ && entry.status.status == domain::ReceiptStatus::feil) {
        if (auto noted = on_failure_(txn, entry); !noted) return noted;
      }
    }
    return txn.put_setting(position_setting, std::to_string(entries.back().position));
  });
  if (!moved) return failed(moved);
  return static_cast<int>(entries.size());
}

}  // namespace kanal::flow
