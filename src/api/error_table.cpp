#include "api/error_table.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include "api/json_writer.hpp"

namespace kanal::api {
namespace {

namespace json = boost::json;

constexpr std::string_view own_package = "no.difi.meldingsutveksling.exceptions.";
constexpr std::string_view unreadable = "org.springframework.http.converter.HttpMessageNotReadableException";
constexpr std::string_view mismatch = "org.springframework.web.method.annotation.MethodArgumentTypeMismatchException";
constexpr std::string_view not_valid = "org.springframework.web.bind.MethodArgumentNotValidException";

struct Row {
  std::string_view code;  ///< exact, or a prefix when it ends with a dot
  int status;
  std::string_view exception;  ///< without package when it is the gateway's own
  std::string_view text{};     ///< replaces the error's message; the message becomes the description
};

/// Exact codes before prefixes; the first match counts.
constexpr auto rows = std::to_array<Row>({
    {"sbd.type_unknown", 400, "UnknownMessageTypeException"},
    {"sbd.", 400, unreadable},
    {"submit.unknown_type", 400, "UnknownMessageTypeException"},
    {"submit.receiver", 400, "ReceiverDoesNotAcceptProcessException"},
    {"submit.no_process", 400, "MissingProcessException"},
    {"submit.partner", 400, "InvalidPartnerIdentifierException"},
    {"submit.exists", 400, "MessageAlreadyExistsException"},
    {"submit.service_disabled", 400, "ServiceNotEnabledException"},
    {"submit.type_mismatch", 400, "MessageTypeDoesNotFitDocumentTypeException"},
    {"submit.message_channel", 400, "MessageChannelInvalidException"},
    {"submit.not_found", 404, "MessageNotFoundException"},
    {"submit.duplicate_file", 400, "DuplicateFilenameException"},
    {"submit.too_large", 400, "MaxFileSizeExceededException"},
    {"submit.multipart_too_large", 400, "MultipartFileToLargeException"},
    {"submit.no_files", 400, "MissingFileException"},
    {"submit.expired", 400, "TimeToLiveException"},
    {"submit.no_arkivmelding", 400, "MissingArkivmeldingException"},
    {"submit.missing_files", 400, "MissingArkivmeldingFileException"},
    {"submit.missing_metadata", 404, "FileNotFoundException"},
    {"submit.no_main_document", 400, "MissingPrimaryDocumentException"},
    {"submit.address", 400, "MissingAddressInformationException"},
    // Refused by a service's own rules (ports/transport.hpp, complete() and check_file()).
    {"submit.no_title", 400, "MissingFileTitleException"},
    {"submit.content_type", 400, "InvalidContentTypeException"},
    {"submit.document", 400, "InvalidDocumentException"},
    {"submit.forsendelse_type", 400, "ForsendelseTypeNotFoundException"},
    {"submit.svarut_credentials", 400, "MissingSvarUtCredentialsException"},
    {"submit.sender", 400, "SenderException"},
    {"submit.receiver_address", 400, "ReceiverException"},
    {"submit.busy", 409, "MessageBusyException"},
    {"certificate.invalid", 400, "InvalidCertificateException"},
    {"arkivmelding.no_saksmappe", 400, "MissingSaksmappeException",
     "Arkivmelding does not contain any instances of 'Saksmappe'"},
    {"arkivmelding.", 400, "UnmarshalArkivmeldingException", "Unable to unmarshal arkivmelding"},
    {"xml.", 400, "UnmarshalArkivmeldingException", "Unable to unmarshal arkivmelding"},
    {"inbox.not_found", 404, "MessageNotFoundException"},
    {"inbox.not_locked", 400, "MessageNotLockedException"},
    {"inbox.damaged", 404, "FileNotFoundException"},
    {"webhook.ping", 400, "WebhookPushEndpointPingFailedException"},
    {"directory.not_found", 404, "IdentifierNotFoundException"},
    {"query.", 400, mismatch},
    {"disposition.", 400, "MissingHttpHeaderException"},
    {"multipart.", 400, "org.springframework.web.multipart.MultipartException"},
    {"directory.unavailable", 503, "ServiceRegistryUnavailableException"},
    {"token.", 503, "ServiceRegistryUnavailableException"},
    {"spool.full", 503, "MessagePersistException"},
    {"spool.damaged", 500, "AsicReadException"},
    {"spool.", 500, "MessagePersistException"},
});

constexpr std::string_view unforeseen_exception = "java.lang.RuntimeException";
constexpr std::chrono::seconds come_back_later{30};

std::string_view reason_phrase(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Payload Too Large";
    case 415:
      return "Unsupported Media Type";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

enum class Failure { validation, binding };

/// The names under which the framework looks for a text, from the most to the least specific: with object and path,
/// with the path, with the last member, alone; a path through arrays also without its brackets.
json::array codes_of(const domain::Violation& violation, std::string_view object_name) {
  std::vector<std::string> paths{violation.path};
  std::string plain = violation.path;
  for (auto at = plain.find("[]"); at != std::string::npos; at = plain.find("[]", at)) plain.erase(at, 2);
  if (plain != violation.path) paths.push_back(plain);
  json::array codes;
  for (const auto& path : paths) codes.emplace_back(fmt::format("{}.{}.{}", violation.code, object_name, path));
  for (const auto& path : paths) codes.emplace_back(fmt::format("{}.{}", violation.code, path));
  const auto dot = plain.rfind('.');
  if (dot != std::string::npos) codes.emplace_back(fmt::format("{}.{}", violation.code, plain.substr(dot + 1)));
  codes.emplace_back(violation.code);
  return codes;
}

/// One element of `errors`, the same members for every kind of failure.
json::object entry_of(const domain::Violation& violation, std::string_view object_name, Failure failure,
                      json::array codes) {
  json::object entry;
  entry["codes"] = std::move(codes);
  entry["defaultMessage"] = violation.message;
  entry["objectName"] = object_name;
  entry["field"] = violation.path;
  if (!violation.rejected.is_null()) entry["rejectedValue"] = violation.rejected;
  entry["bindingFailure"] = failure == Failure::binding;
  entry["code"] = violation.code;
  return entry;
}

std::string text_of(const BadParameter& parameter) {
  return fmt::format("Parameter '{}' has the value '{}', which is not {}", parameter.name, as_utf8(parameter.value),
                     parameter.wanted);
}

/// `1,234`: the texts' English form (rest-api.md 12 no. 29).
std::string grouped(std::int64_t number) {
  constexpr int group = 3;
  std::string text = std::to_string(number);
  const int first = number < 0 ? 1 : 0;
  for (int at = static_cast<int>(text.size()) - group; at > first; at -= group) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

}  // namespace

ApiError api_error(const Error& error) {
  const auto row = std::ranges::find_if(rows, [&](const Row& candidate) {
    return candidate.code.ends_with('.') ? error.code.starts_with(candidate.code) : error.code == candidate.code;
  });
  ApiError out;
  out.message = error.message;
  if (row == rows.end()) {
    out.status = error.disposition == Disposition::retry ? 503 : 500;
    out.exception = unforeseen_exception;
    out.message = error.text();
  } else {
    out.status = row->status;
    const bool framework = row->exception.find('.') != std::string_view::npos;
    out.exception = framework ? std::string(row->exception) : std::string(own_package) + std::string(row->exception);
    if (!row->text.empty()) {
      out.description = error.text();
      out.message = row->text;
    } else if (error.cause) {
      out.description = error.cause->text();
    }
    if (row->exception == unreadable) out.message = "JSON parse error: " + error.text();
  }
  if (out.status == 503) out.retry_after = come_back_later;
  return out;
}

ApiError own_error(int status, std::string_view exception, std::string message) {
  return {status, std::string(own_package) + std::string(exception), std::move(message)};
}

ApiError subscription_not_found(std::int64_t id) {
  return own_error(404, "SubscriptionNotFoundException",
                   fmt::format("Subscription with id = {} was not found", grouped(id)));
}

ApiError message_not_found(std::string_view message_id) {
  return own_error(404, "MessageNotFoundException",
                   fmt::format("Message with messageId = {} was not found", message_id));
}

ApiError conversation_not_found(std::int64_t id) {
  return own_error(404, "ConversationNotFoundException",
                   fmt::format("Conversation with id = {} was not found", grouped(id)));
}

ApiError body_violations(const std::vector<domain::Violation>& violations, std::string_view object) {
  ApiError out{400, std::string(not_valid),
               fmt::format("Validation failed for object='{}'. Error count: {}", object, violations.size())};
  for (const auto& violation : violations) {
    out.errors.push_back(entry_of(violation, object, Failure::validation, codes_of(violation, object)));
  }
  return out;
}

ApiError part_violations(const std::vector<domain::Violation>& violations) {
  ApiError out{400, "jakarta.validation.ConstraintViolationException"};
  for (auto violation : violations) {
    violation.path = "createAndSendMessage.sbd." + violation.path;
    out.message += (out.message.empty() ? "" : ", ") + violation.path + ": " + violation.message;
    out.errors.push_back(
        entry_of(violation, "standardBusinessDocument", Failure::validation, json::array{violation.code}));
  }
  return out;
}

ApiError type_mismatch(const BadParameter& parameter) { return {400, std::string(mismatch), text_of(parameter)}; }

ApiError binding_errors(const std::vector<BadParameter>& parameters) {
  ApiError out{400, std::string(not_valid)};
  for (const auto& parameter : parameters) {
    const domain::Violation violation{parameter.name, "typeMismatch", text_of(parameter),
                                      json::value(as_utf8(parameter.value))};
    out.message += (out.message.empty() ? "" : ", ") + violation.message;
    out.errors.push_back(entry_of(violation, "query", Failure::binding, codes_of(violation, "query")));
  }
  return out;
}

ApiError unreadable_part(std::string_view name, std::string_view why) {
  return {400, std::string(mismatch), fmt::format("Part '{}' cannot be read: {}", name, why)};
}

ApiError missing_part(std::string_view name) {
  return {
      400, "org.springframework.web.bind.MissingServletRequestParameterException",
      fmt::format("Required request parameter '{}' for method parameter type StandardBusinessDocument is not present",
                  name)};
}

ApiError missing_header(std::string_view name) {
  return {400, "org.springframework.web.bind.MissingRequestHeaderException",
          fmt::format("Required request header '{}' for method parameter type String is not present", name)};
}

ApiError too_large(std::string message) {
  return {413, "org.springframework.web.multipart.MaxUploadSizeExceededException", std::move(message)};
}

ApiError unsupported_media_type(std::string_view given) {
  return {415, "org.springframework.web.HttpMediaTypeNotSupportedException",
          given.empty() ? "Content-Type is missing" : fmt::format("Content-Type '{}' is not supported", given)};
}

ApiError not_found_path(std::string_view path) {
  return {404, "org.springframework.web.servlet.resource.NoResourceFoundException",
          fmt::format("No static resource {}.", path.starts_with('/') ? path.substr(1) : path)};
}

ApiError method_not_allowed(std::string_view method) {
  return {405, "org.springframework.web.HttpRequestMethodNotSupportedException",
          fmt::format("Request method '{}' is not supported", method)};
}

ApiError unauthorized() { return {401, {}, "Unauthorized"}; }

ApiError forbidden(std::string message) { return {403, {}, std::move(message)}; }

ApiError unforeseen(std::string message) { return {500, std::string(unforeseen_exception), std::move(message)}; }

net::Response write_error(const ApiError& error, std::string_view path, Time now) {
  json::object body;
  body["timestamp"] = format_iso(in_oslo(std::chrono::floor<std::chrono::milliseconds>(now)));
  body["status"] = error.status;
  body["error"] = reason_phrase(error.status);
  if (!error.exception.empty()) body["exception"] = error.exception;
  body["message"] = error.message.empty() ? "No message available" : as_utf8(error.message);
  if (error.description) body["description"] = as_utf8(*error.description);
  if (!error.errors.empty()) body["errors"] = error.errors;
  body["path"] = as_utf8(path);
  net::Response response = json_response(error.status, body);
  if (error.retry_after) response.headers.emplace_back("Retry-After", std::to_string(error.retry_after->count()));
  return response;
}

}  // namespace kanal::api
