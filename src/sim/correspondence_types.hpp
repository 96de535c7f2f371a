// What the simulator of Altinn Correspondence keeps and how it may be told to behave (dpv.md 11). Values.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "sim/broker_content.hpp"

namespace kanal::sim {

/// The organisation that owns the resources towards Altinn: the proxy acts for it (dpv.md 2).
constexpr std::string_view proxy_owner = "991825827";

/// A correspondence resource of the resource registry.
struct CorrespondenceResource {
  bool confidential = false;
  std::string owner{proxy_owner};
  std::string type = "CorrespondenceService";
  bool forwarding = false;                             ///< may `allowForwarding` be set?
  std::optional<std::set<std::string>> access_list{};  ///< organisations that the proxy lets in; absent: all
};
/// `eformidling-dpv-<process>` for each arkivmelding process; `eformidling-dpv-taushetsbelagt` is confidential.
[[nodiscard]] std::map<std::string, CorrespondenceResource> usual_correspondence_resources();

/// The look-up by sendersReference (dpv.md 5.4).
enum class LookupMode {
  proxy,   ///< the proxy fills in `resourceId` and `role` when they are missing
  strict,  ///< 400 without them, as Altinn itself
};
/// The overview of a purged correspondence (dpv.md 7).
enum class PurgedMode {
  not_found,  ///< 404 with code 1001, as Altinn answers now
  gone,       ///< 410
  legacy,     ///< 200 with the purge status, as it once was
};

struct CorrespondenceRules {
  std::map<std::string, CorrespondenceResource> resources = usual_correspondence_resources();
  LookupMode lookup = LookupMode::proxy;
  PurgedMode purged = PurgedMode::not_found;
  std::chrono::milliseconds scan_delay{0};     ///< from Initialized to ReadyForPublish, with attachments
  std::chrono::milliseconds publish_delay{0};  ///< from acceptance to Published at the earliest
  std::chrono::milliseconds read_delay{0};     ///< from Published to what the recipient does
  bool synthetic_persons = true;               ///< numbers with 80 or 40 added to the month exist
  bool check_summary = false;                  ///< 1004; the real service has it switched off
  std::uint64_t max_file = 2'000'000'000;      ///< bytes
  std::size_t keep_contents = 2'000;           ///< the newest correspondences whose file bytes are kept
};

/// What becomes of correspondences to a recipient.
enum class CorrespondenceFate {
  read,                  ///< published, then read
  unread,                ///< published, and that is all
  downloaded,            ///< read, then the attachments are downloaded: the status is AttachmentsDownloaded
  purged_by_recipient,   ///< published and purged
  purged_by_altinn,      ///< published and purged
  purged_unpublished,    ///< Altinn purges it before it is published
  failed,                ///< never published: Failed, with the text
  reserved,              ///< never published: Reserved
  held,                  ///< stays ReadyForPublish
  unknown,               ///< refused: 404/1029, there is no such party
  reserved_in_register,  ///< refused with 422/1030 unless `ignoreReservation`
  no_roles,              ///< refused with 400/1044 when confidential: nobody has a required role
};
[[nodiscard]] std::optional<CorrespondenceFate> parse_correspondence_fate(std::string_view name);
struct CorrespondenceBehaviour {
  CorrespondenceFate fate = CorrespondenceFate::read;
  std::string text{};
};

/// In the order of their numbers, which decides what status a correspondence has (dpv.md 5.3).
enum class CorrespondenceStatus {
  initialized,
  ready_for_publish,
  published,
  fetched,
  read,
  replied,
  confirmed,
  purged_by_recipient,
  purged_by_altinn,
  archived,
  reserved,
  failed,
  attachments_downloaded,
};
/// `Initialized`, `ReadyForPublish`, ...
[[nodiscard]] std::string_view name_of(CorrespondenceStatus status);

struct CorrespondenceEvent {
  CorrespondenceStatus status{};
  Time time{};  ///< from then on
  std::string text{};
};

/// Metadata of an attachment as the sender wrote it.
struct CorrespondenceAttachment {
  std::string file_name{};
  std::optional<std::string> display_name{};
  std::string senders_reference{};
  bool encrypted = false;
  std::string checksum{};  ///< MD5, lower-case hex; empty: none
};

/// An uploaded file.
struct CorrespondenceFile {
  std::string name;
  std::string content_type;
  std::uint64_t size = 0;
  std::string md5;     ///< lower-case hex
  std::string sha256;  ///< lower-case hex
  std::shared_ptr<const Content> content;
};

struct CorrespondenceNotification {
  std::string template_name{};
  std::string channel{};           ///< Email, Sms, EmailPreferred, SmsPreferred, EmailAndSms
  std::string reminder_channel{};  ///< empty: as `channel`
  std::string email_subject{};
  std::string email_body{};
  std::string sms_body{};
  bool send_reminder = false;
  std::string reminder_email_subject{};
  std::string reminder_email_body{};
  std::string reminder_sms_body{};
};

/// `InitializeCorrespondencesExt` as it came. A text that was not sent is empty where that makes no difference.
struct CorrespondenceRequest {
  std::string resource{};
  std::string sender{};
  std::string senders_reference{};
  std::string message_sender{};
  bool has_content = false;
  std::string language{};
  std::string title{};
  std::optional<std::string> summary{};
  std::string body{};
  std::vector<CorrespondenceAttachment> attachments{};
  std::optional<Time> requested_publish{};
  std::optional<Time> due{};
  std::map<std::string, std::string> properties{};  ///< `propertyList`
  std::optional<CorrespondenceNotification> notification{};
  bool ignore_reservation = false;
  bool confirmation_needed = false;
  bool confidential = false;
  bool allow_forwarding = false;
  std::vector<std::string> recipients{};  ///< as written
  std::vector<std::string> existing_attachments{};
  std::string idempotent_key{};               ///< lower case; empty: none
  std::map<std::string, std::string> fields;  ///< every text part: its name in dot notation, and its value
};

/// Who made a call: the token's organisation and client.
struct CorrespondenceCaller {
  std::string organisation;
  std::string vendor;
};

/// One correspondence, to one recipient.
struct StoredCorrespondence {
  std::string id;
  std::shared_ptr<const CorrespondenceRequest> request;
  std::string recipient;  ///< nine or eleven digits
  CorrespondenceCaller caller;
  Time created{};
  std::vector<CorrespondenceEvent> events;  ///< to come ones too
  std::vector<std::string> attachment_ids;
  std::vector<CorrespondenceFile> files;
  std::uint64_t overviews = 0;  ///< how often its overview was asked for

  /// What counts at `now`: the highest number, except Fetched. There is always one.
  [[nodiscard]] CorrespondenceEvent status(Time now) const;
  /// When it first had the status; nothing: not by `now`.
  [[nodiscard]] std::optional<Time> since(CorrespondenceStatus status, Time now) const;
  [[nodiscard]] bool purged(Time now) const;
};

/// The digits of `urn:altinn:organization:identifier-no:<nine>`, `0192:<nine>` or
/// `urn:altinn:person:identifier-no:<eleven>`; nothing for any other form.
[[nodiscard]] std::optional<std::string> recipient_digits(std::string_view recipient);
/// As an audit or an error for others may show it: no person's number.
[[nodiscard]] std::string masked_recipient(std::string_view digits);

}  // namespace kanal::sim
