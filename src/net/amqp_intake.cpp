#include "net/amqp_intake.hpp"

#include <utility>

#include "net/amqp_tables.hpp"

namespace kanal::net {

bool AmqpIntake::begin(Moment now) {
  if (awaits_ != Awaits::method) return false;
  awaits_ = Awaits::header;
  begun_ = now;
  delivery_ = {};
  return true;
}

bool AmqpIntake::delivered(const amqp_basic_deliver_t& method, Moment now) {
  if (!begin(now)) return false;
  wanted_ = true;
  delivery_.tag = method.delivery_tag;
  delivery_.redelivered = method.redelivered != 0;
  delivery_.exchange = from_wire(method.exchange);
  delivery_.routing_key = from_wire(method.routing_key);
  return true;
}

bool AmqpIntake::returned(Moment now) {
  wanted_ = false;
  return begin(now);
}

bool AmqpIntake::header(std::uint64_t body_size, const amqp_basic_properties_t& properties) {
  if (awaits_ != Awaits::header) return false;
  rest_ = body_size;
  if (wanted_) {
    delivery_.properties = read_properties(properties);
    if ((properties._flags & AMQP_BASIC_HEADERS_FLAG) != 0) {
      delivery_.death_reason = read_death_reason(properties.headers);
    }
    delivery_.too_large = body_size > max_body_;
    if (!delivery_.too_large) delivery_.body.reserve(body_size);
  }
  awaits_ = Awaits::body;
  if (rest_ == 0) complete();
  return true;
}

bool AmqpIntake::body(ByteView piece) {
  if (awaits_ != Awaits::body || piece.size() > rest_) return false;
  rest_ -= piece.size();
  if (wanted_ && !delivery_.too_large) delivery_.body.insert(delivery_.body.end(), piece.begin(), piece.end());
  if (rest_ == 0) complete();
  return true;
}

void AmqpIntake::complete() {
  awaits_ = Awaits::method;
  if (wanted_) done_ = std::move(delivery_);
}

std::optional<AmqpDelivery> AmqpIntake::take() { return std::exchange(done_, std::nullopt); }

std::optional<AmqpIntake::Moment> AmqpIntake::since() const {
  return awaits_ == Awaits::method ? std::nullopt : std::optional(begun_);
}

}  // namespace kanal::net
