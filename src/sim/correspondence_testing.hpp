// A sender of correspondences for the tests of the simulator: builds the multipart form, and spoils it when told. Never
// included by product code.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/sim_testing.hpp"

namespace kanal::sim::testing {

constexpr const char* default_resource = "eformidling-dpv-administrasjon";
constexpr const char* secret_resource = "eformidling-dpv-taushetsbelagt";
/// Synthetic persons with good control digits.
constexpr const char* a_person = "21868110187";
constexpr const char* another_person = "12857910093";

inline std::string organisation_urn(const std::string& orgnr) {
  return "urn:altinn:organization:identifier-no:" + orgnr;
}
inline std::string person_urn(const std::string& id) { return "urn:altinn:person:identifier-no:" + id; }

/// One correspondence to send; what is left alone is good.
struct Mailing {
  std::string id = new_uuid();  ///< sendersReference and idempotency key
  std::string recipient = organisation_urn(municipality);
  std::string resource = default_resource;
  bool confidential = false;
  /// Name and content.
  std::vector<std::pair<std::string, std::string>> files{{"svar på søknad.pdf", "%PDF-1.7 svar"}};
  /// Changed or added text parts; nothing: left out.
  std::map<std::string, std::optional<std::string>> changed{};
  std::string organisation = agency;
};

class CorrespondenceBench : public Bench {
 protected:
  CorrespondenceState& state() { return national_.correspondence().state(); }
  std::string at(const std::string& path) const { return national_.correspondence_url() + path; }
  net::Headers bearer(const std::string& who = agency) { return altinn_token(who, "eformidling:dpv"); }
  /// An exchanged token without a system user; made once for each and as long as it lives (30 minutes).
  net::Headers altinn_token(const std::string& who, const std::string& scope) {
    auto& token = tokens_["dpv" + who + scope + std::to_string(seconds() / 1200)];
    if (token.empty()) token = new_altinn_token(who, scope);
    return {{"Authorization", "Bearer " + token}};
  }
  std::string new_altinn_token(const std::string& who, const std::string& scope) {
    const auto answer = get(national_.exchange_url(), {{"Authorization", "Bearer " + maskinporten_token(scope, who)}});
    EXPECT_EQ(answer.status, 200);
    return answer.body;
  }

  std::map<std::string, std::string> fields(const Mailing& mailing) const {
    const auto publish = format_iso(clock_.now());
    const auto due = format_iso(clock_.now() + std::chrono::days(7));
    std::map<std::string, std::string> out{
        {"correspondence.resourceId", mailing.resource},
        {"correspondence.sender", std::string("0192:") + agency},
        {"correspondence.sendersReference", mailing.id},
        {"correspondence.messageSender", "FJORDHAVN DIREKTORAT"},
        {"correspondence.content.language", "nb"},
        {"correspondence.content.messageTitle", "Svar på søknad"},
        {"correspondence.content.messageSummary", "Svar på søknad"},
        {"correspondence.content.messageBody", "Svar på **søknad**"},
        {"correspondence.requestedPublishTime", publish},
        {"correspondence.dueDateTime", due},
        {"correspondence.propertyList.senderOrgNumber", agency},
        {"correspondence.notification.notificationTemplate", "CustomMessage"},
        {"correspondence.notification.notificationChannel", "EmailAndSms"},
        {"correspondence.notification.emailSubject", "Melding"},
        {"correspondence.notification.emailBody", "Du har fått en melding."},
        {"correspondence.notification.emailContentType", "Plain"},
        {"correspondence.notification.smsBody", "Du har fått en melding."},
        {"correspondence.notification.sendReminder", "false"},
        {"correspondence.ignoreReservation", "false"},
        {"correspondence.isConfirmationNeeded", "false"},
        {"correspondence.isConfidential", mailing.confidential ? "true" : "false"},
        {"recipients[0]", mailing.recipient},
        {"idempotentKey", mailing.id},
    };
    for (std::size_t i = 0; i < mailing.files.size(); ++i) {
      const auto place = "correspondence.content.attachments[" + std::to_string(i) + "].";
      out[place + "fileName"] = mailing.files[i].first;
      out[place + "displayName"] = "Vedlegg";
      out[place + "isEncrypted"] = "false";
      out[place + "sendersReference"] = "AttachmentReference_as123452";
    }
    for (const auto& [name, value] : mailing.changed) {
      out.erase(name);
      if (value) out[name] = *value;
    }
    return out;
  }

  std::string form(const Mailing& mailing) const {
    std::string out;
    for (const auto& [name, value] : fields(mailing)) {
      out += "--b7\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
    }
    for (const auto& [name, content] : mailing.files) {
      out += "--b7\r\nContent-Disposition: form-data; name=\"attachments\"; filename=\"" + name +
             "\"\r\nContent-Type: application/pdf\r\n\r\n" + content + "\r\n";
    }
    return out + "--b7--\r\n";
  }
  net::ClientRequest request_for(const Mailing& mailing) {
    return post_request(at("/correspondence/upload"), form(mailing), "multipart/form-data; boundary=b7",
                        bearer(mailing.organisation));
  }
  net::ClientResponse upload(const Mailing& mailing) { return send(request_for(mailing)); }

  /// Accepted; gives the correspondence's id.
  std::string uploaded(const Mailing& mailing) {
    const auto answer = upload(mailing);
    EXPECT_EQ(answer.status, 200) << answer.body;
    const auto body = object_of(answer);
    const auto* list = body.if_contains("correspondences");
    if (list == nullptr || !list->is_array() || list->get_array().empty()) return {};
    return text(list->get_array().front().as_object(), "correspondenceId");
  }
  /// `status code` of a refusal, after a look at its shape; `400 validation <fields>` for one by the model.
  static std::string problem_of(const net::ClientResponse& answer) {
    const auto problem = object_of(answer);
    auto out = std::to_string(answer.status);
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json") << answer.status << answer.body;
    EXPECT_FALSE(text(problem, "title").empty());
    EXPECT_EQ(problem.contains("status") ? problem.at("status").to_number<int>() : 0, answer.status);
    if (const auto* code = problem.if_contains("errorCode")) {
      const auto number = std::to_string(code->to_number<int>());
      EXPECT_TRUE(text(problem, "code").ends_with(number));
      return out + " " + number;
    }
    if (const auto* errors = problem.if_contains("errors")) {
      out += " validation";
      for (const auto& [field, texts] : errors->as_object()) out += " " + std::string(field);
    }
    return out;
  }
  std::string refusal(const Mailing& mailing) { return problem_of(upload(mailing)); }
  /// The refusal of a good one with this part changed, or left out.
  std::string refusal(const std::string& name, const std::optional<std::string>& value) {
    Mailing mailing;
    mailing.changed[name] = value;
    return refusal(mailing);
  }

  net::ClientResponse overview(const std::string& id, const std::string& who = agency) {
    return get(at("/correspondence/" + id), bearer(who));
  }
  /// `Status published? read?`, as in `Read PR`.
  std::string status(const std::string& id) {
    const auto answer = overview(id);
    EXPECT_EQ(answer.status, 200) << answer.body;
    const auto body = object_of(answer);
    return text(body, "status") + (text(body, "published").empty() ? " -" : " P") +
           (text(body, "read").empty() ? "-" : "R");
  }
  std::vector<std::string> ids(const std::string& query, const std::string& who = agency) {
    const auto answer = get(at("/correspondence?" + query), bearer(who));
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::vector<std::string> out;
    const auto body = object_of(answer);
    if (const auto* list = body.if_contains("ids")) {
      for (const auto& id : list->as_array()) out.emplace_back(id.as_string());
    }
    return out;
  }
};

}  // namespace kanal::sim::testing
