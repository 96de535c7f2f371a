#include "sim/correspondence_form.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/ascii.hpp"
#include "base/ids.hpp"
#include "domain/partner.hpp"
#include "sim/answers.hpp"
#include "sim/json_members.hpp"

namespace kanal::sim {
namespace {

constexpr std::size_t max_name = 256;
constexpr std::size_t max_depth = 8;
constexpr std::size_t max_listed = 2'000;

/// A synthetic number has 80 (Tenor) or 40 added to its month.
bool is_synthetic(std::string_view person) { return person[2] >= '4'; }

}  // namespace

std::optional<std::vector<std::string>> form_path(std::string_view name) {
  if (name.empty() || name.size() > max_name) return std::nullopt;
  std::vector<std::string> out;
  while (!name.empty()) {
    const bool bracket = name.front() == '[';
    if (bracket) name.remove_prefix(1);
    const auto end = bracket ? name.find(']') : std::min(name.find_first_of(".["), name.size());
    if (end == std::string_view::npos || end == 0 || out.size() == max_depth) return std::nullopt;
    const auto step = name.substr(0, end);
    if (step.find_first_of("[]") != std::string_view::npos) return std::nullopt;
    out.emplace_back(step);
    name.remove_prefix(end);
    if (bracket) name.remove_prefix(1);
    if (name.starts_with('.')) {
      name.remove_prefix(1);
      if (name.empty() || name.front() == '[') return std::nullopt;
    } else if (!name.empty() && name.front() != '[') {
      return std::nullopt;
    }
  }
  return out;
}

bool CorrespondenceForm::add(std::string_view name, std::string value) {
  auto path = form_path(name);
  if (!path) return false;
  auto key = lower_case(fmt::format("{}", fmt::join(*path, ".")));
  if (key == "recipients" || key == "existingattachments") {
    for (std::size_t i = 0; i < max_listed; ++i) {
      if (auto numbered = fmt::format("{}.{}", key, i); !fields_.contains(numbered)) {
        path->push_back(std::to_string(i));
        fields_.emplace(std::move(numbered), Field{std::move(*path), std::move(value)});
        return true;
      }
    }
    return false;
  }
  fields_.emplace(std::move(key), Field{std::move(*path), std::move(value)});
  return true;
}

/// Reads members by their path and notes what is wrong with them.
class CorrespondenceForm::Reader {
 public:
  Reader(const std::map<std::string, Field, std::less<>>& fields, ModelErrors& errors)
      : fields_(fields), errors_(errors) {}

  void note(std::string_view name, std::string text) { errors_.emplace_back(std::string(name), std::move(text)); }

  [[nodiscard]] std::optional<std::string> text(std::string_view name, std::size_t most = SIZE_MAX) {
    const auto found = fields_.find(lower_case(name));
    if (found == fields_.end()) return std::nullopt;
    const auto& value = found->second.value;
    if (characters(value) > most) {
      note(name, fmt::format("The field must be a string with a maximum length of {}.", most));
    }
    return value;
  }
  std::string required(std::string_view name, std::size_t most = SIZE_MAX) {
    auto value = text(name, most);
    if (!value || value->empty()) note(name, "The field is required.");
    return value.value_or("");
  }
  bool flag(std::string_view name) {
    const auto value = text(name);
    if (!value || value->empty() || same_ignoring_case(*value, "false")) return false;
    if (!same_ignoring_case(*value, "true")) note(name, "The value is not valid for a boolean.");
    return true;
  }
  std::optional<Time> time(std::string_view name) {
    const auto value = text(name);
    if (!value || value->empty()) return std::nullopt;
    if (!is_date_time(*value)) {
      note(name, "The value is not a valid date-time with an offset.");
      return std::nullopt;
    }
    return parse_iso(*value)->utc;
  }
  template <std::size_t N>
  std::string word(std::string_view name, const std::array<std::string_view, N>& words) {
    const auto value = text(name);
    if (!value || value->empty()) return {};
    const auto found =
        std::ranges::find_if(words, [&](std::string_view known) { return same_ignoring_case(known, *value); });
    if (found == words.end()) {
      note(name, "The value is not valid.");
      return {};
    }
    return std::string(*found);
  }
  /// Is there anything below this path?
  [[nodiscard]] bool has(std::string_view name) const {
    const auto prefix = lower_case(name) + ".";
    const auto found = fields_.lower_bound(prefix);
    return found != fields_.end() && found->first.starts_with(prefix);
  }
  std::vector<std::string> list(std::string_view name) {
    std::vector<std::string> out;
    while (auto value = text(fmt::format("{}.{}", name, out.size()))) out.push_back(std::move(*value));
    return out;
  }

  std::map<std::string, std::string> properties() {
    constexpr std::string_view prefix = "correspondence.propertylist.";
    std::map<std::string, std::string> out;
    for (auto at = fields_.lower_bound(prefix); at != fields_.end() && at->first.starts_with(prefix); ++at) {
      const auto& path = at->second.path;
      out[fmt::format("{}", fmt::join(path.begin() + 2, path.end(), "."))] = at->second.value;
    }
    constexpr std::string_view name = "Correspondence.PropertyList";
    if (out.size() > 10) note(name, "PropertyList can contain at most 10 properties");
    for (const auto& [key, value] : out) {
      if (characters(key) > 50) note(name, "PropertyList Key can not be longer than 50");
      if (characters(value) > 300) note(name, "PropertyList Value can not be longer than 300");
    }
    return out;
  }

  std::vector<CorrespondenceAttachment> attachments() {
    constexpr std::array<std::string_view, 2> locations{"NewCorrespondenceAttachment",
                                                        "ExistingCorrespondenceAttachment"};
    std::vector<CorrespondenceAttachment> out;
    for (;;) {
      const auto at = fmt::format("correspondence.content.attachments.{}", out.size());
      if (!has(at)) return out;
      CorrespondenceAttachment one;
      one.file_name = text(at + ".fileName").value_or("");
      one.display_name = text(at + ".displayName", 255);
      one.senders_reference = text(at + ".sendersReference", 4096).value_or("");
      one.encrypted = flag(at + ".isEncrypted");
      one.checksum = lower_case(text(at + ".checksum").value_or(""));
      word(at + ".dataLocationType", locations);
      out.push_back(std::move(one));
    }
  }

  std::optional<CorrespondenceNotification> notification() {
    constexpr std::array<std::string_view, 3> templates{"CustomMessage", "GenericAltinnMessage", "Altinn2Message"};
    constexpr std::array<std::string_view, 5> channels{"Email", "Sms", "EmailPreferred", "SmsPreferred", "EmailAndSms"};
    constexpr std::array<std::string_view, 2> types{"Plain", "Html"};
    const std::string at = "correspondence.notification";
    if (!has(at)) return std::nullopt;
    CorrespondenceNotification out;
    required(at + ".notificationTemplate");
    out.template_name = word(at + ".notificationTemplate", templates);
    out.channel = word(at + ".notificationChannel", channels);
    if (out.channel.empty()) out.channel = "EmailPreferred";
    out.reminder_channel = word(at + ".reminderNotificationChannel", channels);
    out.email_subject = text(at + ".emailSubject", 512).value_or("");
    out.email_body = text(at + ".emailBody", 10'000).value_or("");
    out.sms_body = text(at + ".smsBody", 2144).value_or("");
    out.send_reminder = flag(at + ".sendReminder");
    out.reminder_email_subject = text(at + ".reminderEmailSubject", 512).value_or("");
    out.reminder_email_body = text(at + ".reminderEmailBody", 10'000).value_or("");
    out.reminder_sms_body = text(at + ".reminderSmsBody", 2144).value_or("");
    word(at + ".emailContentType", types);
    word(at + ".reminderEmailContentType", types);
    time(at + ".requestedSendTime");
    return out;
  }

 private:
  const std::map<std::string, Field, std::less<>>& fields_;
  ModelErrors& errors_;
};

CorrespondenceRequest CorrespondenceForm::read(bool synthetic, ModelErrors& errors) const {
  Reader in(fields_, errors);
  CorrespondenceRequest out;
  out.resource = in.required("correspondence.resourceId", 255);
  out.sender = in.text("correspondence.sender").value_or("");
  out.senders_reference = in.required("correspondence.sendersReference", 4096);
  out.message_sender = in.text("correspondence.messageSender", 255).value_or("");
  out.has_content = in.has("correspondence.content");
  out.language = in.text("correspondence.content.language").value_or("nb");
  out.title = in.text("correspondence.content.messageTitle").value_or("");
  out.summary = in.text("correspondence.content.messageSummary");
  out.body = in.text("correspondence.content.messageBody").value_or("");
  out.attachments = in.attachments();
  out.requested_publish = in.time("correspondence.requestedPublishTime");
  out.due = in.time("correspondence.dueDateTime");
  out.properties = in.properties();
  out.notification = in.notification();
  out.ignore_reservation = in.flag("correspondence.ignoreReservation");
  out.confirmation_needed = in.flag("correspondence.isConfirmationNeeded");
  out.confidential = in.flag("correspondence.isConfidential");
  out.allow_forwarding = in.flag("correspondence.allowForwarding");
  out.recipients = in.list("recipients");
  out.existing_attachments = in.list("existingAttachments");
  out.idempotent_key = lower_case(in.text("idempotentKey").value_or(""));
  if (!out.idempotent_key.empty() && !is_uuid(out.idempotent_key)) in.note("idempotentKey", "The value is not valid.");
  if (out.recipients.empty() || out.recipients.size() > 500)
    in.note("Recipients", "There must be 1 to 500 recipients.");
  for (const auto& recipient : out.recipients) {
    const auto digits = recipient_digits(recipient);
    const bool person = digits && digits->size() == 11;
    if (!digits || (person && (!domain::is_person_number(*digits) || (!synthetic && is_synthetic(*digits))))) {
      in.note("Recipients", "Invalid recipient: an organisation number or a national identity number in URN form.");
    }
  }
  for (const auto& [key, field] : fields_) out.fields[fmt::format("{}", fmt::join(field.path, "."))] = field.value;
  return out;
}

}  // namespace kanal::sim
