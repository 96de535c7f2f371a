#include "transports/hub_client.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "domain/json_text.hpp"
#include "lookup/remote_answer.hpp"

namespace kanal::transports {
namespace {

namespace json = boost::json;
using namespace std::chrono;

/// What the hub needs beyond the time it was asked to wait.
constexpr milliseconds margin = seconds(15);
constexpr std::size_t longest_id = 200;

std::optional<HubItem> item_of(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return std::nullopt;
  HubItem item{domain::text_member(*object, "id"), domain::text_member(*object, "sender"), {}};
  const auto created = parse_iso(domain::text_member(*object, "created"));
  if (item.id.empty() || item.id.size() > longest_id || !created) return std::nullopt;
  item.created = created->utc;
  return item;
}

}  // namespace

HubClient::HubClient(std::string url, std::shared_ptr<net::HttpClient> http, Clock& clock)
    : url_(std::move(url)), http_(std::move(http)), clock_(clock) {}

std::string HubClient::address(const ServiceIdentifier& service, std::string_view what, std::string_view id) const {
  auto text = fmt::format("{}/hub/v1/{}/{}", url_, net::url_encode(service.str()), what);
  if (!id.empty()) text += "/" + net::url_encode(id);
  return text;
}

std::string HubClient::problem() const {
  const std::scoped_lock lock(mutex_);
  return problem_;
}

/// 404 and 409 are answers; whoever asked knows what they mean.
Result<net::ClientResponse> HubClient::call(net::ClientRequest request, Sink* into) {
  auto response = into == nullptr ? http_->send(request) : http_->send(request, *into);
  std::optional<Error> error;
  if (!response) {
    auto cause = response.error();
    // What is wrong with the link is mended by people: nothing that waits is given up for it.
    if (cause.code != "http.stopped") cause.disposition = Disposition::retry;
    error = std::move(
        failed(std::move(cause), fmt::format("the hub at {} cannot be asked; does it run, and does it know this "
                                             "installation's certificate (kanal.hub.satellites there)?",
                                             url_))
            .value());
  } else if (response->status == 401 || response->status == 403) {
    error = Error{"hub.refused",
                  fmt::format("the hub at {} does not know this installation's certificate ({}): add it to "
                              "kanal.hub.satellites there",
                              url_, response->status),
                  Disposition::retry,
                  {},
                  {}};
  } else if (!response->ok() && response->status != 404 && response->status != 409) {
    error =
        Error{"hub.failed",
              fmt::format("the hub at {} answers {}: {}", url_, response->status, lookup::remote_text(response->body)),
              Disposition::retry,
              lookup::retry_after(*response, clock_.now()),
              {}};
  }
  const bool stopped = error && error->code == "http.stopped";
  if (!stopped) {
    const std::scoped_lock lock(mutex_);
    problem_ = error ? error->text() : std::string{};
  }
  if (error) return tl::unexpected(std::move(*error));
  return response;
}

Result<void> HubClient::note_sent(const ServiceIdentifier& service, const MessageId& message_id,
                                  const ConversationId& conversation_id, std::stop_token stop) {
  net::ClientRequest request;
  request.method = "PUT";
  request.url = address(service, "sent", message_id.str());
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = json::serialize(json::object{{"conversationId", conversation_id.str()}});
  request.stop = std::move(stop);
  auto response = call(std::move(request), nullptr);
  if (!response) return failed(response);
  if (response->status == 409) {
    return reject("hub.other_sender", fmt::format("the hub at {} knows message {} as another installation's: ids must "
                                                  "be unique",
                                                  url_, message_id.str()));
  }
  if (response->status == 404) {
    return retry("hub.failed", fmt::format("{} is no hub: check kanal.hub.url", url_));
  }
  return {};
}

Result<std::vector<HubItem>> HubClient::items(const ServiceIdentifier& service, std::size_t limit,
                                              milliseconds patience, std::stop_token stop) {
  net::ClientRequest request;
  request.url = address(service, fmt::format("items?limit={}&wait={}", limit, patience.count()));
  request.total_timeout = patience + margin;
  request.inactivity_timeout = patience + margin;
  request.stop = std::move(stop);
  auto response = call(std::move(request), nullptr);
  if (!response) return failed(response);
  constexpr std::size_t max_depth = 8;
  json::parse_options options;
  options.max_depth = max_depth;
  json::error_code error;
  const auto parsed = json::parse(response->body, error, {}, options);
  const auto* object = error ? nullptr : parsed.if_object();
  const auto* list = object == nullptr ? nullptr : object->if_contains("items");
  const auto* entries = list == nullptr ? nullptr : list->if_array();
  if (response->status != 200 || entries == nullptr) {
    return retry("hub.failed", fmt::format("{} gives no list of items: check kanal.hub.url", url_));
  }
  std::vector<HubItem> items;
  for (const auto& entry : *entries) {
    if (items.size() == limit) break;
    if (auto item = item_of(entry)) items.push_back(std::move(*item));
  }
  return items;
}

Result<void> HubClient::read(const ServiceIdentifier& service, const std::string& id, Sink& into,
                             std::stop_token stop) {
  net::ClientRequest request;
  request.url = address(service, "items", id);
  request.total_timeout.reset();
  request.stop = std::move(stop);
  auto response = call(std::move(request), &into);
  if (!response) return failed(response);
  if (response->status == 200) return {};
  return retry("hub.gone", fmt::format("the hub at {} has nothing with the id {} (any more)", url_, id));
}

Result<ports::Acknowledged> HubClient::finish(const ServiceIdentifier& service, const std::string& id) {
  net::ClientRequest request;
  request.method = "DELETE";
  request.url = address(service, "items", id);
  auto response = call(std::move(request), nullptr);
  if (!response) return failed(response);
  return response->status == 404 ? ports::Acknowledged::already_done : ports::Acknowledged::done;
}

}  // namespace kanal::transports
