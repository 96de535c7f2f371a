#include "transports/dpo/broker_listing.hpp"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

namespace kanal::transports::dpo {
namespace {

/// The broker never lists more than this many (dpo.md 3.6).
constexpr std::size_t page_size = 100;
/// Bounds a walk: 100 pages are ten thousand files.
constexpr int max_pages = 100;
constexpr std::size_t max_page_ends = 1000;

}  // namespace

std::optional<Overview> BrokerListing::known(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  const auto known = page_ends_.find(id);
  return known == page_ends_.end() ? std::nullopt : std::optional(known->second);
}

Result<Overview> BrokerListing::overview(const lookup::SystemUser& user, const std::string& id) {
  if (auto there = known(id)) return std::move(*there);
  return broker_.overview(user, id, false);
}

Result<Time> BrokerListing::time_of(const lookup::SystemUser& user, const Search& search, const std::string& id) {
  // The broker sorts by the time that the searched status was reached, without one by creation.
  const auto time = [&](const Overview& overview) {
    if (search.status == "Published") return overview.published;
    return search.status == "AllConfirmedDownloaded" ? overview.status_changed : overview.created;
  };
  // What was published never changes; a later status may not have been reached when it was asked for.
  if (const auto there = known(id); there && search.status != "AllConfirmedDownloaded") return time(*there);
  auto overview = broker_.overview(user, id, false);
  if (!overview) return failed(overview);
  const std::scoped_lock lock(mutex_);
  if (page_ends_.size() >= max_page_ends) page_ends_.clear();
  page_ends_.insert_or_assign(id, *overview);
  return time(*overview);
}

Result<std::vector<std::string>> BrokerListing::all(const lookup::SystemUser& user, const Search& search,
                                                    std::optional<Time> from, const std::stop_token& stop) {
  std::vector<std::string> ids;
  std::unordered_set<std::string> seen;
  for (int page = 0; page < max_pages; ++page) {
    if (stop.stop_requested()) return retry("dpo.stopped", "the listing was broken off");
    auto listed = broker_.search(user, search, from);
    if (!listed) return failed(listed);
    bool news = false;
    for (auto& id : *listed) {
      if (!seen.insert(id).second) continue;
      news = true;
      ids.push_back(std::move(id));
    }
    if (listed->size() < page_size || ids.empty()) return ids;
    auto time = time_of(user, search, ids.back());
    if (!time) return failed(time);
    // `from` is exclusive and times may tie: step back a millisecond, or forward when that brings nothing new.
    const Time next = *time + std::chrono::milliseconds(news ? -1 : 1);
    if (from && next <= *from) return ids;  // the broker does not tell when: no way forward
    from = next;
  }
  return ids;
}

}  // namespace kanal::transports::dpo
