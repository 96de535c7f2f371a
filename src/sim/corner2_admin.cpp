// Admin of corner 2 (ours):
//   GET /sim/messages?limit=   GET /sim/messages/{id}   GET /sim/receipts?limit=
//   POST /sim/receipts  { "type", "message"?: id, "id"?, "flaw"?, "text"?, "kind"?, "times"?: n, "package"?: base64,
//                         without message: "organisation", "channel"?, "sender_unit"?, "vendor"? }  gives { "ids": [..]
//                         }
//   PUT /sim/behaviours { "addressee": mailbox address or name, "fate": deliver | fail_at_corner2 | supplier_error |
//                         notification_failed | returned, "text"? }
//   GET|PUT /sim/rules  { "channels": any | strict | cut, "sent_delay", "delivery_delay", "later_delay": milliseconds,
//                         "unknown_is_404": bool, "max_package": bytes }   A member that PUT leaves out keeps its
//                         value.
#include <algorithm>
#include <charconv>

#include <boost/json/array.hpp>

#include "domain/partner.hpp"
#include "sim/corner2.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;
using SharedRequest = std::shared_ptr<const net::Request>;

constexpr std::int64_t max_times = 1'000;

json::object message_json(const AcceptedMessage& message) {
  json::array statuses;
  for (const auto& status : message.statuses) {
    statuses.push_back(
        json::object{{"status", status.status}, {"text", status.text}, {"time", format_iso(status.time)}});
  }
  json::array documents;
  for (const auto& document : message.documents) {
    documents.push_back(json::object{{"href", document.href},
                                     {"mime", document.mime},
                                     {"title", document.title},
                                     {"size", document.size},
                                     {"sha256", document.sha256},
                                     {"metadata", document.metadata}});
  }
  const auto& sbd = message.message;
  return {{"id", sbd.id},
          {"conversation", sbd.conversation},
          {"type", name_of(sbd.type)},
          {"organisation", sbd.organisation},
          {"sender", sbd.sender},
          {"receiver", sbd.receiver},
          {"sender_unit", sbd.sender_unit.value_or("")},
          {"mailbox", sbd.mailbox},
          {"addressee", sbd.addressee},
          {"vendor", message.sender.vendor},
          {"channel", message.channel},
          {"accepted", format_iso(message.accepted)},
          {"statuses", std::move(statuses)},
          {"documents", std::move(documents)}};
}

json::object receipt_json(const QueuedReceipt& receipt) {
  json::object out{{"id", receipt.id},
                   {"type", receipt.type},
                   {"flaw", receipt.flaw},
                   {"conversation", receipt.conversation},
                   {"organisation", receipt.owner.organisation},
                   {"vendor", receipt.owner.vendor},
                   {"channel", receipt.channel},
                   {"sender_unit", receipt.sender_unit},
                   {"visible", format_iso(receipt.visible)}};
  if (receipt.read) {
    out["read"] = json::object{{"time", format_iso(*receipt.read)},
                               {"organisation", receipt.reader.organisation},
                               {"vendor", receipt.reader.vendor}};
  } else {
    out["read"] = nullptr;
  }
  return out;
}

net::Response queue_from(Corner2State& state, Time now, const json::object& body) {
  const auto flaw = parse_receipt_flaw(text_member(body, "flaw"));
  const auto package = from_base64(text_member(body, "package"));
  ManualReceipt given;
  given.message_id = text_member(body, "message");
  given.order = {.type = text_member(body, "type"),
                 .time = now,
                 .id = text_member(body, "id"),
                 .text = text_member(body, "text"),
                 .kind = text_member(body, "kind"),
                 .flaw = flaw.value_or(ReceiptFlaw::none)};
  given.owner = {text_member(body, "organisation"), text_member(body, "vendor")};
  given.channel = text_member(body, "channel");
  given.sender_unit = text_member(body, "sender_unit");
  if (given.order.type.empty() || !flaw || !package) return wrong("type, a known flaw and a package in base64");
  if (given.message_id.empty() && !domain::is_orgnr(given.owner.organisation)) {
    return wrong("message, or organisation (nine digits), is needed");
  }
  given.package = *package;
  const auto times = integer_member(body, "times").value_or(1);
  if (times < 1 || times > max_times) return wrong("times is 1 to 1000");
  json::array ids;
  for (std::int64_t i = 0; i < times; ++i) {
    const auto id = state.queue(given);
    if (!id) return json_answer(404, json::object{{"message", id.error().message}});
    ids.emplace_back(*id);
  }
  return json_answer(200, json::object{{"ids", std::move(ids)}});
}

net::Response behave_from(Corner2State& state, const json::object& body) {
  const auto addressee = text_member(body, "addressee");
  const auto fate = parse_fate(text_member(body, "fate"));
  if (addressee.empty() || !fate) return wrong("addressee and a known fate are needed");
  state.set_behaviour(addressee, {*fate, text_member(body, "text")});
  return empty_answer(204);
}

std::string_view name_of(ChannelRule rule) {
  return rule == ChannelRule::any ? "any" : rule == ChannelRule::strict ? "strict" : "cut";
}

json::object rules_json(const Corner2Rules& rules) {
  return {{"channels", name_of(rules.channels)},
          {"sent_delay", rules.sent_delay.count()},
          {"delivery_delay", rules.delivery_delay.count()},
          {"later_delay", rules.later_delay.count()},
          {"unknown_is_404", rules.unknown_is_404},
          {"max_package", rules.max_package}};
}

net::Response change_rules(Corner2State& state, const json::object& body) {
  auto rules = state.rules();
  if (body.contains("channels")) {
    const auto name = text_member(body, "channels");
    if (name != "any" && name != "strict" && name != "cut") return wrong("channels is any, strict or cut");
    rules.channels = name == "any" ? ChannelRule::any : name == "strict" ? ChannelRule::strict : ChannelRule::cut;
  }
  if (!change_delay(body, "sent_delay", rules.sent_delay) ||
      !change_delay(body, "delivery_delay", rules.delivery_delay) ||
      !change_delay(body, "later_delay", rules.later_delay)) {
    return wrong("delays are milliseconds");
  }
  if (const auto* value = body.if_contains("unknown_is_404"); value != nullptr && value->is_bool()) {
    rules.unknown_is_404 = value->get_bool();
  }
  if (const auto most = integer_member(body, "max_package"); most && *most > 0) {
    rules.max_package = static_cast<std::uint64_t>(*most);
  }
  state.set_rules(std::move(rules));
  return empty_answer(204);
}

}  // namespace

void Corner2::add_admin_routes() {
  auto& routes = site_.routes();
  routes.add("GET", "/sim/messages", [this](const SharedRequest& request, const auto&) -> Answer {
    json::array out;
    for (const auto& message : state_.messages(limit_of(*request))) out.push_back(message_json(message));
    return json_answer(200, out);
  });
  routes.add("GET", "/sim/messages/{id}", [this](const SharedRequest&, const auto& v) -> Answer {
    const auto message = state_.find(v.at(0));
    return message ? json_answer(200, message_json(*message)) : empty_answer(404);
  });
  routes.add("GET", "/sim/receipts", [this](const SharedRequest& request, const auto&) -> Answer {
    json::array out;
    for (const auto& receipt : state_.receipts(limit_of(*request))) out.push_back(receipt_json(*receipt));
    return json_answer(200, out);
  });
  routes.add("POST", "/sim/receipts", [this](const SharedRequest&, const auto&) -> Answer {
    return with_json([this](const json::object& body) { return queue_from(state_, environment_.clock.now(), body); });
  });
  routes.add("PUT", "/sim/behaviours", [this](const SharedRequest&, const auto&) -> Answer {
    return with_json([this](const json::object& body) { return behave_from(state_, body); });
  });
  routes.add("GET", "/sim/rules", [this](const SharedRequest&, const auto&) -> Answer {
    return json_answer(200, rules_json(state_.rules()));
  });
  routes.add("PUT", "/sim/rules", [this](const SharedRequest&, const auto&) -> Answer {
    return with_json([this](const json::object& body) { return change_rules(state_, body); });
  });
}

}  // namespace kanal::sim
