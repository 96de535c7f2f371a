#include "api/hub_api.hpp"

#include <algorithm>
#include <memory>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "api/route_support.hpp"

namespace kanal::api {
namespace {

namespace json = boost::json;
using Variables = net::Router::Variables;

constexpr std::int64_t most_listed = 500;
constexpr std::int64_t longest_wait = 30'000;
constexpr std::size_t longest_body = 4096;
constexpr std::size_t longest_id = 200;

net::Response problem(int status, std::string_view text) {
  return json_response(status, json::object{{"message", text}});
}

/// Of a query parameter: a number up to `most`; `otherwise` when it is absent or none.
std::int64_t number(const net::Request& request, std::string_view name, std::int64_t otherwise, std::int64_t most) {
  const auto value = whole_number(request.parameter(name).value_or(""));
  return value ? std::clamp<std::int64_t>(*value, 0, most) : otherwise;
}

/// A text, then what `package` holds.
class DocumentSource final : public Source {
 public:
  DocumentSource(std::string head, std::unique_ptr<SeekableSource> package)
      : head_(std::move(head)), package_(std::move(package)) {}
  [[nodiscard]] std::uint64_t size() const { return head_.size() + (package_ ? package_->size() : 0); }
  Result<std::size_t> read(std::span<std::byte> into) override {
    if (at_ == head_.size()) return package_ ? package_->read(into) : Result<std::size_t>(0);
    const auto part = bytes_of(head_).subspan(at_, std::min(into.size(), head_.size() - at_));
    std::ranges::copy(part, into.begin());
    at_ += part.size();
    return part.size();
  }

 private:
  std::string head_;
  std::size_t at_ = 0;
  std::unique_ptr<SeekableSource> package_;
};

class HubApi {
 public:
  explicit HubApi(HubApiParts parts) : parts_(std::move(parts)) {
    add("GET", "/hub/v1/{service}/items", &HubApi::list);
    add("GET", "/hub/v1/{service}/items/{id}", &HubApi::read);
    add("DELETE", "/hub/v1/{service}/items/{id}", &HubApi::finish);
    add("PUT", "/hub/v1/{service}/sent/{messageId}", &HubApi::note_sent);
  }

  Answer handle(const RequestPtr& request) {
    const auto match = router_.find(request->method, request->path);
    if (match.endpoint != nullptr) return (*match.endpoint)(request, match.variables);
    return problem(match.path_known ? 405 : 404, "a hub has no such address: is it a Kanal of another version?");
  }

 private:
  /// Who asks, and about which service.
  struct Visit {
    RequestPtr request;
    std::string satellite;
    ServiceIdentifier service;
  };
  using Endpoint = Answer (HubApi::*)(const Visit& visit, const Variables& variables);

  void add(std::string method, std::string pattern, Endpoint endpoint) {
    router_.add(
        std::move(method), std::move(pattern),
        [this, endpoint](const RequestPtr& request, const Variables& variables) -> Answer {
          const auto satellite = parts_.satellites.find(request->client_certificate);
          if (satellite == parts_.satellites.end()) {
            parts_.log.warning("hub_stranger",
                               {{"certificate", request->client_certificate}, {"remote", request->remote_address}});
            return problem(403, "the certificate is of no satellite (kanal.hub.satellites)");
          }
          if (variables.back().size() > longest_id) return problem(400, "the id is too long");
          return (this->*endpoint)({request, satellite->second, ServiceIdentifier(variables.front())}, variables);
        });
  }

  net::Response broken(const Error& error) const {
    parts_.log.error("hub_failed", {{"code", error.code}, {"reason", error.text()}});
    return problem(error.disposition == Disposition::retry ? 503 : 500, error.message);
  }

  Answer list(const Visit& visit, const Variables&) {
    const auto limit = std::max<std::int64_t>(1, number(*visit.request, "limit", 100, most_listed));
    const auto wait = number(*visit.request, "wait", 0, longest_wait);
    auto waiting =
        parts_.hub.waiting(visit.satellite, visit.service, static_cast<int>(limit), std::chrono::milliseconds(wait));
    if (!waiting) return broken(waiting.error());
    json::array items;
    items.reserve(waiting->size());
    for (const auto& item : *waiting) {
      items.push_back(json::object{{"id", item.id}, {"sender", item.sender}, {"created", format_iso(item.created)}});
    }
    return json_response(200, json::object{{"items", std::move(items)}});
  }

  Answer read(const Visit& visit, const Variables& variables) {
    auto job = parts_.hub.find(visit.satellite, visit.service, variables.back());
    if (!job) return broken(job.error());
    if (!*job) return problem(404, "nothing with this id waits for the satellite");
    std::unique_ptr<SeekableSource> package;
    if ((*job)->package) {
      auto opened = parts_.blobs.open(*(*job)->package);
      if (!opened) return broken(opened.error());
      package = std::move(*opened);
    }
    auto content = std::make_unique<DocumentSource>((*job)->payload + "\n", std::move(package));
    net::Response response;
    response.headers.emplace_back("Content-Type", "application/octet-stream");
    response.body_length = content->size();
    response.body = std::unique_ptr<Source>(std::move(content));
    return response;
  }

  Answer finish(const Visit& visit, const Variables& variables) {
    auto ended = parts_.hub.finish(visit.satellite, visit.service, variables.back());
    if (!ended) return broken(ended.error());
    return *ended ? empty_response(204) : problem(404, "nothing with this id waits for the satellite");
  }

  Answer note_sent(const Visit& visit, const Variables& variables) {
    return net::collect_body(
        longest_body,
        [this, visit, id = MessageId(variables.back())](const Bytes& body) { return note(visit, id, text_of(body)); },
        [] { return problem(413, "the body is too large"); });
  }

  net::Response note(const Visit& visit, const MessageId& id, std::string_view body) {
    json::error_code error;
    const auto parsed = json::parse(body, error);
    const auto* object = error ? nullptr : parsed.if_object();
    const auto* conversation = object == nullptr ? nullptr : object->if_contains("conversationId");
    if (conversation == nullptr || !conversation->is_string() || conversation->get_string().size() > longest_id) {
      return problem(400, R"(the body must be {"conversationId": "..."})");
    }
    auto noted = parts_.hub.note_sent(visit.satellite, visit.service, id,
                                      ConversationId(std::string(conversation->get_string())));
    if (noted) return empty_response(204);
    return noted.error().code == "hub.other_sender" ? problem(409, noted.error().message) : broken(noted.error());
  }

  HubApiParts parts_;
  net::Router router_;
};

}  // namespace

net::Handler make_hub_api(HubApiParts parts) {
  auto api = std::make_shared<HubApi>(std::move(parts));
  return [api](const RequestPtr& request) { return api->handle(request); };
}

}  // namespace kanal::api
