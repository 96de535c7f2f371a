#include "flow/lookout.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "flow/turn.hpp"

namespace kanal::flow {
namespace {

using namespace std::chrono;

/// Each look begins a little before the last one's end: clocks differ. What was seen already is known by its id.
constexpr Duration overlap = minutes(5);
/// Each id nobody here knows costs a request: a busy neighbour is looked at a piece at a time.
constexpr std::size_t most_at_once = 100;
/// Longer than any service keeps a transfer.
constexpr Duration departures_kept = hours(24 * 40);
constexpr std::string_view first_start_name = "lookout.first-start";

std::string cursor_name(std::string_view what, const ports::Descriptor& service, const ports::Inbox& inbox) {
  return fmt::format("lookout.{}.{}.{}", what, service.service.str(), inbox.id);
}

/// The time after `name`'s last look, if it has one.
std::optional<Time> time_setting(ports::View& view, std::string_view name) {
  const auto text = view.setting(name);
  const auto parsed = text ? parse_iso(*text) : std::nullopt;
  return parsed ? std::optional(parsed->utc) : std::nullopt;
}

}  // namespace

Lookout::Lookout(ports::Store& store, const Services& services, ChannelGuard& guard, const Settings& settings,
                 Clock& clock, Log& log)
    : store_(store), services_(services), guard_(guard), settings_(settings), clock_(clock), log_(log) {}

Lookout::~Lookout() { stop(); }

void Lookout::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Lookout::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Lookout::run(const std::stop_token& stop) {
  if (const auto since = first_start(); !since) {
    log_.error("lookout_failed", {{"reason", since.error().text()}});
  }
  Duration departures_at = clock_.monotonic();
  Duration arrivals_at = departures_at;
  while (!stop.stop_requested()) {
    const Duration now = clock_.monotonic();
    if (settings_.departures_interval.count() > 0 && now >= departures_at) {
      look(&Lookout::look_at_departures, "departures", stop);
      departures_at = now + settings_.departures_interval;
    }
    if (settings_.arrivals_interval.count() > 0 && now >= arrivals_at) {
      look(&Lookout::look_at_arrivals, "arrivals", stop);
      arrivals_at = now + settings_.arrivals_interval;
    }
    milliseconds pause = seconds(1);
    for (const auto interval : {settings_.departures_interval, settings_.arrivals_interval}) {
      if (interval.count() > 0) pause = std::min(pause, interval);
    }
    std::unique_lock lock(mutex_);
    wakes_.wait_for(lock, stop, pause, [] { return false; });
  }
}

void Lookout::look(Look what, std::string_view name, const std::stop_token& stop) {
  for (const auto& transport : services_.all()) {
    if (transport->surveillance() == nullptr) continue;
    for (const auto& inbox : transport->inboxes()) {
      const auto turn =
          take_turn(store_, clock_, fmt::format("lookout {} {}", transport->descriptor().service.str(), inbox.id));
      if (turn && !*turn) continue;
      const auto found = turn ? (this->*what)(*transport, inbox, stop) : Result<int>(failed(turn));
      if (found || stop.stop_requested()) continue;
      log_.warning("lookout_failed", {{"service_identifier", transport->descriptor().service.str()},
                                      {"inbox", inbox.id},
                                      {"what", name},
                                      {"reason", found.error().text()}});
    }
  }
}

/// When this store first looked: what happened before is no evidence.
Result<Time> Lookout::first_start() {
  Time since = clock_.now();
  auto written = store_.write([&](ports::Txn& txn) -> Result<void> {
    const auto known = time_setting(txn, first_start_name);
    if (known) since = *known;
    return known ? Result<void>{} : txn.put_setting(first_start_name, format_iso(since));
  });
  if (!written) return failed(written);
  return since;
}

Result<Time> Lookout::cursor(const std::string& name) {
  auto since = first_start();
  if (!since) return since;
  auto looked = store_.read([&](ports::View& view) -> Result<void> {
    since = time_setting(view, name).value_or(*since);
    return {};
  });
  if (!looked) return failed(looked);
  return since;
}

Result<std::vector<std::string>> Lookout::unknown_of(
    std::vector<std::string> ids, const std::function<bool(ports::View&, const std::string&)>& is_known) {
  auto looked = store_.read([&](ports::View& view) -> Result<void> {
    std::erase_if(ids, [&](const auto& id) { return is_known(view, id); });
    return {};
  });
  if (!looked) return failed(looked);
  return ids;
}

Result<int> Lookout::look_at_departures(ports::Transport& transport, const ports::Inbox& inbox,
                                        const std::stop_token& stop) {
  const auto& service = transport.descriptor();
  const auto name = cursor_name("departures", service, inbox);
  const auto since = cursor(name);
  if (!since) return failed(since);
  Time seen_until = std::max(*since, clock_.now() - overlap);
  auto ids = transport.surveillance()->departures(inbox, *since, stop);
  if (!ids) return failed(ids);
  const auto is_known = [&](ports::View& view, const std::string& id) {
    return view.knows_departure(service.service, id);
  };
  auto unknown = unknown_of(std::move(*ids), is_known);
  if (!unknown) return failed(unknown);
  const bool more = unknown->size() > most_at_once;
  if (more) unknown->resize(most_at_once);
  std::vector<ports::Departure> foreign;
  for (const auto& id : *unknown) {
    if (stop.stop_requested()) return 0;
    auto departure = transport.surveillance()->departure(inbox, id);
    if (!departure) return failed(departure);
    if (!*departure) continue;
    if (more) seen_until = std::max(*since, (*departure)->created);
    foreign.push_back(std::move(**departure));
  }
  int count = 0;
  auto written = store_.write([&](ports::Txn& txn) -> Result<void> {
    count = 0;
    for (const auto& departure : foreign) {
      // Asked again: a document of ours may have been noted since the list was made.
      if (is_known(txn, departure.remote_id)) continue;
      if (auto reported = guard_.departed_elsewhere(txn, service, inbox, departure); !reported) return reported;
      if (auto noted = txn.note_departure(service.service, departure.remote_id, departure.created); !noted) {
        return noted;
      }
      ++count;
    }
    if (auto dropped = txn.forget_departures(clock_.now() - departures_kept); !dropped) return dropped;
    return txn.put_setting(name, format_iso(seen_until));
  });
  if (!written) return failed(written);
  return count;
}

Result<int> Lookout::look_at_arrivals(ports::Transport& transport, const ports::Inbox& inbox,
                                      const std::stop_token& stop) {
  const auto& service = transport.descriptor();
  const auto name = cursor_name("arrivals", service, inbox);
  const auto since = cursor(name);
  if (!since) return failed(since);
  const auto started = first_start();
  if (!started) return failed(started);
  const Time seen_until = std::max(*since, clock_.now() - overlap);
  auto ids = transport.surveillance()->confirmed(inbox, *since, stop);
  if (!ids) return failed(ids);
  const auto is_known = [&](ports::View& view, const std::string& id) {
    return view.remote_item(service.service, id).has_value();
  };
  auto unknown = unknown_of(std::move(*ids), is_known);
  if (!unknown) return failed(unknown);
  const bool more = unknown->size() > most_at_once;
  if (more) unknown->resize(most_at_once);
  std::vector<ports::RemoteItem> unseen;
  for (const auto& id : *unknown) {
    if (stop.stop_requested()) return 0;
    auto item = transport.describe(inbox, id);
    if (!item) return failed(item);
    unseen.push_back(std::move(*item));
  }
  int count = 0;
  auto written = store_.write([&](ports::Txn& txn) -> Result<void> {
    count = 0;
    const auto listening = guard_.listening(txn, service, inbox);
    for (auto item : unseen) {
      // Asked again: the reception may have met it since the list was made.
      if (is_known(txn, item.remote_id)) continue;
      item.first_seen = item.last_seen = clock_.now();
      item.verdict = guard_.classify(service, listening, item);
      item.state = ports::RemoteItem::State::gone;
      const bool theft = item.verdict == domain::Verdict::ours && item.created >= *started;
      auto noted = theft ? guard_.confirmed_unseen(txn, service, item, listening) : txn.put(item);
      if (!noted) return noted;
      count += theft ? 1 : 0;
    }
    // What is left over has no time of its own here; the next look finds it from the same point.
    return more ? Result<void>{} : txn.put_setting(name, format_iso(seen_until));
  });
  if (!written) return failed(written);
  return count;
}

}  // namespace kanal::flow
