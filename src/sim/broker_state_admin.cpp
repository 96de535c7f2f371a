// What an administrator of the simulator may do with transfers.
#include <algorithm>

#include "sim/broker_state.hpp"

namespace kanal::sim {

namespace {
constexpr std::string_view good_verdict = "No threads found";
}  // namespace

std::string BrokerState::inject(Initialization given, StoredContent stored, std::string_view vendor) {
  const auto now = environment_.clock.now();
  const std::scoped_lock lock(mutex_);
  run_due(now);
  auto& transfer = create(std::move(given), now);
  set_status(transfer, FileStatus::upload_started, std::string(default_text(FileStatus::upload_started)), now);
  store_content(transfer, std::move(stored), now, vendor);
  return transfer.id;
}

std::optional<Transfer> BrokerState::find(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  const auto* transfer = get(id);
  return transfer == nullptr ? std::nullopt : std::optional(*transfer);
}

std::vector<Transfer> BrokerState::list(const std::optional<std::string>& organisation, std::size_t limit) {
  std::vector<Transfer> out;
  const std::scoped_lock lock(mutex_);
  run_due(environment_.clock.now());
  for (auto at = by_age_.rbegin(); at != by_age_.rend() && out.size() < limit; ++at) {
    const auto& transfer = **at;
    const bool takes_part =
        !organisation || transfer.sender_organisation == *organisation ||
        std::ranges::find(transfer.recipients, *organisation, &Recipient::organisation) != transfer.recipients.end();
    if (takes_part) out.push_back(transfer);
  }
  return out;
}

bool BrokerState::force_status(const std::string& id, FileStatus status, std::string text) {
  const auto now = environment_.clock.now();
  const std::scoped_lock lock(mutex_);
  auto* transfer = get(id);
  if (transfer == nullptr) return false;
  if (text.empty()) text = default_text(status);
  if (status == FileStatus::published && !transfer->published) transfer->published = now;
  set_status(*transfer, status, std::move(text), now);
  return true;
}

bool BrokerState::purge(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  auto* transfer = get(id);
  if (transfer == nullptr) return false;
  drop(*transfer, "by the administrator", environment_.clock.now());
  return true;
}

bool BrokerState::set_scan_verdict(const std::string& id, std::string verdict) {
  const std::scoped_lock lock(mutex_);
  auto* transfer = get(id);
  if (transfer == nullptr) return false;
  if (verdict.empty() || verdict == good_verdict) {
    transfer->verdict.reset();
  } else {
    transfer->verdict = std::move(verdict);
  }
  return true;
}

void BrokerState::set_rights(const std::string& organisation, Rights rights) {
  const std::scoped_lock lock(mutex_);
  rights_[organisation] = rights;
}

void BrokerState::set_scan_time(std::chrono::milliseconds time) {
  const std::scoped_lock lock(mutex_);
  rules_.scan_time = time;
}

void BrokerState::set_resource(const std::string& id, ResourceSettings settings) {
  const std::scoped_lock lock(mutex_);
  rules_.resources.insert_or_assign(id, std::move(settings));
}

}  // namespace kanal::sim
