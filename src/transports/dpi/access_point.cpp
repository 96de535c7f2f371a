#include "transports/dpi/access_point.hpp"

#include <array>

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include "lookup/remote_answer.hpp"
#include "transports/dpi/letter_body.hpp"

namespace kanal::transports::dpi {
namespace {

namespace json = boost::json;

/// A token must outlive packaging and upload: the same text is checked as the bearer.
constexpr std::chrono::seconds token_for_sending{45};
constexpr std::size_t max_json_depth = 32;
constexpr std::uint64_t max_answer = std::uint64_t{64} * 1024 * 1024;
/// A right that is missing comes when somebody gives it.
constexpr std::chrono::minutes denied_pause{5};

Result<json::value> parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = max_json_depth;
  json::error_code error;
  auto value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error) return retry("dpi.answer", "the access point's answer is no JSON, or was cut off");
  return value;
}

std::string text_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

/// Title and detail of a problem+json (RFC 7807); whatever else a proxy may have sent is not worth showing.
std::string problem_text(const net::ClientResponse& response) {
  json::error_code error;
  const auto value = json::parse(response.body, error);
  const auto* object = error ? nullptr : value.if_object();
  if (object == nullptr) return {};
  std::string text = lookup::remote_text(text_member(*object, "title"));
  if (const auto detail = lookup::remote_text(text_member(*object, "detail")); !detail.empty()) {
    text += (text.empty() ? "" : ": ") + detail;
  }
  return text;
}

/// A list, or one element without the brackets around it (dpi.md 2.3).
Result<std::vector<json::object>> elements_of(const net::ClientResponse& response) {
  std::vector<json::object> elements;
  if (response.status == 204 || response.body.find_first_not_of(" \t\r\n") == std::string::npos) return elements;
  auto answer = parse(response.body);
  if (!answer) return failed(answer);
  if (auto* one = answer->if_object()) {
    elements.push_back(std::move(*one));
    return elements;
  }
  auto* list = answer->if_array();
  if (list == nullptr) return retry("dpi.answer", "the access point's answer is no list");
  for (auto& entry : *list) {
    elements.push_back(entry.is_object() ? std::move(entry.get_object()) : json::object{});
  }
  return elements;
}

}  // namespace

AccessPoint::AccessPoint(const Settings& settings, net::HttpClient& http, Clock& clock, Log& log)
    : settings_(settings), http_(http), clock_(clock) {
  if (settings_.token_client) tokens_.emplace(*settings_.token_client, http, clock, log);
}

lookup::TokenRequest AccessPoint::sending_request(const std::string& organisation) const {
  return {settings_.scopes, {}, organisation, token_for_sending};
}

Result<std::string> AccessPoint::sending_token(const std::string& organisation) {
  return tokens_ ? tokens_->token(sending_request(organisation)) : Result<std::string>(settings_.mock_token.reveal());
}

void AccessPoint::reject_sending_token(const std::string& organisation, const std::string& token) {
  if (tokens_) tokens_->reject(sending_request(organisation), token);
}

std::vector<lookup::TokenHealth> AccessPoint::token_health() const {
  return tokens_ ? tokens_->health() : std::vector<lookup::TokenHealth>{};
}

/// dpi.md section 11.
Error AccessPoint::error_of(const net::ClientResponse& response, std::string_view call) const {
  const auto text = problem_text(response);
  Error error;
  error.message =
      fmt::format("the DPI access point answered {} to {}{}{}", response.status, call, text.empty() ? "" : ": ", text);
  error.retry_after = lookup::retry_after(response, clock_.now());
  error.disposition = Disposition::retry;
  if (response.status == 401) {
    error.code = "dpi.token";
  } else if (response.status == 403) {
    error.code = "dpi.denied";
    error.message +=
        " (check that the Maskinporten client has the scope digitalpostinnbygger:send, that the sender has an "
        "agreement, and its delegation when sending on behalf of others)";
    if (!error.retry_after) error.retry_after = denied_pause;
  } else if (response.status == 409) {
    error.code = "dpi.conflict";
  } else if (lookup::is_temporary(response.status) || response.status == 425) {
    error.code = "dpi.away";
  } else {
    error.code = "dpi.refused";
    error.disposition = Disposition::reject;
  }
  return error;
}

Result<net::ClientResponse> AccessPoint::call(net::ClientRequest request) {
  request.total_timeout = settings_.read_timeout;
  request.connect_timeout = settings_.connect_timeout;
  request.max_response_bytes = max_answer;
  request.headers.emplace_back("Accept", "application/json, application/problem+json");
  if (tokens_) return lookup::send_with_token(http_, *tokens_, {settings_.scopes, {}, {}, {}}, std::move(request));
  request.headers.emplace_back("Authorization", "Bearer " + settings_.mock_token.reveal());
  return http_.send(request);
}

Result<void> AccessPoint::post(const Posting& posting, std::stop_token stop) {
  LetterBody body(posting.document, posting.package);
  net::ClientRequest request;
  request.method = "POST";
  request.url = settings_.access_point + "/messages/out?kanal=" + net::url_encode(posting.channel);
  request.headers = {{"Content-Type", body.content_type()},
                     {"Accept", "application/json, application/problem+json"},
                     {"Authorization", "Bearer " + posting.token}};
  request.upload = &body;
  request.upload_size = body.size();
  request.total_timeout.reset();  // as long as it moves
  request.inactivity_timeout = settings_.read_timeout;
  request.connect_timeout = settings_.connect_timeout;
  request.stop = std::move(stop);
  auto response = http_.send(request);
  if (!response) return failed(response);
  if (response->ok()) return {};
  return tl::unexpected(error_of(*response, "messages/out"));
}

Result<std::vector<TransportStatus>> AccessPoint::statuses(const std::string& message_id) {
  net::ClientRequest request;
  request.url = settings_.access_point + "/messages/out/" + net::url_encode(message_id) + "/statuses";
  auto response = call(std::move(request));
  if (!response) return failed(response);
  std::vector<TransportStatus> statuses;
  if (response->status == 404) return statuses;
  if (!response->ok()) return tl::unexpected(error_of(*response, "statuses"));
  auto elements = elements_of(*response);
  if (!elements) return failed(elements);
  for (const auto& element : *elements) {
    const auto at = parse_iso(text_member(element, "timestamp"));
    statuses.push_back({text_member(element, "status"), at ? std::optional(at->utc) : std::nullopt,
                        lookup::remote_text(text_member(element, "beskrivelse"))});
  }
  return statuses;
}

Result<std::vector<std::string>> AccessPoint::receipts(const ReceiptQuery& query, std::stop_token stop) {
  net::ClientRequest request;
  request.url = fmt::format("{}/messages/in?kanal={}&page_size={}", settings_.access_point,
                            net::url_encode(query.channel), query.page_size);
  if (query.sender_identifier) request.url += "&avsenderidentifikator=" + net::url_encode(*query.sender_identifier);
  if (query.page) request.url += fmt::format("&page={}", *query.page);
  request.stop = std::move(stop);
  auto response = call(std::move(request));
  if (!response) return failed(response);
  if (!response->ok()) return tl::unexpected(error_of(*response, "messages/in"));
  auto elements = elements_of(*response);
  if (!elements) return failed(elements);
  std::vector<std::string> receipts;
  receipts.reserve(elements->size());
  for (const auto& element : *elements) receipts.push_back(text_member(element, "forretningsmelding"));
  return receipts;
}

Result<ports::Acknowledged> AccessPoint::mark_read(const std::string& receipt_id) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = settings_.access_point + "/messages/in/" + net::url_encode(receipt_id) + "/read";
  auto response = call(std::move(request));
  if (!response) return failed(response);
  if (response->ok()) return ports::Acknowledged::done;
  // Somebody has marked it: it is gone for everybody (dpi.md 6.3 point 4).
  if (response->status == 404) return ports::Acknowledged::already_done;
  return tl::unexpected(error_of(*response, "read"));
}

}  // namespace kanal::transports::dpi
