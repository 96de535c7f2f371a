#include "sim/broker_state.hpp"

#include <algorithm>

#include "base/ids.hpp"
#include "sim/byte_range.hpp"

namespace kanal::sim {
namespace {

constexpr std::uint64_t max_scanned_size = 50'000'000'000;
constexpr std::chrono::minutes ranged_start_interval{5};

std::string digits_of(const std::string& organisation) { return organisation.substr(organisation.rfind(':') + 1); }

}  // namespace

/// Takes a transfer out of the index while it changes.
class BrokerState::Change {
 public:
  Change(TransferIndex& index, const Transfer& transfer) : index_(index), transfer_(transfer) {
    index_.remove(transfer_);
  }
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;
  ~Change() { index_.insert(transfer_); }

 private:
  TransferIndex& index_;
  const Transfer& transfer_;
};

BrokerState::BrokerState(BrokerRules rules, std::filesystem::path folder, const Environment& environment)
    : environment_(environment), store_(std::make_shared<ContentStore>(std::move(folder))), rules_(std::move(rules)) {}

void BrokerState::run_due(Time now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const auto [time, what] = *due_.begin();
    due_.erase(due_.begin());
    auto& [due, transfer] = what;
    if (due == Due::scanned) finish_scan(*transfer, time);
    if (due == Due::purge) drop(*transfer, time < transfer->expires ? "grace period" : "expired", time);
  }
}

Transfer* BrokerState::get(const std::string& id) {
  run_due(environment_.clock.now());
  const auto found = transfers_.find(id);
  return found == transfers_.end() ? nullptr : found->second.get();
}

const ResourceSettings* BrokerState::resource(const std::string& id) const {
  const auto found = rules_.resources.find(id);
  return found == rules_.resources.end() ? nullptr : &found->second;
}

void BrokerState::record(std::string_view action, const Transfer& transfer, std::string organisation,
                         std::string_view vendor, std::string_view more) const {
  environment_.audit.record(
      {.simulator = "broker",
       .organisation = std::move(organisation),
       .vendor = std::string(vendor),
       .action = std::string(action),
       .subject = transfer.id,
       .detail = "reference=" + transfer.given.reference.value_or("") + (more.empty() ? "" : " ") + std::string(more)});
}

void BrokerState::set_status(Transfer& transfer, FileStatus status, std::string text, Time time) {
  const Change change(index_, transfer);
  transfer.history.push_back({status, std::move(text), time});
}

void BrokerState::set_recipient_status(Transfer& transfer, std::size_t recipient, RecipientStatus status, Time time) {
  const Change change(index_, transfer);
  auto& entry = transfer.recipients.at(recipient);
  entry.latest = status;
  if (status > entry.highest) {
    entry.highest = status;
    entry.highest_changed = time;
  }
  transfer.recipient_history.push_back({recipient, status, time});
}

bool BrokerState::permitted(const Caller& caller, Action action, const std::string& party) const {
  if (environment_.faults.consume("broker.deny_reportee", caller.organisation)) return false;
  if (rules_.require_system_user && !caller.system_user) return false;
  if (caller.organisation != party) return false;
  const auto found = rights_.find(party);
  if (found == rights_.end()) return true;
  return action == Action::write ? found->second.write : found->second.read;
}

bool BrokerState::is_permitted_recipient(const Transfer& transfer, const Caller& caller) const {
  const bool recipient = std::ranges::find(transfer.recipients, caller.organisation, &Recipient::organisation) !=
                         transfer.recipients.end();
  return recipient && permitted(caller, Action::read, caller.organisation);
}

BrokerResult<void> BrokerState::check_initialization(const Initialization& given, const Caller& caller,
                                                     const std::string& sender) const {
  const auto fault = [&](std::string_view code) {
    return environment_.faults.any() &&
           environment_.faults.consume("broker.initialize.BRO-" + std::string(code), caller.organisation);
  };
  const auto* settings = resource(given.resource);
  if (!permitted(caller, Action::write, sender)) return broker_error(6);
  if (settings == nullptr || fault("00025")) return broker_error(25);
  if (fault("00002")) return broker_error(2);
  if ((given.disable_virus_scan && !settings->scan_may_be_disabled) || fault("00020")) return broker_error(20);
  if (fault("00021")) return broker_error(21);
  if (fault("00005")) return broker_error(5);
  const auto& list = settings->access_list;
  const bool listed =
      !list || std::ranges::all_of(given.recipients, [&](const auto& one) { return list->contains(one); });
  if (!listed || fault("00028")) return broker_error(28);
  const auto& party = settings->required_party;
  const bool takes_part =
      !party || sender == *party || std::ranges::find(given.recipients, *party) != given.recipients.end();
  if (!takes_part || fault("00026")) return broker_error(26);
  if (fault("00027")) return broker_error(27);
  return {};
}

Transfer& BrokerState::create(Initialization given, Time now) {
  auto owned = std::make_unique<Transfer>();
  auto& transfer = *owned;
  transfer.id = new_uuid();
  transfer.sequence = by_age_.size();
  transfer.sender_organisation = digits_of(given.sender);
  transfer.checksum = given.checksum;
  transfer.created = now;
  const auto* settings = resource(given.resource);
  transfer.expires = now + (settings != nullptr ? *settings : ResourceSettings{}).time_to_live;
  transfer.history.push_back({FileStatus::initialized, std::string(default_text(FileStatus::initialized)), now});
  for (const auto& organisation : given.recipients) {
    transfer.recipient_history.push_back({transfer.recipients.size(), RecipientStatus::initialized, now});
    Recipient recipient;
    recipient.organisation = organisation;
    recipient.highest_changed = now;
    transfer.recipients.push_back(std::move(recipient));
  }
  transfer.given = std::move(given);
  due_.emplace(transfer.expires, std::pair{Due::purge, &transfer});
  index_.add(transfer);
  by_age_.push_back(&transfer);
  transfers_.emplace(transfer.id, std::move(owned));
  return transfer;
}

BrokerResult<std::string> BrokerState::initialize(Initialization given, const Caller& caller) {
  const auto now = environment_.clock.now();
  const std::scoped_lock lock(mutex_);
  run_due(now);
  if (auto checked = check_initialization(given, caller, digits_of(given.sender)); !checked) {
    return tl::unexpected(checked.error());
  }
  const auto& transfer = create(std::move(given), now);
  record("initialize", transfer, caller.organisation, caller.vendor);
  return transfer.id;
}

BrokerResult<void> BrokerState::start_upload(const std::string& id, const Caller& caller,
                                             std::optional<std::uint64_t> length) {
  const std::scoped_lock lock(mutex_);
  auto* transfer = get(id);
  if (transfer == nullptr) return broker_error(1);
  if (!permitted(caller, Action::write, transfer->sender_organisation)) return broker_error(6);
  const auto status = transfer->current().status;
  if (status != FileStatus::initialized && status != FileStatus::upload_started) return broker_error(4);
  const auto* settings = resource(transfer->given.resource);
  const auto limit = settings != nullptr ? settings->max_size : 0;
  const bool too_long_to_scan = !transfer->given.disable_virus_scan && length > max_scanned_size;
  if (length && (*length > limit || too_long_to_scan)) return broker_error(16);
  set_status(*transfer, FileStatus::upload_started, std::string(default_text(FileStatus::upload_started)),
             environment_.clock.now());
  return {};
}

std::uint64_t BrokerState::upload_limit(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = transfers_.find(id);
  const auto* settings = found == transfers_.end() ? nullptr : resource(found->second->given.resource);
  return settings == nullptr ? 0 : std::min(settings->max_size, max_scanned_size);
}

BrokerResult<void> BrokerState::complete_upload(const std::string& id, const Caller& caller, StoredContent stored) {
  const auto now = environment_.clock.now();
  const std::scoped_lock lock(mutex_);
  auto* transfer = get(id);
  if (transfer == nullptr) return broker_error(1);
  if (transfer->current().status != FileStatus::upload_started) return broker_error(4);
  if (transfer->given.checksum && *transfer->given.checksum != stored.md5) {
    set_status(*transfer, FileStatus::failed, "Checksum mismatch", now);
    record("upload.failed", *transfer, caller.organisation, caller.vendor, "checksum mismatch");
    return broker_error(9);
  }
  if (environment_.faults.consume("broker.scan.malware", id, transfer->sender_organisation)) {
    transfer->verdict = "Malware";
  }
  store_content(*transfer, std::move(stored), now, caller.vendor);
  return {};
}

void BrokerState::store_content(Transfer& transfer, StoredContent stored, Time now, std::string_view vendor) {
  transfer.size = stored.content->size();
  transfer.md5 = std::move(stored.md5);
  transfer.content = std::move(stored.content);
  record("upload", transfer, transfer.sender_organisation, vendor, "size=" + std::to_string(transfer.size));
  if (transfer.given.disable_virus_scan) {
    finish_scan(transfer, now);
    return;
  }
  set_status(transfer, FileStatus::upload_processing, std::string(default_text(FileStatus::upload_processing)), now);
  if (rules_.scan_time.count() == 0) {
    finish_scan(transfer, now);
  } else {
    due_.emplace(now + rules_.scan_time, std::pair{Due::scanned, &transfer});
  }
}

void BrokerState::finish_scan(Transfer& transfer, Time time) {
  const auto status = transfer.current().status;
  if (status != FileStatus::upload_processing && status != FileStatus::upload_started) return;
  if (transfer.verdict && !transfer.given.disable_virus_scan) {
    transfer.content.reset();
    set_status(transfer, FileStatus::failed, "Malware scan failed: " + *transfer.verdict, time);
    record("scan.failed", transfer, transfer.sender_organisation, {}, *transfer.verdict);
    return;
  }
  transfer.published = time;
  if (!transfer.checksum) transfer.checksum = transfer.md5;
  set_status(transfer, FileStatus::published, std::string(default_text(FileStatus::published)), time);
}

void BrokerState::fail_upload(const std::string& id, const Caller& caller, std::string_view text) {
  const std::scoped_lock lock(mutex_);
  auto* transfer = get(id);
  if (transfer == nullptr || transfer->current().status != FileStatus::upload_started) return;
  set_status(*transfer, FileStatus::failed, std::string(text), environment_.clock.now());
  record("upload.failed", *transfer, caller.organisation, caller.vendor, text);
}

BrokerResult<std::vector<std::string>> BrokerState::search(const SearchQuery& query, const Caller& caller) {
  const std::scoped_lock lock(mutex_);
  run_due(environment_.clock.now());
  if (!permitted(caller, Action::write, caller.organisation) || !permitted(caller, Action::read, caller.organisation)) {
    return broker_error(6);
  }
  return index_.search(caller.organisation, query);
}

BrokerResult<Transfer> BrokerState::overview(const std::string& id, const Caller& caller) {
  const std::scoped_lock lock(mutex_);
  const auto* transfer = get(id);
  if (transfer == nullptr) return broker_error(1);
  if (!permitted(caller, Action::write, transfer->sender_organisation) && !is_permitted_recipient(*transfer, caller)) {
    return broker_error(6);
  }
  return *transfer;
}

BrokerResult<Download> BrokerState::start_download(const std::string& id, const Caller& caller,
                                                   std::string_view range) {
  const auto now = environment_.clock.now();
  const std::scoped_lock lock(mutex_);
  auto* transfer = get(id);
  if (transfer == nullptr) return broker_error(1);
  if (!is_permitted_recipient(*transfer, caller)) return broker_error(6);
  const auto status = transfer->current().status;
  if (status != FileStatus::published && status != FileStatus::all_confirmed_downloaded) return broker_error(7);
  if (!transfer->content) return broker_error(3);
  const auto wanted = parse_range(range, transfer->size);
  if (!wanted) return broker_error(29);
  Download download{transfer->content, transfer->given.file_name, 0, transfer->size, false};
  if (*wanted) download = {transfer->content, transfer->given.file_name, (*wanted)->offset, (*wanted)->length, true};
  const auto me = std::ranges::find(transfer->recipients, caller.organisation, &Recipient::organisation);
  const bool noted = download.partial && me->last_ranged_start && now - *me->last_ranged_start < ranged_start_interval;
  if (download.partial && !noted) me->last_ranged_start = now;
  if (!noted) {
    const auto index = static_cast<std::size_t>(me - transfer->recipients.begin());
    set_recipient_status(*transfer, index, RecipientStatus::download_started, now);
  }
  record("download", *transfer, caller.organisation, caller.vendor, download.partial ? "part" : "");
  return download;
}

BrokerResult<void> BrokerState::confirm(const std::string& id, const Caller& caller) {
  const auto now = environment_.clock.now();
  const std::scoped_lock lock(mutex_);
  auto* transfer = get(id);
  if (transfer == nullptr) return broker_error(1);
  if (!is_permitted_recipient(*transfer, caller)) return broker_error(6);
  if (!transfer->content) return broker_error(3);
  if (transfer->current().status != FileStatus::published) return broker_error(10);
  const auto me = std::ranges::find(transfer->recipients, caller.organisation, &Recipient::organisation);
  if (me->highest == RecipientStatus::download_confirmed) return {};
  if (me->highest != RecipientStatus::download_started) return broker_error(19);
  const auto index = static_cast<std::size_t>(me - transfer->recipients.begin());
  set_recipient_status(*transfer, index, RecipientStatus::download_confirmed, now);
  record("confirm", *transfer, caller.organisation, caller.vendor);
  const bool all = std::ranges::all_of(
      transfer->recipients, [](const Recipient& one) { return one.highest == RecipientStatus::download_confirmed; });
  if (!all) return {};
  const auto done = FileStatus::all_confirmed_downloaded;
  set_status(*transfer, done, std::string(default_text(done)), now);
  const auto* settings = resource(transfer->given.resource);
  if (settings != nullptr) due_.emplace(now + settings->grace, std::pair{Due::purge, transfer});
  return {};
}

void BrokerState::drop(Transfer& transfer, std::string_view why, Time time) {
  if (transfer.current().status == FileStatus::purged) return;
  transfer.content.reset();
  set_status(transfer, FileStatus::purged, std::string(default_text(FileStatus::purged)), time);
  record("purge", transfer, transfer.sender_organisation, {}, why);
}

}  // namespace kanal::sim
