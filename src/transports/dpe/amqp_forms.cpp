//   put-token   $cbs                  operation, type, name; body: the token as a string
//   renew-lock  <queue>/$management   operation; body: map { lock-tokens: array of uuid }
//   update      <queue>/$management   operation; body: map { disposition-status, lock-tokens }
//   peek        <queue>/$management   operation; body: map { from-sequence-number, message-count };
//               answered with a map { messages: list of map { message: binary } }; x-opt-message-state is 0 for active
//   answer      correlation-id; statusCode or status-code, statusDescription or status-description, errorCondition
//   delivery    tag: the lock token; annotations x-opt-sequence-number, x-opt-enqueued-time, x-opt-locked-until;
//               header delivery-count: deliveries before this one
#include "transports/dpe/amqp_forms.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "lookup/remote_answer.hpp"

namespace kanal::transports::dpe {
namespace {

using net::Amqp10Map;
using net::Amqp10Message;
using net::Amqp10Uuid;
using net::find;

constexpr std::size_t longest_said = 300;

/// A GUID as .NET keeps it: the first three parts begin with their last byte. The service's own clients for Java turn a
/// tag the same way.
std::array<std::byte, 16> turned(std::array<std::byte, 16> bytes) {
  std::reverse(bytes.begin(), bytes.begin() + 4);
  std::reverse(bytes.begin() + 4, bytes.begin() + 6);
  std::reverse(bytes.begin() + 6, bytes.begin() + 8);
  return bytes;
}

Amqp10Message about_lock(std::string operation, const std::string& lock) {
  net::Amqp10List locks;
  locks.array = true;
  if (const auto uuid = Amqp10Uuid::parse(lock)) locks.items.push_back({*uuid});
  Amqp10Message message;
  message.application = {{"operation", {std::move(operation)}}};
  message.value = {Amqp10Map{{"lock-tokens", {std::move(locks)}}}};
  return message;
}

/// The first that is there.
const net::Amqp10Value* one_of(const Amqp10Map& map, std::initializer_list<std::string_view> keys) {
  for (const auto key : keys) {
    if (const auto* value = find(map, key)) return value;
  }
  return nullptr;
}

/// Nothing for one that is not there.
net::Amqp10Value annotation(const Amqp10Message& message, std::string_view name) {
  const auto* value = find(message.annotations, name);
  return value == nullptr ? net::Amqp10Value{} : *value;
}

std::string text_of(const net::Amqp10Value* value) {
  auto text = value == nullptr ? std::string{} : value->text();
  text.resize(std::min(text.size(), longest_said));
  return text;
}

}  // namespace

std::string management_node(const std::string& queue) { return queue + "/$management"; }

std::string audience(const std::string& host, const std::string& queue) {
  return fmt::format("amqps://{}/{}", host, queue);
}

Amqp10Message put_token_request(const std::string& audience, const std::string& token) {
  Amqp10Message message;
  message.application = {{"operation", {std::string("put-token")}},
                         {"type", {std::string("servicebus.windows.net:sastoken")}},
                         {"name", {audience}}};
  message.value = {token};
  return message;
}

Amqp10Message update_request(const std::string& lock, const std::string& disposition) {
  auto message = about_lock("com.microsoft:update-disposition", lock);
  std::get<Amqp10Map>(message.value.is).push_back({"disposition-status", {disposition}});
  return message;
}

Amqp10Message renew_request(const std::string& lock) { return about_lock("com.microsoft:renew-lock", lock); }

Amqp10Message peek_request(std::uint64_t from) {
  Amqp10Message message;
  message.application = {{"operation", {std::string("com.microsoft:peek-message")}}};
  message.value = {
      Amqp10Map{{"from-sequence-number", {static_cast<std::int64_t>(from)}}, {"message-count", {std::int32_t{1}}}}};
  return message;
}

std::optional<Glimpse> read_glimpse(const Amqp10Message& answer, Time now) {
  const auto* body = answer.value.map();
  const auto* messages = body == nullptr ? nullptr : find(*body, "messages");
  const auto* list = messages == nullptr ? nullptr : messages->list();
  const auto* first = list == nullptr || list->items.empty() ? nullptr : list->items.front().map();
  const auto* encoded = first == nullptr ? nullptr : find(*first, "message");
  const auto* bytes = encoded == nullptr ? nullptr : std::get_if<Bytes>(&encoded->is);
  if (bytes == nullptr) return std::nullopt;
  const auto message = net::decode_amqp10(*bytes);
  if (!message) return std::nullopt;
  const auto sequence = annotation(*message, "x-opt-sequence-number").number();
  if (!sequence || *sequence < 0 || annotation(*message, "x-opt-message-state").number().value_or(0) != 0)
    return std::nullopt;
  return Glimpse{static_cast<std::uint64_t>(*sequence), message->message_id,
                 annotation(*message, "x-opt-enqueued-time").time().value_or(now),
                 lookup::remote_text(text_of(find(message->application, "DeadLetterReason")))};
}

bool NodeAnswer::lock_lost() const {
  constexpr int gone = 410;
  return status == gone || condition == "com.microsoft:message-lock-lost" ||
         condition == "com.microsoft:message-not-found";
}

Result<NodeAnswer> read_answer(const Amqp10Message& message) {
  const auto& said = message.application;
  const auto* status = one_of(said, {"statusCode", "status-code"});
  const auto number = status == nullptr ? std::nullopt : status->number();
  if (!number || *number < 100 || *number > 999) {
    return retry("dpe.away", "the Service Bus answers a request over AMQP without a status");
  }
  return NodeAnswer{static_cast<int>(*number), text_of(one_of(said, {"errorCondition", "error-condition"})),
                    text_of(one_of(said, {"statusDescription", "status-description"}))};
}

std::optional<std::string> lock_of(ByteView tag) {
  Amqp10Uuid uuid;
  if (tag.size() != uuid.bytes.size()) return std::nullopt;
  std::ranges::copy(tag, uuid.bytes.begin());
  uuid.bytes = turned(uuid.bytes);
  return uuid.text();
}

Result<Locked> read_delivery(net::Amqp10Delivery delivery, Time now) {
  const auto unreadable = [](std::string why) {
    return retry("dpe.properties", "the Service Bus gave a message that cannot be completed: " + std::move(why));
  };
  if (delivery.problem) return unreadable(delivery.problem->message);
  auto& message = delivery.message;
  const auto sequence = annotation(message, "x-opt-sequence-number").number();
  if (!sequence || *sequence < 0) return unreadable("its x-opt-sequence-number is missing");
  auto lock = lock_of(delivery.tag);
  if (!lock) return unreadable("its delivery tag is no lock token");
  Locked out;
  out.sequence = static_cast<std::uint64_t>(*sequence);
  out.message_id = std::move(message.message_id);
  out.token = std::move(*lock);
  out.delivery_count = static_cast<int>(std::min<std::uint32_t>(message.delivery_count, 1'000'000)) + 1;
  out.enqueued = annotation(message, "x-opt-enqueued-time").time().value_or(now);
  // The service tells no time of its own: it is not before that at which the message came to it.
  out.locked_for = lock_length(annotation(message, "x-opt-locked-until").time(), std::max(now, out.enqueued));
  out.too_large = delivery.too_large;
  // A sender may have put its text where a value goes.
  if (message.data.empty()) {
    if (const auto* bytes = std::get_if<Bytes>(&message.value.is)) message.data = *bytes;
    if (const auto* text = std::get_if<std::string>(&message.value.is)) message.data = copy_of(bytes_of(*text));
  }
  out.body = std::make_shared<const Bytes>(std::move(message.data));
  out.delivery = delivery.number;
  return out;
}

}  // namespace kanal::transports::dpe
