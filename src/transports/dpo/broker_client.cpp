#include "transports/dpo/broker_client.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "lookup/remote_answer.hpp"

namespace kanal::transports::dpo {
namespace {

namespace json = boost::json;

constexpr std::string_view read_scope = "altinn:broker.read";
constexpr std::string_view write_scope = "altinn:broker.write";
/// A token that dies during an upload is no harm to the upload, but to the retry after it.
constexpr std::chrono::seconds token_for_upload{300};
constexpr std::size_t max_json_depth = 16;

Result<json::value> parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = max_json_depth;
  json::error_code error;
  auto value = json::parse(text, error, {}, options);
  if (error) return retry("dpo.answer", "the broker's answer is no JSON");
  return value;
}

std::string text_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

std::optional<std::string> optional_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

struct Problem {
  std::string code;    ///< `BRO-00006`; empty when the body has none
  std::string detail;  ///< foreign text
};

Problem problem_of(const net::ClientResponse& response) {
  json::error_code error;
  const auto value = json::parse(response.body, error);
  const auto* object = error ? nullptr : value.if_object();
  if (object == nullptr) return {};
  Problem problem{text_member(*object, "code"), text_member(*object, "detail")};
  if (problem.detail.empty()) problem.detail = text_member(*object, "title");
  if (const auto* errors = object->if_contains("errors")) problem.detail += " " + json::serialize(*errors);
  return problem;
}

bool is_permission_problem(const net::ClientResponse& response) { return problem_of(response).code == "BRO-00006"; }

enum class Meaning {
  give_up,
  try_again,
  operator_must_act,  ///< no message is at fault: all wait until somebody has mended it
};

/// dpo.md 3.9 and 6.4. What is not in the table is judged by its HTTP status.
Meaning meaning_of(int status, std::string_view code) {
  constexpr std::array<std::pair<std::string_view, Meaning>, 12> table = {{
      {"BRO-00002", Meaning::operator_must_act},
      {"BRO-00004", Meaning::try_again},  // with a look at what became of the transfer, or a new one
      {"BRO-00005", Meaning::operator_must_act},
      {"BRO-00006", Meaning::operator_must_act},
      {"BRO-00007", Meaning::try_again},
      {"BRO-00008", Meaning::try_again},
      {"BRO-00009", Meaning::try_again},
      {"BRO-00021", Meaning::try_again},
      {"BRO-00024", Meaning::operator_must_act},
      {"BRO-00025", Meaning::operator_must_act},
      {"BRO-00029", Meaning::try_again},
      {"BRO-00030", Meaning::try_again},
  }};
  const auto known = std::ranges::find(table, code, &std::pair<std::string_view, Meaning>::first);
  if (known != table.end()) return known->second;
  // Without a code of the broker it is the token or a gateway that is refused, never the message.
  if (status == 403) return Meaning::operator_must_act;
  return status == 401 || lookup::is_temporary(status) ? Meaning::try_again : Meaning::give_up;
}

std::string_view advice_for(int status, std::string_view code) {
  if (code == "BRO-00006") {
    return " (the organisation has no access: check that its system user is approved and has the access package, "
           "difi.move.dpo.systemUser and reportees)";
  }
  if (status == 403 && code.empty()) {
    return " (the token was refused: check that the Maskinporten client has the scopes altinn:broker.read and "
           "altinn:broker.write, and difi.move.dpo.brokerserviceUrl)";
  }
  return {};
}

Time time_member(const json::object& object, std::string_view name) {
  const auto parsed = parse_iso(text_member(object, name));
  return parsed ? parsed->utc : Time{};
}

Overview overview_of(const json::object& object) {
  Overview overview;
  overview.id = text_member(object, "fileTransferId");
  overview.status = text_member(object, "fileTransferStatus");
  overview.status_text = text_member(object, "fileTransferStatusText");
  overview.sender = text_member(object, "sender");
  overview.reference = optional_member(object, "sendersFileTransferReference");
  overview.checksum = optional_member(object, "checksum");
  overview.created = time_member(object, "created");
  overview.published = time_member(object, "published");
  overview.status_changed = time_member(object, "fileTransferStatusChanged");
  const auto* properties = object.if_contains("propertyList");
  if (properties != nullptr && properties->is_object()) {
    for (const auto& entry : properties->get_object()) {
      if (entry.value().is_string()) overview.properties[entry.key()] = entry.value().get_string();
    }
  }
  if (const auto* size = object.if_contains("fileTransferSize");
      size != nullptr && size->is_int64() && size->get_int64() > 0) {
    overview.size = static_cast<std::uint64_t>(size->get_int64());
  }
  const auto* recipients = object.if_contains("recipients");
  if (recipients == nullptr || !recipients->is_array()) return overview;
  for (const auto& entry : recipients->get_array()) {
    if (const auto* recipient = entry.if_object()) {
      overview.recipients[text_member(*recipient, "recipient")] =
          text_member(*recipient, "currentRecipientFileTransferStatusCode");
    }
  }
  return overview;
}

}  // namespace

BrokerClient::BrokerClient(const Settings& settings, net::HttpClient& http, lookup::TokenSource& tokens, Clock& clock)
    : settings_(settings), http_(http), tokens_(tokens), clock_(clock) {}

Error BrokerClient::error_of(const net::ClientResponse& response, std::string_view call) const {
  const auto [code, detail] = problem_of(response);
  const auto meaning = meaning_of(response.status, code);
  Error out;
  out.code = code.empty() ? "dpo.http" : "dpo." + lookup::remote_text(code);
  out.disposition = meaning == Meaning::give_up ? Disposition::reject : Disposition::retry;
  out.message = fmt::format("the broker answered {} to {}{}{}{}{}{}", response.status, call, code.empty() ? "" : ": ",
                            lookup::remote_text(code), detail.empty() ? "" : " ", lookup::remote_text(detail),
                            advice_for(response.status, code));
  out.retry_after = lookup::retry_after(response, clock_.now());
  if (!out.retry_after && meaning == Meaning::operator_must_act) out.retry_after = std::chrono::minutes(1);
  return out;
}

void BrokerClient::reject_token(const lookup::TokenRequest& request, const std::string& token,
                                const net::ClientResponse& response) {
  if (response.status == 401 && !is_permission_problem(response)) tokens_.reject(request, token);
}

std::string BrokerClient::url(std::string_view path) const { return settings_.broker_url + std::string(path); }

lookup::TokenRequest BrokerClient::token_for(const lookup::SystemUser& user, bool as_sender) const {
  return {{std::string(as_sender ? write_scope : read_scope)}, user, {}, {}};
}

Result<net::ClientResponse> BrokerClient::call(const lookup::TokenRequest& token, net::ClientRequest request) {
  request.total_timeout = settings_.request_timeout;
  request.connect_timeout = settings_.connect_timeout;
  request.headers.emplace_back("Accept", "application/json");
  return lookup::send_with_token(http_, tokens_, token, std::move(request), is_permission_problem);
}

Result<std::string> BrokerClient::initialize(const lookup::SystemUser& user, const Initialization& initialization) {
  json::object properties;
  for (const auto& [name, value] : initialization.properties) properties[name] = value;
  const json::object body{{"fileName", "sbd.zip"},
                          {"resourceId", settings_.resource},
                          {"sendersFileTransferReference", initialization.reference},
                          {"sender", initialization.sender},
                          {"recipients", json::array{initialization.receiver}},
                          {"propertyList", properties},
                          {"checksum", initialization.checksum},
                          {"disableVirusScan", nullptr}};
  net::ClientRequest request;
  request.method = "POST";
  request.url = url("/filetransfer/");
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = json::serialize(body);
  auto response = call(token_for(user, true), std::move(request));
  if (!response) return failed(response);
  if (!response->ok()) return tl::unexpected(error_of(*response, "initialize"));
  auto answer = parse(response->body);
  if (!answer) return failed(answer);
  const auto* object = answer->if_object();
  std::string id = object != nullptr ? text_member(*object, "fileTransferId") : "";
  if (id.empty()) return retry("dpo.answer", "the broker's answer to initialize has no fileTransferId");
  return id;
}

Result<void> BrokerClient::upload(const lookup::SystemUser& user, const std::string& id, Source& content,
                                  std::uint64_t size, std::stop_token stop) {
  auto token_request = token_for(user, true);
  token_request.at_least = token_for_upload;
  auto token = tokens_.token(token_request);
  if (!token) return failed(token);
  net::ClientRequest request;
  request.method = "POST";
  request.url = url("/filetransfer/" + net::url_encode(id) + "/upload");
  request.headers = {{"Content-Type", "application/octet-stream"},
                     {"Accept", "application/json"},
                     {"Authorization", "Bearer " + *token}};
  request.upload = &content;
  request.upload_size = size;
  request.total_timeout.reset();  // a large package takes the time it takes, as long as it moves
  request.inactivity_timeout = settings_.request_timeout;
  request.connect_timeout = settings_.connect_timeout;
  request.stop = std::move(stop);
  auto response = http_.send(request);
  if (!response) return failed(response);
  if (response->ok()) return {};
  reject_token(token_request, *token, *response);
  return tl::unexpected(error_of(*response, "upload"));
}

Result<std::vector<std::string>> BrokerClient::search(const lookup::SystemUser& user, const Search& search,
                                                      std::optional<Time> from) {
  net::ClientRequest request;
  request.url = url("/filetransfer?resourceId=" + net::url_encode(settings_.resource) + "&orderAscending=true");
  for (const auto& [name, value] :
       {std::pair{"&status=", &search.status}, std::pair{"&recipientStatus=", &search.recipient_status},
        std::pair{"&role=", &search.role}}) {
    if (!value->empty()) request.url += name + *value;
  }
  if (from) request.url += "&from=" + net::url_encode(format_iso(*from));
  auto response = call(token_for(user, false), std::move(request));
  if (!response) return failed(response);
  if (!response->ok()) return tl::unexpected(error_of(*response, "search"));
  auto answer = parse(response->body);
  if (!answer) return failed(answer);
  const auto* array = answer->if_array();
  if (array == nullptr) return retry("dpo.answer", "the broker's answer to search is no list");
  std::vector<std::string> ids;
  for (const auto& entry : *array) {
    if (entry.is_string()) ids.emplace_back(entry.get_string());
  }
  return ids;
}

Result<Overview> BrokerClient::overview(const lookup::SystemUser& user, const std::string& id, bool as_sender) {
  net::ClientRequest request;
  request.url = url("/filetransfer/" + net::url_encode(id));
  auto response = call(token_for(user, as_sender), std::move(request));
  if (!response) return failed(response);
  if (!response->ok()) return tl::unexpected(error_of(*response, "overview"));
  auto answer = parse(response->body);
  if (!answer) return failed(answer);
  const auto* object = answer->if_object();
  if (object == nullptr) return retry("dpo.answer", "the broker's answer to overview is no object");
  return overview_of(*object);
}

Result<int> BrokerClient::count_downloads(const lookup::SystemUser& user, const std::string& id) {
  net::ClientRequest request;
  request.url = url("/filetransfer/" + net::url_encode(id) + "/details");
  auto response = call(token_for(user, false), std::move(request));
  if (!response) return failed(response);
  if (!response->ok()) return tl::unexpected(error_of(*response, "details"));
  auto answer = parse(response->body);
  if (!answer) return failed(answer);
  const auto* object = answer->if_object();
  const auto* history = object != nullptr ? object->if_contains("recipientFileTransferStatusHistory") : nullptr;
  if (history == nullptr || !history->is_array()) {
    return retry("dpo.answer", "the broker's answer to details has no history");
  }
  return static_cast<int>(std::ranges::count_if(history->get_array(), [&](const json::value& entry) {
    const auto* event = entry.if_object();
    return event != nullptr && text_member(*event, "recipient") == user.organisation &&
           text_member(*event, "recipientFileTransferStatusCode") == "DownloadStarted";
  }));
}

Result<void> BrokerClient::download(const lookup::SystemUser& user, const std::string& id, Sink& into,
                                    std::stop_token stop) {
  const auto token_request = token_for(user, false);
  auto token = tokens_.token(token_request);
  if (!token) return failed(token);
  net::ClientRequest request;
  request.url = url("/filetransfer/" + net::url_encode(id) + "/download");
  request.headers = {{"Authorization", "Bearer " + *token}};
  request.total_timeout.reset();
  request.inactivity_timeout = settings_.request_timeout;
  request.connect_timeout = settings_.connect_timeout;
  request.stop = std::move(stop);
  auto response = http_.send(request, into);
  if (!response) return failed(response);
  if (response->ok()) return {};
  reject_token(token_request, *token, *response);
  return tl::unexpected(error_of(*response, "download"));
}

Result<bool> BrokerClient::confirm(const lookup::SystemUser& user, const std::string& id) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = url("/filetransfer/" + net::url_encode(id) + "/confirmdownload");
  auto response = call(token_for(user, false), std::move(request));
  if (!response) return failed(response);
  if (response->ok()) return true;
  auto error = error_of(*response, "confirm");
  if (error.code == "dpo.BRO-00010") return false;
  return tl::unexpected(std::move(error));
}

}  // namespace kanal::transports::dpo
