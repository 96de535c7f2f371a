#include "sim/service_bus_guest.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sim/answers.hpp"

namespace kanal::sim {
namespace {

using net::Amqp10Condition;
using net::Amqp10Link;
using net::Amqp10Map;
using net::Amqp10Message;
using net::Amqp10Outcome;
using net::Amqp10Uuid;

constexpr std::string_view token_node = "$cbs";
constexpr std::string_view management = "/$management";
constexpr std::string_view token_type = "servicebus.windows.net:sastoken";
constexpr int most_peeked = 250;

Amqp10Condition expired() { return {"amqp:unauthorized-access", "ExpiredToken: The token is expired"}; }

Amqp10Condition lock_lost() {
  return {"com.microsoft:message-lock-lost",
          "The lock supplied is invalid. Either the lock expired, or the message has already been removed from the "
          "queue."};
}

/// The queue that an address is of.
std::string queue_of(const std::string& address) {
  return address.ends_with(management) ? address.substr(0, address.size() - management.size()) : address;
}

std::string text_in(const Amqp10Map& map, std::string_view key) {
  const auto* value = net::find(map, key);
  return value == nullptr ? std::string{} : value->text();
}

std::int64_t number_in(const Amqp10Map& map, std::string_view key, std::int64_t fallback) {
  const auto* value = net::find(map, key);
  return value == nullptr ? fallback : value->number().value_or(fallback);
}

/// The condition that an HTTP status stands for.
Amqp10Condition condition_of(int status) {
  const std::string fault = "Fault injected";
  if (status == 401) return {"amqp:unauthorized-access", fault};
  if (status == 404 || status == 410) return {"amqp:not-found", fault};
  if (status == 429 || status == 503) return {"com.microsoft:server-busy", fault};
  if (status == 403) return {"amqp:resource-limit-exceeded", fault};
  return {"amqp:internal-error", fault};
}

/// What lies behind the scheme: it does not count.
std::string_view without_scheme(std::string_view resource) {
  const auto at = resource.find("://");
  return at == std::string_view::npos ? resource : resource.substr(at + 3);
}

/// Between the order of RFC 4122 and that of .NET: the first three parts turned round.
std::array<std::byte, 16> turned(std::array<std::byte, 16> bytes) {
  std::reverse(bytes.begin(), bytes.begin() + 4);
  std::reverse(bytes.begin() + 4, bytes.begin() + 6);
  std::reverse(bytes.begin() + 6, bytes.begin() + 8);
  return bytes;
}

std::vector<std::string> locks_in(const Amqp10Map& body) {
  std::vector<std::string> locks;
  const auto* value = net::find(body, "lock-tokens");
  const auto* list = value == nullptr ? nullptr : value->list();
  if (list == nullptr) return locks;
  for (const auto& item : list->items) {
    if (const auto* uuid = std::get_if<Amqp10Uuid>(&item.is)) locks.push_back(uuid->text());
  }
  return locks;
}

}  // namespace

Bytes tag_of_lock(const std::string& lock) {
  const auto uuid = Amqp10Uuid::parse(lock);
  return uuid ? copy_of(turned(uuid->bytes)) : Bytes{};
}

std::string lock_of_tag(ByteView tag) {
  Amqp10Uuid uuid;
  if (tag.size() != uuid.bytes.size()) return {};
  std::ranges::copy(tag, uuid.bytes.begin());
  uuid.bytes = turned(uuid.bytes);
  return uuid.text();
}

Amqp10Message amqp_message(const BusMessage& message) {
  Amqp10Message out;
  // The first delivery is no failed one.
  out.delivery_count = static_cast<std::uint32_t>(std::max(message.delivery_count - 1, 0));
  out.message_id = message.properties.message_id;
  out.correlation_id = message.properties.correlation_id;
  out.subject = message.properties.label;
  out.content_type = message.content_type;
  out.annotations = {{"x-opt-sequence-number", {static_cast<std::int64_t>(message.sequence)}},
                     {"x-opt-enqueued-time", {message.enqueued}}};
  if (!message.lock_token.empty()) out.annotations.push_back({"x-opt-locked-until", {message.locked_until}});
  if (!message.dead_letter_reason.empty()) {
    out.application.push_back({"DeadLetterReason", {message.dead_letter_reason}});
  }
  out.data = copy_of(bytes_of(*message.body));
  return out;
}

ServiceBusGuest::ServiceBusGuest(net::Amqp10Guest& guest, ServiceBusState& state, const SasCheck& sas,
                                 const Environment& environment)
    : guest_(guest), state_(state), sas_(sas), environment_(environment) {}

ServiceBusGuest::~ServiceBusGuest() {
  for (const auto& [id, link] : links_) free_given(id);
}

bool ServiceBusGuest::met(std::string_view fault, const std::string& queue, const std::string& id) const {
  auto& faults = environment_.faults;
  return faults.any() && faults.consume(fault, lower_case(queue), id);
}

/// Those of REST happen here as well; 0: none.
int ServiceBusGuest::faulty_status(const std::string& endpoint, const std::string& queue) const {
  if (!environment_.faults.any()) return 0;
  for (const int status : {400, 401, 403, 404, 410, 429, 500, 503}) {
    if (met(fmt::format("servicebus.{}", status), queue) ||
        met(fmt::format("servicebus.{}.{}", endpoint, status), queue))
      return status;
  }
  return 0;
}

void ServiceBusGuest::audit(const std::string& queue, const std::string& action, const std::string& subject,
                            const std::string& detail) const {
  environment_.audit.record({.simulator = "servicebus",
                             .organisation = lower_case(queue),
                             .vendor = {},
                             .action = action,
                             .subject = subject,
                             .detail = detail.empty() ? "amqp" : "amqp " + detail});
}

/// Is there a token that covers the queue, and good still?
bool ServiceBusGuest::allowed(const std::string& queue) const {
  const auto wanted = lower_case(guest_.host() + "/" + queue);
  return std::ranges::any_of(claims_, [&](const auto& claim) {
    const auto& [resource, until] = claim;
    const bool covers =
        wanted.starts_with(resource) && (wanted.size() == resource.size() || wanted[resource.size()] == '/');
    return covers && environment_.clock.now() < until;
  });
}

std::optional<Amqp10Condition> ServiceBusGuest::attach(const Amqp10Link& link) {
  if (link.address == token_node) {
    links_.emplace(link.id, link);
    return std::nullopt;
  }
  const auto queue = queue_of(link.address);
  const auto refused = [&](Amqp10Condition why) {
    audit(queue, "attach.refused", link.address, why.name);
    return std::optional(std::move(why));
  };
  if (!allowed(queue)) {
    return refused({"amqp:unauthorized-access", "Unauthorized access. 'Listen' claim(s) are required"});
  }
  if (const int status = faulty_status("head", queue)) return refused(condition_of(status));
  if (met("servicebus.amqp.busy", queue)) return refused(condition_of(503));
  if (!link.receives && !link.address.ends_with(management)) {
    return refused({"amqp:not-allowed", "Messages are sent by REST here"});
  }
  if (!state_.receivable(queue)) {
    return refused({"amqp:not-found", fmt::format("The messaging entity '{}' could not be found", queue)});
  }
  audit(queue, "attach", link.address);
  links_.emplace(link.id, link);
  return std::nullopt;
}

void ServiceBusGuest::free_given(std::uint64_t link) {
  const bool free = state_.rules().locks_end_with_link;
  for (auto at = given_.begin(); at != given_.end();) {
    if (at->second.link != link) {
      ++at;
      continue;
    }
    const auto& queue = at->second.queue;
    if (free) state_.unlock(queue, state_.locked_by(queue, at->first), at->first);
    at = given_.erase(at);
  }
}

void ServiceBusGuest::detached(std::uint64_t link) {
  free_given(link);
  links_.erase(link);
}

void ServiceBusGuest::message(const Amqp10Link& link, const Amqp10Message& message) {
  if (link.address == token_node) return answer(link, message, put_token(message), true);
  const auto queue = queue_of(link.address);
  answer(link, message, manage(queue, message), false);
}

/// By the link on which the client waits for it.
void ServiceBusGuest::answer(const Amqp10Link& link, const Amqp10Message& request, const Answer& answer,
                             bool of_token) {
  const auto back = std::ranges::find_if(links_, [&](const auto& one) {
    return one.second.receives && one.second.address == link.address && one.second.own == request.reply_to;
  });
  if (back == links_.end() || guest_.credit(back->first) <= 0) return;
  Amqp10Message out;
  out.correlation_id = request.message_id;
  out.to = request.reply_to;
  out.application = {{of_token ? "status-code" : "statusCode", {std::int32_t{answer.status}}},
                     {of_token ? "status-description" : "statusDescription", {answer.description}}};
  if (!answer.condition.empty()) out.application.push_back({"errorCondition", {answer.condition}});
  out.value = {answer.body};
  guest_.send(back->first, bytes_of("answer-" + request.message_id), out);
}

ServiceBusGuest::Answer ServiceBusGuest::put_token(const Amqp10Message& request) {
  const auto name = text_in(request.application, "name");
  const auto resource = lower_case(std::string(without_scheme(name)));
  const auto queue = resource.substr(std::min(resource.find('/'), resource.size() - 1) + 1);
  const auto refused = [&](int status, const std::string& why) {
    audit(queue, "put-token.refused", name, fmt::format("{} {}", status, why));
    return Answer{status, why, status == 401 ? "amqp:unauthorized-access" : "amqp:invalid-field", {}};
  };
  if (text_in(request.application, "operation") != "put-token") return refused(400, "The operation is unknown");
  if (text_in(request.application, "type") != token_type) return refused(400, "The token type is not supported");
  if (resource.empty() || !resource.starts_with(lower_case(guest_.host()) + "/")) {
    return refused(400, "The name is no entity of this namespace");
  }
  if (met("servicebus.amqp.token_refused", queue)) return refused(401, "Fault injected");
  const auto token = request.value.text();
  const auto skew = state_.rules().clock_skew;
  if (auto good = sas_.check(token, name, skew); !good) return refused(401, good.error().message);
  claims_[resource] = sas_expiry(token).value_or(Time{}) + skew;
  audit(queue, "put-token", name);
  return {202, "Accepted", {}, {}};
}

ServiceBusGuest::Answer ServiceBusGuest::manage(const std::string& queue, const Amqp10Message& request) {
  const auto operation = text_in(request.application, "operation");
  if (!allowed(queue)) return {401, expired().description, expired().name, {}};
  const auto* body = request.value.map();
  if (body == nullptr) return {400, "The body is no map", "amqp:invalid-field", {}};
  if (operation == "com.microsoft:renew-lock") return renew(queue, *body);
  if (operation == "com.microsoft:update-disposition") return update(queue, *body);
  if (operation == "com.microsoft:peek-message") return peek(queue, *body);
  return {501, "The operation is not implemented", "amqp:not-implemented", {}};
}

ServiceBusGuest::Answer ServiceBusGuest::renew(const std::string& queue, const Amqp10Map& body) {
  net::Amqp10List ends;
  ends.array = true;
  for (const auto& lock : locks_in(body)) {
    const auto number = state_.locked_by(queue, lock);
    if (const int status = faulty_status("renew", queue)) {
      return {status, "Fault injected", condition_of(status).name, {}};
    }
    Time until{};
    if (number.empty() || state_.renew(queue, number, lock, until) != LockAnswer::done) {
      audit(queue, "renew.refused", number);
      return {410, lock_lost().description, lock_lost().name, {}};
    }
    audit(queue, "renew", number);
    ends.items.push_back({until});
  }
  if (ends.items.empty()) return {400, "There are no lock tokens", "amqp:invalid-field", {}};
  return {200, "OK", {}, {{"expirations", {std::move(ends)}}}};
}

/// What becomes of a locked message, by whichever way it is told; `endpoint` is complete, unlock or dead-letter.
LockAnswer ServiceBusGuest::settle(const std::string& queue, const std::string& lock, const std::string& endpoint) {
  auto number = state_.locked_by(queue, lock);
  if (endpoint == "complete" && !number.empty() && met("servicebus.complete.lock_lost", queue, number)) {
    state_.break_lock(queue, std::stoull(number));
    number.clear();
  }
  auto answer = LockAnswer::lost;
  if (!number.empty()) {
    if (endpoint == "complete") answer = state_.complete(queue, number, lock);
    if (endpoint == "unlock") answer = state_.unlock(queue, number, lock);
    if (endpoint == "dead-letter") answer = state_.dead_letter(queue, number, lock, "DeadLetteredByReceiver");
  }
  audit(queue, answer == LockAnswer::done ? endpoint : endpoint + ".refused", number);
  return answer;
}

ServiceBusGuest::Answer ServiceBusGuest::update(const std::string& queue, const Amqp10Map& body) {
  const auto status = text_in(body, "disposition-status");
  const std::string endpoint = status == "completed"   ? "complete"
                               : status == "abandoned" ? "unlock"
                               : status == "suspended" ? "dead-letter"
                                                       : "";
  const auto locks = locks_in(body);
  if (endpoint.empty() || locks.empty()) return {400, "The disposition is not understood", "amqp:invalid-field", {}};
  if (const int fault = faulty_status(endpoint, queue)) return {fault, "Fault injected", condition_of(fault).name, {}};
  for (const auto& lock : locks) {
    if (settle(queue, lock, endpoint) != LockAnswer::done) {
      return {410, lock_lost().description, lock_lost().name, {}};
    }
  }
  return {200, "OK", {}, {}};
}

ServiceBusGuest::Answer ServiceBusGuest::peek(const std::string& queue, const Amqp10Map& body) const {
  const auto from = static_cast<std::uint64_t>(std::max<std::int64_t>(number_in(body, "from-sequence-number", 0), 0));
  const auto most = std::clamp<std::int64_t>(number_in(body, "message-count", 1), 1, most_peeked);
  net::Amqp10List messages;
  for (const auto& message : state_.messages(queue)) {
    if (message.sequence < from) continue;
    if (static_cast<std::int64_t>(messages.items.size()) >= most) break;
    messages.items.push_back({Amqp10Map{{"message", {encode(amqp_message(message))}}}});
  }
  if (messages.items.empty()) return {204, "There are no messages", {}, {}};
  return {200, "OK", {}, {{"messages", {std::move(messages)}}}};
}

void ServiceBusGuest::outcome(const Amqp10Link& link, ByteView tag, Amqp10Outcome outcome) {
  const auto lock = lock_of_tag(tag);
  if (!given_.contains(lock)) return guest_.confirm(tag, std::nullopt);  // an answer to a request
  const std::string endpoint = outcome == Amqp10Outcome::accepted   ? "complete"
                               : outcome == Amqp10Outcome::rejected ? "dead-letter"
                                                                    : "unlock";
  if (const int status = faulty_status(endpoint, link.address)) {
    given_.erase(lock);
    return guest_.confirm(tag, condition_of(status));
  }
  const auto answer = settle(link.address, lock, endpoint);
  given_.erase(lock);
  if (answer == LockAnswer::done && endpoint == "complete" && met("servicebus.complete.lost_answer", link.address)) {
    return guest_.cut();
  }
  guest_.confirm(tag, answer == LockAnswer::done ? std::nullopt : std::optional(lock_lost()));
}

/// Gives the first message that is free; false when there is none.
bool ServiceBusGuest::give(const Amqp10Link& link) {
  auto received = state_.receive(link.address, std::chrono::milliseconds(0));
  if (!received) {
    guest_.detach(link.id, {"amqp:not-found", received.error().message});
    detached(link.id);
    return false;
  }
  if (!*received) return false;
  const auto& locked = **received;
  audit(link.address, "lock", locked.properties.message_id, fmt::format("{}", locked.sequence));
  if (met("servicebus.amqp.cut_after_lock", link.address)) {
    guest_.cut();
    return false;
  }
  if (met("servicebus.head.duplicate", link.address)) {
    (void)state_.send(link.address, locked.properties, locked.content_type, *locked.body).has_value();
  }
  auto message = amqp_message(locked);
  if (met("servicebus.amqp.no_annotations", link.address)) message.annotations.clear();
  if (met("servicebus.head.malformed", link.address)) message.data.resize(message.data.size() / 2);
  given_[locked.lock_token] = {link.id, link.address};
  guest_.send(link.id, tag_of_lock(locked.lock_token), message);
  return true;
}

void ServiceBusGuest::serve(const Amqp10Link& link) {
  const auto& queue = link.address;
  if (met("servicebus.amqp.cut", queue)) return guest_.cut();
  const bool detach = met("servicebus.amqp.detach", queue);
  if (detach || !allowed(queue)) {
    guest_.detach(link.id,
                  detach ? Amqp10Condition{"amqp:link:detach-forced", "The link was idle for too long"} : expired());
    return detached(link.id);
  }
  while (guest_.credit(link.id) > 0 && give(link)) {
  }
  if (guest_.draining(link.id) && !met("servicebus.amqp.no_drain", queue)) guest_.drained(link.id);
}

void ServiceBusGuest::turn() {
  const auto links = links_;
  for (const auto& [id, link] : links) {
    const bool gives = link.receives && link.address != token_node && !link.address.ends_with(management);
    if (gives && links_.contains(id)) serve(link);
  }
}

}  // namespace kanal::sim
