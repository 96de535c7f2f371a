#include "net/amqp10_served.hpp"

#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/disposition.h>
#include <proton/link.h>
#include <proton/session.h>
#include <proton/terminus.h>

#include <algorithm>

#include "net/amqp10_engine.hpp"

namespace kanal::net {
namespace {

using std::chrono::milliseconds;

/// How long the host waits for its turn when nothing comes.
constexpr milliseconds turn_interval{5};
constexpr milliseconds farewell{200};
constexpr int credit_for_clients = 100;
/// Of what clients send: only requests.
constexpr std::size_t max_message = std::size_t{1} << 20U;

void set(pn_condition_t* condition, const Amqp10Condition& what) {
  pn_condition_set_name(condition, what.name.c_str());
  pn_condition_set_description(condition, what.description.c_str());
}

}  // namespace

Amqp10Served::Amqp10Served(const Amqp10ListenerOptions& options, std::unique_ptr<Amqp10Socket> socket,
                           const Amqp10Listener::MakeHost& make_host)
    : pump_(Amqp10Side::server, std::move(socket), options.container_id, {}, options.idle_timeout),
      host_(make_host(*this)) {}

void Amqp10Served::run(const std::stop_token& stop) {
  const auto handle_one = [this](pn_event_t* event) { handle(event); };
  const auto next = [] { return Amqp10Pump::Steady::now() + turn_interval; };
  bool alive = true;
  while (alive && !stop.stop_requested()) {
    host_->turn();
    alive = pump_.step(next(), handle_one);
  }
  if (!alive) return;
  close({"amqp:connection:forced", "The broker is shutting down"});
  const auto until = Amqp10Pump::Steady::now() + farewell;
  while (Amqp10Pump::Steady::now() < until && pump_.step(until, handle_one)) {
  }
}

std::string Amqp10Served::host() const {
  auto* const connection = const_cast<Amqp10Pump&>(pump_).connection();
  return text_or_empty(pn_connection_remote_hostname(connection));
}

const Amqp10Served::Opened* Amqp10Served::find(std::uint64_t link) const {
  const auto found = links_.find(link);
  return found == links_.end() ? nullptr : &found->second;
}

Amqp10Served::Opened* Amqp10Served::find(const pn_link_t* link) {
  const auto found = std::ranges::find_if(links_, [&](const auto& one) { return one.second.at == link; });
  return found == links_.end() ? nullptr : &found->second;
}

int Amqp10Served::credit(std::uint64_t link) const {
  const auto* opened = find(link);
  return opened == nullptr ? 0 : pn_link_credit(opened->at);
}

bool Amqp10Served::draining(std::uint64_t link) const {
  const auto* opened = find(link);
  return opened != nullptr && pn_link_get_drain(opened->at) && pn_link_credit(opened->at) > 0;
}

void Amqp10Served::drained(std::uint64_t link) {
  if (const auto* opened = find(link)) pn_link_drained(opened->at);
}

void Amqp10Served::send(std::uint64_t link, ByteView tag, const Amqp10Message& message) {
  const auto* opened = find(link);
  if (opened == nullptr) return;
  const auto bytes = encode(message);
  const auto name = text_of(tag);
  pn_delivery_t* const delivery = pn_delivery(opened->at, pn_dtag(name.data(), name.size()));
  pn_link_send(opened->at, reinterpret_cast<const char*>(bytes.data()), bytes.size());
  pn_link_advance(opened->at);
  unsettled_[std::string(name)] = delivery;
}

void Amqp10Served::confirm(ByteView tag, const std::optional<Amqp10Condition>& refusal) {
  const auto found = unsettled_.find(std::string(text_of(tag)));
  if (found == unsettled_.end()) return;
  pn_delivery_t* const delivery = found->second;
  unsettled_.erase(found);
  if (refusal) set(pn_disposition_condition(pn_delivery_local(delivery)), *refusal);
  pn_delivery_update(delivery, refusal ? PN_REJECTED : pn_delivery_remote_state(delivery));
  pn_delivery_settle(delivery);
}

void Amqp10Served::detach(std::uint64_t link, const Amqp10Condition& why) {
  const auto* opened = find(link);
  if (opened == nullptr) return;
  set(pn_link_condition(opened->at), why);
  std::erase_if(unsettled_, [&](const auto& one) { return pn_delivery_link(one.second) == opened->at; });
  pn_link_close(opened->at);
  links_.erase(link);
}

void Amqp10Served::close(const Amqp10Condition& why) {
  set(pn_connection_condition(pump_.connection()), why);
  pn_connection_close(pump_.connection());
}

void Amqp10Served::cut() { pump_.cut(); }

void Amqp10Served::on_link_open(pn_link_t* link) {
  Opened opened;
  opened.at = link;
  opened.link.id = ++last_link_;
  opened.link.receives = pn_link_is_sender(link);
  auto* const node = opened.link.receives ? pn_link_remote_source(link) : pn_link_remote_target(link);
  auto* const own = opened.link.receives ? pn_link_remote_target(link) : pn_link_remote_source(link);
  opened.link.address = text_or_empty(pn_terminus_get_address(node));
  opened.link.own = text_or_empty(pn_terminus_get_address(own));
  const auto refusal = host_->attach(opened.link);
  if (refusal) {  // opened without the node, and closed
    pn_link_open(link);
    set(pn_link_condition(link), *refusal);
    pn_link_close(link);
    return;
  }
  pn_terminus_copy(pn_link_source(link), pn_link_remote_source(link));
  pn_terminus_copy(pn_link_target(link), pn_link_remote_target(link));
  pn_link_set_snd_settle_mode(link, pn_link_remote_snd_settle_mode(link));
  pn_link_set_rcv_settle_mode(link, pn_link_remote_rcv_settle_mode(link));
  pn_link_open(link);
  if (!opened.link.receives) pn_link_flow(link, credit_for_clients);
  links_.emplace(opened.link.id, std::move(opened));
}

void Amqp10Served::on_link_end(pn_link_t* link) {
  std::erase_if(unsettled_, [&](const auto& one) { return pn_delivery_link(one.second) == link; });
  if (const auto* opened = find(link)) {
    const auto id = opened->link.id;
    links_.erase(id);
    host_->detached(id);
  }
  pn_link_close(link);
  pn_link_free(link);
}

/// What a client sends.
void Amqp10Served::take(Opened& opened) {
  while (pn_delivery_t* delivery = pn_link_current(opened.at)) {
    // One that is cut cannot be decoded.
    if (pn_delivery_pending(delivery) > 0) read_some(opened.at, opened.arriving, max_message);
    if (pn_delivery_partial(delivery)) return;
    pn_link_advance(opened.at);
    const auto message = decode_amqp10(std::exchange(opened.arriving, {}));
    pn_delivery_update(delivery, message ? PN_ACCEPTED : PN_REJECTED);
    pn_delivery_settle(delivery);
    pn_link_flow(opened.at, 1);
    const auto link = opened.link;
    if (message) host_->message(link, *message);
    if (find(link.id) == nullptr) return;  // the host has ended it
  }
}

void Amqp10Served::on_delivery(pn_link_t* link, pn_delivery_t* delivery) {
  auto* opened = find(link);
  if (opened == nullptr) return;
  if (!opened->link.receives) return take(*opened);
  if (!pn_delivery_updated(delivery)) return;
  pn_delivery_clear(delivery);
  const std::string tag(tag_of(delivery));
  const auto known = unsettled_.find(tag);
  if (known == unsettled_.end() || known->second != delivery) return;
  if (const auto outcome = outcome_of(pn_delivery_remote_state(delivery))) {
    host_->outcome(opened->link, bytes_of(tag), *outcome);
  } else if (pn_delivery_settled(delivery)) {
    unsettled_.erase(known);
    pn_delivery_settle(delivery);
  }
}

void Amqp10Served::handle(pn_event_t* event) {
  switch (pn_event_type(event)) {
    case PN_CONNECTION_REMOTE_OPEN:
      pn_connection_open(pump_.connection());
      break;
    case PN_CONNECTION_REMOTE_CLOSE:
      pn_connection_close(pump_.connection());
      break;
    case PN_SESSION_REMOTE_OPEN:
      pn_session_set_incoming_capacity(pn_event_session(event), amqp10_window);
      pn_session_open(pn_event_session(event));
      break;
    case PN_SESSION_REMOTE_CLOSE:
      pn_session_close(pn_event_session(event));
      break;
    case PN_LINK_REMOTE_OPEN:
      on_link_open(pn_event_link(event));
      break;
    case PN_LINK_REMOTE_CLOSE:
    case PN_LINK_REMOTE_DETACH:
      on_link_end(pn_event_link(event));
      break;
    case PN_DELIVERY:
      on_delivery(pn_event_link(event), pn_event_delivery(event));
      break;
    default:
      break;
  }
}

}  // namespace kanal::net
