// connection = [ TLS handshake ] *( request response )                                                   RFC 9112
// section 9
#include "net/http_connection.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/stream_body.hpp"

namespace kanal::net {

using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t body_buffer = std::size_t{256} * 1024;   // smaller ones cost most of the speed of an upload
constexpr std::size_t drain_limit = std::size_t{1024} * 1024;  // of a body that nobody wanted
constexpr std::size_t joined_write = std::size_t{64} * 1024;   // bodies up to this size share a write with their head
constexpr milliseconds linger_time{2'000};

}  // namespace

std::string address_of(const Socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return {};
  const auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

void Connection::cancel() {
  error_code ignored;
  socket_.cancel(ignored);
}

void Connection::arm(milliseconds time) {
  deadline_.store((shared_.clock.monotonic() + time).count(), std::memory_order_relaxed);
}

void Connection::expire() {
  if (!expired_by(shared_.clock.monotonic())) return;  // it moved on meanwhile
  expired_ = true;
  cancel();
}

void Connection::stop_if_idle() {
  if (idle_) cut();
}

void Connection::cut() {
  cut_ = true;
  cancel();
}

asio::awaitable<bool> Connection::ready(Want want) {
  if (cut_ || expired_) co_return false;
  error_code error;
  const auto type = want == Want::write ? Socket::wait_write : Socket::wait_read;
  co_await socket_.async_wait(type, asio::redirect_error(asio::use_awaitable, error));
  co_return !error && !cut_ && !expired_;
}

/// Runs `work` on a worker thread and comes back to the strand. No deadline holds meanwhile: handlers may take their
/// time.
asio::awaitable<void> Connection::on_worker(const std::function<void()>& work) {
  disarm();
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(
      [this](auto handler, const std::function<void()>* task) {
        asio::post(shared_.workers, [task, handler = std::move(handler)]() mutable {
          std::exception_ptr thrown;
          try {
            (*task)();
          } catch (...) {
            thrown = std::current_exception();
          }
          const auto executor = asio::get_associated_executor(handler);
          asio::post(executor, [handler = std::move(handler), thrown]() mutable { std::move(handler)(thrown); });
        });
      },
      asio::use_awaitable, &work);
}

asio::awaitable<bool> Connection::handshake() {
  arm(shared_.options.header_timeout);
  for (;;) {
    const auto step = io_.handshake();
    if (step.closed) co_return false;
    if (step.want == Want::nothing) co_return true;
    const bool more = co_await ready(step.want);
    if (!more) co_return false;
  }
}

/// Waits for the first byte of a request.
asio::awaitable<bool> Connection::next_request() {
  if (shared_.stopping) co_return false;
  if (!in_.empty() || io_.pending()) co_return true;
  in_.release();
  idle_ = true;
  arm(shared_.options.idle_timeout);
  const bool some = co_await ready(Want::read);
  idle_ = false;
  co_return some;
}

/// Reads what is there, at least a byte; false at the end, at the deadline, or when `limit` bytes wait already.
asio::awaitable<bool> Connection::fill(std::size_t limit) {
  const auto room = in_.prepare(limit);
  if (room.empty()) co_return false;
  for (;;) {
    if (cut_) co_return false;
    const auto step = io_.read(room);
    in_.commit(step.bytes);
    if (step.bytes > 0) co_return true;
    if (step.closed) co_return false;
    const bool more = co_await ready(step.want);
    if (!more) co_return false;
  }
}

asio::awaitable<bool> Connection::write(ByteView bytes) {
  arm(shared_.options.body_timeout);
  while (!bytes.empty()) {
    if (cut_) co_return false;
    const auto step = io_.write(bytes);
    if (step.closed) co_return false;
    bytes = bytes.subspan(step.bytes);
    if (step.want == Want::nothing) continue;
    arm(shared_.options.body_timeout);
    const bool more = co_await ready(step.want);
    if (!more) co_return false;
  }
  co_return true;
}

asio::awaitable<void> Connection::run() {
  remote_address_ = address_of(socket_);
  After then = After::keep;
  if (shared_.tls) {
    const bool secure = co_await handshake();
    if (!secure) {
      shared_.log.debug("http.handshake_failed", {{"remote", remote_address_}});
      then = After::linger;
    } else {
      client_certificate_ = io_.peer_certificate();
    }
  }
  while (then == After::keep) {
    const bool some = co_await next_request();
    then = After::close;
    if (some) then = co_await serve_one();
  }
  if (then == After::linger) {
    co_await linger();
  } else if (!cut_) {
    io_.shutdown();
  }
  disarm();
  error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<Connection::After> Connection::serve_one() {
  RequestParser parser(shared_.options.max_header_bytes);
  const bool whole = co_await read_head(parser);
  if (!whole) {
    if (cut_ || !parser.started()) co_return After::close;
    if (expired_) co_return co_await refuse(408);
    if (parser.state() == RequestParser::State::head_too_large) co_return co_await refuse(431);
    if (parser.state() == RequestParser::State::unsupported) co_return co_await refuse(501);
    if (parser.state() == RequestParser::State::malformed) co_return co_await refuse(400);
    co_return After::close;
  }

  Request request = parser.take_request();
  request.remote_address = remote_address_;
  request.tls = shared_.tls.has_value();
  request.client_certificate = client_certificate_;
  Exchange exchange(parser, std::move(request), shared_.handler, shared_.log);
  const bool answered = co_await read_body(parser, exchange);
  if (!answered) {
    const std::function<void()> abandon = [&] { exchange.abandon(); };
    co_await on_worker(abandon);
    co_return After::close;
  }

  Response answer = exchange.take_answer();
  const Framing framing = framing_of(answer, exchange.request().method == "HEAD", parser.http_1_1());
  const After then = after(parser, answer, framing);
  const ConnectionHeader connection{.keep_alive = then == After::keep, .http_1_1 = parser.http_1_1()};
  const Sent sent = co_await send(answer, framing, connection);
  if (answer.done || std::holds_alternative<std::unique_ptr<Source>>(answer.body)) {
    const std::function<void()> close = [&] { exchange.close(answer, sent == Sent::whole); };
    co_await on_worker(close);
  }
  if (sent == Sent::broken) {
    reset();
    co_return After::close;
  }
  if (then != After::keep) co_return then;
  const bool clean = co_await drain(parser);
  co_return clean ? After::keep : After::linger;
}

asio::awaitable<bool> Connection::read_head(RequestParser& parser) {
  arm(shared_.options.header_timeout);
  const std::size_t limit = std::max(shared_.options.max_header_bytes + 1, InputBuffer::initial_size);
  for (;;) {
    if (!in_.empty()) in_.consume(parser.feed(in_.data(), {}));
    if (parser.state() != RequestParser::State::head) co_return !parser.failed();
    const bool more = co_await fill(limit);
    if (!more) co_return false;
  }
}

/// An answer without a request that a handler could have seen.
asio::awaitable<Connection::After> Connection::refuse(int status) {
  expired_ = false;
  Response answer;
  answer.status = status;
  const auto head = head_of(answer, framing_of(answer, false, true), {.keep_alive = false, .http_1_1 = true});
  const bool written = co_await write(bytes_of(head));
  co_return written ? After::linger : After::close;
}

/// True when there is an answer; false when the client is gone, silent or cut off.
asio::awaitable<bool> Connection::read_body(RequestParser& parser, Exchange& exchange) {
  const std::function<void()> begin = [&] {
    exchange.begin();
    in_.consume(exchange.feed(in_.data()));
  };
  const std::function<void()> feed = [&] { in_.consume(exchange.feed(in_.data())); };
  co_await on_worker(begin);
  if (!exchange.answered() && parser.expects_continue() && in_.empty()) {
    const bool written = co_await write(bytes_of("HTTP/1.1 100 Continue\r\n\r\n"));
    if (!written) co_return false;
  }
  const auto& options = shared_.options;
  // Only the time spent waiting for the client counts: a handler may take its time.
  Duration waited{};
  std::uint64_t arrived = 0;
  while (!exchange.answered()) {
    arm(options.body_timeout);
    const Duration begin = shared_.clock.monotonic();
    const std::size_t had = in_.data().size();
    const bool more = co_await fill(body_buffer);
    if (!more) co_return false;
    waited += shared_.clock.monotonic() - begin;
    arrived += in_.data().size() - had;
    if (waited >= options.body_rate_window) {
      const std::chrono::duration<double> time = waited;
      if (static_cast<double>(arrived) < static_cast<double>(options.min_body_rate) * time.count()) {
        shared_.log.warning("http.slow_body", {{"remote", remote_address_}, {"bytes", arrived}});
        co_return false;
      }
      waited = {};
      arrived = 0;
    }
    co_await on_worker(feed);
  }
  co_return true;
}

/// Whether the connection can serve another request after this answer.
Connection::After Connection::after(const RequestParser& parser, const Response& answer, const Framing& framing) const {
  const bool unread = parser.state() != RequestParser::State::done;
  // Who asked before sending its body gets no second word from us; who has too much left is not worth reading to the
  // end.
  const bool drainable =
      !parser.failed() && !parser.expects_continue() && parser.remaining().value_or(0) <= drain_limit;
  if (unread && !drainable) return After::linger;
  const bool until_close = framing.body && !framing.length && !framing.chunked && answer.status != 204;
  if (answer.close || until_close || shared_.stopping || !parser.keep_alive()) {
    return unread ? After::linger : After::close;
  }
  return After::keep;
}

std::string Connection::head_of(const Response& answer, const Framing& framing, ConnectionHeader connection) const {
  return response_head(answer, framing, connection, shared_.options.server_name, shared_.clock.now());
}

asio::awaitable<Connection::Sent> Connection::send(Response& answer, const Framing& framing,
                                                   ConnectionHeader connection) {
  const auto* text = std::get_if<std::string>(&answer.body);
  if (!text && framing.body) co_return co_await send_stream(answer, framing, connection);
  std::string head = head_of(answer, framing, connection);
  const bool has_body = text && framing.body;
  const bool joined = has_body && text->size() <= joined_write;
  if (joined) head += *text;
  bool written = co_await write(bytes_of(head));
  if (written && has_body && !joined) written = co_await write(bytes_of(*text));
  co_return written ? Sent::whole : Sent::broken;
}

asio::awaitable<Connection::Sent> Connection::send_stream(Response& answer, const Framing& framing,
                                                          ConnectionHeader connection) {
  StreamBody body(std::get<std::unique_ptr<Source>>(answer.body).get(), framing);
  Result<ByteView> piece = ByteView{};
  const std::function<void()> pull = [&] { piece = body.next(); };
  std::string head;
  for (bool first = true;; first = false) {
    co_await on_worker(pull);
    if (!piece) {
      shared_.log.error("http.answer_cut", {{"code", piece.error().code}, {"error", piece.error().text()}});
      if (!first) co_return Sent::broken;
      Response failure;
      failure.status = 500;
      const Sent sent = co_await send(failure, framing_of(failure, false, connection.http_1_1), connection);
      co_return sent == Sent::whole ? Sent::replaced : Sent::broken;
    }
    if (first) {
      head = head_of(answer, framing, connection);
      const bool written = co_await write(bytes_of(head));
      if (!written) co_return Sent::broken;
    }
    if (piece->empty()) co_return Sent::whole;
    const bool written = co_await write(*piece);
    if (!written) co_return Sent::broken;
  }
}

/// Reads what is left of a body nobody wanted, so that the next request can be found behind it.
asio::awaitable<bool> Connection::drain(RequestParser& parser) {
  std::size_t dropped = 0;
  while (parser.state() == RequestParser::State::body) {
    const std::size_t used = in_.empty() ? 0 : parser.feed(in_.data(), {});
    in_.consume(used);
    dropped += used;
    if (parser.state() != RequestParser::State::body) break;
    if (dropped > drain_limit) co_return false;
    arm(shared_.options.body_timeout);
    const bool more = co_await fill(body_buffer);
    if (!more) co_return false;
  }
  co_return parser.state() == RequestParser::State::done;
}

/// Closing with unread input would reset the connection and could destroy the answer (or a TLS alert) on its way: end
/// our side and drop what still comes for a moment. Waits before every read, so that no sender, however fast, keeps the
/// network thread.
asio::awaitable<void> Connection::linger() {
  idle_ = true;
  io_.shutdown();
  in_.release();
  arm(std::min(linger_time, shared_.options.body_timeout));
  for (;;) {
    const bool more = co_await ready(Want::read);
    if (!more || io_.discard().closed) co_return;
  }
}

/// The client must not take what it got for the whole.
void Connection::reset() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  cut_ = true;
}

}  // namespace kanal::net
