// /manage/channels: how this installation is kept apart from others, and the answers that nobody here owns
// (channels.md, points 1 and 3).
//   GET  channels            the table: installation, and one row per service
//   GET  channels/orphans    the answers that were kept as nobody's, with the documents, for whoever they belong to
//   POST channels/take       lets a first start take what it has told of
//   POST channels/orphans    takes such a list from another installation; one outcome per entry
#include <boost/json/parse.hpp>

#include "api/route_support.hpp"
#include "flow/channel_report.hpp"

namespace kanal::api {
namespace {

namespace json = boost::json;

constexpr std::size_t max_body = std::size_t{32} * 1024 * 1024;
constexpr int most_orphans = 10'000;

json::value text_or_null(const std::string& text) { return text.empty() ? json::value() : json::value(text); }
json::value time_or_null(const std::optional<Time>& time) { return time ? json::value(instant(*time)) : json::value(); }

json::array channels_json(const flow::ServiceChannels& row) {
  json::array channels;
  for (const auto& channel : row.channels) {
    channels.push_back(json::object{{"inbox", channel.inbox},
                                    {"name", text_or_null(channel.name)},
                                    {"state", channel.retired ? "retired" : "own"},
                                    {"lastUsed", time_or_null(channel.last_used)},
                                    {"openMessages", channel.open_messages},
                                    {"openUntil", time_or_null(channel.open_until)}});
  }
  return channels;
}

json::array first_looks_json(const flow::ServiceChannels& row) {
  json::array looks;
  for (const auto& [inbox, look] : row.first_looks) {
    looks.push_back(json::object{{"inbox", inbox},
                                 {"at", instant(look.at)},
                                 {"wouldTake", look.would_take},
                                 {"forOtherChannels", look.for_other_channels},
                                 {"begunByOthers", look.begun_by_others},
                                 {"waits", !look.allowed}});
  }
  return looks;
}

json::object row_json(const flow::ServiceChannels& row) {
  json::array evidence;
  for (const auto& finding : row.evidence) evidence.push_back(finding_json(finding));
  return {{"hub", text_or_null(row.hub)},
          {"satellites", json::array(row.satellites.begin(), row.satellites.end())},
          {"service", row.service.str()},
          {"title", row.title},
          {"isolation", domain::name_of(row.isolation)},
          {"property", text_or_null(row.property)},
          {"receives", row.receives},
          {"channels", channels_json(row)},
          {"verdict", flow::name_of(row.verdict)},
          {"text", row.text},
          {"change", text_or_null(row.change)},
          {"evidence", std::move(evidence)},
          {"waitingForOtherChannels", row.waiting_for_other_channels},
          {"orphans", row.orphans},
          {"quarantined", row.quarantined},
          {"firstStart", first_looks_json(row)}};
}

net::Response channels(const ApiParts& parts, const net::Request& request) {
  auto rows =
      flow::report_channels(parts.store, parts.services, parts.guard, parts.board, parts.clock.now(), parts.hub);
  if (!rows) return error_response(parts, request, rows.error());
  if (auto counted = flow::count_open_messages(parts.store, parts.services, *rows); !counted) {
    return error_response(parts, request, counted.error());
  }
  json::array services;
  for (const auto& row : *rows) services.push_back(row_json(row));
  const auto& settings = parts.settings;
  return json_response(200,
                       json::object{{"installation", json::object{{"id", settings.installation_id},
                                                                  {"organisation", "0192:" + settings.organisation},
                                                                  {"name", text_or_null(settings.name)},
                                                                  {"version", settings.version}}},
                                    {"services", std::move(services)}});
}

net::Response orphans(const ApiParts& parts, const net::Request& request) {
  const auto kept = load(parts.store, [&](ports::View& view) -> Result<std::vector<ports::Orphan>> {
    std::vector<ports::Orphan> all;
    for (const auto& transport : parts.services.all()) {
      for (auto& orphan : view.orphans(transport->descriptor().service, most_orphans)) all.push_back(std::move(orphan));
    }
    return all;
  });
  if (!kept) return error_response(parts, request, kept.error());
  json::array list;
  for (const auto& orphan : *kept) {
    list.push_back(json::object{{"service", orphan.service.str()},
                                {"remoteId", orphan.remote_id},
                                {"kind", orphan.kind},
                                {"messageId", text_or_null(orphan.message_id.str())},
                                {"conversationId", text_or_null(orphan.conversation_id.str())},
                                {"counterpart", orphan.counterpart},
                                {"cause", orphan.cause},
                                {"at", instant(orphan.at)},
                                {"document", orphan.sbd}});
  }
  return json_response(200, list);
}

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

/// An operator has seen what the first start would take.
net::Response allow_take(const ApiParts& parts, const net::Request& request) {
  json::array allowed;
  for (const auto& transport : parts.services.all()) {
    for (const auto& inbox : transport->inboxes()) {
      const auto& service = transport->descriptor().service;
      const auto waited = flow::allow_first_take(parts.store, service, inbox.id);
      if (!waited) return error_response(parts, request, waited.error());
      if (*waited) allowed.push_back(json::object{{"service", service.str()}, {"inbox", inbox.id}});
    }
  }
  return json_response(200, allowed);
}

net::Response take_orphans(const ApiParts& parts, const net::Request& request, const Bytes& body) {
  boost::system::error_code error;
  const auto value = json::parse(text_of(body), error);
  if (error || !value.is_array()) {
    return error_response(parts, request, type_mismatch({"body", "", "the list that GET channels/orphans gives"}));
  }
  json::array outcomes;
  for (const auto& entry : value.get_array()) {
    const auto* object = entry.if_object();
    ports::Orphan orphan;
    if (object != nullptr) {
      orphan.service = ServiceIdentifier(text_in(*object, "service"));
      orphan.remote_id = text_in(*object, "remoteId");
      orphan.counterpart = text_in(*object, "counterpart");
      orphan.sbd = text_in(*object, "document");
    }
    auto outcome = parts.orphans.take(orphan);
    if (!outcome) return error_response(parts, request, outcome.error());
    outcomes.push_back(
        json::object{{"remoteId", orphan.remote_id}, {"taken", outcome->taken}, {"text", std::move(outcome->text)}});
  }
  return json_response(200, outcomes);
}

}  // namespace

json::object finding_json(const ports::Finding& finding) {
  return {{"service", finding.service.str()},
          {"detection", finding.detection},
          {"subject", finding.subject},
          {"text", finding.text},
          {"first", instant(finding.first)},
          {"last", instant(finding.last)},
          {"count", finding.count}};
}

void add_channel_routes(net::Router& router, const ApiParts& parts) {
  const auto& management = parts.settings.management;
  if (!is_exposed(management, "channels")) return;
  const auto base = management.base_path + "/channels";
  router.add("GET", base, [&parts](const RequestPtr& request, const auto&) -> Answer {
    return is_operator(parts, *request) ? channels(parts, *request) : for_operators_only(parts, *request);
  });
  router.add("GET", base + "/orphans", [&parts](const RequestPtr& request, const auto&) -> Answer {
    return is_operator(parts, *request) ? orphans(parts, *request) : for_operators_only(parts, *request);
  });
  router.add("POST", base + "/take", [&parts](const RequestPtr& request, const auto&) -> Answer {
    return is_operator(parts, *request) ? allow_take(parts, *request) : for_operators_only(parts, *request);
  });
  router.add("POST", base + "/orphans", [&parts](const RequestPtr& request, const auto&) -> Answer {
    if (!is_operator(parts, *request)) return for_operators_only(parts, *request);
    return net::collect_body(
        max_body, [&parts, request](const Bytes& body) { return take_orphans(parts, *request, body); },
        [&parts, request] { return error_response(parts, *request, too_large("Hand over fewer at a time")); });
  });
}

}  // namespace kanal::api
