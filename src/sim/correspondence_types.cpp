#include "sim/correspondence_types.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "domain/partner.hpp"
#include "sim/registry_rules.hpp"
#include "sim/resident_rules.hpp"

namespace kanal::sim {
namespace {

constexpr std::string_view organisation_urn = "urn:altinn:organization:identifier-no:";
constexpr std::string_view person_urn = "urn:altinn:person:identifier-no:";
constexpr std::string_view norwegian_icd = "0192:";

constexpr std::array<std::pair<std::string_view, CorrespondenceFate>, 12> fates{{
    {"read", CorrespondenceFate::read},
    {"unread", CorrespondenceFate::unread},
    {"downloaded", CorrespondenceFate::downloaded},
    {"purged_by_recipient", CorrespondenceFate::purged_by_recipient},
    {"purged_by_altinn", CorrespondenceFate::purged_by_altinn},
    {"purged_unpublished", CorrespondenceFate::purged_unpublished},
    {"failed", CorrespondenceFate::failed},
    {"reserved", CorrespondenceFate::reserved},
    {"held", CorrespondenceFate::held},
    {"unknown", CorrespondenceFate::unknown},
    {"reserved_in_register", CorrespondenceFate::reserved_in_register},
    {"no_roles", CorrespondenceFate::no_roles},
}};

bool is_digits(std::string_view text, std::size_t count) {
  return text.size() == count && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::map<std::string, CorrespondenceResource> usual_correspondence_resources() {
  std::map<std::string, CorrespondenceResource> out;
  for (const auto& process : process_catalogue()) {
    if (process.category == ProcessCategory::arkivmelding) out[dpv_resource(process, {})] = {};
  }
  out["eformidling-dpv-taushetsbelagt"].confidential = true;
  return out;
}

std::optional<CorrespondenceFate> parse_correspondence_fate(std::string_view name) {
  for (const auto& [known, fate] : fates) {
    if (known == name) return fate;
  }
  return std::nullopt;
}

std::string_view name_of(CorrespondenceStatus status) {
  constexpr std::array<std::string_view, 13> names{"Initialized",
                                                   "ReadyForPublish",
                                                   "Published",
                                                   "Fetched",
                                                   "Read",
                                                   "Replied",
                                                   "Confirmed",
                                                   "PurgedByRecipient",
                                                   "PurgedByAltinn",
                                                   "Archived",
                                                   "Reserved",
                                                   "Failed",
                                                   "AttachmentsDownloaded"};
  return names.at(static_cast<std::size_t>(status));
}

CorrespondenceEvent StoredCorrespondence::status(Time now) const {
  CorrespondenceEvent out{CorrespondenceStatus::initialized, created, {}};
  for (const auto& event : events) {
    if (event.time <= now && event.status != CorrespondenceStatus::fetched && event.status > out.status) out = event;
  }
  return out;
}

std::optional<Time> StoredCorrespondence::since(CorrespondenceStatus status, Time now) const {
  std::optional<Time> out;
  for (const auto& event : events) {
    if (event.status == status && event.time <= now && (!out || event.time < *out)) out = event.time;
  }
  return out;
}

bool StoredCorrespondence::purged(Time now) const {
  return since(CorrespondenceStatus::purged_by_recipient, now) || since(CorrespondenceStatus::purged_by_altinn, now);
}

std::optional<std::string> recipient_digits(std::string_view recipient) {
  if (recipient.starts_with(person_urn)) {
    recipient.remove_prefix(person_urn.size());
    return is_digits(recipient, 11) ? std::optional(std::string(recipient)) : std::nullopt;
  }
  for (const auto prefix : {organisation_urn, norwegian_icd}) {
    if (!recipient.starts_with(prefix)) continue;
    recipient.remove_prefix(prefix.size());
    return domain::is_orgnr(recipient) ? std::optional(std::string(recipient)) : std::nullopt;
  }
  return std::nullopt;
}

std::string masked_recipient(std::string_view digits) {
  return digits.size() == 11 ? masked_person(digits) : std::string(digits);
}

}  // namespace kanal::sim
