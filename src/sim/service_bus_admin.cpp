// Admin of the Service Bus (ours):
//   GET /sim/queues   PUT|DELETE /sim/queues/{queue}: declare it, or let it not exist any more
//   GET /sim/queues/{queue}/messages?limit=   with their bodies when `body=true`
//   POST /sim/queues/{queue}/messages { "body": text, "message_id"?, "time_to_live"?: seconds }   gives { "sequence" }
//   GET|PUT /sim/rules { "lock_duration": milliseconds, "max_delivery_count", "max_message_bytes", "max_queue_bytes",
//                        "auto_create": bool, "partition", "locks_end_with_link": bool }   What PUT leaves out keeps
//                        its value.
//   PUT /sim/sas-key { "key", "keep_former": bool }
#include <algorithm>

#include <boost/json/array.hpp>

#include "sim/service_bus.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;
using SharedRequest = std::shared_ptr<const net::Request>;

json::object message_json(const BusMessage& message, bool with_body) {
  auto out = broker_properties(message);
  out["Size"] = message.body->size();
  if (with_body) out["Body"] = *message.body;
  return out;
}

json::object rules_json(const ServiceBusRules& rules) {
  return {{"lock_duration", rules.lock_duration.count()},
          {"max_delivery_count", rules.max_delivery_count},
          {"max_message_bytes", rules.max_message_bytes},
          {"max_queue_bytes", rules.max_queue_bytes},
          {"auto_create", rules.auto_create},
          {"partition", rules.partition},
          {"locks_end_with_link", rules.locks_end_with_link}};
}

/// False when the member is there and no number from `least` to `most`.
template <class Number>
bool change(const json::object& body, std::string_view name, std::int64_t least, std::int64_t most, Number& into) {
  if (!body.contains(name)) return true;
  const auto given = integer_member(body, name);
  if (!given || *given < least || *given > most) return false;
  into = static_cast<Number>(*given);
  return true;
}

net::Response change_rules(ServiceBusState& state, const json::object& body) {
  constexpr std::int64_t any = std::int64_t{1} << 40U;
  auto rules = state.rules();
  const bool good = change_delay(body, "lock_duration", rules.lock_duration) &&
                    change(body, "max_delivery_count", 1, 2000, rules.max_delivery_count) &&
                    change(body, "max_message_bytes", 1, any, rules.max_message_bytes) &&
                    change(body, "max_queue_bytes", 1, any, rules.max_queue_bytes) &&
                    change(body, "partition", 0, 0x7fff, rules.partition);
  if (!good) return wrong("a rule is no number in its range");
  for (const auto& [name, into] :
       {std::pair{"auto_create", &rules.auto_create}, std::pair{"locks_end_with_link", &rules.locks_end_with_link}}) {
    const auto* value = body.if_contains(name);
    if (value == nullptr) continue;
    if (!value->is_bool()) return wrong(std::string(name) + " is true or false");
    *into = value->get_bool();
  }
  state.change_rules([&](ServiceBusRules& into) { into = rules; });
  return empty_answer(204);
}

net::Response inject(ServiceBusState& state, const std::string& queue, const json::object& body) {
  BusProperties properties;
  properties.message_id = text_member(body, "message_id");
  if (const auto ttl = integer_member(body, "time_to_live")) properties.time_to_live = std::chrono::seconds(*ttl);
  auto sent = state.send(queue, std::move(properties), "application/octet-stream", text_member(body, "body"));
  if (!sent) return json_answer(409, json::object{{"message", sent.error().message}});
  return json_answer(200, json::object{{"sequence", *sent}});
}

}  // namespace

void ServiceBus::add_admin_routes() {
  auto& routes = site_.routes();
  routes.add("GET", "/sim/queues", [this](const SharedRequest&, const auto&) -> Answer {
    json::array out;
    for (const auto& name : state_.queues()) {
      out.push_back(json::object{{"name", name}, {"messages", state_.messages(name).size()}});
    }
    return json_answer(200, out);
  });
  routes.add("PUT", "/sim/queues/{queue}", [this](const SharedRequest&, const auto& v) -> Answer {
    state_.declare(v.at(0));
    return empty_answer(204);
  });
  routes.add("DELETE", "/sim/queues/{queue}", [this](const SharedRequest&, const auto& v) -> Answer {
    state_.remove(v.at(0));
    return empty_answer(204);
  });
  routes.add("GET", "/sim/queues/{queue}/messages", [this](const SharedRequest& request, const auto& v) -> Answer {
    json::array out;
    const bool with_body = request->parameter("body") == "true";
    auto left = limit_of(*request);
    for (const auto& message : state_.messages(v.at(0))) {
      if (left-- == 0) break;
      out.push_back(message_json(message, with_body));
    }
    return json_answer(200, out);
  });
  routes.add("POST", "/sim/queues/{queue}/messages", [this](const SharedRequest&, const auto& v) -> Answer {
    return with_json([this, queue = v.at(0)](const json::object& body) { return inject(state_, queue, body); });
  });
  routes.add("GET", "/sim/rules", [this](const SharedRequest&, const auto&) -> Answer {
    return json_answer(200, rules_json(state_.rules()));
  });
  routes.add("PUT", "/sim/rules", [this](const SharedRequest&, const auto&) -> Answer {
    return with_json([this](const json::object& body) { return change_rules(state_, body); });
  });
  routes.add("PUT", "/sim/sas-key", [this](const SharedRequest&, const auto&) -> Answer {
    return with_json([this](const json::object& body) {
      auto key = text_member(body, "key");
      if (key.empty()) return wrong("key is a text");
      const auto* keep = body.if_contains("keep_former");
      sas_.set_key(std::move(key), keep != nullptr && keep->is_bool() && keep->get_bool());
      return empty_answer(204);
    });
  });
}

}  // namespace kanal::sim
