#include "transports/dpv/correspondence.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/ascii.hpp"
#include "domain/partner.hpp"
#include "formats/utf8.hpp"

namespace kanal::transports::dpv {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_title = 255;
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_body = 30'000;
constexpr std::size_t person_digits = 11;
constexpr std::string_view information_process = "urn:no:difi:profile:digitalpost:info:ver1.0";
constexpr std::string_view no_content = "Ingen innhold";
/// Altinn wants one for each attachment and makes nothing of it.
constexpr std::string_view attachment_reference = "AttachmentReference_as123452";

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

std::string text_in(const json::object* object, std::string_view name) {
  const auto* value = object != nullptr ? object->if_contains(name) : nullptr;
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

/// The `dpv` object of the business message, or null.
const json::object* dpv_of(const domain::Sbd& sbd) {
  const auto* body = sbd.body.if_object();
  const auto* dpv = body != nullptr ? body->if_contains("dpv") : nullptr;
  return dpv != nullptr ? dpv->if_object() : nullptr;
}

/// The same wall-clock time so many days later.
OffsetTime days_later(Time now, int days) {
  const Time later = now + std::chrono::days(days);
  return in_oslo(later + (oslo_offset(now) - oslo_offset(later)));
}

/// Absent: no date to answer by (4.2).
std::optional<OffsetTime> due_date(const json::object* dpv, const Settings& settings, Time now) {
  const auto* days = dpv != nullptr ? dpv->if_contains("dagerTilSvarfrist") : nullptr;
  if (days != nullptr && days->is_number()) {
    constexpr std::int64_t most = 10'000;
    const auto given = std::min(days->to_number<std::int64_t>(), most);
    if (given <= 0) return std::nullopt;
    return days_later(now, static_cast<int>(given));
  }
  if (!settings.due_date) return std::nullopt;
  return days_later(now, settings.days_to_reply);
}

std::string channel_of(const json::object* dpv, const Settings& settings) {
  const auto given = text_in(dpv, "varselTransportType");
  if (same_ignoring_case(given, "Epost")) return "Email";
  if (same_ignoring_case(given, "SMS")) return "Sms";
  if (given.empty() && settings.notify_email != settings.notify_sms) return settings.notify_email ? "Email" : "Sms";
  return "EmailAndSms";
}

std::string notification_text(const json::object* dpv, bool confidential, const std::string& sender_name,
                              const Settings& settings) {
  auto text = text_in(dpv, confidential ? "taushetsbelagtVarselTekst" : "varselTekst");
  if (text.empty()) text = confidential ? settings.sensitive_notification_text : settings.notification_text;
  constexpr std::string_view tag = "$reporterName$";
  for (auto at = text.find(tag); at != std::string::npos; at = text.find(tag, at + sender_name.size())) {
    text.replace(at, tag.size(), sender_name);
  }
  return text;
}

/// Collects form parts under `correspondence.`.
class Form {
 public:
  explicit Form(Correspondence& into) : into_(into) {}
  void add(std::string_view name, std::string text) {
    into_.fields.emplace_back(fmt::format("correspondence.{}", name), std::move(text));
  }
  void flag(std::string_view name, bool value) { add(name, value ? "true" : "false"); }

 private:
  Correspondence& into_;
};

std::string cut_title(std::string_view text, std::string_view what, Correspondence& into) {
  if (formats::characters(text) <= longest_title) return std::string(text);
  into.remarks.push_back(fmt::format("{} is cut to 255 characters", what));
  return formats::shortened(text, longest_title - 1) + "…";
}

Result<void> add_content(const domain::Sbd& sbd, const formats::Arkivmelding* arkivmelding, Form& form,
                         Correspondence& into) {
  std::string title;
  std::string summary;
  std::string body;
  if (arkivmelding != nullptr) {
    const auto& tittel = arkivmelding->journalpost.tittel;
    title = arkivmelding->offentlig_tittel.value_or("");
    if (is_blank(title)) title = tittel;
    if (is_blank(title)) {
      return reject("dpv.content", "the journalpost of arkivmelding.xml has neither offentligTittel nor tittel");
    }
    summary = title;
    body = is_blank(tittel) ? title : tittel;
  } else {
    title = sbd.body_text("tittel");
    summary = sbd.body_text("sammendrag");
    body = sbd.body_text("innhold");
    if (is_blank(body)) body = no_content;
  }
  into.title = title;
  form.add("content.language", "nb");
  form.add("content.messageTitle", cut_title(title, "the title", into));
  form.add("content.messageSummary", cut_title(summary, "the summary", into));
  form.add("content.messageBody", std::move(body));
  return {};
}

/// Those that arkivmelding.xml names, or all; by the order of their upload (4.3).
Result<std::vector<const ports::Attachment*>> files_of(std::span<const ports::Attachment> files,
                                                       const formats::Arkivmelding* arkivmelding) {
  std::vector<const ports::Attachment*> chosen;
  if (arkivmelding == nullptr) {
    for (const auto& file : files) chosen.push_back(&file);
  } else {
    for (const auto& name : arkivmelding->referenced_files) {
      const auto file = std::ranges::find(files, name, &ports::Attachment::filename);
      if (file == files.end()) {
        return reject("dpv.document", fmt::format("arkivmelding.xml names {}, which is not among the files", name));
      }
      if (std::ranges::count(chosen, &*file) == 0) chosen.push_back(&*file);
    }
  }
  std::ranges::stable_sort(chosen, {}, [](const auto* file) { return file->number; });
  return chosen;
}

void add_notification(const json::object* dpv, bool confidential, const std::string& sender_name,
                      const Settings& settings, Form& form) {
  const auto text = notification_text(dpv, confidential, sender_name, settings);
  const auto channel = channel_of(dpv, settings);
  const bool reminder = !same_ignoring_case(text_in(dpv, "varselType"), "VarselDPVUtenRevarsel");
  form.add("notification.notificationTemplate", "CustomMessage");
  form.add("notification.notificationChannel", channel);
  form.add("notification.emailSubject", settings.email_subject);
  form.add("notification.emailBody", text);
  form.add("notification.emailContentType", "Plain");
  form.add("notification.smsBody", text);
  form.flag("notification.sendReminder", reminder);
  if (!reminder) return;
  form.add("notification.reminderNotificationChannel", channel);
  form.add("notification.reminderEmailSubject", settings.email_subject);
  form.add("notification.reminderEmailBody", text);
  form.add("notification.reminderEmailContentType", "Plain");
  form.add("notification.reminderSmsBody", text);
}

std::string_view extension_of(std::string_view filename) {
  const auto dot = filename.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : filename.substr(dot);
}

}  // namespace

bool is_digital_dpv(const domain::Sbd& sbd) { return same_ignoring_case(sbd.document.type, "digital_dpv"); }

Result<std::string> recipient_urn(const domain::Sbd& sbd) {
  if (sbd.receiver.empty()) return reject("dpv.receiver", "the message has no receiver");
  auto receiver = domain::parse_partner(sbd.receiver.front().authority, sbd.receiver.front().value);
  if (!receiver) return failed(receiver);
  const bool person = receiver->primary.size() == person_digits;
  return fmt::format("urn:altinn:{}:identifier-no:{}", person ? "person" : "organization", receiver->primary);
}

Result<std::string> sender_number(const domain::Sbd& sbd) {
  if (sbd.sender.empty()) return reject("dpv.sender", "the message has no sender");
  auto sender = domain::parse_partner(sbd.sender.front().authority, sbd.sender.front().value);
  if (!sender || sender->kind != domain::Partner::Kind::organisation) {
    return reject("dpv.sender", "only organisations send over DPV");
  }
  return sender->part_or_primary();
}

std::optional<std::string> wrong_name(std::string_view filename) {
  const auto length = formats::characters(filename);
  if (length < 1 || length > longest_name) return "the name of a file over DPV must have 1 to 255 characters";
  if (filename.find_first_of(R"(<>:"/\|?*)") != std::string_view::npos || formats::has_control_characters(filename)) {
    return fmt::format(R"(the name of a file over DPV may have none of < > : " / \ | ? * and no control characters in )"
                       "it: {}",
                       filename);
  }
  static constexpr std::array reserved{"CON",  "PRN",  "AUX",  "NUL",  "COM1", "COM2", "COM3", "COM4",
                                       "COM5", "COM6", "COM7", "COM8", "COM9", "LPT1", "LPT2", "LPT3",
                                       "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9"};
  const auto stem = filename.substr(0, filename.find('.'));
  if (std::ranges::any_of(reserved, [&](std::string_view name) { return same_ignoring_case(stem, name); })) {
    return fmt::format("{} is a name that Altinn refuses, as Windows reserves it", filename);
  }
  return std::nullopt;
}

std::optional<std::string> wrong_extension(std::string_view filename) {
  static constexpr std::array allowed{".doc", ".xls",  ".docx", ".xlsx", ".ppt", ".pps",  ".zip",
                                      ".pdf", ".html", ".txt",  ".xml",  ".jpg", ".jpeg", ".gif",
                                      ".bmp", ".png",  ".json", ".csv",  ".dcm", ".dicom"};
  const auto extension = extension_of(filename);
  if (std::ranges::any_of(allowed, [&](std::string_view one) { return same_ignoring_case(extension, one); })) {
    return std::nullopt;
  }
  return fmt::format("{} cannot be sent over DPV: Altinn takes files of {} only", filename, fmt::join(allowed, " "));
}

Result<void> check_texts(const domain::Sbd& sbd) {
  for (const auto* name : {"tittel", "sammendrag"}) {
    const auto text = sbd.body_text(name);
    if (is_blank(text)) return reject("submit.document", fmt::format("{} must not be blank: Altinn refuses it", name));
    if (formats::characters(text) > longest_title) {
      return reject("submit.document", fmt::format("{} may have at most 255 characters over DPV", name));
    }
  }
  if (formats::characters(sbd.body_text("innhold")) > longest_body) {
    return reject("submit.document", "innhold may have at most 30000 characters over DPV");
  }
  return {};
}

Result<Correspondence> make_correspondence(const domain::Sbd& sbd, const Surroundings& around,
                                           std::span<const ports::Attachment> files, const Settings& settings,
                                           Time now) {
  if (is_blank(around.resource)) {
    return reject("dpv.resource",
                  "the Service Registry returned an empty Altinn resource id for the receiver and this process: it has "
                  "to be corrected there before the message is sent again");
  }
  auto recipient = recipient_urn(sbd);
  if (!recipient) return failed(recipient);
  auto sender = sender_number(sbd);
  if (!sender) return failed(sender);
  auto chosen = files_of(files, around.arkivmelding);
  if (!chosen) return failed(chosen);
  const auto message_id = sbd.message_id().str();
  const auto* dpv = dpv_of(sbd);
  const bool confidential = around.resource == settings.sensitive_resource;
  Correspondence out;
  out.files = std::move(*chosen);
  Form form(out);
  form.add("resourceId", around.resource);
  form.add("sender", sbd.sender_value());
  form.add("sendersReference", message_id);
  form.add("messageSender",
           formats::shortened(around.sender_name.empty() ? *sender : around.sender_name, longest_name));
  if (auto added = add_content(sbd, around.arkivmelding, form, out); !added) return failed(added);
  for (std::size_t i = 0; i < out.files.size(); ++i) {
    const auto& file = *out.files[i];
    const auto name = fmt::format("content.attachments[{}]", i);
    form.add(name + ".fileName", file.filename);
    if (file.title && !file.title->empty()) {
      form.add(name + ".displayName", formats::shortened(*file.title, longest_name));
    }
    form.flag(name + ".isEncrypted", false);
    form.add(name + ".sendersReference", std::string(attachment_reference));
  }
  form.add("requestedPublishTime", format_iso(in_oslo(now)));
  if (const auto due = due_date(dpv, settings, now)) form.add("dueDateTime", format_iso(*due));
  form.flag("isConfirmationNeeded", false);
  form.flag("isConfidential", confidential);
  form.flag("ignoreReservation", is_digital_dpv(sbd) && sbd.process() == information_process);
  form.add("propertyList.senderOrgNumber", *sender);
  add_notification(dpv, confidential, around.sender_name.empty() ? *sender : around.sender_name, settings, form);
  out.fields.emplace_back("recipients[0]", std::move(*recipient));
  out.fields.emplace_back("idempotentKey", message_id);
  return out;
}

}  // namespace kanal::transports::dpv
