#include "app/sandbox/overview.hpp"

#include <algorithm>
#include <array>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "api/json_writer.hpp"
#include "api/page.hpp"
#include "api/security.hpp"

namespace kanal::app {
namespace {

namespace json = boost::json;

constexpr std::string_view prefix = "/overview/";
constexpr std::string_view list_path = "/overview/installations";
/// A whole page of conversations with their statuses fits many times.
constexpr std::uint64_t most_forwarded = std::uint64_t{32} * 1024 * 1024;

net::Response refusal(int status, std::string_view text) {
  return api::json_response(status, json::object{{"status", status}, {"message", text}});
}

/// A name that a foreign web page lets point to this machine is not ours (DNS rebinding).
bool is_for_this_machine(const net::Request& request) {
  auto host = request.header("Host");
  host = host.substr(0, host.rfind(':'));
  return host == "127.0.0.1" || host == "localhost";
}

/// What may be read through the overview: nothing that leaves these paths.
bool is_readable(std::string_view path) {
  constexpr std::array<std::string_view, 2> lists{"/api/conversations", "/api/statuses"};
  if (path.find("/.") != std::string_view::npos) return false;
  if (path.starts_with("/manage/")) return true;
  return std::ranges::any_of(lists, [&](std::string_view list) {
    return path == list || (path.starts_with(list) && path[list.size()] == '/');
  });
}

json::array list_json(const std::vector<OverviewParty>& parties) {
  json::array list;
  for (const auto& party : parties) {
    list.push_back(json::object{{"name", party.name},
                                {"url", party.url},
                                {"organisation", "0192:" + party.orgnr},
                                {"channel", party.channel.empty() ? json::value() : json::value(party.channel)}});
  }
  return list;
}

net::ServerOptions on_loopback(std::uint16_t port) {
  net::ServerOptions options;
  options.port = port;
  options.workers = 4;
  return options;
}

}  // namespace

Overview::Overview(std::vector<OverviewParty> parties, std::string_view version, std::uint16_t port,
                   net::HttpClient& http, Log& log)
    : parties_(std::move(parties)),
      version_(version),
      http_(http),
      server_(
          on_loopback(port),
          [this](const std::shared_ptr<const net::Request>& request) {
            auto response = answer(*request);
            api::add_security_headers(response, false);
            return response;
          },
          log) {}

Result<std::unique_ptr<Overview>> Overview::start(std::vector<OverviewParty> parties, std::string_view version,
                                                  std::uint16_t port, net::HttpClient& http, Log& log) {
  std::unique_ptr<Overview> overview(new Overview(std::move(parties), version, port, http, log));
  if (auto started = overview->server_.start(); !started) return failed(started);
  return overview;
}

net::Response Overview::answer(const net::Request& request) const {
  constexpr std::string_view files = "/page/";
  const std::string_view path = request.path;
  if (!is_for_this_machine(request)) return refusal(403, "Only under the address of this machine");
  if (request.method != "GET") return refusal(405, "The overview is for reading");
  if (path == list_path) return api::json_response(200, list_json(parties_));
  if (path.starts_with(prefix)) return forward(request);
  if (path == "/page/context.json") {
    const std::vector<std::string> exposed{"health", "metrics", "channels", "config"};
    return api::page_context(api::PageContext{version_, "/manage", exposed, std::string(list_path)});
  }
  std::optional<net::Response> file;
  if (path == "/") file = api::page_file(request, "index.html");
  if (path.starts_with(files)) file = api::page_file(request, path.substr(files.size()));
  return file ? std::move(*file) : refusal(404, "Not here");
}

net::Response Overview::forward(const net::Request& request) const {
  const auto rest = std::string_view(request.path).substr(prefix.size());
  const auto slash = std::min(rest.find('/'), rest.size());
  const auto party = std::ranges::find(parties_, rest.substr(0, slash), &OverviewParty::name);
  if (party == parties_.end() || !is_readable(rest.substr(slash))) return refusal(404, "Not here");
  net::ClientRequest call;
  call.url = party->url + net::url_encode(rest.substr(slash), "/:");
  char separator = '?';
  for (const auto& [key, value] : request.query) {
    call.url += separator + net::url_encode(key) + "=" + net::url_encode(value);
    separator = '&';
  }
  call.max_response_bytes = most_forwarded;
  auto answered = http_.send(call);
  if (!answered) return refusal(502, party->name + " does not answer: " + answered.error().message);
  net::Response response;
  response.status = answered->status;
  if (const auto type = answered->header("Content-Type"); !type.empty()) {
    response.headers.emplace_back("Content-Type", std::string(type));
  }
  response.body = std::move(answered->body);
  return response;
}

}  // namespace kanal::app
