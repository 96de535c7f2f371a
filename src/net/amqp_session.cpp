#include "net/amqp_session.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "net/amqp_tables.hpp"

namespace kanal::net {
namespace {

using namespace std::chrono;

constexpr seconds farewell_limit{1};
constexpr int farewell_frames = 1000;  ///< how many frames are looked through for the reason of an end
constexpr std::size_t frame_overhead = 8;

timeval left_until(steady_clock::time_point moment) {
  const auto left = std::max(ceil<microseconds>(moment - steady_clock::now()), microseconds(0));
  const auto whole = floor<seconds>(left);
  return {static_cast<time_t>(whole.count()), static_cast<suseconds_t>((left - whole).count())};
}

amqp_frame_t method_frame(amqp_channel_t channel, amqp_method_number_t method, void* arguments) {
  amqp_frame_t frame{};
  frame.frame_type = AMQP_FRAME_METHOD;
  frame.channel = channel;
  frame.payload.method = {method, arguments};
  return frame;
}

}  // namespace

AmqpSession::AmqpSession(const AmqpOptions& options, AmqpErrors errors, AmqpState state)
    : options_(options),
      errors_(std::move(errors)),
      state_(std::move(state)),
      beat_(milliseconds(seconds(amqp_get_heartbeat(state_.get()))) / 2),
      last_sent_(Clock::now()),
      intake_(options.max_body) {
  options_.password = {};  // not needed any more, but for what `errors_` must not show
}

Result<std::unique_ptr<AmqpSession>> AmqpSession::open(const AmqpOptions& options) {
  AmqpErrors errors(fmt::format("{}:{}", options.host, options.port), options.password);
  auto state = amqp_log_in(options, errors);
  if (!state) return failed(std::move(state));
  std::unique_ptr<AmqpSession> session(new AmqpSession(options, std::move(errors), std::move(*state)));
  amqp_channel_open_t channel{};
  auto opened = session->call(AMQP_CHANNEL_OPEN_METHOD, &channel, AMQP_CHANNEL_OPEN_OK_METHOD);
  if (!opened) return failed(std::move(opened));
  return session;
}

AmqpSession::~AmqpSession() {
  if (dead_) return;
  options_.rpc_timeout = farewell_limit;
  amqp_connection_close_t close{};
  close.reply_code = AMQP_REPLY_SUCCESS;
  close.reply_text = wire("Goodbye");
  const auto until = Clock::now() + farewell_limit;
  if (!send_frame(method_frame(0, AMQP_CONNECTION_CLOSE_METHOD, &close), until)) return;
  awaited_ = AMQP_CONNECTION_CLOSE_OK_METHOD;
  while (awaited_ != 0 && Clock::now() < until) {
    if (!step(until)) return;
  }
}

bool AmqpSession::writable(Moment until) const {
  for (;;) {
    const auto left = std::clamp<std::int64_t>(ceil<milliseconds>(until - Clock::now()).count(), 0, 3'600'000);
    pollfd wanted{socket(), POLLOUT, 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if ((ready == 0 && Clock::now() >= until) || (ready < 0 && errno != EINTR)) return false;
  }
}

tl::unexpected<Error> AmqpSession::die(Error error) {
  if (!dead_) dead_ = error.message;
  ::shutdown(socket(), SHUT_RDWR);  // the broker gives what is not acknowledged to others at once
  return tl::unexpected<Error>(std::move(error));
}

tl::unexpected<Error> AmqpSession::die_told(Error error) {
  for (int i = 0; i < farewell_frames; ++i) {
    amqp_frame_t frame{};
    const timeval at_once{};
    if (amqp_simple_wait_frame_noblock(state_.get(), &frame, &at_once) != AMQP_STATUS_OK) break;
    if (auto told = handle(frame)) return die(std::move(*told));
  }
  return die(std::move(error));
}

tl::unexpected<Error> AmqpSession::dead() const {
  return retry("amqp.closed", "The AMQP connection has ended before: " + *dead_);
}

Result<void> AmqpSession::send_frame(const amqp_frame_t& frame, Moment until) {
  if (dead_) return dead();
  if (!writable(until)) return die_told(errors_.make("amqp.timeout", "takes nothing more"));
  const int status = amqp_send_frame(state_.get(), &frame);
  if (status != AMQP_STATUS_OK) return die_told(errors_.failed(status));
  last_sent_ = Clock::now();
  return {};
}

Result<void> AmqpSession::send(amqp_method_number_t method, void* arguments) {
  return send_frame(method_frame(amqp_channel, method, arguments), Clock::now() + options_.rpc_timeout);
}

Result<void> AmqpSession::call(amqp_method_number_t method, void* arguments, amqp_method_number_t answer,
                               const std::function<void(const void*)>& read) {
  const auto until = Clock::now() + options_.rpc_timeout;
  if (auto sent = send_frame(method_frame(amqp_channel, method, arguments), until); !sent) return sent;
  awaited_ = answer;
  read_ = &read;
  Result<void> done;
  while (awaited_ != 0) {
    const auto handled = step(until);
    if (!handled) {
      done = failed(handled);
      break;
    }
    if (awaited_ != 0 && Clock::now() >= until) {
      done = die(errors_.failed(AMQP_STATUS_TIMEOUT));
      break;
    }
  }
  awaited_ = 0;
  read_ = nullptr;
  return done;
}

Result<void> AmqpSession::publish(amqp_basic_publish_t& method, amqp_basic_properties_t& properties, ByteView body) {
  const auto limit = [&] { return Clock::now() + options_.rpc_timeout; };
  if (auto sent = send_frame(method_frame(amqp_channel, AMQP_BASIC_PUBLISH_METHOD, &method), limit()); !sent) {
    return sent;
  }
  amqp_frame_t header{};
  header.frame_type = AMQP_FRAME_HEADER;
  header.channel = amqp_channel;
  header.payload.properties.class_id = AMQP_BASIC_CLASS;
  header.payload.properties.body_size = body.size();
  header.payload.properties.decoded = &properties;
  if (auto sent = send_frame(header, limit()); !sent) return sent;
  const auto piece_size = static_cast<std::size_t>(amqp_get_frame_max(state_.get())) - frame_overhead;
  for (std::size_t at = 0; at < body.size();) {
    const auto piece = body.subspan(at, std::min(piece_size, body.size() - at));
    amqp_frame_t frame{};
    frame.frame_type = AMQP_FRAME_BODY;
    frame.channel = amqp_channel;
    frame.payload.body_fragment = wire(text_of(piece));
    if (auto sent = send_frame(frame, limit()); !sent) return sent;
    at += piece.size();
  }
  if (counting_) unconfirmed_.insert(++published_);
  return {};
}

Result<void> AmqpSession::serve_heartbeat() {
  if (beat_.count() == 0 || Clock::now() < last_sent_ + beat_) return {};
  amqp_frame_t beat{};
  beat.frame_type = AMQP_FRAME_HEARTBEAT;
  return send_frame(beat, Clock::now() + options_.rpc_timeout);
}

Result<bool> AmqpSession::step(Moment until) {
  if (dead_) return dead();
  for (;;) {
    if (auto served = serve_heartbeat(); !served) return failed(std::move(served));
    const timeval wait = left_until(beat_.count() == 0 ? until : std::min(until, last_sent_ + beat_));
    amqp_frame_t frame{};
    const int status = amqp_simple_wait_frame_noblock(state_.get(), &frame, &wait);
    if (status == AMQP_STATUS_TIMEOUT) {
      if (Clock::now() >= until) return false;
      continue;
    }
    if (status != AMQP_STATUS_OK) return die(errors_.failed(status));
    auto error = handle(frame);
    // What the frame points to is gone after this.
    amqp_maybe_release_buffers_on_channel(state_.get(), frame.channel);
    if (error) return die(std::move(*error));
    return true;
  }
}

std::optional<AmqpDelivery> AmqpSession::next_delivery() {
  if (deliveries_.empty()) return std::nullopt;
  std::optional<AmqpDelivery> next(std::move(deliveries_.front()));
  deliveries_.pop_front();
  return next;
}

bool AmqpSession::delivery_overdue() const {
  const auto since = intake_.since();
  return since && Clock::now() - *since > options_.body_timeout;
}

std::optional<Error> AmqpSession::take_unpublished() { return std::exchange(unpublished_, std::nullopt); }

}  // namespace kanal::net
