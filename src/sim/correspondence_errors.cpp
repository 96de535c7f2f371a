#include "sim/correspondence_errors.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/ids.hpp"
#include "sim/answers.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

struct Phrase {
  int status;
  std::string_view title;
  std::string_view section;  ///< of RFC 9110
};
constexpr Phrase phrases[] = {
    {400, "Bad Request", "15.5.1"},     {401, "Unauthorized", "15.5.2"},
    {403, "Forbidden", "15.5.4"},       {404, "Not Found", "15.5.5"},
    {408, "Request Timeout", "15.5.9"}, {409, "Conflict", "15.5.10"},
    {410, "Gone", "15.5.11"},           {422, "Unprocessable Entity", "15.5.21"},
    {429, "Too Many Requests", "15.5"}, {451, "Unavailable For Legal Reasons", "15.5"},
    {502, "Bad Gateway", "15.6.3"},     {503, "Service Unavailable", "15.6.4"},
};

json::object problem(int status, std::string_view detail) {
  constexpr Phrase server{500, "Internal Server Error", "15.6.1"};
  const auto* found = std::ranges::find(phrases, status, &Phrase::status);
  const auto& phrase = found == std::end(phrases) ? server : *found;
  return {{"type", fmt::format("https://tools.ietf.org/html/rfc9110#section-{}", phrase.section)},
          {"title", phrase.title},
          {"status", status},
          {"detail", detail},
          {"traceId", "00-" + new_uuid() + "-01"}};
}

net::Response problem_answer(int status, const json::object& body) {
  auto response = json_answer(status, body);
  response.headers = {{"Content-Type", "application/problem+json"}};
  return response;
}

}  // namespace

const std::vector<CorrespondenceError>& correspondence_errors() {
  static const std::vector<CorrespondenceError> errors{
      {1001, 404, "The requested correspondence was not found"},
      {1002, 400, "Message title must be plain text"},
      {1003, 400, "Message body must be markdown"},
      {1004, 400, "Message summary must be plain text"},
      {1005, 400, "Mismatch between uploaded files and attachment metadata"},
      {1006, 400, "Recipients must be unique"},
      {1007, 400, "Existing attachment not found"},
      {1008, 400, "DueDateTime cannot be prior to today"},
      {1009, 400, "DueDateTime cannot be prior to RequestedPublishTime"},
      {1016, 400, "DueDateTime is required when confirmation is needed"},
      {1019, 400, "The Content field must be provided for the correspondence"},
      {1020, 400, "Message title cannot be empty"},
      {1021, 400, "Message body cannot be empty"},
      {1022, 400, "Message body cannot exceed 30000 characters"},
      {1023, 400, "Invalid language chosen. Supported languages are nb, nn and en"},
      {1029, 404, "Could not find partyId for the recipient"},
      {1030, 422, "The recipient has reserved themselves from public correspondences"},
      {1032, 500, "Contact reservation registry lookup failed"},
      {1033, 400, "The idempotency key must be a valid non-empty GUID"},
      {1034, 409, "A correspondence with the same idempotent key already exists"},
      {1036, 400, "ResourceId must match an existing resource in the resource registry"},
      {1037, 400, "Message title cannot exceed 255 characters"},
      {1038, 400, "A correspondence cannot contain more than 100 attachments in total"},
      {1039, 400, "Message sender must be plain text"},
      {1042, 400, "Message summary, if not null, must be between 0 and 255 characters long"},
      {1044, 400, "The recipient lacks required roles to read the correspondence"},
      {1047, 400, "Idempotency key is not supported for requests with multiple recipients"},
      {1060, 400, "The resource is confidential, so the correspondence must be confidential"},
      {1061, 400, "The resource is not confidential, so the correspondence cannot be confidential"},
      {1068, 400, "The resource does not allow forwarding"},
      {2000, 500, "Resource registry lookup failed"},
      {2002, 502, "Error occurred during upload"},
      {2004, 400, "File must have content and has a max file size of 2GB"},
      {2008, 400, "Checksum mismatch"},
      {2009, 400, "Could not get data location url"},
      {2010, 400, "Filename is missing"},
      {2011, 400, "Filename is too long"},
      {2012, 400, "Filename contains invalid characters"},
      {2013, 400, "Filetype not allowed"},
      {2014, 451, "Service owner not setup in this environment"},
      {2021, 400, "Filename is a reserved name"},
      {2022, 408, "The upload was too slow"},
      {3001, 404, "The requested notification template with the given language was not found"},
      {3002, 400, "Email body and subject must be provided when sending email notifications"},
      {3003, 400, "Reminder email body and subject must be provided when sending reminder email notifications"},
      {3004, 400, "SMS body must be provided when sending SMS notifications"},
      {3005, 400, "Reminder SMS body must be provided when sending reminder SMS notifications"},
      {3006, 400, "Email body, subject and SMS body must be provided when sending preferred notifications"},
      {3007, 400, "Reminder email body, subject and SMS body must be provided when sending preferred reminders"},
      {3024, 400, "Email body, subject and SMS body must be provided when sending email and SMS notifications"},
      {3025, 400, "Reminder email body, subject and SMS body must be provided when sending email and SMS reminders"},
      {4001, 401, "You must use an Altinn token of someone with access to the resource and organization"},
      {4002, 400, "Could not retrieve party uuid from lookup in Altinn Register"},
      {4006, 401, "Could not determine caller"},
      {4009, 400, "Resource type is not supported. Resource must be GenericAccessResource or CorrespondenceService"},
  };
  return errors;
}

const CorrespondenceError* find_correspondence_error(int code) {
  const auto& all = correspondence_errors();
  const auto found = std::ranges::lower_bound(all, code, {}, &CorrespondenceError::code);
  return found == all.end() || found->code != code ? nullptr : &*found;
}

net::Response refusal_answer(const CorrespondenceRefusal& refusal) {
  const auto* error = find_correspondence_error(refusal.code);
  const int status = error == nullptr ? 500 : error->status;
  auto body = problem(status, refusal.detail.empty() && error != nullptr ? error->detail : refusal.detail);
  body["code"] = fmt::format("CORR-{:05}", refusal.code);
  body["errorCode"] = refusal.code;
  return problem_answer(status, body);
}

net::Response correspondence_problem(int status, std::string_view detail) {
  return problem_answer(status, problem(status, detail));
}

net::Response model_error_answer(const ModelErrors& errors) {
  auto body = problem(400, "One or more validation errors occurred.");
  body["title"] = "One or more validation errors occurred.";
  json::array list;
  json::object older;
  for (const auto& [field, text] : errors) {
    list.push_back(json::object{{"code", "STD-00000"}, {"detail", text}, {"paths", json::array{json::string(field)}}});
    auto& texts = older[field];
    if (!texts.is_array()) texts = json::array{};
    texts.get_array().emplace_back(text);
  }
  body["validationErrors"] = std::move(list);
  body["errors"] = std::move(older);
  return problem_answer(400, body);
}

}  // namespace kanal::sim
