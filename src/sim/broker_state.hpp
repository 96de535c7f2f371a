// The broker's transfers and their life: every rule of dpo.md 3.3-3.8 that is not about HTTP. Time comes from the
// injected clock; what falls due (end of a virus scan, purge, expiry) happens when the next call looks. Each call costs
// O(log n). Thread-safe.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sim/simulator.hpp"
#include "sim/transfer_index.hpp"

namespace kanal::sim {

/// dpo.md 3.10.
struct ResourceSettings {
  std::uint64_t max_size = 1'073'741'824;
  std::chrono::hours time_to_live{24 * 30};
  std::chrono::minutes grace{120};  ///< from the last confirm to the purge
  bool scan_may_be_disabled = false;
  std::optional<std::set<std::string>> access_list{};  ///< recipients that may be used
  std::optional<std::string> required_party{};         ///< must be sender or a recipient
};

struct BrokerRules {
  std::map<std::string, ResourceSettings> resources{{"eformidling-dpo-meldingsutveksling", {}}};
  std::chrono::milliseconds scan_time{0};
  bool require_system_user = true;  ///< Altinn gives rights to system users only
};

struct Rights {
  bool write = true;
  bool read = true;
};

struct Download {
  std::shared_ptr<const Content> content;
  std::string file_name;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool partial = false;
};

class BrokerState {
 public:
  BrokerState(BrokerRules rules, std::filesystem::path folder, const Environment& environment);

  BrokerResult<std::string> initialize(Initialization given, const Caller& caller);
  BrokerResult<void> start_upload(const std::string& id, const Caller& caller, std::optional<std::uint64_t> length);
  /// Largest upload that `id` may have.
  [[nodiscard]] std::uint64_t upload_limit(const std::string& id) const;
  BrokerResult<void> complete_upload(const std::string& id, const Caller& caller, StoredContent stored);
  void fail_upload(const std::string& id, const Caller& caller, std::string_view text);
  BrokerResult<std::vector<std::string>> search(const SearchQuery& query, const Caller& caller);
  BrokerResult<Transfer> overview(const std::string& id, const Caller& caller);
  /// `range` is the Range header, empty for none.
  BrokerResult<Download> start_download(const std::string& id, const Caller& caller, std::string_view range);
  BrokerResult<void> confirm(const std::string& id, const Caller& caller);

  // What an administrator may do; no rights are asked for. False, or nothing: no such transfer.
  std::string inject(Initialization given, StoredContent stored, std::string_view vendor);
  [[nodiscard]] std::optional<Transfer> find(const std::string& id);
  /// Newest first.
  [[nodiscard]] std::vector<Transfer> list(const std::optional<std::string>& organisation, std::size_t limit);
  bool force_status(const std::string& id, FileStatus status, std::string text);
  bool purge(const std::string& id);
  /// A verdict other than "No threads found" fails the transfer at the end of its scan.
  bool set_scan_verdict(const std::string& id, std::string verdict);
  void set_rights(const std::string& organisation, Rights rights);
  void set_scan_time(std::chrono::milliseconds time);
  void set_resource(const std::string& id, ResourceSettings settings);
  [[nodiscard]] const std::shared_ptr<ContentStore>& store() const { return store_; }

 private:
  enum class Action { write, read };
  enum class Due { scanned, purge };
  class Change;

  void run_due(Time now);
  Transfer* get(const std::string& id);
  Transfer& create(Initialization given, Time now);
  bool permitted(const Caller& caller, Action action, const std::string& party) const;
  bool is_permitted_recipient(const Transfer& transfer, const Caller& caller) const;
  BrokerResult<void> check_initialization(const Initialization& given, const Caller& caller,
                                          const std::string& sender) const;
  void store_content(Transfer& transfer, StoredContent stored, Time now, std::string_view vendor);
  void finish_scan(Transfer& transfer, Time time);
  void set_status(Transfer& transfer, FileStatus status, std::string text, Time time);
  void set_recipient_status(Transfer& transfer, std::size_t recipient, RecipientStatus status, Time time);
  void drop(Transfer& transfer, std::string_view why, Time time);
  void record(std::string_view action, const Transfer& transfer, std::string organisation, std::string_view vendor,
              std::string_view more = {}) const;
  [[nodiscard]] const ResourceSettings* resource(const std::string& id) const;

  Environment environment_;
  std::shared_ptr<ContentStore> store_;
  mutable std::mutex mutex_;
  BrokerRules rules_;
  std::map<std::string, Rights> rights_;
  std::unordered_map<std::string, std::unique_ptr<Transfer>> transfers_;
  std::vector<Transfer*> by_age_;
  std::multimap<Time, std::pair<Due, Transfer*>> due_;
  TransferIndex index_;
};

}  // namespace kanal::sim
