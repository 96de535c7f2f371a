// The words of the Altinn 3 Broker: statuses, transfers, callers, and its business errors (dpo.md 3.3-3.9). Values.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "base/time.hpp"
#include "sim/broker_content.hpp"

namespace kanal::sim {

enum class FileStatus {
  initialized,
  upload_started,
  upload_processing,
  published,
  cancelled,
  all_confirmed_downloaded,
  purged,
  failed,
};
constexpr int file_status_count = 8;

enum class RecipientStatus { initialized, download_started, download_confirmed };
constexpr int recipient_status_count = 3;

/// `UploadProcessing`.
[[nodiscard]] std::string_view name_of(FileStatus status);
[[nodiscard]] std::string_view name_of(RecipientStatus status);
/// By name in any case, or by number.
[[nodiscard]] std::optional<FileStatus> parse_file_status(std::string_view text);
[[nodiscard]] std::optional<RecipientStatus> parse_recipient_status(std::string_view text);
/// dpo.md 3.5.
[[nodiscard]] std::string_view default_text(FileStatus status);
[[nodiscard]] std::string_view text_of_recipient(RecipientStatus status);

struct StatusEvent {
  FileStatus status = FileStatus::initialized;
  std::string text;
  Time time{};
};

struct RecipientEvent {
  std::size_t recipient = 0;  ///< index into Transfer::recipients
  RecipientStatus status = RecipientStatus::initialized;
  Time time{};
};

struct Recipient {
  std::string organisation;                                ///< nine digits
  RecipientStatus latest = RecipientStatus::initialized;   ///< by time: what a search filters on
  RecipientStatus highest = RecipientStatus::initialized;  ///< what the overview shows and confirm checks
  Time highest_changed{};
  std::optional<Time> last_ranged_start{};
};

/// What E1 asks for, checked.
struct Initialization {
  std::string file_name;
  std::string resource;  ///< without URN prefix
  std::optional<std::string> reference;
  std::string sender;                   ///< as given
  std::vector<std::string> recipients;  ///< nine digits each
  std::map<std::string, std::string> properties;
  std::optional<std::string> checksum;
  bool disable_virus_scan = false;
};

struct Transfer {
  std::string id;
  std::uint64_t sequence = 0;
  Initialization given;
  std::string sender_organisation;  ///< nine digits
  std::vector<Recipient> recipients;
  std::optional<std::string> checksum;  ///< given, or computed once published
  Time created{};
  Time expires{};
  std::optional<Time> published{};
  std::vector<StatusEvent> history;  ///< never empty
  std::vector<RecipientEvent> recipient_history;
  std::uint64_t size = 0;
  std::string md5{};
  std::shared_ptr<const Content> content{};  ///< null before upload and after purge
  std::optional<std::string> verdict{};      ///< a bad verdict of the virus scan, set beforehand

  [[nodiscard]] const StatusEvent& current() const { return history.back(); }
};

/// Whoever holds the token.
struct Caller {
  std::string organisation;  ///< nine digits
  std::string vendor;        ///< client_id
  bool system_user = false;
};

/// `BRO-` + number; where the fixed text of a number is not enough, a detail.
struct BrokerError {
  int number = 0;
  std::string detail{};
};
template <class T>
using BrokerResult = tl::expected<T, BrokerError>;

[[nodiscard]] inline tl::unexpected<BrokerError> broker_error(int number) {
  return tl::unexpected<BrokerError>(BrokerError{number});
}

/// HTTP status and text of a number (dpo.md 3.9).
struct BrokerErrorText {
  int http;
  std::string_view detail;
};
[[nodiscard]] BrokerErrorText describe(int number);

}  // namespace kanal::sim
