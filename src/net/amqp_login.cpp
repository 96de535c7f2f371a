#include "net/amqp_login.hpp"

#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "net/amqp_tables.hpp"
#include "net/amqp_tls.hpp"
#include "net/client_handle.hpp"

namespace kanal::net {
namespace {

/// Half of RabbitMQ's own bounds the memory per frame, and how deep a table can nest: librabbitmq reads it by
/// recursion.
constexpr int frame_max = 64 * 1024;
/// Room for a whole frame whenever the socket is said to be writable, so that no send of librabbitmq waits for ever.
constexpr int send_buffer = 256 * 1024;

timeval interval(std::chrono::milliseconds time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return {static_cast<time_t>(seconds.count()), static_cast<suseconds_t>((time - seconds).count() * 1000)};
}

amqp_table_entry_t text_entry(const char* name, std::string_view text) {
  amqp_table_entry_t out{};
  out.key = wire(name);
  out.value.kind = AMQP_FIELD_KIND_UTF8;
  out.value.value.bytes = wire(text);
  return out;
}

amqp_table_entry_t can(const char* name) {
  amqp_table_entry_t out{};
  out.key = wire(name);
  out.value.kind = AMQP_FIELD_KIND_BOOLEAN;
  out.value.value.boolean = 1;
  return out;
}

Error unreachable(const AmqpErrors& errors, int status, const AmqpTls* tls) {
  if (tls != nullptr) {
    const auto problem = tls->problem();
    ERR_clear_error();
    if (!problem.empty()) return errors.make("amqp.tls", fmt::format("is not accepted: {}", problem));
  }
  if (status == AMQP_STATUS_TIMEOUT) return errors.make("amqp.connect", "does not answer in time");
  return errors.make("amqp.connect", fmt::format("cannot be reached ({})", amqp_error_string2(status)));
}

Result<void> connect(amqp_connection_state_t state, const AmqpOptions& options, const AmqpErrors& errors) {
  const auto no_memory = [&] { return tl::unexpected(errors.make("amqp.connect", "cannot be reached: no memory")); };
  const timeval limit = interval(options.connect_timeout);
  if (!options.tls) {
    amqp_socket_t* const socket = amqp_tcp_socket_new(state);
    if (socket == nullptr) return no_memory();
    const int status = amqp_socket_open_noblock(socket, options.host.c_str(), options.port, &limit);
    if (status != AMQP_STATUS_OK) return tl::unexpected(unreachable(errors, status, nullptr));
    return {};
  }
  ClientTrust trust(options.ca_pem);
  const auto store = trust.store();
  if (!store) return tl::unexpected(errors.make("amqp.tls", "cannot be verified: " + store.error().message));
  amqp_socket_t* const socket = amqp_ssl_socket_new(state);
  if (socket == nullptr) return no_memory();
  amqp_ssl_socket_set_verify_peer(socket, 1);
  amqp_ssl_socket_set_verify_hostname(socket, 0);  // AmqpTls does, for addresses too
  auto* const context = static_cast<SSL_CTX*>(amqp_ssl_socket_get_context(socket));
  AmqpTls tls(options.host);
  ERR_clear_error();
  if (!tls.demand(context, *store)) return tl::unexpected(errors.make("amqp.tls", "has no name to verify it by"));
  const int status = amqp_socket_open_noblock(socket, options.host.c_str(), options.port, &limit);
  AmqpTls::release(context);
  if (status != AMQP_STATUS_OK) return tl::unexpected(unreachable(errors, status, &tls));
  return {};
}

}  // namespace

Result<AmqpState> amqp_log_in(const AmqpOptions& options, const AmqpErrors& errors) {
  // SASL PLAIN parts are ended by NUL, and librabbitmq takes texts that are.
  for (const auto* text : {&options.host, &options.user, &options.password.reveal(), &options.vhost}) {
    if (text->find('\0') != std::string::npos) {
      return tl::unexpected(errors.make("amqp.refused", "was not asked: host, user, password or vhost holds a NUL"));
    }
  }
  if (options.vhost.size() > max_short_text) {
    return tl::unexpected(errors.make("amqp.refused", "was not asked: the vhost is over 255 bytes"));
  }
  AmqpState state(amqp_new_connection());
  if (!state) return tl::unexpected(errors.make("amqp.connect", "cannot be reached: no memory"));
  if (auto connected = connect(state.get(), options, errors); !connected) return failed(std::move(connected));
  ::setsockopt(amqp_get_sockfd(state.get()), SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);

  std::array capabilities{can("authentication_failure_close"), can("consumer_cancel_notify"), can("connection.blocked"),
                          can("basic.nack"), can("publisher_confirms")};
  const std::string library = fmt::format("librabbitmq {}", amqp_version());
  std::array properties{text_entry("product", "Kanal"),
                        text_entry("version", ""),
                        text_entry("platform", library),
                        text_entry("copyright", ""),
                        text_entry("information", ""),
                        text_entry("connection_name", options.connection_name),
                        amqp_table_entry_t{}};
  properties.back().key = wire("capabilities");
  properties.back().value.kind = AMQP_FIELD_KIND_TABLE;
  properties.back().value.value.table = {static_cast<int>(capabilities.size()), capabilities.data()};
  const amqp_table_t client{static_cast<int>(properties.size()), properties.data()};

  const timeval limit = interval(options.connect_timeout);
  amqp_set_handshake_timeout(state.get(), &limit);
  const auto heartbeat =
      std::clamp<std::int64_t>(options.heartbeat.count(), 0, std::numeric_limits<std::uint16_t>::max());
  const auto reply = amqp_login_with_properties(state.get(), options.vhost.c_str(), amqp_channel, frame_max,
                                                static_cast<int>(heartbeat), &client, AMQP_SASL_METHOD_PLAIN,
                                                options.user.c_str(), options.password.reveal().c_str());
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) return tl::unexpected(errors.failed(reply.library_error));
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
    if (reply.reply.id != AMQP_CONNECTION_CLOSE_METHOD) {
      return tl::unexpected(errors.make("amqp.protocol", "answers the login with an unexpected method"));
    }
    const auto* close = static_cast<const amqp_connection_close_t*>(reply.reply.decoded);
    auto error = errors.told(close->reply_code, from_wire(close->reply_text));
    amqp_connection_close_ok_t ok{};
    amqp_send_method(state.get(), 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
    return tl::unexpected(std::move(error));
  }
  return state;
}

}  // namespace kanal::net
