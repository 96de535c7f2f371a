// What the flow needs to know of the configuration. Plain values, set once at start.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/ids.hpp"
#include "flow/status_document.hpp"

namespace kanal::flow {

/// How long history is kept; 0 days: for ever.
struct RetentionSettings {
  std::chrono::days conversations{0};  ///< kanal.retention.conversations: since they finished
  std::chrono::days orphans{0};        ///< kanal.retention.orphans
  std::chrono::days quarantine{0};     ///< kanal.retention.quarantine
  std::chrono::days findings{0};       ///< kanal.retention.findings
  std::chrono::days remote_items{0};   ///< kanal.retention.remote-items
};

/// `kanal.receive.first-start`.
enum class FirstStart {
  report,  ///< tell, then take
  hold,    ///< tell, and wait until an operator allows it
  off,
};

/// The arkivmelding_kvittering that is made here where a service carries none (dpv.md 8, dpf.md 6.4).
struct LocalReceiptSettings {
  bool enabled = false;                ///< difi.move.arkivmelding.generate-arkivmelding-receipts
  std::string answered_document_type;  ///< difi.move.arkivmelding.default-document-type
  std::string process;                 ///< difi.move.arkivmelding.receipt-process
  std::string document_type;           ///< difi.move.arkivmelding.receipt-document-type
};

struct Settings {
  Orgnr own_organisation;
  StatusSettings status;
  std::chrono::minutes lock_timeout{5};               ///< difi.move.nextmove.lockTimeoutMinutes
  std::chrono::hours default_ttl{24};                 ///< difi.move.nextmove.default-ttl-hours
  std::chrono::milliseconds expiry_interval{30'000};  ///< difi.move.nextmove.ttlPollingrate
  int send_workers = 10;                              ///< difi.move.queue.concurrency
  int receive_workers = 8;
  int max_attempts = 105;  ///< 5 + difi.move.queue.maximum-retry-hours
  std::chrono::milliseconds first_retry{20'000};
  std::chrono::minutes unanswered_after{10};               ///< detection D3
  std::chrono::milliseconds departures_interval{600'000};  ///< detection D4; 0: off
  std::chrono::milliseconds arrivals_interval{120'000};    ///< detection D6; 0: off
  bool deliver_orphan_receipts = false;
  FirstStart first_start = FirstStart::off;  ///< kanal.receive.first-start
  std::uint64_t disk_reserve = 0;            ///< kanal.disk.reserve: bytes that new messages must leave free
  RetentionSettings retention;
  LocalReceiptSettings local_receipt;
};

}  // namespace kanal::flow
