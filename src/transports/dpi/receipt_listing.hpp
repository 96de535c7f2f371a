// What waits unread on channels of the access point, all pages of it, and the texts of the receipts until they are
// taken: the service gives them only with the list (dpi.md 2.3, 6.3 point 5). Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/worker_pool.hpp"
#include "ports/transport.hpp"
#include "transports/dpi/access_point.hpp"

namespace kanal::transports::dpi {

/// An unread receipt.
struct WaitingReceipt {
  std::string id;  ///< `instanceIdentifier`, else `jws:<sha256>` of one that cannot be marked
  std::string channel;
  std::string jws;
  std::string supplier;  ///< as it says
  Time created{};        ///< as it says, else when it was seen first
};

using SharedReceipt = std::shared_ptr<const WaitingReceipt>;

class ReceiptListing {
 public:
  ReceiptListing(const Settings& settings, AccessPoint& access_point, Clock& clock, Log& log);

  /// Everything that waits on `channels`, oldest first, each receipt once. A channel that cannot be read keeps what it
  /// had the last time, so that nothing looks taken; fails only when none can be read.
  Result<std::vector<SharedReceipt>> all(const std::vector<std::string>& channels, std::stop_token stop);

  /// One of the last list, or null.
  [[nodiscard]] SharedReceipt find(const std::string& id) const;

  /// Problem of each channel that could not be read the last time.
  [[nodiscard]] std::vector<std::string> problems() const;

 private:
  /// How `page` behaves; the API description leaves it open (unverified).
  enum class Paging { unknown, from_zero, from_one, ignored };
  using Selector = std::pair<std::string, std::optional<std::string>>;  ///< channel, sender identifier
  using Texts = std::vector<std::string>;
  Result<Texts> read(const Selector& selector, const std::stop_token& stop);
  Result<Texts> further(ReceiptQuery query, Texts first, const std::stop_token& stop);
  Result<std::optional<Texts>> second_page(const ReceiptQuery& query, const Texts& first, const std::stop_token& stop);
  void keep(const Selector& selector, const Texts& texts);

  const Settings& settings_;
  AccessPoint& access_point_;
  Clock& clock_;
  Log& log_;
  WorkerPool pool_;
  mutable std::mutex mutex_;
  Paging paging_ = Paging::unknown;
  std::map<Selector, std::vector<SharedReceipt>> waiting_;
  std::unordered_map<std::string, SharedReceipt> by_id_;
  std::map<Selector, std::string> problems_;
};

}  // namespace kanal::transports::dpi
