#include "sim/audit.hpp"

#include <algorithm>

#include <boost/json/object.hpp>

namespace kanal::sim {
namespace {

bool matches(const std::optional<std::string>& wanted, const std::string& value) { return !wanted || *wanted == value; }

bool matches(const AuditFilter& filter, const AuditEntry& entry) {
  return entry.number > filter.after && matches(filter.simulator, entry.simulator) &&
         matches(filter.organisation, entry.organisation) && matches(filter.vendor, entry.vendor) &&
         matches(filter.action, entry.action) && matches(filter.subject, entry.subject);
}

}  // namespace

void AuditTrail::record(AuditEntry entry) {
  entry.time = clock_.now();
  const std::scoped_lock lock(mutex_);
  entry.number = ++last_;
  entries_.push_back(std::move(entry));
  if (entries_.size() > capacity_) entries_.pop_front();
}

std::vector<AuditEntry> AuditTrail::find(const AuditFilter& filter) const {
  std::vector<AuditEntry> found;
  const std::scoped_lock lock(mutex_);
  for (const auto& entry : entries_) {
    if (found.size() >= filter.limit) break;
    if (matches(filter, entry)) found.push_back(entry);
  }
  return found;
}

std::size_t AuditTrail::count(const AuditFilter& filter) const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(
      std::ranges::count_if(entries_, [&](const AuditEntry& entry) { return matches(filter, entry); }));
}

boost::json::array AuditTrail::json(const AuditFilter& filter) const {
  boost::json::array out;
  for (const auto& entry : find(filter)) {
    out.push_back(boost::json::object{{"number", entry.number},
                                      {"time", format_iso(entry.time)},
                                      {"simulator", entry.simulator},
                                      {"organisation", entry.organisation},
                                      {"vendor", entry.vendor},
                                      {"action", entry.action},
                                      {"subject", entry.subject},
                                      {"detail", entry.detail}});
  }
  return out;
}

void AuditTrail::clear() {
  const std::scoped_lock lock(mutex_);
  entries_.clear();
}

}  // namespace kanal::sim
