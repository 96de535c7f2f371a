#include "flow/reception.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "flow/first_look.hpp"
#include "flow/retry.hpp"
#include "flow/room.hpp"
#include "flow/service_receipts.hpp"
#include "flow/turn.hpp"

namespace kanal::flow {
namespace {

using State = ports::RemoteItem::State;
using domain::Verdict;

/// Items taken together: fetched side by side, committed in one transaction in order of creation.
constexpr std::size_t slice_size = 32;
/// Failed fetches of one item before it is set aside.
constexpr int max_fetches = 10;
/// Looks at an answer to nobody, minutes apart, before it is kept for good at a service that counts deliveries.
constexpr int most_looks = 2;
/// A channel nobody listens to is worth a finding after this time (D9).
constexpr Duration dead_channel_after = std::chrono::hours(1);

/// Is the row as it was when the round read it (absent: there was none)? An operator may have imported the item since,
/// and another node may have met it.
bool unchanged(ports::View& view, const ports::RemoteItem& item, bool was_there = true) {
  const auto now = view.remote_item(item.service, item.remote_id);
  if (!now || !was_there) return !now && !was_there;
  return now->state == item.state && now->verdict == item.verdict;
}

/// One that was missed and is back is taken as well, unless somebody has begun to take it.
bool is_to_take(const ports::RemoteItem& item, bool touched) {
  return item.state == State::taking || item.state == State::seen || (item.state == State::gone && !touched);
}

/// An answer to a message of nobody, at a service that sets aside what is handed back too often: it is kept here as an
/// orphan, and leaves the queue before it is lost.
bool is_kept_for_good(const ports::Descriptor& service, const ports::RemoteItem& item) {
  const bool counts_deliveries =
      service.isolation == domain::Isolation::single_installation || service.isolation == domain::Isolation::by_account;
  return counts_deliveries && item.verdict == Verdict::unknown && !item.refers_to.empty() &&
         item.attempts >= most_looks;
}

bool older(const ports::RemoteItem& a, const ports::RemoteItem& b) {
  return std::tie(a.created, a.remote_id) < std::tie(b.created, b.remote_id);
}

}  // namespace

/// One item on its way in.
struct Reception::Taken {
  ports::RemoteItem item;
  std::optional<ports::BlobRef> raw;   ///< scratch
  std::optional<ports::BlobRef> kept;  ///< a durable copy of it, when it has to be kept
  std::optional<ports::InboundDocument> document;
  std::optional<Error> error;
};

/// What one poll of one inbox knows.
struct Reception::Round {
  ports::Inbox inbox;
  std::map<std::string, ports::RemoteItem> known;  ///< listed items we have a row for
  std::vector<ports::RemoteItem> fresh;            ///< described in this round
  std::set<std::string> touched;                   ///< listed items that somebody has begun to fetch
  std::vector<ports::RemoteItem> to_take;
  std::vector<ports::RemoteItem> to_acknowledge;
  std::vector<ports::RemoteItem> to_refuse;
  std::int64_t elsewhere = 0;
  int became_ours = 0;
};

Reception::Reception(ports::Transport& transport, ports::Store& store, ports::BlobStore& blobs, ChannelGuard& guard,
                     Intake& intake, WorkerPool& pool, StatusBoard& board, const Settings& settings,
                     ports::CrashPoints& points, Clock& clock, Log& log, Hint work_available)
    : transport_(transport),
      store_(store),
      blobs_(blobs),
      guard_(guard),
      intake_(intake),
      pool_(pool),
      board_(board),
      settings_(settings),
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
    Polled polled;
    try {
      auto round = poll_once(inbox, stop);
      failures = round ? 0 : failures + 1;
      polled = round.value_or(Polled{});
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
    if (polled.more || polled.became_ours >= static_cast<int>(slice_size)) continue;
    std::unique_lock lock(mutex_);
    wakes_.wait_for(lock, stop, poll_delay(service.polling_interval, failures), [] { return false; });
  }
}

Result<bool> Reception::has_turn(const ports::Inbox& inbox) { return take_turn(store_, clock_, turn_name(inbox)); }

std::string Reception::turn_name(const ports::Inbox& inbox) const {
  return fmt::format("poll {} {}", transport_.descriptor().service.str(), inbox.id);
}

/// Inside a transaction: what it writes counts only when no other node polls this inbox by now.
Result<void> Reception::keep_turn(ports::Txn& txn, const Round& round) {
  auto kept = txn.take_turn(turn_name(round.inbox), clock_.now(), clock_.now() + turn_length);
  if (!kept) return failed(kept);
  if (*kept) return {};
  return retry("receive.other_node", "another node polls this inbox by now: what it finds counts");
}

/// Nothing listed will ever be taken.
bool Reception::all_set_aside(const Round& round, const std::vector<ports::Listed>& listed) {
  return std::ranges::all_of(listed, [&](const auto& entry) {
    const auto known = round.known.find(entry.remote_id);
    return known != round.known.end() &&
           (known->second.state == State::quarantined || known->second.state == State::refused);
  });
}

Result<Reception::Polled> Reception::poll_once(ports::Inbox inbox, const std::stop_token& stop) {
  const auto turn = has_turn(inbox);
  if (!turn) return failed(turn);
  if (!*turn) {
    board_.left_to_another_node(transport_.descriptor().service, inbox.id);
    return Polled{};
  }
  Round round;
  if (auto room = room_for(0, blobs_, settings_); !room) return failed(room);  // it is safe where it is
  auto channels = store_.read([&](ports::View& view) -> Result<void> {
    round.inbox = guard_.listening(view, transport_.descriptor(), std::move(inbox));
    return {};
  });
  if (!channels) return failed(channels);
  auto listed = transport_.list(round.inbox, stop);
  if (!listed) return failed(listed);
  for (const auto& entry : *listed) {
    if (entry.touched) round.touched.insert(entry.remote_id);
  }
  if (auto recalled = recall(round, *listed); !recalled) return failed(recalled);
  describe_new(round, *listed);
  const auto may_take = look_first(round);
  if (!may_take) return failed(may_take);
  if (!*may_take) {
    board_.failed(transport_.descriptor().service, round.inbox.id,
                  "the first start waits: see `kanal channels`, then `kanal channels take`");
    return Polled{};
  }
  if (auto decided = decide(round); !decided) return failed(decided);
  if (!round.to_acknowledge.empty()) {
    guard_.acknowledge(transport_, round.to_acknowledge, false,
                       [this](std::vector<std::function<void()>> tasks) { pool_.run_all(std::move(tasks)); });
  }
  guard_.refuse(transport_, std::move(round.to_refuse));
  std::ranges::sort(round.to_take, older);
  for (std::size_t at = 0; at < round.to_take.size() && !stop.stop_requested(); at += slice_size) {
    const auto turn = at == 0 ? Result<bool>(true) : has_turn(round.inbox);
    if (!turn) return failed(turn);
    if (!*turn) return Polled{round.became_ours};
    const auto end = std::min(at + slice_size, round.to_take.size());
    std::vector<ports::RemoteItem> slice(round.to_take.begin() + static_cast<std::ptrdiff_t>(at),
                                         round.to_take.begin() + static_cast<std::ptrdiff_t>(end));
    if (auto taken = take(round, std::move(slice), stop); !taken) return failed(taken);
  }
  // A listing that was broken off proves nothing.
  if (stop.stop_requested()) return Polled{round.became_ours};
  const auto window = transport_.descriptor().list_window;
  const bool full = window > 0 && listed->size() >= window;
  if (!full) {
    if (auto checked = find_vanished(round, *listed); !checked) return failed(checked);
  }
  if (full && all_set_aside(round, *listed)) {
    board_.failed(
        transport_.descriptor().service, round.inbox.id,
        fmt::format("{} items that cannot be read fill the list of the service, and hide what is behind them: "
                    "have them sent again and removed there (the log names them: package_quarantined)",
                    listed->size()));
    return Polled{};
  }
  board_.succeeded(transport_.descriptor().service, round.inbox.id, clock_.now(), round.elsewhere);
  return Polled{round.became_ours, full && round.became_ours > 0};
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
    round.to_refuse = view.remote_items(service, round.inbox.id, State::quarantined, 100);
    std::erase_if(round.to_refuse, [&](const auto& item) { return item.look_again > clock_.now(); });
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

/// Before anything is ever taken from an inbox that has no channel: somebody else of the organisation may receive
/// there.
Result<bool> Reception::look_first(const Round& round) {
  const auto& own = round.inbox.channels.own;
  if (settings_.first_start == FirstStart::off || (own && !own->empty())) return true;
  {
    const std::scoped_lock lock(mutex_);
    if (looked_.contains(round.inbox.id)) return true;
  }
  const auto& service = transport_.descriptor();
  FirstLook look;
  look.at = clock_.now();
  look.allowed = settings_.first_start == FirstStart::report;
  for (const auto& item : round.fresh) {
    const auto verdict = guard_.classify(service, round.inbox, item);
    look.for_other_channels += verdict == Verdict::other_channel ? 1 : 0;
    if (verdict != Verdict::ours) continue;
    ++look.would_take;
    look.begun_by_others += round.touched.contains(item.remote_id) ? 1 : 0;
  }
  auto allowed = keep_first_look(store_, service.service, round.inbox.id, look, log_);
  if (!allowed) return allowed;
  if (*allowed) {
    const std::scoped_lock lock(mutex_);
    looked_.insert(round.inbox.id);
  }
  return allowed;
}

/// The service took our acknowledgement, and lists the item all the same: it is told once more, in good time.
void Reception::acknowledge_again(Round& round, ports::RemoteItem item, Time now) {
  item.look_again = now + look_again_delay(item.attempts++);
  round.to_acknowledge.push_back(std::move(item));
}

Result<void> Reception::decide(Round& round) {
  const Time now = clock_.now();
  const auto& service = transport_.descriptor();
  WaitingElsewhere waiting;
  std::vector<ports::RemoteItem> look_again;
  std::vector<ports::RemoteItem> retake;
  std::vector<ports::RemoteItem> kept_for_good;
  for (auto& [id, item] : round.known) {
    if (item.verdict == Verdict::other_channel) {
      // The channel may have become ours since (configured, or a retired one with messages under way).
      if (guard_.classify(service, round.inbox, item) == Verdict::ours) {
        look_again.push_back(item);
        continue;
      }
      ++round.elsewhere;
      const auto& reference = item.channel_seen;
      auto& [count, oldest] = waiting[reference && domain::is_channel_name(*reference) ? *reference : ""];
      oldest = count++ == 0 ? item.published : std::min(oldest, item.published);
    } else if (item.verdict == Verdict::ours && is_to_take(item, round.touched.contains(id))) {
      if (item.look_again <= now) retake.push_back(item);
    } else if (item.state == State::acknowledged && item.look_again <= now) {
      acknowledge_again(round, item, now);
    } else if (item.verdict == Verdict::unknown && item.state == State::seen && item.look_again <= now) {
      look_again.push_back(item);
    }
  }
  if (round.fresh.empty() && look_again.empty() && retake.empty() && waiting.empty()) return {};

  auto written = store_.write([&](ports::Txn& txn) -> Result<void> {
    if (auto kept = keep_turn(txn, round); !kept) return kept;
    round.to_take.clear();
    kept_for_good.clear();
    const auto take = [&](ports::RemoteItem item) -> Result<void> {
      item.verdict = Verdict::ours;
      item.state = State::taking;
      ++item.fetches;
      if (auto put = txn.put(item); !put) return put;
      round.to_take.push_back(std::move(item));
      return {};
    };
    for (auto item : round.fresh) {
      if (!unchanged(txn, item, false)) continue;
      item.first_seen = item.last_seen = now;
      item.verdict = guard_.classify(service, round.inbox, item);
      if (item.verdict == Verdict::ours) {
        auto done = round.touched.contains(item.remote_id) ? guard_.touched_by_another(txn, item) : take(item);
        if (!done) return done;
        continue;
      }
      if (auto put = txn.put(item); !put) return put;
    }
    for (auto& item : retake) {
      if (!unchanged(txn, item)) continue;
      if (auto taken = take(item); !taken) return taken;
    }
    for (auto item : look_again) {
      if (!unchanged(txn, item)) continue;
      const bool touched = round.touched.contains(item.remote_id);
      if (item.verdict == Verdict::other_channel && touched) {
        // Ours by its channel now, but somebody has begun to take it.
        if (auto noted = guard_.touched_by_another(txn, item); !noted) return noted;
        continue;
      }
      const bool became_ours =
          item.verdict == Verdict::other_channel || sent_from_here(txn, service.service, item.refers_to);
      if (!became_ours && is_kept_for_good(service, item)) {
        item.state = State::stored;
        if (auto put = txn.put(item); !put) return put;
        kept_for_good.push_back(std::move(item));
        continue;
      }
      item.look_again = now + look_again_delay(item.attempts);
      ++item.attempts;
      if (became_ours) {
        item.attempts = 0;
        item.look_again = now;
      }
      // Begun by another and still not confirmed: it may hold an answer to a message of ours. The mark of a download is
      // on it already, so reading it does no harm; it stays unknown until it has been read.
      const bool read_it = !became_ours && item.refers_to.empty() && touched;
      if (read_it) {
        ++item.fetches;
        round.to_take.push_back(item);
      }
      auto done = became_ours ? take(item) : txn.put(item);
      if (!done) return done;
    }
    return report_dead_channels(txn, waiting);
  });
  for (const auto& item : round.fresh) {
    if (guard_.classify(service, round.inbox, item) == Verdict::other_channel) ++round.elsewhere;
  }
  if (!written) return written;
  std::ranges::move(kept_for_good, std::back_inserter(round.to_acknowledge));
  if (!round.to_take.empty()) points_.reach("receive.taking_stored");
  return written;
}

/// Detection D9: what waits for others, and for too long.
Result<void> Reception::report_dead_channels(ports::Txn& txn, const WaitingElsewhere& waiting) {
  const Time now = clock_.now();
  const auto& service = transport_.descriptor();
  for (const auto& [channel, seen] : waiting) {
    const auto& [count, oldest] = seen;
    if (now - oldest < dead_channel_after) continue;
    const std::string text =
        channel.empty()
            ? fmt::format("{} item(s) without a channel wait, the oldest since {}: no installation without {} receives",
                          count, format_iso(oldest), service.isolation_property)
            : fmt::format(
                  "{} item(s) wait for channel '{}', the oldest since {}: no installation listens to it, or "
                  "its name is misspelt",
                  count, channel, format_iso(oldest));
    const std::string subject = channel.empty() ? "-" : channel;
    if (auto reported = txn.report({service.service, "D9", subject, text, now, now, 1}); !reported) return reported;
  }
  return {};
}

Reception::Taken Reception::fetch(const ports::RemoteItem& item, const std::stop_token& stop) {
  Taken taken{item, {}, {}, {}, {}};
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
  auto kept = ports::copy_blob(blobs_, scratch, {});
  if (!kept) return failed(kept);
  return std::optional(std::move(*kept));
}

/// One document into the store. `error` wins over what was read.
Result<void> Reception::apply(ports::Txn& txn, const Round& round, Taken& taken) {
  auto& [item, raw, kept, document, error] = taken;
  if (document && !error) return intake_.apply(txn, transport_.descriptor(), round.inbox, item, *document, kept);
  if (kept) return intake_.quarantine(txn, transport_.descriptor(), item, *error, kept, {});
  ++item.attempts;
  item.reason = error->text();
  item.look_again = clock_.now() + retry_delay(item.attempts, std::chrono::seconds(2), *error);
  if (error->disposition != Disposition::retry && item.attempts >= max_fetches) item.state = State::quarantined;
  return txn.put(item);
}

/// All in one transaction; `taken` changes only when it is committed.
Result<void> Reception::apply_all(const Round& round, std::span<Taken> taken) {
  std::vector<ports::RemoteItem> before;
  before.reserve(taken.size());
  for (const auto& entry : taken) before.push_back(entry.item);
  auto stored = store_.write([&](ports::Txn& txn) -> Result<void> {
    if (auto kept = keep_turn(txn, round); !kept) return kept;
    for (std::size_t i = 0; i < taken.size(); ++i) {
      taken[i].item = before[i];
      if (auto applied = apply(txn, round, taken[i]); !applied) return applied;
    }
    return {};
  });
  if (stored) return {};
  for (std::size_t i = 0; i < taken.size(); ++i) taken[i].item = before[i];
  return stored;
}

/// A durable copy of what has to be kept for a person to look at.
Result<void> Reception::keep_poison(Taken& taken) {
  if (taken.kept || !taken.raw || taken.item.verdict != Verdict::ours) return {};
  const bool poison = taken.error && taken.error->disposition != Disposition::retry;
  if (!poison && !(taken.document && taken.document->damage)) return {};
  auto raw = keep_raw(*taken.raw);
  if (!raw) return failed(raw);
  taken.kept = std::move(*raw);
  return {};
}

/// The slice together; when the store refuses it, one by one, and the one that it never takes is set aside: a single
/// document must not keep the others out.
Result<void> Reception::store_slice(const Round& round, std::vector<Taken>& taken) {
  for (auto& entry : taken) {
    if (auto kept = keep_poison(entry); !kept) return kept;
  }
  points_.reach("receive.unpacked");
  auto stored = apply_all(round, taken);
  if (stored || stored.error().disposition == Disposition::retry) return stored;
  for (auto& entry : taken) {
    const std::span one(&entry, 1);
    auto alone = apply_all(round, one);
    if (!alone && alone.error().disposition != Disposition::retry) {
      entry.error = alone.error();
      if (auto kept = keep_poison(entry); !kept) return kept;
      alone = apply_all(round, one);
    }
    if (!alone) return alone;
  }
  return {};
}

Result<void> Reception::commit(Round& round, std::vector<Taken>& taken) {
  auto stored = store_slice(round, taken);
  for (const auto& entry : taken) {
    if (!entry.raw) continue;
    if (auto removed = ports::remove_scratch(blobs_, *entry.raw); !removed) {
      log_.warning("blob_not_removed", {{"reason", removed.error().text()}});
    }
  }
  if (!stored) return stored;
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
  const auto& service = transport_.descriptor();
  std::set<std::string> still_there;
  for (const auto& entry : listed) still_there.insert(entry.remote_id);
  std::vector<ports::RemoteItem> missing;
  auto looked = store_.read([&](ports::View& view) -> Result<void> {
    for (auto& item : view.remote_items(service.service, round.inbox.id, State::taking, 1000)) {
      if (item.first_seen < clock_.now() && item.verdict == Verdict::ours && !still_there.contains(item.remote_id)) {
        missing.push_back(std::move(item));
      }
    }
    return {};
  });
  if (!looked || missing.empty()) return looked;
  auto* surveillance = transport_.surveillance();
  for (auto& item : missing) {
    auto where = Result<ports::Whereabouts>(ports::Whereabouts::taken);
    if (surveillance != nullptr) where = surveillance->whereabouts(item);
    if (!where || *where == ports::Whereabouts::waiting) continue;
    auto written = store_.write([&](ports::Txn& txn) {
      return *where == ports::Whereabouts::taken ? guard_.vanished(txn, service, item, round.inbox)
                                                 : guard_.expired(txn, item);
    });
    if (!written) return written;
  }
  return {};
}

}  // namespace kanal::flow
