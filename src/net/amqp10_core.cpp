#include "net/amqp10_core.hpp"

#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/disposition.h>
#include <proton/link.h>
#include <proton/session.h>
#include <proton/terminus.h>
#include <proton/transport.h>

#include <algorithm>
#include <charconv>

#include "base/ids.hpp"
#include "net/amqp10_engine.hpp"

namespace kanal::net {
namespace {

constexpr int answers_credit = 50;
/// Of answers of a node: they may hold a message that was looked at.
constexpr std::size_t max_answer = std::size_t{4} << 20U;
constexpr std::size_t most_waiting = 1000;

bool is_there(pn_terminus_t* terminus) { return pn_terminus_get_type(terminus) != PN_UNSPECIFIED; }

/// Of a tag that is the number of a request.
std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && stop == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

void end_link(pn_link_t* link) {
  pn_link_close(link);
  pn_link_free(link);
}

}  // namespace

Amqp10Core::Amqp10Core(pn_connection_t* connection, const Amqp10Options& options, const Amqp10Errors& errors,
                       Amqp10Listening& listening)
    : connection_(connection), options_(options), errors_(errors), listening_(listening) {}

Error Amqp10Core::told(std::string_view where, pn_condition_t* condition) const {
  return errors_.told(where, text_or_empty(pn_condition_get_name(condition)),
                      text_or_empty(pn_condition_get_description(condition)));
}

/// What proton says of the transport itself: it went, fell silent, or speaks something else.
Error Amqp10Core::broken(pn_condition_t* condition) const {
  const auto name = text_or_empty(pn_condition_get_name(condition));
  const auto what = text_or_empty(pn_condition_get_description(condition));
  const bool other_protocol = name == "amqp:connection:framing-error" && !what.starts_with("connection aborted");
  if (other_protocol) {
    return errors_.make("amqp10.protocol", "does not speak AMQP 1.0 as expected: " + shown_text(what));
  }
  return errors_.make("amqp10.closed", "or the network has ended the connection: " + shown_text(what));
}

void Amqp10Core::open() {
  pn_connection_open(connection_);
  session_ = pn_session(connection_);
  pn_session_set_incoming_capacity(session_, amqp10_window);
  pn_session_open(session_);
}

void Amqp10Core::close() { pn_connection_close(connection_); }

Amqp10Core::Node& Amqp10Core::node_at(const std::string& address) {
  auto& node = nodes_[address];
  if (node.requests != nullptr) return node;
  node.address = address;
  node.reply_to = new_uuid();
  const auto name = address + "-" + std::to_string(++last_link_);
  node.requests = pn_sender(session_, (name + "-requests").c_str());
  pn_terminus_set_address(pn_link_target(node.requests), address.c_str());
  pn_terminus_set_address(pn_link_source(node.requests), node.reply_to.c_str());
  node.answers = pn_receiver(session_, (name + "-answers").c_str());
  pn_terminus_set_address(pn_link_source(node.answers), address.c_str());
  pn_terminus_set_address(pn_link_target(node.answers), node.reply_to.c_str());
  pn_link_open(node.requests);
  pn_link_open(node.answers);
  pn_link_flow(node.answers, answers_credit);
  return node;
}

Amqp10Core::Node* Amqp10Core::node_of(const pn_link_t* link) {
  for (auto& [address, node] : nodes_) {
    if (node.requests == link || node.answers == link) return &node;
  }
  return nullptr;
}

void Amqp10Core::request(std::uint64_t number, const std::string& address, const Amqp10Message& message) {
  auto& node = node_at(address);
  if (node.waiting.size() + node.under_way.size() >= most_waiting) {
    listening_.answered(number, tl::unexpected(errors_.make("amqp10.busy", "has too many requests to answer")));
    return;
  }
  auto numbered = message;
  numbered.message_id = std::to_string(number);
  numbered.reply_to = node.reply_to;
  node.waiting.emplace_back(number, encode(numbered));
  send_waiting(node);
}

void Amqp10Core::forget(std::uint64_t request) {
  for (auto& [address, node] : nodes_) {
    node.under_way.erase(request);
    std::erase_if(node.waiting, [&](const auto& one) { return one.first == request; });
  }
}

void Amqp10Core::send_waiting(Node& node) {
  while (!node.waiting.empty() && node.answers_open && pn_link_credit(node.requests) > 0) {
    const auto& [number, bytes] = node.waiting.front();
    const auto tag = std::to_string(number);
    pn_delivery(node.requests, pn_dtag(tag.data(), tag.size()));
    pn_link_send(node.requests, reinterpret_cast<const char*>(bytes.data()), bytes.size());
    pn_link_advance(node.requests);
    node.under_way.insert(number);
    node.waiting.pop_front();
  }
}

void Amqp10Core::attach(const std::string& source) {
  const auto name = source + "-" + new_uuid();
  receiver_ = pn_receiver(session_, name.c_str());
  pn_terminus_set_address(pn_link_source(receiver_), source.c_str());
  pn_terminus_set_address(pn_link_target(receiver_), name.c_str());
  pn_link_set_snd_settle_mode(receiver_, PN_SND_UNSETTLED);
  // So that the broker confirms an outcome before the delivery is forgotten.
  pn_link_set_rcv_settle_mode(receiver_, PN_RCV_SECOND);
  pn_link_open(receiver_);
}

void Amqp10Core::give_credit(int count) {
  if (receiver_ != nullptr && count > 0) pn_link_flow(receiver_, count);
}

void Amqp10Core::drain() {
  if (receiver_ == nullptr) return;
  draining_ = true;
  pn_link_drain(receiver_, 0);
  on_flow(receiver_);
}

void Amqp10Core::settle(std::uint64_t number, Amqp10Outcome outcome) {
  const auto found = unsettled_.find(number);
  if (found == unsettled_.end()) {
    listening_.settled(number,
                       tl::unexpected(errors_.make("amqp10.closed", "has ended the link that brought the message")));
    return;
  }
  pn_delivery_t* const delivery = found->second;
  unsettled_.erase(found);
  if (outcome == Amqp10Outcome::modified) pn_disposition_set_failed(pn_delivery_local(delivery), true);
  pn_delivery_update(delivery, state_of(outcome));
  if (pn_link_remote_rcv_settle_mode(receiver_) == PN_RCV_SECOND) {
    settling_[delivery] = number;
    return;
  }
  pn_delivery_settle(delivery);
  listening_.settled(number, {});
}

void Amqp10Core::fail(Node& node, const Error& why) {
  for (const auto& [number, bytes] : node.waiting) listening_.answered(number, tl::unexpected(why));
  for (const auto number : node.under_way) listening_.answered(number, tl::unexpected(why));
  node.waiting.clear();
  node.under_way.clear();
}

void Amqp10Core::fail_settling(const Error& why) {
  for (const auto& [delivery, number] : settling_) listening_.settled(number, tl::unexpected(why));
  settling_.clear();
  unsettled_.clear();
}

void Amqp10Core::end(Error why) {
  if (over_) return;
  over_ = true;
  for (auto& [address, node] : nodes_) fail(node, why);
  fail_settling(why);
  listening_.ended(std::move(why));
}

void Amqp10Core::on_link_open(pn_link_t* link) {
  if (link == receiver_) {
    // A link that is refused is opened without a source and closed right after.
    if (is_there(pn_link_remote_source(link))) listening_.attached();
    return;
  }
  auto* node = node_of(link);
  if (node == nullptr) {  // of the broker's making: none of ours
    pn_link_open(link);
    pn_link_close(link);
    return;
  }
  if (link == node->answers) node->answers_open = is_there(pn_link_remote_source(link));
  send_waiting(*node);
}

void Amqp10Core::on_link_end(pn_link_t* link) {
  if (link == receiver_) {
    const auto why = told("the link", pn_link_remote_condition(link));
    fail_settling(why);
    arriving_.clear();
    draining_ = false;
    receiver_ = nullptr;
    end_link(link);
    listening_.detached(why);
    return;
  }
  auto* node = node_of(link);
  if (node == nullptr) return;
  const auto why = told("the link to " + node->address, pn_link_remote_condition(link));
  fail(*node, why);
  end_link(node->requests);
  end_link(node->answers);
  nodes_.erase(node->address);
}

void Amqp10Core::on_flow(pn_link_t* link) {
  if (link == receiver_) {
    if (!draining_ || pn_link_draining(link)) return;
    draining_ = false;
    pn_link_set_drain(link, false);
    listening_.drained();
    return;
  }
  if (auto* node = node_of(link)) send_waiting(*node);
}

void Amqp10Core::on_request_outcome(Node& node, pn_delivery_t* delivery) {
  const auto number = number_in(tag_of(delivery));
  if (pn_delivery_remote_state(delivery) == PN_REJECTED && number && node.under_way.erase(*number) > 0) {
    const auto why = told("a request", pn_disposition_condition(pn_delivery_remote(delivery)));
    listening_.answered(*number, tl::unexpected(why));
  }
  pn_delivery_settle(delivery);
}

/// The broker has taken note of the outcome, or does not accept it.
void Amqp10Core::on_outcome(pn_delivery_t* delivery) {
  const auto found = settling_.find(delivery);
  if (found == settling_.end()) return;
  const auto number = found->second;
  const bool refused =
      pn_delivery_local_state(delivery) != PN_REJECTED && pn_delivery_remote_state(delivery) == PN_REJECTED;
  if (!refused && !pn_delivery_settled(delivery)) return;
  settling_.erase(found);
  Result<void> confirmed;
  if (refused) confirmed = tl::unexpected(told("the lock", pn_disposition_condition(pn_delivery_remote(delivery))));
  pn_delivery_settle(delivery);
  listening_.settled(number, std::move(confirmed));
}

void Amqp10Core::on_answer(Node& node, const Bytes& bytes, bool cut) {
  auto answer = decode_amqp10(bytes, !cut);
  if (!answer) return;
  const auto number = number_in(answer->correlation_id);
  if (!number || node.under_way.erase(*number) == 0) return;
  if (cut) return listening_.answered(*number, tl::unexpected(errors_.make("amqp10.too_large", "answers too much")));
  listening_.answered(*number, std::move(*answer));
}

void Amqp10Core::keep(pn_delivery_t* delivery, Bytes bytes, bool cut) {
  Amqp10Delivery out;
  out.number = ++last_delivery_;
  out.tag = copy_of(bytes_of(tag_of(delivery)));
  out.too_large = cut;
  auto message = decode_amqp10(bytes, !out.too_large);
  if (message) {
    out.message = std::move(*message);
  } else {
    out.problem = message.error();
  }
  unsettled_[out.number] = delivery;
  listening_.delivered(std::move(out));
}

/// What has come of the delivery that is under way, and of those behind it.
void Amqp10Core::on_transfer(pn_link_t* link) {
  auto* node = node_of(link);
  if (node == nullptr && link != receiver_) return;
  auto& bytes = node != nullptr ? node->answer : arriving_;
  bool& too_large = node != nullptr ? node->answer_too_large : arriving_too_large_;
  while (pn_delivery_t* delivery = pn_link_current(link)) {
    if (pn_delivery_aborted(delivery)) {
      bytes.clear();
      too_large = false;
      pn_delivery_settle(delivery);
      continue;
    }
    if (pn_delivery_pending(delivery) > 0) {
      const bool cut = read_some(link, bytes, node != nullptr ? max_answer : options_.max_message);
      too_large = too_large || cut;
    }
    if (pn_delivery_partial(delivery)) return;
    pn_link_advance(link);
    auto whole = std::exchange(bytes, {});
    if (node != nullptr) {
      pn_delivery_update(delivery, PN_ACCEPTED);
      pn_delivery_settle(delivery);
      pn_link_flow(link, 1);
      on_answer(*node, whole, std::exchange(too_large, false));
    } else {
      keep(delivery, std::move(whole), std::exchange(too_large, false));
    }
  }
  if (node == nullptr) on_flow(link);
}

void Amqp10Core::on_delivery(pn_link_t* link, pn_delivery_t* delivery) {
  if (pn_link_is_sender(link)) {
    if (auto* node = node_of(link); node != nullptr && pn_delivery_updated(delivery)) {
      on_request_outcome(*node, delivery);
    }
    return;
  }
  if (pn_delivery_updated(delivery)) {
    pn_delivery_clear(delivery);
    on_outcome(delivery);
  }
  on_transfer(link);
}

void Amqp10Core::handle(pn_event_t* event) {
  switch (pn_event_type(event)) {
    case PN_CONNECTION_REMOTE_OPEN:
      listening_.opened();
      break;
    case PN_CONNECTION_REMOTE_CLOSE: {
      auto why = told("the connection", pn_connection_remote_condition(connection_));
      pn_connection_close(connection_);
      end(std::move(why));
      break;
    }
    case PN_SESSION_REMOTE_CLOSE:
      end(told("the session", pn_session_remote_condition(pn_event_session(event))));
      pn_connection_close(connection_);
      break;
    case PN_LINK_REMOTE_OPEN:
      on_link_open(pn_event_link(event));
      break;
    case PN_LINK_REMOTE_CLOSE:
    case PN_LINK_REMOTE_DETACH:
      on_link_end(pn_event_link(event));
      break;
    case PN_LINK_FLOW:
      on_flow(pn_event_link(event));
      break;
    case PN_DELIVERY:
      on_delivery(pn_event_link(event), pn_event_delivery(event));
      break;
    case PN_TRANSPORT_ERROR:
      end(broken(pn_transport_condition(pn_event_transport(event))));
      break;
    case PN_TRANSPORT_CLOSED:
      end(errors_.make("amqp10.closed", "or the network has ended the connection"));
      break;
    default:
      break;
  }
}

}  // namespace kanal::net
