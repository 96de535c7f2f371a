#include "flow/reception.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "flow/retry.hpp"

namespace kanal::flow {
namespace {

using State = ports::RemoteItem::State;
using domain::Verdict;

/// Items taken together: fetched side by side, committed in one transaction in order of creation.
constexpr std::size_t slice_size = 32;
/// Failed fetches of one item before it is set aside.
constexpr int max_fetches = 10;
/// A channel nobody listens to is worth a finding after this time (D9).
constexpr Duration dead_channel_after = std::chrono::hours(1);

bool older(const ports::RemoteItem& a, const ports::RemoteItem& b) {
  return std::tie(a.created, a.remote_id) < std::tie(b.created, b.remote_id);
}

}  // namespace

/// One item on its way in.
struct Reception::Taken {
  ports::RemoteItem item;
  std::optional<ports::BlobRef> raw;  ///< scratch
  std::optional<ports::InboundDocument> document;
  std::optional<Error> error;
};

/// What one poll of one inbox knows.
struct Reception::Round {
  ports::Inbox inbox;
  std::map<std::string, ports::RemoteItem> known;  ///< listed items we have a row for
  std::vector<ports::RemoteItem> fresh;            ///< described in this round
  std::vector<ports::RemoteItem> to_take;
  std::vector<ports::RemoteItem> to_acknowledge;
  std::int64_t elsewhere = 0;
  int became_ours = 0;
};

Reception::Reception(ports::Transport& transport, ports::Store& store, ports::BlobStore& blobs, ChannelGuard& guard,
                     Intake& intake, WorkerPool& pool, StatusBoard& board, ports::CrashPoints& points, Clock& clock,
                     Log& log, Hint work_available)
    : transport_(transport),
      store_(store),
      blobs_(blobs),
      guard_(guard),
      intake_(intake),
      pool_(pool),
      board_(board),
      points_(points),
      clock_(clock),
      log_(log),
      work_available_(std::move(work_available)) {}

Reception::~Reception() { stop(); }

void Reception::start() {
  for (const auto& inbox : transport_.inboxes()) {
    threads_.emplace_back([this, inbox](const std::stop_token& stop) { run(inbox, stop); });
  }
}

void Reception::stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

void Reception::run(const ports::Inbox& inbox, const std::stop_token& stop) {
  const auto& service = transport_.descriptor();
  int failures = 0;
  while (!stop.stop_requested()) {
    int taken = 0;
    try {
      auto round = poll_once(inbox, stop);
      failures = round ? 0 : failures + 1;
      taken = round.value_or(0);
      if (!round && !stop.stop_requested()) {
        board_.failed(service.service, inbox.id, round.error().text());
        log_.warning("poll_failed", {{"service_identifier", service.service.str()},
                                     {"inbox", inbox.id},
                                     {"code", round.error().code},
                                     {"reason", round.error().text()}});
      }
    } catch (const std::exception& failure) {
      ++failures;
      board_.failed(service.service, inbox.id, failure.what());
      log_.error("poll_threw", {{"inbox", inbox.id}, {"reason", failure.what()}});
    }
    // A full slice means that more is waiting: go on at once.
    if (taken >= static_cast<int>(slice_size)) continue;
    std::unique_lock lock(mutex_);
    wakes_.wait_for(lock, stop, poll_delay(service.polling_interval, failures), [] { return false; });
  }
}

Result<int> Reception::poll_once(ports::Inbox inbox, const std::stop_token& stop) {
  Round round;
  auto channels = store_.read([&](ports::View& view) -> Result<void> {
    // Channels that still have messages under way are listened to until those are final (channels.md, point 4).
    for (const auto& [channel, expiry] : view.open_channels(transport_.descriptor().service)) {
      if (channel.empty() || channel == inbox.channels.own) continue;
      if (std::ranges::find(inbox.channels.retired, channel) == inbox.channels.retired.end()) {
        inbox.channels.retired.push_back(channel);
      }
    }
    return {};
  });
  if (!channels) return failed(channels);
  round.inbox = std::move(inbox);
  auto listed = transport_.list(round.inbox, stop);
  if (!listed) return failed(listed);
  if (auto recalled = recall(round, *listed); !recalled) return failed(recalled);
  describe_new(round, *listed);
  if (auto decided = decide(round, *listed); !decided) return failed(decided);
  if (!round.to_acknowledge.empty()) {
    guard_.acknowledge(transport_, round.to_acknowledge, false,
                       [this](std::vector<std::function<void()>> tasks) { pool_.run_all(std::move(tasks)); });
  }
  std::ranges::sort(round.to_take, older);
  for (std::size_t at = 0; at < round.to_take.size() && !stop.stop_requested(); at += slice_size) {
    const auto end = std::min(at + slice_size, round.to_take.size());
    std::vector<ports::RemoteItem> slice(round.to_take.begin() + static_cast<std::ptrdiff_t>(at),
                                         round.to_take.begin() + static_cast<std::ptrdiff_t>(end));
    if (auto taken = take(round, std::move(slice), stop); !taken) return failed(taken);
  }
  if (auto checked = find_vanished(round, *listed); !checked) return failed(checked);
  board_.succeeded(transport_.descriptor().service, round.inbox.id, clock_.now(), round.elsewhere);
  return round.became_ours;
}

Result<void> Reception::recall(Round& round, const std::vector<ports::Listed>& listed) {
  const auto& service = transport_.descriptor().service;
  return store_.read([&](ports::View& view) -> Result<void> {
    for (const auto& entry : listed) {
      if (auto item = view.remote_item(service, entry.remote_id))
        round.known.emplace(entry.remote_id, std::move(*item));
    }
    // Stored but not acknowledged: whether it is still listed or not, the service has to be told.
    round.to_acknowledge = view.remote_items(service, round.inbox.id, State::stored, 1000);
    return {};
  });
}

void Reception::describe_new(Round& round, const std::vector<ports::Listed>& listed) {
  std::vector<const ports::Listed*> unknown;
  for (const auto& entry : listed) {
    if (!round.known.contains(entry.remote_id)) unknown.push_back(&entry);
  }
  std::vector<std::optional<Result<ports::RemoteItem>>> described(unknown.size());
  std::vector<std::function<void()>> tasks;
  tasks.reserve(unknown.size());
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    tasks.emplace_back([&, i] { described[i] = transport_.describe(round.inbox, unknown[i]->remote_id); });
  }
  pool_.run_all(std::move(tasks));
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    auto& result = *described[i];
    if (result) {
      round.fresh.push_back(std::move(*result));
    } else {
      // One that cannot be described never stops the others; it is asked for again next round.
      log_.warning("describe_failed", {{"remote_id", unknown[i]->remote_id}, {"reason", result.error().text()}});
    }
  }
}

Result<void> Reception::decide(Round& round, const std::vector<ports::Listed>& listed) {
  const Time now = clock_.now();
  const auto& service = transport_.descriptor();
  const auto touched = [&](const std::string& id) {
    const auto at = std::ranges::find(listed, id, &ports::Listed::remote_id);
    return at != listed.end() && at->touched;
  };
  std::map<std::string, std::pair<int, Time>> waiting;  // per foreign channel: count, oldest
  std::vector<ports::RemoteItem> look_again;
  for (auto& [id, item] : round.known) {
    if (item.verdict == Verdict::other_channel) {
      // The channel may have become ours since (configured, or a retired one with messages under way).
      if (guard_.classify(service, round.inbox, item) == Verdict::ours) {
        look_again.push_back(item);
        continue;
      }
      ++round.elsewhere;
      auto& [count, oldest] = waiting[item.channel_seen.value_or("")];
      oldest = count++ == 0 ? item.published : std::min(oldest, item.published);
    } else if (item.verdict == Verdict::ours && (item.state == State::taking || item.state == State::seen)) {
      if (item.look_again <= now) round.to_take.push_back(item);
    } else if (item.verdict == Verdict::unknown && item.state == State::seen && item.look_again <= now) {
      look_again.push_back(item);
    }
  }
  if (round.fresh.empty() && look_again.empty() && waiting.empty()) return {};

  auto written = store_.write([&](ports::Txn& txn) -> Result<void> {
    for (auto item : round.fresh) {
      item.first_seen = item.last_seen = now;
      item.verdict = guard_.classify(service, round.inbox, item);
      if (item.verdict == Verdict::ours && touched(item.remote_id)) {
        if (auto noted = guard_.touched_by_another(txn, item); !noted) return failed(noted);
        continue;
      }
      if (item.verdict == Verdict::ours) item.state = State::taking;
      if (item.verdict == Verdict::other_channel) ++round.elsewhere;
      if (auto put = txn.put(item); !put) return failed(put);
      if (item.verdict == Verdict::ours) round.to_take.push_back(std::move(item));
    }
    for (auto item : look_again) {
      const bool became_ours =
          item.verdict == Verdict::other_channel ||
          (!item.refers_to.empty() && txn.conversation(item.refers_to, ports::Direction::outgoing));
      item.look_again = now + look_again_delay(item.attempts);
      ++item.attempts;
      if (became_ours) {
        item.verdict = Verdict::ours;
        item.state = State::taking;
        item.attempts = 0;
      }
      if (auto put = txn.put(item); !put) return failed(put);
      if (became_ours) round.to_take.push_back(std::move(item));
    }
    for (const auto& [channel, seen] : waiting) {
      if (now - seen.second < dead_channel_after) continue;
      auto reported =
          txn.report({service.service, "D9", channel,
                      fmt::format("{} item(s) wait for channel '{}', the oldest since {}: no installation listens to "
                                  "it, or its name is misspelt",
                                  seen.first, channel, format_iso(seen.second)),
                      now, now, 1});
      if (!reported) return failed(reported);
    }
    return {};
  });
  if (written && !round.to_take.empty()) points_.reach("receive.taking_stored");
  return written;
}

Reception::Taken Reception::fetch(const ports::RemoteItem& item, const std::stop_token& stop) {
  Taken taken{item, {}, {}, {}};
  auto writer = blobs_.create({.md5 = true, .describe = false, .scratch = true});
  if (!writer) {
    taken.error = writer.error();
    return taken;
  }
  auto fetched = transport_.fetch(item, **writer, stop);
  if (fetched) fetched = (*writer)->finish();
  if (!fetched) {
    taken.error = fetched.error();
    return taken;
  }
  taken.raw = (*writer)->ref();
  auto document = transport_.open(item, *taken.raw, {blobs_, stop});
  if (document) {
    taken.document = std::move(*document);
  } else {
    taken.error = document.error();
  }
  return taken;
}

Result<void> Reception::take(Round& round, std::vector<ports::RemoteItem> items, const std::stop_token& stop) {
  std::vector<Taken> taken(items.size());
  std::vector<std::function<void()>> tasks;
  tasks.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    tasks.emplace_back([&, i] { taken[i] = fetch(items[i], stop); });
  }
  pool_.run_all(std::move(tasks));
  points_.reach("receive.downloaded");
  if (stop.stop_requested()) return {};
  return commit(round, taken);
}

/// A durable copy of a raw package that has to be kept.
Result<std::optional<ports::BlobRef>> Reception::keep_raw(const ports::BlobRef& scratch) {
  auto source = blobs_.open(scratch);
  if (!source) return failed(source);
  auto writer = blobs_.create({});
  if (!writer) return failed(writer);
  if (auto copied = copy(**source, **writer); !copied) return failed(copied);
  if (auto durable = (*writer)->finish(); !durable) return failed(durable);
  return std::optional((*writer)->ref());
}

Result<void> Reception::commit(Round& round, std::vector<Taken>& taken) {
  const auto& service = transport_.descriptor();
  std::vector<std::optional<ports::BlobRef>> kept(taken.size());
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const bool poison = taken[i].raw && taken[i].error && taken[i].error->disposition != Disposition::retry;
    if (!poison && !(taken[i].document && taken[i].document->damage)) continue;
    auto raw = keep_raw(*taken[i].raw);
    if (!raw) return failed(raw);
    kept[i] = std::move(*raw);
  }
  points_.reach("receive.unpacked");
  auto stored = store_.write([&](ports::Txn& txn) -> Result<void> {
    for (std::size_t i = 0; i < taken.size(); ++i) {
      auto& [item, raw, document, error] = taken[i];
      if (document) {
        if (auto applied = intake_.apply(txn, service, round.inbox, item, *document, kept[i]); !applied)
          return failed(applied);
      } else if (kept[i]) {
        if (auto done = intake_.quarantine(txn, item, *error, kept[i], {}); !done) return failed(done);
      } else {
        ++item.attempts;
        item.reason = error->text();
        item.look_again = clock_.now() + retry_delay(item.attempts, std::chrono::seconds(2), *error);
        if (error->disposition != Disposition::retry && item.attempts >= max_fetches) item.state = State::quarantined;
        if (auto put = txn.put(item); !put) return failed(put);
      }
    }
    return {};
  });
  for (const auto& entry : taken) {
    if (!entry.raw) continue;
    if (auto removed = blobs_.remove(entry.raw->id); !removed) {
      log_.warning("blob_not_removed", {{"reason", removed.error().text()}});
    }
  }
  if (!stored) return failed(stored);
  points_.reach("receive.committed");
  std::vector<ports::RemoteItem> to_acknowledge;
  for (const auto& entry : taken) {
    if (entry.item.state == State::stored) to_acknowledge.push_back(entry.item);
    if (entry.error) {
      log_.warning("take_failed", {{"remote_id", entry.item.remote_id}, {"reason", entry.error->text()}});
    }
  }
  round.became_ours += static_cast<int>(to_acknowledge.size());
  if (to_acknowledge.empty()) return {};
  work_available_();
  points_.reach("receipt.applied");
  guard_.acknowledge(transport_, to_acknowledge, true,
                     [this](std::vector<std::function<void()>> tasks) { pool_.run_all(std::move(tasks)); });
  points_.reach("receive.acknowledged");
  return {};
}

/// Items of ours that were not finished and are not listed any more: did somebody take them (D5)?
Result<void> Reception::find_vanished(Round& round, const std::vector<ports::Listed>& listed) {
  std::set<std::string> still_there;
  for (const auto& entry : listed) still_there.insert(entry.remote_id);
  std::vector<ports::RemoteItem> missing;
  auto looked = store_.read([&](ports::View& view) -> Result<void> {
    for (auto& item : view.remote_items(transport_.descriptor().service, round.inbox.id, State::taking, 1000)) {
      if (item.first_seen < clock_.now() && item.verdict == Verdict::ours && !still_there.contains(item.remote_id)) {
        missing.push_back(std::move(item));
      }
    }
    return {};
  });
  if (!looked || missing.empty()) return looked;
  return store_.write([&](ports::Txn& txn) -> Result<void> {
    for (auto& item : missing) {
      if (auto gone = guard_.vanished(txn, item, round.inbox); !gone) return failed(gone);
    }
    return {};
  });
}

}  // namespace kanal::flow
