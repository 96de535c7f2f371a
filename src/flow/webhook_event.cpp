#include "flow/webhook_event.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace kanal::flow {

namespace json = boost::json;

std::string ping_event(Time now) {
  return json::serialize(json::object{{"createdTs", format_iso(in_oslo(now))}, {"event", "ping"}});
}

std::string status_event(const ports::FeedEntry& entry) {
  const auto& status = entry.status;
  json::object event{{"createdTs", format_iso(in_oslo(status.at))},
                     {"resource", "messages"},
                     {"event", "status"},
                     {"messageId", status.message_id.str()},
                     {"conversationId", status.conversation_id.str()},
                     {"direction", name_of(entry.direction)},
                     {"serviceIdentifier", entry.service.str()},
                     {"status", name_of(status.status)}};
  if (status.description) event["description"] = *status.description;
  return json::serialize(event);
}

}  // namespace kanal::flow
