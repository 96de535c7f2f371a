#include "sim/correspondence_rules.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/ascii.hpp"
#include "sim/answers.hpp"

namespace kanal::sim {
namespace {

constexpr std::size_t max_title = 255;
constexpr std::size_t max_summary = 255;
constexpr std::size_t max_body = 30'000;
constexpr std::size_t max_attachments = 100;
constexpr std::size_t max_file_name = 255;
constexpr std::string_view no_key = "00000000-0000-0000-0000-000000000000";

using Refusal = std::optional<CorrespondenceRefusal>;

bool is_letter(char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }
bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

/// `<b>`, `</b>`, `<!-- -->`.
bool has_html(std::string_view text) {
  for (auto at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
    const char next = at + 1 < text.size() ? text[at + 1] : ' ';
    if ((is_letter(next) || next == '/' || next == '!' || next == '?') &&
        text.find('>', at + 1) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

/// A heading or a quotation.
bool starts_block(std::string_view line) {
  const auto first = line.find_first_not_of(' ');
  if (first == std::string_view::npos || first > 3) return false;
  line.remove_prefix(first);
  if (line.front() == '>') return true;
  const auto signs = std::min(line.find_first_not_of('#'), line.size());
  return signs >= 1 && signs <= 6 && signs < line.size() && line[signs] == ' ';
}

bool has_block(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (starts_block(text.substr(0, end))) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

/// `*so*`, `**so**`, `_so_`: a sign before a word and one after a word.
bool has_emphasis(std::string_view text) {
  for (const char sign : {'*', '_'}) {
    bool open = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != sign) continue;
      const bool after_word = i > 0 && text[i - 1] != ' ';
      const bool before_word = i + 1 < text.size() && text[i + 1] != ' ';
      if (open && after_word && (sign == '*' || !before_word)) return true;
      if (before_word && (sign == '*' || !after_word)) open = true;
    }
  }
  return false;
}

bool is_reserved_name(std::string_view name) {
  constexpr std::array<std::string_view, 4> words{"con", "prn", "aux", "nul"};
  const auto stem = name.substr(0, name.find('.'));
  if (std::ranges::any_of(words, [&](std::string_view word) { return same_ignoring_case(word, stem); })) return true;
  return stem.size() == 4 && stem[3] >= '1' && stem[3] <= '9' &&
         (same_ignoring_case(stem.substr(0, 3), "com") || same_ignoring_case(stem.substr(0, 3), "lpt"));
}

bool is_allowed_type(std::string_view name) {
  constexpr std::array<std::string_view, 20> allowed{".doc", ".xls",  ".docx", ".xlsx", ".ppt", ".pps",  ".zip",
                                                     ".pdf", ".html", ".txt",  ".xml",  ".jpg", ".jpeg", ".gif",
                                                     ".bmp", ".png",  ".json", ".csv",  ".dcm", ".dicom"};
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return false;
  return std::ranges::any_of(allowed, [&](std::string_view one) { return same_ignoring_case(one, name.substr(dot)); });
}

/// Checks in order; each gives a code, or nothing.
class Check {
 public:
  explicit Check(const CorrespondenceChecks& in) : in_(in), request_(in.request) {}

  Refusal run() {
    using Step = Refusal (Check::*)() const;
    constexpr std::array<Step, 11> steps{
        &Check::key,    &Check::resource,    &Check::recipients, &Check::register_entry, &Check::dates, &Check::content,
        &Check::sender, &Check::attachments, &Check::matches,    &Check::notification,   &Check::files};
    for (const auto step : steps) {
      if (auto refusal = (this->*step)()) return refusal;
    }
    return std::nullopt;
  }

 private:
  /// The refusal with this code when it is due, or ordered.
  [[nodiscard]] bool due(bool wrong, int code) const { return wrong || in_.fault(code); }
  static Refusal refuse(int code, std::string detail = {}) { return CorrespondenceRefusal{code, std::move(detail)}; }

  [[nodiscard]] Refusal key() const {
    const auto& key = request_.idempotent_key;
    if (due(key == no_key, 1033)) return refuse(1033);
    if (due(!key.empty() && request_.recipients.size() > 1, 1047)) return refuse(1047);
    if (due(!key.empty() && in_.key_used(key), 1034)) return refuse(1034);
    return std::nullopt;
  }

  [[nodiscard]] Refusal resource() const {
    const auto found = in_.rules.resources.find(request_.resource);
    const bool known = found != in_.rules.resources.end();
    const CorrespondenceResource& resource = known ? found->second : unknown_resource_;
    if (due(false, 2000)) return refuse(2000);
    if (due(!known, 1036)) return refuse(1036);
    if (due(false, 2014)) return refuse(2014);
    if (due(false, 4006)) return refuse(4006);
    if (due(resource.owner != proxy_owner, 4001)) return refuse(4001);
    const bool good_type = resource.type == "CorrespondenceService" || resource.type == "GenericAccessResource";
    if (due(!good_type, 4009)) return refuse(4009);
    if (due(resource.confidential && !request_.confidential, 1060)) return refuse(1060);
    if (due(!resource.confidential && request_.confidential, 1061)) return refuse(1061);
    if (due(request_.allow_forwarding && !resource.forwarding, 1068)) return refuse(1068);
    return std::nullopt;
  }

  [[nodiscard]] Refusal recipients() const {
    std::set<std::string> seen;
    for (const auto& recipient : request_.recipients) {
      if (due(!seen.insert(recipient_digits(recipient).value_or(recipient)).second, 1006)) return refuse(1006);
    }
    for (const auto& digits : seen) {
      const auto fate = in_.fate_of(digits);
      if (due(fate == CorrespondenceFate::unknown, 1029)) {
        return refuse(1029, "Could not find partyId for the following recipients: " + digits);
      }
      if (due(false, 4002)) return refuse(4002);
      if (due(request_.confidential && fate == CorrespondenceFate::no_roles, 1044)) {
        return refuse(1044, "The following recipients lack required roles to read the correspondence: " + digits);
      }
    }
    return std::nullopt;
  }

  /// The contact register knows persons only. Of several recipients a reserved one is no reason to refuse:
  /// DPV has always one.
  [[nodiscard]] Refusal register_entry() const {
    for (const auto& recipient : request_.recipients) {
      const auto digits = recipient_digits(recipient).value_or("");
      if (request_.ignore_reservation) break;
      if (due(false, 1032)) return refuse(1032);
      const bool reserved = digits.size() == 11 &&
                            (in_.fate_of(digits) == CorrespondenceFate::reserved_in_register || in_.reserved(digits));
      if (due(reserved && request_.recipients.size() == 1, 1030)) {
        return refuse(1030, "Recipient " + digits +
                                " has reserved themselves from public correspondences. Can be overridden using the "
                                "'IgnoreReservation' flag.");
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] Refusal dates() const {
    const auto publish = std::max(request_.requested_publish.value_or(in_.now), in_.now);
    if (due(request_.due && *request_.due < in_.now, 1008)) return refuse(1008);
    if (due(request_.due && *request_.due < publish, 1009)) return refuse(1009);
    if (due(request_.confirmation_needed && !request_.due, 1016)) return refuse(1016);
    return std::nullopt;
  }

  [[nodiscard]] Refusal content() const {
    const auto summary = request_.summary.value_or("");
    if (due(!request_.has_content, 1019)) return refuse(1019);
    if (due(!is_plain_text(request_.title), 1002)) return refuse(1002);
    if (due(is_blank(request_.title), 1020)) return refuse(1020);
    if (due(characters(request_.title) > max_title, 1037)) return refuse(1037);
    if (due(in_.rules.check_summary && !is_plain_text(summary), 1004)) return refuse(1004);
    if (due(characters(summary) > max_summary, 1042)) return refuse(1042);
    if (due(!is_markdown(request_.body), 1003)) return refuse(1003);
    if (due(is_blank(request_.body), 1021)) return refuse(1021);
    if (due(characters(request_.body) > max_body, 1022)) return refuse(1022);
    const auto& language = request_.language;
    if (due(language != "nb" && language != "nn" && language != "en", 1023)) return refuse(1023);
    return std::nullopt;
  }

  [[nodiscard]] Refusal sender() const {
    if (due(!is_plain_text(request_.message_sender), 1039)) return refuse(1039);
    return std::nullopt;
  }

  [[nodiscard]] Refusal attachments() const {
    if (due(!request_.existing_attachments.empty(), 1007)) return refuse(1007);
    if (due(request_.attachments.size() > max_attachments, 1038)) return refuse(1038);
    for (const auto& attachment : request_.attachments) {
      if (const auto code = attachment_name_error(attachment.file_name)) return refuse(*code);
    }
    for (const int code : {2010, 2011, 2012, 2013, 2021}) {
      if (in_.fault(code)) return refuse(code);
    }
    return std::nullopt;
  }

  /// Each file has metadata with its name: at its own place, else the only one with it (dpv.md 5.1).
  [[nodiscard]] Refusal matches() const {
    const auto& wanted = request_.attachments;
    bool good = wanted.size() == in_.files.size();
    for (std::size_t i = 0; good && i < in_.files.size(); ++i) {
      const auto& name = in_.files[i].name;
      good = wanted[i].file_name == name || std::ranges::count(wanted, name, &CorrespondenceAttachment::file_name) == 1;
    }
    if (due(!good, 1005)) return refuse(1005);
    return std::nullopt;
  }

  [[nodiscard]] Refusal notification() const {
    for (const int code : {3001, 3002, 3003, 3004, 3005, 3006, 3007, 3024, 3025}) {
      if (in_.fault(code)) return refuse(code);
    }
    if (!request_.notification || request_.notification->template_name != "CustomMessage") return std::nullopt;
    const auto& note = *request_.notification;
    if (const auto code = missing(note.channel, note.email_subject, note.email_body, note.sms_body)) {
      return refuse(*code);
    }
    if (!note.send_reminder) return std::nullopt;
    const auto& channel = note.reminder_channel.empty() ? note.channel : note.reminder_channel;
    const auto code = missing(channel, note.reminder_email_subject, note.reminder_email_body, note.reminder_sms_body);
    return code ? refuse(*code + 1) : std::nullopt;
  }
  /// The code of the main notification; that of the reminder is one more.
  static std::optional<int> missing(std::string_view channel, const std::string& subject, const std::string& body,
                                    const std::string& sms) {
    const bool mail = !subject.empty() && !body.empty();
    if (channel == "Email") return mail ? std::nullopt : std::optional(3002);
    if (channel == "Sms") return sms.empty() ? std::optional(3004) : std::nullopt;
    const bool all = mail && !sms.empty();
    if (all) return std::nullopt;
    return channel == "EmailAndSms" ? 3024 : 3006;
  }

  [[nodiscard]] Refusal files() const {
    for (const auto& file : in_.files) {
      if (due(file.size == 0 || file.size > in_.rules.max_file, 2004)) return refuse(2004);
      const auto attachment = std::ranges::find(request_.attachments, file.name, &CorrespondenceAttachment::file_name);
      const auto checksum = attachment == request_.attachments.end() ? std::string{} : attachment->checksum;
      if (due(!checksum.empty() && checksum != file.md5, 2008)) return refuse(2008);
    }
    for (const int code : {2009, 2022, 2002}) {
      if (in_.fault(code)) return refuse(code);
    }
    return std::nullopt;
  }

  const CorrespondenceChecks& in_;
  const CorrespondenceRequest& request_;
  CorrespondenceResource unknown_resource_{};
};

}  // namespace

bool is_plain_text(std::string_view text) {
  const bool link = text.find("](") != std::string_view::npos && text.find('[') < text.find("](");
  return !link && !has_html(text) && !has_block(text) && !has_emphasis(text);
}

bool is_markdown(std::string_view text) { return !has_html(text); }

std::optional<int> attachment_name_error(std::string_view name) {
  if (is_blank(name)) return 2010;
  if (characters(name) > max_file_name) return 2011;
  const auto bad = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F ||
           std::string_view("<>:\"/\\|?*").find(c) != std::string_view::npos;
  };
  if (std::ranges::any_of(name, bad)) return 2012;
  if (is_reserved_name(name)) return 2021;
  if (!is_allowed_type(name)) return 2013;
  return std::nullopt;
}

std::optional<CorrespondenceRefusal> check_correspondence(const CorrespondenceChecks& checks) {
  return Check(checks).run();
}

}  // namespace kanal::sim
