#include "net/amqp_connection.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "net/amqp_session.hpp"
#include "net/amqp_tables.hpp"

namespace kanal::net {
namespace {

Result<void> names_fit(std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    if (name.size() > max_short_text) return bug("amqp.protocol", "A name for the AMQP broker is over 255 bytes");
  }
  return {};
}

Result<void> fits(bool whole) {
  if (!whole) return bug("amqp.protocol", "A property or the name of a header is over 255 bytes");
  return {};
}

}  // namespace

struct AmqpConnection::Impl {
  explicit Impl(std::unique_ptr<AmqpSession> opened) : session(std::move(opened)) {}

  Result<void> declare(amqp_queue_declare_t& request, QueueCount* into = nullptr) {
    return session->call(AMQP_QUEUE_DECLARE_METHOD, &request, AMQP_QUEUE_DECLARE_OK_METHOD, [&](const void* answer) {
      const auto& counted = *static_cast<const amqp_queue_declare_ok_t*>(answer);
      if (into != nullptr) *into = {counted.message_count, counted.consumer_count};
    });
  }

  std::unique_ptr<AmqpSession> session;
  std::vector<std::string> consumers;
};

AmqpConnection::AmqpConnection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AmqpConnection::~AmqpConnection() = default;

Result<std::unique_ptr<AmqpConnection>> AmqpConnection::open(const AmqpOptions& options) {
  auto session = AmqpSession::open(options);
  if (!session) return failed(std::move(session));
  return std::unique_ptr<AmqpConnection>(new AmqpConnection(std::make_unique<Impl>(std::move(*session))));
}

Result<void> AmqpConnection::set_prefetch(std::uint16_t count) {
  amqp_basic_qos_t request{};
  request.prefetch_count = count;
  return impl_->session->call(AMQP_BASIC_QOS_METHOD, &request, AMQP_BASIC_QOS_OK_METHOD);
}

Result<void> AmqpConnection::consume(const std::string& queue) {
  if (auto fit = names_fit({queue}); !fit) return fit;
  amqp_basic_consume_t request{};
  request.queue = wire(queue);
  return impl_->session->call(
      AMQP_BASIC_CONSUME_METHOD, &request, AMQP_BASIC_CONSUME_OK_METHOD, [&](const void* answer) {
        impl_->consumers.emplace_back(from_wire(static_cast<const amqp_basic_consume_ok_t*>(answer)->consumer_tag));
      });
}

Result<void> AmqpConnection::cancel() {
  for (const auto& consumer : std::exchange(impl_->consumers, {})) {
    amqp_basic_cancel_t request{};
    request.consumer_tag = wire(consumer);
    auto cancelled = impl_->session->call(AMQP_BASIC_CANCEL_METHOD, &request, AMQP_BASIC_CANCEL_OK_METHOD);
    if (!cancelled) return cancelled;
  }
  return {};
}

Result<std::optional<AmqpDelivery>> AmqpConnection::receive(std::chrono::milliseconds wait) {
  auto& session = *impl_->session;
  const auto until = AmqpSession::Clock::now() + wait;
  for (;;) {
    if (auto delivery = session.next_delivery()) return delivery;
    const auto handled = session.step(until);
    if (!handled) return failed(handled);
    if (session.delivery_overdue()) {
      return tl::unexpected(session.errors().make("amqp.timeout", "has begun a delivery and does not end it"));
    }
    if (!*handled) return std::nullopt;
  }
}

Result<void> AmqpConnection::acknowledge(std::uint64_t tag) {
  amqp_basic_ack_t ack{};
  ack.delivery_tag = tag;
  return impl_->session->send(AMQP_BASIC_ACK_METHOD, &ack);
}

Result<void> AmqpConnection::reject(std::uint64_t tag, bool requeue) {
  amqp_basic_nack_t nack{};
  nack.delivery_tag = tag;
  nack.requeue = requeue ? 1 : 0;
  return impl_->session->send(AMQP_BASIC_NACK_METHOD, &nack);
}

int AmqpConnection::socket() const { return impl_->session->socket(); }

bool AmqpConnection::blocked() const { return impl_->session->blocked(); }

Result<void> AmqpConnection::confirm_mode() {
  amqp_confirm_select_t request{};
  auto selected = impl_->session->call(AMQP_CONFIRM_SELECT_METHOD, &request, AMQP_CONFIRM_SELECT_OK_METHOD);
  if (selected) impl_->session->count_confirms();
  return selected;
}

Result<void> AmqpConnection::publish(std::string_view exchange, std::string_view routing_key,
                                     const AmqpProperties& properties, ByteView body, bool mandatory) {
  auto& session = *impl_->session;
  if (auto fit = names_fit({exchange, routing_key}); !fit) return fit;
  if (auto fit = fits(fits_wire(properties)); !fit) return fit;
  const auto until = AmqpSession::Clock::now() + session.options().rpc_timeout;
  while (session.blocked()) {
    const auto handled = session.step(until);
    if (!handled) return failed(handled);
    if (!*handled)
      return tl::unexpected(session.errors().make("amqp.timeout", "has told that it takes nothing for now"));
  }
  amqp_basic_publish_t method{};
  method.exchange = wire(exchange);
  method.routing_key = wire(routing_key);
  method.mandatory = mandatory ? 1 : 0;
  WireTable headers(properties.headers);
  amqp_basic_properties_t content{};
  content._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG;
  content.delivery_mode = properties.persistent ? AMQP_DELIVERY_PERSISTENT : AMQP_DELIVERY_NONPERSISTENT;
  content.headers = headers.get();
  if (!properties.expiration.empty()) {
    content._flags |= AMQP_BASIC_EXPIRATION_FLAG;
    content.expiration = wire(properties.expiration);
  }
  if (!properties.content_type.empty()) {
    content._flags |= AMQP_BASIC_CONTENT_TYPE_FLAG;
    content.content_type = wire(properties.content_type);
  }
  return session.publish(method, content, body);
}

Result<void> AmqpConnection::wait_for_confirms(std::chrono::milliseconds wait) {
  auto& session = *impl_->session;
  if (!session.counts_confirms()) return bug("amqp.protocol", "Confirms are waited for without confirm mode");
  const auto until = AmqpSession::Clock::now() + wait;
  while (!session.all_confirmed()) {
    const auto handled = session.step(until);
    if (!handled) return failed(handled);
    if (!*handled) return tl::unexpected(session.errors().make("amqp.timeout", "does not confirm what was published"));
  }
  if (auto unpublished = session.take_unpublished()) return tl::unexpected(std::move(*unpublished));
  return {};
}

Result<void> AmqpConnection::declare_queue(const std::string& queue, const AmqpTable& arguments) {
  if (auto fit = names_fit({queue}); !fit) return fit;
  if (auto fit = fits(fits_wire(arguments)); !fit) return fit;
  WireTable table(arguments);
  amqp_queue_declare_t request{};
  request.queue = wire(queue);
  request.durable = 1;
  request.arguments = table.get();
  return impl_->declare(request);
}

Result<AmqpConnection::QueueCount> AmqpConnection::count(const std::string& queue) {
  if (auto fit = names_fit({queue}); !fit) return failed(std::move(fit));
  amqp_queue_declare_t request{};
  request.queue = wire(queue);
  request.passive = 1;
  QueueCount counted;
  if (auto done = impl_->declare(request, &counted); !done) return failed(std::move(done));
  return counted;
}

Result<void> AmqpConnection::declare_exchange(const std::string& exchange, const std::string& type) {
  if (auto fit = names_fit({exchange, type}); !fit) return fit;
  amqp_exchange_declare_t request{};
  request.exchange = wire(exchange);
  request.type = wire(type);
  request.durable = 1;
  return impl_->session->call(AMQP_EXCHANGE_DECLARE_METHOD, &request, AMQP_EXCHANGE_DECLARE_OK_METHOD);
}

Result<void> AmqpConnection::bind(const std::string& queue, const std::string& exchange,
                                  const std::string& routing_key) {
  if (auto fit = names_fit({queue, exchange, routing_key}); !fit) return fit;
  amqp_queue_bind_t request{};
  request.queue = wire(queue);
  request.exchange = wire(exchange);
  request.routing_key = wire(routing_key);
  return impl_->session->call(AMQP_QUEUE_BIND_METHOD, &request, AMQP_QUEUE_BIND_OK_METHOD);
}

Result<void> AmqpConnection::delete_queue(const std::string& queue) {
  if (auto fit = names_fit({queue}); !fit) return fit;
  amqp_queue_delete_t request{};
  request.queue = wire(queue);
  return impl_->session->call(AMQP_QUEUE_DELETE_METHOD, &request, AMQP_QUEUE_DELETE_OK_METHOD);
}

}  // namespace kanal::net
